"""One column, and the charts of the table and its columns."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from apps.eda import queries
from apps.eda.views.common import chart, ready_profile
from apps.engine.charts.columns import column_chart
from apps.engine.charts.relations import target_relation
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


@require_GET
@project_view(Verb.LOOK)
def column(request: HttpRequest, project: Project, position: int) -> HttpResponse:
    """One column."""
    page = queries.column_page(project.cycle, ready_profile(project), position=position)
    if page is None:
        raise Http404
    return render_page(request, "eda/column.html", {"page": page})


@require_GET
@project_view(Verb.LOOK)
def column_figure(request: HttpRequest, project: Project, position: int, name: str) -> JsonResponse:
    """A chart of one column with its numbers."""
    columns = queries.result_of(ready_profile(project))["columns"]
    told = columns[position - 1] if 1 <= position <= len(columns) else None
    return chart(request, _figure(told, name=name) if told else None)


def _figure(told: dict[str, Any], *, name: str) -> dict[str, Any] | None:
    if name == "relation" and told.get("relation") and told["relation"]["labels"]:
        return target_relation(told["relation"])
    if name == "distribution" and queries.has_distribution(told):
        return column_chart(told)
    return None
