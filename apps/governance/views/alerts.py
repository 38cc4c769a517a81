"""The page of a team's alerts, and what a manager or team admin sets there."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.governance.actions import alerting
from apps.governance.alerts import alerts_page
from apps.governance.forms import BudgetForm, WebhookForm
from apps.projects.access import Verb, team_view
from apps.projects.models import Team
from apps.web.fragments import render_page
from apps.web.refusals import Refusal


def _render(
    request: HttpRequest, team: Team, *, status: int = 200, secret: str = "", **forms: Any
) -> HttpResponse:
    page = alerts_page(team)
    context = {
        "page": page,
        "team": team,
        "may_set": Verb.SET_ALERTS in request.verbs,  # type: ignore[attr-defined]
        "secret": secret,
        "webhook_form": forms.get("webhook_form") or WebhookForm(),
        "budget_form": forms.get("budget_form") or BudgetForm(initial={"a_week": page.a_week}),
    }
    return render_page(request, "governance/alerts.html", context, status=status)


@require_GET
@team_view(Verb.LOOK)
def alerts(request: HttpRequest, team: Team) -> HttpResponse:
    """What was told, what waits for the digest, how often alerts were right, what was sent."""
    return _render(request, team)


@require_POST
@team_view(Verb.SET_ALERTS)
def set_webhook(request: HttpRequest, team: Team) -> HttpResponse:
    """Set the address outside and show its secret this once."""
    form = WebhookForm(request.POST)
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
@team_view(Verb.SET_ALERTS)
def end_webhook(request: HttpRequest, team: Team) -> HttpResponse:
    """Send nothing outside any more."""
    alerting.end_webhook(team=team, by=request.user)
    messages.success(request, "Nothing is sent outside any more.")
    return redirect("governance:alerts", team.pk)


@require_POST
@team_view(Verb.SET_ALERTS)
def test_webhook(request: HttpRequest, team: Team) -> HttpResponse:
    """Send a message that says it is a test."""
    alerting.send_test(team=team, by=request.user)
    messages.success(request, "The test is on its way; how it went stands below in a moment.")
    return redirect("governance:alerts", team.pk)


@require_POST
@team_view(Verb.SET_ALERTS)
def set_budget(request: HttpRequest, team: Team) -> HttpResponse:
    """How many alerts a week are told at once."""
    form = BudgetForm(request.POST)
    if not form.is_valid():
        return _render(request, team, status=422, budget_form=form)
    alerting.set_budget(team=team, a_week=form.cleaned_data["a_week"], by=request.user)
    messages.success(request, "Saved.")
    return redirect("governance:alerts", team.pk)
