"""The monitor: incidents, promise, money, service, drift; and the next cycle."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.engine.charts.monitors import drift_bars, latency_over_time, metric_over_time
from apps.engine.charts.table import answer as drawn
from apps.engine.charts.theme import Figure
from apps.engine.monitoring.service import QUANTILES
from apps.production import actions, queries, watch_actions
from apps.production.models import Deployment
from apps.production.release.now import now_of
from apps.production.watch_queries import incidents_of
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page

NO_LATENCY = dict.fromkeys(QUANTILES)


@require_GET
@project_view(Verb.LOOK)
def monitor(request: HttpRequest, project: Project) -> HttpResponse:
    """Does it answer, has the world moved, is the promise kept."""
    deployment = queries.endpoint_of(project)
    page = queries.monitor_page(deployment) if deployment else None
    context = {
        "page": page,
        "now": now_of(deployment, page.standing) if deployment and page else None,
        "incidents": incidents_of(deployment) if deployment else None,
    }
    return render_page(request, "production/monitor.html", context)


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
@project_view(Verb.DEPLOY)
def set_reference(request: HttpRequest, project: Project) -> HttpResponse:
    """Choose what drift is measured against."""
    deployment = queries.endpoint_of(project)
    if deployment is None:
        raise Http404
    watch_actions.set_reference(
        deployment=deployment,
        kind=request.POST.get("kind", ""),
        reason=request.POST.get("reason", ""),
        by=request.user,
    )
    messages.success(request, "From its next look on the watch compares like this.")
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
    made = FIGURES[name](deployment) if deployment and name in FIGURES else None
    if made is None:
        raise Http404
    return JsonResponse(drawn(made, dark=request.GET.get("theme") == "dark"))


def _latency(deployment: Deployment) -> Figure | None:
    seen = queries.service_course(deployment)
    if not seen.periods:
        return None
    return latency_over_time(
        [
            {"at": period["start"], **(period["latency_ms"] or NO_LATENCY)}
            for period in seen.periods
        ],
        changes=[change.at.isoformat() for change in seen.changes],
        deaths=[fate.at.isoformat() for fate in seen.fates],
    )


def _drift(deployment: Deployment) -> Figure | None:
    report = queries.last_look(deployment)
    return drift_bars(report.drift) if report and report.drift else None


def _promise(deployment: Deployment) -> Figure | None:
    report = queries.last_look(deployment)
    return _promise_figure(report.performance) if report else None


FIGURES = {"latency": _latency, "drift": _drift, "promise": _promise}


def _promise_figure(seen: dict[str, Any]) -> Figure | None:
    """The primary metric by day, as known and as estimated, with the promised threshold."""
    estimate = seen.get("estimate") or {}
    named = next(iter([*seen.get("verdicts", []), *estimate.get("metrics", [])]), None)
    if named is None or not (seen.get("periods") or estimate.get("periods")):
        return None
    return metric_over_time(
        seen.get("periods", []),
        title=named["title"],
        threshold=named["threshold"],
        estimated=estimate.get("periods", []),
    )
