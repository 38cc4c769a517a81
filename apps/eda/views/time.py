"""The table along its dates: rows, target, drift, seasons."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from apps.eda.views.common import chart, ready_rows, rows_of, sliceable
from apps.engine.charts.periods import period_drift, period_rows, period_target, season
from apps.engine.dates import period_text
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page

_MOST_DRIFTED = 10


@require_GET
@project_view(Verb.LOOK)
@sliceable
def time(request: HttpRequest, project: Project) -> HttpResponse:
    """The table along the asked date column, or the first."""
    rows = rows_of(request, project)
    context: dict[str, Any] = {"rows": rows}
    if rows.is_ready:
        clocks = rows.study["time"]
        asked = request.GET.get("date", "")
        place = int(asked) if asked.isdecimal() and len(asked) < 3 else 1
        place = place if 1 <= place <= len(clocks) else 1
        context |= {"clocks": [told["column"] for told in clocks], "place": place}
        if clocks:
            context |= _told(clocks[place - 1], places=rows.positions)
    return render_page(request, "eda/time.html", context)


def _told(told: dict[str, Any], *, places: dict[str, int]) -> dict[str, Any]:
    drifted = [column for column in told["drift"] if column["large"]]
    drifted.sort(key=lambda column: (-column["large"], -column["most"]))
    shift = told["shift"]
    periods = [period_text(start, told["step"]) for start in told["starts"]]
    return {
        "told": told,
        "compared": sum(
            1 for value in (told["drift"][0]["psi"] if told["drift"] else []) if value is not None
        ),
        "drifted": [
            {**column, "position": places[column["name"]]} for column in drifted[:_MOST_DRIFTED]
        ],
        "more_drifted": max(len(drifted) - _MOST_DRIFTED, 0),
        "periods": periods,
        "shift_from": periods[shift["at"]] if shift else "",
        "gaps": [
            (*(period_text(gap[end], told["step"]) for end in ("from", "to")), gap["periods"])
            for gap in told["gaps"]
        ],
        "empty": sum(gap["periods"] for gap in told["gaps"]),
    }


@require_GET
@project_view(Verb.LOOK)
def time_figure(request: HttpRequest, project: Project, place: int, name: str) -> JsonResponse:
    """A chart along date column number ``place`` (from 1)."""
    clocks = ready_rows(request, project).study["time"]
    told = clocks[place - 1] if 1 <= place <= len(clocks) else None
    return chart(request, _figure(told, name=name) if told else None)


def _figure(told: dict[str, Any], *, name: str) -> dict[str, Any] | None:
    if name == "rows":
        return period_rows(told)
    if name == "target" and told["target"]:
        return period_target(told)
    if name == "drift" and told["drift"]:
        return period_drift(told)
    if name.startswith("season-") and name[7:].isdecimal() and len(name) < 10:
        asked = int(name[7:])
        return season(told["seasons"][asked - 1]) if 1 <= asked <= len(told["seasons"]) else None
    return None
