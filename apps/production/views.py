"""Pages of production: deploy, try, tokens, monitor."""

import time
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.engine.charts.monitors import drift_bars, latency_over_time, metric_over_time
from apps.engine.charts.table import answer as drawn
from apps.engine.serving.contract import Contract
from apps.modeling.queries import signed_model
from apps.production import actions, queries, serving
from apps.production.forms import TokenForm, TryForm
from apps.production.models import Alarm, ApiToken, Release
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


def _deploy_page(request: HttpRequest, project: Project, **more: Any) -> HttpResponse:
    cycle = project.cycle
    deployment = queries.endpoint_of(project)
    summary = queries.release_summary(cycle)
    latest = cycle.releases.select_related("job").order_by("-pk").first()
    context: dict[str, Any] = {
        "model": signed_model(cycle),
        "deployment": deployment,
        "summary": summary,
        "latest": latest,
        "serving": queries.serving_release(deployment) if deployment else None,
        "tokens": deployment.tokens.filter(revoked_at=None) if deployment else [],
        "token_form": TokenForm(),
        "try_form": TryForm(Contract.from_dict(summary.release.contract)) if summary else None,
        "address": request.build_absolute_uri(reverse("api:predict", args=[deployment.slug]))
        if deployment
        else "",
        **more,
    }
    return render_page(request, "production/deploy.html", context, status=more.get("status", 200))


@require_GET
@project_view(Verb.LOOK)
def deploy(request: HttpRequest, project: Project) -> HttpResponse:
    """The endpoint: its release, a form to try it, its tokens, how to call it."""
    return _deploy_page(request, project)


@require_POST
@project_view(Verb.DEPLOY)
def build(request: HttpRequest, project: Project) -> HttpResponse:
    """Build a release of the signed model."""
    actions.deploy(cycle=project.cycle, by=request.user)
    return redirect("production:deploy", project.slug)


@require_POST
@project_view(Verb.DISCUSS)
def rehearse(request: HttpRequest, project: Project, release_id: int) -> HttpResponse:
    """Send one row to a release from the form; it is logged as a rehearsal."""
    release = get_object_or_404(Release, pk=release_id, deployment__project=project)
    if not release.is_ready:
        raise Http404
    form = TryForm(Contract.from_dict(release.contract), request.POST)
    if not form.is_valid():
        return _deploy_page(request, project, try_form=form, status=422)
    began = time.perf_counter()
    try:
        told = serving.answer(release, [form.row()])
    except serving.ApiRefusal as refusal:
        serving.log(release.deployment, began=began, token=None, refusal=refusal, is_rehearsal=True)
        problems = [error["message"] for error in refusal.errors] or [refusal.message]
        return _deploy_page(request, project, try_form=form, problems=problems, status=422)
    serving.log(release.deployment, began=began, token=None, told=told, is_rehearsal=True)
    return _deploy_page(
        request,
        project,
        try_form=form,
        told=told.predictions[0],
        notes=[warning["message"] for warning in told.warnings],
    )


@require_POST
@project_view(Verb.ISSUE_TOKENS)
def issue_token(request: HttpRequest, project: Project) -> HttpResponse:
    """Make a token and show it this once."""
    deployment = queries.endpoint_of(project)
    form = TokenForm(request.POST)
    if deployment is None:
        raise Http404
    if not form.is_valid():
        return _deploy_page(request, project, token_form=form, status=422)
    secret = actions.issue_token(
        deployment=deployment, name=form.cleaned_data["name"], by=request.user
    )
    return _deploy_page(request, project, secret=secret)


@require_POST
@project_view(Verb.ISSUE_TOKENS)
def revoke_token(request: HttpRequest, project: Project, token_id: int) -> HttpResponse:
    """Revoke a token."""
    token = get_object_or_404(ApiToken, pk=token_id, deployment__project=project)
    actions.revoke_token(token=token, by=request.user)
    messages.success(request, f"The token “{token.name}” is refused within five seconds.")
    return redirect("production:deploy", project.slug)


@require_GET
@project_view(Verb.LOOK)
def monitor(request: HttpRequest, project: Project) -> HttpResponse:
    """Does it answer, has the world moved, is the promise kept."""
    deployment = queries.endpoint_of(project)
    page = queries.monitor_page(deployment) if deployment else None
    return render_page(request, "production/monitor.html", {"page": page})


@require_POST
@project_view(Verb.DISCUSS)
def look_now(request: HttpRequest, project: Project) -> HttpResponse:
    """Have the watch look at once."""
    deployment = queries.endpoint_of(project)
    release = queries.serving_release(deployment) if deployment else None
    if release is None:
        raise Http404
    actions.look_now(release=release, by=request.user)
    messages.success(request, "The watch is looking; load the page again in a moment.")
    return redirect("production:monitor", project.slug)


@require_POST
@project_view(Verb.DISCUSS)
def answer_alarm(request: HttpRequest, project: Project, alarm_id: int) -> HttpResponse:
    """Close an alarm with what was done."""
    alarm = get_object_or_404(Alarm, pk=alarm_id, release__deployment__project=project)
    actions.answer_alarm(alarm=alarm, answer=request.POST.get("text", ""), by=request.user)
    return redirect("production:monitor", project.slug)


@require_POST
@project_view(Verb.PLAN)
def next_cycle(request: HttpRequest, project: Project) -> HttpResponse:
    """Start the next cycle; the live release goes on serving meanwhile."""
    actions.propose_iteration(
        cycle=project.cycle, reason=request.POST.get("text", ""), by=request.user
    )
    return redirect("planning:plan", project.slug)


@require_GET
@project_view(Verb.LOOK)
def figure(request: HttpRequest, project: Project, name: str) -> JsonResponse:
    """A chart of the monitor, with its numbers."""
    deployment = queries.endpoint_of(project)
    page = queries.monitor_page(deployment) if deployment else None
    made = _figure(page, name) if page else None
    if made is None:
        raise Http404
    return JsonResponse(drawn(made, dark=request.GET.get("theme") == "dark"))


def _figure(page: queries.MonitorPage, name: str) -> dict[str, Any] | None:
    if name == "latency" and page.service["periods"]:
        return latency_over_time(
            [
                {"at": period["start"], **(period["latency_ms"] or {}), "calls": period["calls"]}
                for period in page.service["periods"]
            ]
        )
    report = page.report
    if name == "drift" and report and report.drift:
        return drift_bars(report.drift)
    if name == "promise" and report and report.performance.get("periods"):
        verdict = report.performance["verdicts"][0]
        return metric_over_time(
            report.performance["periods"], title=verdict["title"], threshold=verdict["threshold"]
        )
    return None
