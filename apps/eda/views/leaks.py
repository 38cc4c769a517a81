"""The leakage radar: what may give the target away, why, and where to act."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.eda import queries
from apps.eda.views.common import rows_of, sliceable
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page

_LEADS = {
    "plan": ("planning:features", "Mark it in the plan"),
    "wrangle": ("datasets:wrangle", "Drop it in the recipe"),
    "split": ("datasets:split", "Look at the split"),
}


@require_GET
@project_view(Verb.LOOK)
@sliceable
def leaks(request: HttpRequest, project: Project) -> HttpResponse:
    """Every suspect with its reason and the place to act."""
    rows = rows_of(request, project)
    context: dict[str, Any] = {"rows": rows}
    if rows.is_ready:
        found = queries.suspects_of(
            project.cycle, raw=rows.raw, study=rows.study, target=rows.target
        )
        raised = set(project.cycle.findings.values_list("column", "says"))
        context["suspects"] = [
            {
                **suspect,
                "position": rows.positions.get(suspect["column"], 0),
                "action": _action(project, suspect["leads"]),
                "is_raised": (
                    (suspect["column"], f"{rows.where.before}{suspect['says']}"[:400]) in raised
                ),
            }
            for suspect in found
        ]
        context["target"] = (rows.result["target"] or {}).get("name", "")
    return render_page(request, "eda/leaks.html", context)


def _action(project: Project, leads: str) -> tuple[str, str]:
    name, label = _LEADS[leads]
    return reverse(name, args=[project.slug]), label
