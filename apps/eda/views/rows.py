"""The rows behind a slice, a bar or a point, without the sensitive columns."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from apps.datasets import grids
from apps.eda.views.common import rows_of, sliceable
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


@require_GET
@project_view(Verb.LOOK)
@sliceable
def rows(request: HttpRequest, project: Project) -> HttpResponse:
    """One page of today's rows, or of the slice that the address asks for."""
    found = rows_of(request, project, study=False)
    context: dict[str, Any] = {"rows": found}
    if found.scope and not found.problem:
        context["grid"] = grids.grid(
            project.cycle,
            page=request.GET.get("page", "1"),
            across=request.GET.get("across", "1"),
            kept=found.columns().kept if found.where else None,
            hidden=found.without,
        )
    return render_page(request, "eda/rows.html", context)
