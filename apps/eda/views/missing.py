"""Missing values: which columns miss together, and whether a gap tells the target."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from apps.eda.views.common import chart, ready_rows, rows_of, sliceable
from apps.engine.charts.gaps import gap_effects, gap_patterns
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page
from apps.web.paging import page_of

_MOST_GROUPS, _MOST_NAMED = 12, 15


@require_GET
@project_view(Verb.LOOK)
@sliceable
def missing(request: HttpRequest, project: Project) -> HttpResponse:
    """Columns with gaps, patterns of rows, groups that miss together."""
    rows = rows_of(request, project)
    context: dict[str, Any] = {"rows": rows}
    if rows.is_ready:
        gaps, places = rows.study["gaps"], rows.positions
        lines = [
            {
                **gap,
                "page": rows.column_at(places[gap["name"]]),
                "by": places.get(_ruler(gap), 0),
                "part": round(gap["share"], 3),
            }
            for gap in gaps["columns"]
        ]
        context |= {
            "gaps": gaps,
            "page": page_of(lines, request),
            "groups": [_group(group, places) for group in gaps["groups"][:_MOST_GROUPS]],
            "blanks": any(gap.get("hidden") for gap in gaps["columns"]),
            "rules": [line for line in lines if line["exactly"]],
            "effects": [gap for gap in gaps["columns"] if gap["effect"]],
            "target": (rows.result["target"] or {}).get("name", ""),
        }
    return render_page(request, "eda/missing.html", context)


def _group(group: dict[str, Any], places: dict[str, int]) -> dict[str, Any]:
    """Columns that miss together, the first of many with their places."""
    names = group["columns"]
    named = [(name, places[name]) for name in names[:_MOST_NAMED]]
    return {**group, "named": named, "more": len(names) - len(named)}


def _ruler(gap: dict[str, Any]) -> str:
    return gap["exactly"]["column"] if gap["exactly"] else ""


@require_GET
@project_view(Verb.LOOK)
def missing_figure(request: HttpRequest, project: Project, name: str) -> JsonResponse:
    """A chart of the gaps."""
    gaps = ready_rows(request, project).study["gaps"]
    if name == "patterns" and gaps["patterns"]:
        return chart(request, gap_patterns(gaps))
    if name == "effects" and any(gap["effect"] for gap in gaps["columns"]):
        return chart(request, gap_effects(gaps["columns"]))
    return chart(request, None)
