"""A chart that a person builds from columns, on the rows of the slice."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.eda.behind import behind_picture, links, point_links
from apps.eda.views.common import Rows, chart, rows_of, sliceable
from apps.engine.charts.pictures import picture_chart
from apps.engine.errors import BadParameter, EngineError
from apps.engine.profile.picture import KINDS, MEASURES, Picture, picture_of
from apps.engine.profile.picture import named as named_part
from apps.engine.types import Kind
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page

_SUMMED = {Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN}
MARKS = {"line": "mark", "box": "box", "heatmap": "column"} | dict.fromkeys(
    ("bar", "histogram"), "bar"
)
"""What stands for the rows of one place on the horizontal axis."""
FIELDS = ("kind", "x", "y", "measure", "of", "colour", "facet")


@require_GET
@project_view(Verb.LOOK)
@sliceable
def build_chart(request: HttpRequest, project: Project) -> HttpResponse:
    """The form, and the chart once it says enough."""
    rows = rows_of(request, project, study=False)
    asked = {name: request.GET.get(name, "") for name in FIELDS}
    context: dict[str, Any] = {
        "rows": rows,
        "asked": asked,
        "kinds": KINDS.items(),
        "measures": MEASURES.items(),
        "marks": MARKS,
        "numbers": [one for one in rows.choices if one.kind in _SUMMED],
    }
    if asked["x"] and rows.scope and not rows.problem:
        try:
            told = picture_of(rows.columns(), _picture(asked, rows))
        except EngineError as error:
            context["problem"] = str(error)
        else:
            pairs = [*rows.where.pairs, *((name, value) for name, value in asked.items() if value)]
            url = reverse("eda:chart_figure", args=[project.slug])
            context |= {"told": told, "figure": f"{url}?{urlencode(pairs)}", "title": _title(told)}
            context["uncoloured"] = _uncoloured(told)
    return render_page(request, "eda/chart.html", context)


def _picture(asked: dict[str, str], rows: Rows) -> Picture:
    hidden = next((asked[name] for name in FIELDS if asked[name] in rows.hidden), None)
    if hidden:
        raise BadParameter(
            f"“{hidden}” is marked as sensitive: it is not drawn, since single people could be "
            "recognised in a chart."
        )
    return Picture(
        **{**asked, "kind": asked["kind"] or "bar", "measure": asked["measure"] or "rows"}
    )


def _uncoloured(told: dict[str, Any]) -> str:
    """Says that the chart lacks the asked colour; "" where it does not, or none was asked for."""
    name = told["picture"]["colour"]
    if not name or ("cells" not in told and told["colours"] != [""]):
        return ""
    one = "Cells that count rows" if "cells" in told else KINDS[told["picture"]["kind"]]
    return f"{one} cannot tell “{name}” apart by colour: ask for a panel for each."


def _title(told: dict[str, Any]) -> str:
    """What is drawn, by every column that parts it."""
    picture = told["picture"]
    kind, measure = picture["kind"], picture["measure"]
    counted = measure == "rows" or kind in {"histogram", "scatter", "box"}
    what = picture["y"] if kind in {"scatter", "box"} else "Rows"
    named = what if counted else f"{MEASURES[measure]} of {picture['of']}"
    up = named_part(told, "y") if kind == "heatmap" else ""
    colour = "" if _uncoloured(told) else named_part(told, "colour")
    across, panels = named_part(told, "x"), named_part(told, "facet")
    *most, last = dict.fromkeys(filter(None, (across, up, colour, panels)))
    return f"{named} by {', '.join(most)} and {last}" if most else f"{named} by {last}"


@require_GET
@project_view(Verb.LOOK)
def chart_figure(request: HttpRequest, project: Project) -> JsonResponse:
    """The built chart; what it lacks is a refusal in one sentence."""
    rows = rows_of(request, project, study=False)
    if rows.scope is None:
        raise Http404
    if rows.problem:
        raise BadParameter(rows.problem)
    asked = {name: request.GET.get(name, "") for name in FIELDS}
    told = picture_of(rows.columns(), _picture(asked, rows))
    address = reverse("eda:rows", args=[project.slug])
    return chart(request, picture_chart(told), links=_links(told, rows=rows, address=address))


def _links(told: dict[str, Any], *, rows: Rows, address: str) -> list[str] | dict[str, Any]:
    """To the rows of every mark that is the same in all of its conditions."""
    if "points" in told:
        picture, points = told["picture"], {**told["points"], "kinds": told["kinds"]}
        return point_links(address, rows.where, points, [picture["x"], picture["y"]])
    return links(address, rows.where, behind_picture(told))
