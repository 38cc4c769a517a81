"""The leakage radar: what may give the target away, why, and where to act."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from apps.eda import queries
from apps.eda.views.common import Rows, action_of, rows_of, sliceable
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page
from apps.web.paging import page_of


@require_GET
@project_view(Verb.LOOK)
@sliceable
def leaks(request: HttpRequest, project: Project) -> HttpResponse:
    """Every suspect with its reason and the place to act."""
    rows = rows_of(request, project)
    context: dict[str, Any] = {"rows": rows}
    if rows.is_ready:
        found = rows.suspects()
        page = page_of(found, request)
        page.object_list = _lines(project, rows, page.object_list)
        context |= {"count": len(found), "suspects": page}
        context["target"] = (rows.result["target"] or {}).get("name", "")
    return render_page(request, "eda/leaks.html", context)


def _lines(
    project: Project, rows: Rows, suspects: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Suspects with their pages, the places to act, and whether somebody raised them already."""
    raised = queries.raised_already(project.cycle)
    return [
        {
            **suspect,
            "page": _page(rows, suspect["column"]),
            "action": action_of(project, suspect["leads"]),
            "is_raised": (
                (suspect["column"], f"{rows.where.before}{suspect['says']}"[:400]) in raised
            ),
        }
        for suspect in suspects
    ]


def _page(rows: Rows, column: str) -> str:
    """Address of the column's page; empty for what is no column, such as the split."""
    position = rows.positions.get(column)
    return rows.column_at(position) if position else ""
