"""What goes together: the matrix, the strongest pairs, one pair."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.eda.behind import behind_pair, links, point_links
from apps.eda.views.common import Rows, chart, ready_rows, rows_of, sliceable
from apps.engine.charts.pairs import pair_chart
from apps.engine.charts.relations import MEASURES, relation_matrix
from apps.engine.errors import BadParameter
from apps.engine.profile.likeness import METHODS, pair_in
from apps.engine.profile.pairs import binds, pair_of
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page

_FIRST_PAIRS = 12
_NAMED = 20
EXACT = "exact"
"""Parameter of a pair's page that has it compared on all rows."""


@require_GET
@project_view(Verb.LOOK)
@sliceable
def relations(request: HttpRequest, project: Project) -> HttpResponse:
    """The matrix in a clustered order, the strongest pairs, groups that say the same."""
    rows = rows_of(request, project)
    asked = request.GET.get("by", "rank")
    context: dict[str, Any] = {"rows": rows, "by": asked if asked in MEASURES else "rank"}
    if rows.is_ready:
        told = rows.study["relations"]
        pairs = [_line(pair, rows) for pair in told["pairs"]]
        context |= {
            "compared": len(told["columns"]),
            "first": pairs[:_FIRST_PAIRS],
            "more": pairs[_FIRST_PAIRS:],
            "groups": told["groups"],
            "measures": _measures(told),
            "left_out": _reasons(rows.result["associations"]["left_out"]),
            "columns": rows.result["columns"] if rows.are_listed else [],
            "column_count": len(rows.result["columns"]),
        }
    return render_page(request, "eda/relations.html", context)


def _line(pair: dict[str, Any], rows: Rows) -> dict[str, Any]:
    places = rows.positions
    method = METHODS[pair["method"]]
    return {**pair, "method": method, "one": places[pair["a"]], "other": places[pair["b"]]}


def _reasons(left_out: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Why columns are not compared, each reason once with its first columns."""
    found: dict[str, list[str]] = {}
    for one in left_out:
        found.setdefault(one["why"], []).append(one["column"])
    return [
        {"why": why, "count": len(names), "first": names[:_NAMED], "more": len(names[_NAMED:])}
        for why, names in found.items()
    ]


def _measures(told: dict[str, Any]) -> list[tuple[str, str]]:
    """The matrices that hold a number beside the diagonal."""
    return [
        (key, title)
        for key, title in MEASURES.items()
        if any(
            value is not None
            for row, line in enumerate(told[key])
            for column, value in enumerate(line)
            if row != column
        )
    ]


@require_GET
@project_view(Verb.LOOK)
def matrix(request: HttpRequest, project: Project, measure: str) -> JsonResponse:
    """One matrix as a chart."""
    told = ready_rows(request, project).study["relations"]
    if measure not in MEASURES or len(told["columns"]) < 2:
        raise Http404
    return chart(request, relation_matrix(told, measure=measure))


@require_GET
@project_view(Verb.LOOK)
@sliceable
def choose_pair(request: HttpRequest, project: Project) -> HttpResponse:
    """Go from two chosen columns to their page."""
    rows = ready_rows(request, project)
    one, other = (_place(request, key, rows) for key in ("a", "b"))
    if not (one and other):
        raise Http404
    return _pair_page(request, project, one, other)


def _place(request: HttpRequest, key: str, rows: Rows) -> int:
    """Position of a column that was chosen from a list, or typed by its name; 0: neither."""
    typed = request.GET.get(f"{key}_name", "").strip()
    if typed and typed not in rows.positions:
        raise BadParameter(f"The table has no column “{typed}”: type its whole name.")
    asked = request.GET.get(key, "")
    return rows.positions.get(typed) or (int(asked) if asked.isdecimal() and len(asked) < 6 else 0)


@require_GET
@project_view(Verb.LOOK)
@sliceable
def pair(request: HttpRequest, project: Project, one: int, other: int) -> HttpResponse:
    """Two columns side by side."""
    return _pair_page(request, project, one, other)


def _pair_page(request: HttpRequest, project: Project, one: int, other: int) -> HttpResponse:
    rows, columns = _two(request, project, one, other)
    third = _third(request, rows, besides=(one, other))
    a, b = columns
    url = reverse("eda:pair_figure", args=[project.slug, one, other])
    hidden = [column["name"] for column in columns if column.get("sensitive")]
    told = pair_in(rows.study["relations"], names={a["name"], b["name"]})
    exact = bool(EXACT in request.GET and told and rows.compared_on and not hidden)
    if exact:
        told = binds(rows.columns(), a=a["name"], b=b["name"])
    told_by = [*rows.where.pairs, *([("third", str(third))] if third else [])]
    context = {
        "rows": rows,
        "a": a,
        "b": b,
        "one": one,
        "other": other,
        "columns": rows.result["columns"] if rows.are_listed else [],
        "third": third,
        "third_name": rows.result["columns"][third - 1]["name"] if third else "",
        "may_colour": _may_colour(a, b),
        "told": told,
        "method": METHODS[told["method"]] if told else "",
        "exact": exact,
        "exactly": f"?{urlencode([*told_by, (EXACT, '1')])}",
        "hidden": hidden,
        "empty": [column["name"] for column in columns if not column["count"]],
        "figure": f"{url}?{urlencode(told_by)}" if told_by else url,
    }
    return render_page(request, "eda/pair.html", context)


def _two(
    request: HttpRequest, project: Project, one: int, other: int
) -> tuple[Rows, list[dict[str, Any]]]:
    rows = ready_rows(request, project)
    columns = rows.result["columns"]
    if not (1 <= one <= len(columns) and 1 <= other <= len(columns)):
        raise Http404
    return rows, [columns[one - 1], columns[other - 1]]


def _may_colour(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all(column["kind"] in {"integer", "number", "datetime"} for column in (a, b))


def _third(request: HttpRequest, rows: Rows, *, besides: tuple[int, int]) -> int | None:
    """Position of the column that colours the picture; a sensitive one never does."""
    place, columns = _place(request, "third", rows), rows.result["columns"]
    if not 1 <= place <= len(columns) or place in besides:
        return None
    return None if columns[place - 1].get("sensitive") else place


@require_GET
@project_view(Verb.LOOK)
def pair_figure(request: HttpRequest, project: Project, one: int, other: int) -> JsonResponse:
    """The picture of two columns, counted on all rows that may be looked at."""
    rows, columns = _two(request, project, one, other)
    if one == other or any(column.get("sensitive") for column in columns):
        raise Http404
    third = _third(request, rows, besides=(one, other))
    told = pair_of(
        rows.columns(),
        a=columns[0]["name"],
        b=columns[1]["name"],
        third=rows.result["columns"][third - 1]["name"] if third else "",
    )
    if told["picture"] == "nothing":
        raise Http404
    address = reverse("eda:rows", args=[project.slug])
    if told["picture"] == "points":
        behind: Any = point_links(address, rows.where, told, [told["a"], told["b"]])
    else:
        behind = links(address, rows.where, behind_pair(told))
    return chart(request, pair_chart(told), links=behind)
