"""One column, and the charts of the table and its columns."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.eda import queries
from apps.eda.slices import column_conditions, links_to_rows
from apps.eda.views.common import chart, ready_rows, rows_of, sliceable
from apps.engine.charts.columns import column_chart
from apps.engine.charts.relations import target_relation
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


@require_GET
@project_view(Verb.LOOK)
@sliceable
def column(request: HttpRequest, project: Project, position: int) -> HttpResponse:
    """One column."""
    rows = rows_of(request, project)
    if not rows.is_ready:
        return render_page(request, "eda/column.html", {"rows": rows})
    page = queries.column_page(project.cycle, rows.result, target=rows.target, position=position)
    if page is None:
        raise Http404
    return render_page(request, "eda/column.html", {"rows": rows, "page": page})


@require_GET
@project_view(Verb.LOOK)
def column_figure(request: HttpRequest, project: Project, position: int, name: str) -> JsonResponse:
    """A chart of one column with its numbers."""
    rows = ready_rows(request, project)
    columns = rows.result["columns"]
    told = columns[position - 1] if 1 <= position <= len(columns) else None
    figure = _figure(told, name=name) if told else None
    links = None
    if figure and told and name == "distribution":
        address = reverse("eda:rows", args=[project.slug])
        links = links_to_rows(address, rows.where, column_conditions(told))
    return chart(request, figure, links=links)


def _figure(told: dict[str, Any], *, name: str) -> dict[str, Any] | None:
    if name == "relation" and told.get("relation") and told["relation"]["labels"]:
        return target_relation(told["relation"])
    if name == "distribution" and queries.has_distribution(told):
        return column_chart(told)
    return None
