"""The page of a team's alerts, and what a manager or team admin sets there."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.governance.actions import alerting
from apps.governance.alerts import alerts_page
from apps.governance.forms import BudgetForm, WebhookForm
from apps.projects.access import ALLOWS, Verb
from apps.projects.models import Membership, Role, Team
from apps.web.declare import signed_in
from apps.web.fragments import render_page
from apps.web.refusals import Refusal


def _team(request: HttpRequest, team_id: int) -> Team:
    return get_object_or_404(Team, pk=team_id, memberships__user=request.user)


def _render(
    request: HttpRequest, team: Team, *, status: int = 200, secret: str = "", **forms: Any
) -> HttpResponse:
    role = Role(Membership.objects.get(team=team, user=request.user).role)
    page = alerts_page(team)
    context = {
        "page": page,
        "team": team,
        "may_set": Verb.SET_ALERTS in ALLOWS[role],
        "secret": secret,
        "webhook_form": forms.get("webhook_form") or WebhookForm(),
        "budget_form": forms.get("budget_form") or BudgetForm(initial={"a_week": page.a_week}),
    }
    return render_page(request, "governance/alerts.html", context, status=status)


@require_GET
@signed_in
def alerts(request: HttpRequest, team_id: int) -> HttpResponse:
    """What was told, what waits for the digest, how often alerts were right, what was sent."""
    return _render(request, _team(request, team_id))


@require_POST
@signed_in
def set_webhook(request: HttpRequest, team_id: int) -> HttpResponse:
    """Set the address outside and show its secret this once."""
    team, form = _team(request, team_id), WebhookForm(request.POST)
    if form.is_valid():
        try:
            url = form.cleaned_data["url"]
            secret = alerting.set_webhook(team=team, url=url, by=request.user)
        except Refusal as refusal:
            form.add_error("url", str(refusal))
        else:
            return _render(request, team, secret=secret)
    return _render(request, team, status=422, webhook_form=form)


@require_POST
@signed_in
def end_webhook(request: HttpRequest, team_id: int) -> HttpResponse:
    """Send nothing outside any more."""
    team = _team(request, team_id)
    alerting.end_webhook(team=team, by=request.user)
    messages.success(request, "Nothing is sent outside any more.")
    return redirect("governance:alerts", team.pk)


@require_POST
@signed_in
def test_webhook(request: HttpRequest, team_id: int) -> HttpResponse:
    """Send a message that says it is a test."""
    team = _team(request, team_id)
    alerting.send_test(team=team, by=request.user)
    messages.success(request, "The test is on its way; how it went stands below in a moment.")
    return redirect("governance:alerts", team.pk)


@require_POST
@signed_in
def set_budget(request: HttpRequest, team_id: int) -> HttpResponse:
    """How many alerts a week are told at once."""
    team, form = _team(request, team_id), BudgetForm(request.POST)
    if not form.is_valid():
        return _render(request, team, status=422, budget_form=form)
    alerting.set_budget(team=team, a_week=form.cleaned_data["a_week"], by=request.user)
    messages.success(request, "Saved.")
    return redirect("governance:alerts", team.pk)
