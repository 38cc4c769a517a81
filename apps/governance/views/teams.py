"""The page of a team: who belongs to it, who signs for whom, how forecasts turned out."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User
from apps.governance.actions.delegating import delegate_signing, revoke_delegation
from apps.governance.forms import DelegationForm, MemberForm, RevocationForm
from apps.governance.models import Delegation
from apps.governance.teams import team_page
from apps.projects import actions
from apps.projects.access import ALLOWS, Verb
from apps.projects.models import Membership, Role, Team
from apps.web.declare import signed_in
from apps.web.fragments import render_page
from apps.web.refusals import Refusal


def _team(request: HttpRequest, team_id: int) -> Team:
    return get_object_or_404(Team, pk=team_id, memberships__user=request.user)


def _render(request: HttpRequest, team: Team, **forms: Any) -> HttpResponse:
    """The page; with what was typed when a form has mistakes (422)."""
    mine = ALLOWS[Role(Membership.objects.get(team=team, user=request.user).role)]
    may_delegate = Verb.SIGN in mine
    context = {
        "page": team_page(team),
        "team": team,
        "form": forms.get("form") or MemberForm(),
        "delegation_form": forms.get("delegation_form")
        or (DelegationForm(team=team) if may_delegate else None),
        "may_manage": Verb.MANAGE_TEAM in mine,
        "may_delegate": may_delegate,
    }
    return render_page(request, "governance/team.html", context, status=422 if forms else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def team(request: HttpRequest, team_id: int) -> HttpResponse:
    """Members of a team and their roles; a team admin changes them."""
    found = _team(request, team_id)
    if request.method != "POST":
        return _render(request, found)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _render(request, found, form=form)
    person = User.objects.filter(email__iexact=form.cleaned_data["email"]).first()
    if person is None:
        form.add_error("email", "Nobody has this address. An administrator adds people first.")
        return _render(request, found, form=form)
    actions.set_role(team=found, user=person, role=form.cleaned_data["role"], by=request.user)
    messages.success(request, "Saved.")
    return redirect("governance:team", found.pk)


@require_POST
@signed_in
def delegate(request: HttpRequest, team_id: int) -> HttpResponse:
    """Have somebody else sign for me on some days."""
    found = _team(request, team_id)
    mine = Membership.objects.get(team=found, user=request.user)
    if Verb.SIGN not in ALLOWS[Role(mine.role)]:
        raise PermissionDenied("Only who may sign can have somebody else sign for them.")
    form = DelegationForm(request.POST, team=found)
    if not form.is_valid():
        return _render(request, found, delegation_form=form)
    try:
        delegate_signing(team=found, by=request.user, **form.cleaned_data)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _render(request, found, delegation_form=form)
    messages.success(request, f"{form.cleaned_data['delegate']} signs for you on these days.")
    return redirect("governance:team", found.pk)


@require_POST
@signed_in
def revoke(request: HttpRequest, team_id: int, delegation_id: int) -> HttpResponse:
    """Take a delegation back."""
    found = _team(request, team_id)
    delegation = get_object_or_404(Delegation, pk=delegation_id, team=found)
    form = RevocationForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Taking it back needs a reason of at most 300 characters.")
        return redirect("governance:team", found.pk)
    revoke_delegation(delegation=delegation, reason=form.cleaned_data["reason"], by=request.user)
    messages.success(request, "Taken back. It holds from now on.")
    return redirect("governance:team", found.pk)
