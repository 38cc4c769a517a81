"""Development against the sealed test, features only: asked for with a reason, counted, shown."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.eda import actions, queries
from apps.eda.models import SealedLook
from apps.eda.sealed import left_out, looks_of, sentence, sight_of
from apps.eda.views.common import chart
from apps.engine.charts.monitors import DRIFTED, DRIFTING, drift_bars
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page

_FIRST = 20


@require_GET
@project_view(Verb.LOOK)
def sealed(request: HttpRequest, project: Project) -> HttpResponse:
    """What the last look at this split showed, every look, and the form for one."""
    cycle = project.cycle
    scope, profile = queries.scope_of(cycle), queries.current_profile(cycle)
    split = scope.split if scope else None
    looks = looks_of(cycle)
    look = next((one for one in reversed(looks) if split and one.split_id == split.pk), None)
    context: dict[str, Any] = {
        "scope": scope,
        "profile": profile,
        "looks": looks,
        "look": look,
        "may_ask": look is None or not (look.job.is_live or hasattr(look, "sight")),
        "most": actions.MOST_REASON,
    }
    if look is not None:
        context |= _told(look, project)
    elif split and profile and profile.is_ready:
        context["without"] = left_out(cycle, profile)
    return render_page(request, "eda/sealed.html", context)


def _told(look: SealedLook, project: Project) -> dict[str, Any]:
    told = sight_of(look)
    if told is None:
        return {"without": look.left_out}
    scope = queries.scope_of(project.cycle)
    assert scope is not None
    places = {name: place for place, name in enumerate(scope.table.table_spec.names, 1)}
    lines = [{**one, "position": places.get(one["name"], 0)} for one in told["columns"]]
    sure = [line for line in lines if line["is_sure"]]
    return {
        "told": told,
        "says": sentence(told),
        "without": look.left_out,
        "count": len(sure),
        "first": sure[:_FIRST],
        "more": sure[_FIRST:],
        "quiet": [line for line in lines if not line["is_sure"]],
    }


@require_GET
@project_view(Verb.LOOK)
def sealed_figure(request: HttpRequest, project: Project) -> JsonResponse:
    """The distance of every column as a chart."""
    scope = queries.scope_of(project.cycle)
    split = scope.split if scope else None
    looks = [one for one in looks_of(project.cycle) if split and one.split_id == split.pk]
    told = sight_of(looks[-1]) if looks else None
    if told is None or not told["columns"]:
        raise Http404
    features = [
        {
            "feature": one["name"],
            "psi": one["psi"],
            "state": _state(one),
        }
        for one in told["columns"]
    ]
    return chart(request, drift_bars(features))


def _state(column: dict[str, Any]) -> str:
    if not column["is_sure"]:
        return "within chance"
    if column["psi"] < DRIFTING:
        return "stable"
    return "drifted" if column["psi"] >= DRIFTED else "drifting"


@require_POST
@project_view(Verb.EXPLORE)
def look_at_sealed(request: HttpRequest, project: Project) -> HttpResponse:
    """Ask for a look, with its reason."""
    reason = request.POST.get("reason", "")
    actions.look_at_sealed(cycle=project.cycle, reason=reason, by=request.user)
    return redirect("eda:sealed", project.slug)
