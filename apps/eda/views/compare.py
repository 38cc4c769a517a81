"""Sets of rows side by side: values of a column, periods, a slice and the rest, versions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from apps.datasets.models import Version
from apps.eda import answers
from apps.eda.periods import Asked
from apps.eda.views.common import Rows, rows_of, sliceable
from apps.engine.errors import BadParameter, EngineError
from apps.engine.profile.cells import Cells
from apps.engine.profile.compare import LEAST_ROWS, MOST_SIDES
from apps.engine.profile.datetime import moment
from apps.engine.profile.numeric import quantile
from apps.engine.profile.ordering import sort_numbers
from apps.engine.profile.partition import parted
from apps.engine.profile.slices import Condition
from apps.engine.profile.slices import rows_of as rows_in
from apps.engine.types import ColumnSpec, Kind
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page

_FIRST, _MOST = 20, 100
_GROUPS = 4


@require_GET
@project_view(Verb.LOOK)
@sliceable
def compare(request: HttpRequest, project: Project) -> HttpResponse:
    """What differs most between the asked sets of rows."""
    rows = rows_of(request, project, study=False)
    asked = Asked.of(request.GET)
    context: dict[str, Any] = {
        "rows": rows,
        "asked": asked,
        "ranged": _ranged(rows),
        "versions": _versions(rows),
    }
    if rows.scope and not rows.problem:
        try:
            question = question_of(rows, asked)
            answer = answers.find(project.cycle, question) if question else None
        except EngineError as error:
            return render_page(request, "eda/compare.html", {**context, "problem": str(error)})
        context |= {"asks": question, "answer": answer}
        if answer is not None and answer.is_ready:
            context |= _told(answers.unpacked(answer), rows, asked)
    return render_page(request, "eda/compare.html", context)


def _told(told: dict[str, Any], rows: Rows, asked: Asked) -> dict[str, Any]:
    """Columns by how much they differ, but for those that make the sides differ."""
    assert rows.scope is not None
    parting = {asked.by}
    if not asked.by and not asked.versions:
        parting = {one.column for one in rows.where.conditions}
    places = {name: place for place, name in enumerate(rows.scope.table.table_spec.names, 1)}
    first = told["sides"][0]["name"]
    lines = [
        {
            **column,
            "position": places.get(column["name"], 0),
            "other": told["sides"][column["farthest"]]["name"],
            "raises": f"{first} against {told['sides'][column['farthest']]['name']}: "
            f"{column['says']} (PSI {column['psi']:.2f})",
        }
        for column in told["columns"]
        if column["name"] not in parting
    ]
    sure = [line for line in lines if line["is_sure"]]
    return {
        "told": told,
        "count": len(sure),
        "first": sure[:_FIRST],
        "more": sure[_FIRST:_MOST],
        "untold": len(sure[_MOST:]),
        "quiet": [line for line in lines if not line["is_sure"]],
    }


def _ranged(rows: Rows) -> list[ColumnSpec]:
    """Columns with a before and an after, dates first; empty when they are too many to list."""
    texts = {Kind.TEXT, Kind.BOOLEAN}
    shown = [one for one in rows.choices if one.kind not in texts]
    return sorted(shown, key=lambda one: one.kind != Kind.DATETIME)


def _versions(rows: Rows) -> list[Version]:
    """Versions of sources; none once a test is sealed, since they hold its rows."""
    if rows.scope is None or rows.scope.split is not None:
        return []
    found = Version.objects.filter(source__project=rows.cycle.project, source__removed_at=None)
    return list(found.exclude(parquet="").select_related("source").order_by("source", "number"))


def question_of(rows: Rows, asked: Asked) -> answers.Question | None:
    """What is compared; None while nothing is chosen. Raises BadParameter in plain words."""
    assert rows.scope is not None
    tables = [rows.scope.parquet]
    if asked.by or asked.are_drawn:
        sides = _sides_by(rows, asked)
    elif asked.versions:
        tables, sides = _sides_of_versions(rows, asked.versions)
    elif rows.where:
        same = {"table": 0, "where": rows.where.as_lists()}
        sides = [
            {"name": f"rows where {rows.where.says}", "others": False, **same},
            {"name": "all other rows", "others": True, **same},
        ]
    else:
        return None
    without = sorted(rows.hidden)
    return answers.Question("compare", tuple(tables), {"sides": sides, "without": without})


def _sides_by(rows: Rows, asked: Asked) -> list[dict[str, Any]]:
    by = asked.by
    if by in rows.hidden:
        raise BadParameter(
            f"“{by}” is marked as sensitive: its groups are not compared, since that would tell "
            "about single people."
        )
    if asked.are_drawn:
        return [_side(rows, name, one) for name, one in _drawn(rows, asked)]
    cells = rows.columns().read(by)
    sides = [
        _side(rows, f"{by} {one.says}", one)
        for one, count in _groups(by, cells)
        if count >= LEAST_ROWS
    ]
    if len(sides) < 2:
        raise BadParameter(
            f"Fewer than two groups of “{by}” have {LEAST_ROWS} rows: choose another column."
        )
    return sides[:MOST_SIDES]


def _side(rows: Rows, name: str, condition: Condition) -> dict[str, Any]:
    where = rows.where.plus(condition).as_lists()
    return {"name": name, "table": 0, "others": False, "where": where}


def _drawn(rows: Rows, asked: Asked) -> list[tuple[str, Condition]]:
    """The sides that a person draws: no row on both."""
    source = rows.columns()
    kind = source.read(asked.by).kind if asked.by else Kind.DATETIME
    sides = asked.conditions(kind)
    first, other = (rows_in(source, [condition]) for _, condition in sides)
    if (first & other).any():
        raise BadParameter(
            "The two periods overlap: let the first one end before the second begins. Both ends "
            "of a period belong to it."
        )
    return sides


def _groups(by: str, cells: Cells) -> list[tuple[Condition, int]]:
    """Conditions with their rows: the first and the second half of the dates, or groups."""
    if cells.kind == Kind.DATETIME and cells.present.any():
        middle = moment(int(quantile(sort_numbers(cells).ascending, at=0.5)))[:10]
        early = int((cells.data[cells.present] < _microseconds(middle)).sum())
        later = int(cells.present.sum()) - early
        return [
            (Condition("below", by, ("", middle)), early),
            (Condition("below", by, (middle, "")), later),
        ]
    groups = parted(by, cells=cells, most=_GROUPS, even=True)
    counts = [int((groups.codes == code).sum()) for code in range(groups.size)]
    return [(one, n) for one, n in zip(groups.conditions, counts, strict=True) if one]


def _microseconds(day: str) -> int:
    return int(np.datetime64(day, "us").astype(np.int64))


def _sides_of_versions(rows: Rows, asked: Sequence[str]) -> tuple[list[str], list[dict[str, Any]]]:
    known = {str(version.pk): version for version in _versions(rows)}
    if not known:
        raise BadParameter(
            "Versions hold the rows of the sealed test: they are compared before the split, or "
            "on the page of their source when a newer file comes."
        )
    chosen = [known[key] for key in dict.fromkeys(asked) if key in known]
    if not 2 <= len(chosen) <= MOST_SIDES:
        raise BadParameter(f"Choose two to {MOST_SIDES} versions.")
    sides = [
        {"name": str(version), "table": place, "where": [], "others": False}
        for place, version in enumerate(chosen)
    ]
    return [version.parquet for version in chosen], sides
