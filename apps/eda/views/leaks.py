"""The leakage radar: what may give the target away, why, and where to act."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

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
    """Suspects with the places to act, and whether somebody raised them already."""
    raised = set(project.cycle.findings.values_list("column", "says"))
    return [
        {
            **suspect,
            "position": rows.positions.get(suspect["column"], 0),
            "action": action_of(project, suspect["leads"]),
            "is_raised": (
                (suspect["column"], f"{rows.where.before}{suspect['says']}"[:400]) in raised
            ),
        }
        for suspect in suspects
    ]
