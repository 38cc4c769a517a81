"""The leakage radar: what may give the target away, why, and where to act."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from apps.eda.views.common import action_of, rows_of, sliceable
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
        raised = set(project.cycle.findings.values_list("column", "says"))
        lines = [
            {
                **suspect,
                "position": rows.positions.get(suspect["column"], 0),
                "action": action_of(project, suspect["leads"]),
                "is_raised": (
                    (suspect["column"], f"{rows.where.before}{suspect['says']}"[:400]) in raised
                ),
            }
            for suspect in rows.suspects()
        ]
        context |= {"count": len(lines), "suspects": page_of(lines, request)}
        context["target"] = (rows.result["target"] or {}).get("name", "")
    return render_page(request, "eda/leaks.html", context)
