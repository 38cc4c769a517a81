"""One column, and the charts of the table and its columns."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.eda.columns import ColumnPage, as_shown, column_page, has_distribution, has_relation
from apps.eda.slices import column_conditions, links_to_rows
from apps.eda.views.common import Rows, chart, ready_rows, rows_of, sliceable
from apps.engine.charts.columns import column_chart, histogram, labels_chart
from apps.engine.charts.periods import column_drift
from apps.engine.charts.relations import target_relation
from apps.engine.profile.slices import Condition
from apps.engine.profile.strength import strength
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page

LOG = "log"
"""What the address says for a logarithmic axis."""


@require_GET
@project_view(Verb.LOOK)
@sliceable
def column(request: HttpRequest, project: Project, position: int) -> HttpResponse:
    """One column."""
    rows = rows_of(request, project)
    if not rows.is_ready:
        return render_page(request, "eda/column.html", {"rows": rows})
    page = column_page(project.cycle, rows.result, target=rows.target, position=position)
    if page is None:
        raise Http404
    context = {"rows": rows, "page": page, **_beside(request, project, rows, page)}
    return render_page(request, "eda/column.html", context)


@require_GET
@project_view(Verb.LOOK)
def column_figure(request: HttpRequest, project: Project, position: int, name: str) -> JsonResponse:
    """A chart of one column with its numbers."""
    rows = ready_rows(request, project)
    columns = rows.result["columns"]
    told = columns[position - 1] if 1 <= position <= len(columns) else None
    scale = request.GET.get("scale", "")
    figure = _figure(told, name=name, scale=scale, study=rows.study) if told else None
    target = rows.result["target"]
    if told and name == "labels" and target and target["name"] == told["name"]:
        figure = labels_chart(target)
    links = None
    if figure and told and name == "distribution":
        address = reverse("eda:rows", args=[project.slug])
        drawn = {**told, "histogram": told["log_histogram"]} if scale == LOG else told
        links = links_to_rows(address, rows.where, column_conditions(drawn))
    return chart(request, figure, links=links)


def _figure(
    told: dict[str, Any], *, name: str, scale: str, study: dict[str, Any]
) -> dict[str, Any] | None:
    if name == "relation" and has_relation(told):
        return target_relation(told["relation"])
    if name == "distribution" and scale == LOG:
        return histogram(told, is_log=True) if told.get("log_histogram") else None
    if name == "distribution" and has_distribution(told):
        return column_chart(told)
    if name == "stability" and (clock := _clock(study, told["name"])):
        return column_drift(clock, name=told["name"])
    return None


def _clock(study: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The first date along which the column is told."""
    return next(
        (told for told in study["time"] if any(one["name"] == name for one in told["drift"])), None
    )


def _beside(request: HttpRequest, project: Project, rows: Rows, page: ColumnPage) -> dict[str, Any]:
    """Scales of the chart, intervals, what it shares with the target, extremes and their rows."""
    column, study = page.column, rows.study
    relation, clock = column.get("relation"), _clock(study, column["name"])
    address = reverse("eda:rows", args=[project.slug])
    values = [
        (side, one, rows.where.plus(Condition("between", column["name"], _point(one["value"]))))
        for side, found in (column.get("extremes") or {}).items()
        for one in found
    ]
    return {
        "scale": LOG if request.GET.get("scale") == LOG and column.get("log_histogram") else "",
        "plain": f"{request.path}{rows.where.tail}",
        "logarithmic": f"{request.path}?scale={LOG}{rows.where.more}",
        "strength": strength(relation, kind=column["kind"]) if relation else None,
        "shared": _shared(study["relations"], column["name"], rows.target),
        "clock": clock,
        "extremes": [
            {
                "side": side,
                **one,
                "says": as_shown(column, one["value"]),
                "address": f"{address}{where.tail}",
            }
            for side, one, where in values
        ],
    }


def _point(value: float) -> tuple[str, str]:
    return repr(value), repr(value)


def _shared(relations: dict[str, Any], name: str, target: str) -> float | None:
    """Mutual information with the target on the scale of a correlation, where both are compared."""
    names = relations["columns"]
    if name == target or name not in names or target not in names:
        return None
    told: float | None = relations["mutual"][names.index(name)][names.index(target)]
    return told
