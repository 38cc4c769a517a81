"""The target: balance, over groups, over time, how late it comes and how noisy it is."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from apps.eda import answers, queries
from apps.eda.columns import target_figure
from apps.eda.views.common import Rows, rows_of, sliceable
from apps.engine.profile.findings import is_id_like
from apps.engine.profile.strength import strength, told_series
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page

_DRAWN, _LISTED = 3, 12


@require_GET
@project_view(Verb.LOOK)
@sliceable
def target(request: HttpRequest, project: Project) -> HttpResponse:
    """What is predicted, from every side."""
    rows = rows_of(request, project)
    context: dict[str, Any] = {"rows": rows}
    if rows.is_ready and rows.result["target"]:
        name = rows.result["target"]["name"]
        found = answers.find(project.cycle, question_of(rows, name))
        ranked = _ranked(rows)
        context |= {
            "target": rows.result["target"],
            "position": rows.positions[name],
            "figure": target_figure(rows.result),
            "is_hidden": name in rows.hidden,
            "drawn": ranked[:_DRAWN],
            "ranked": ranked,
            "clock": next((one for one in rows.study["time"] if one["target"]), None),
            "answer": found,
            "labels": answers.unpacked(found) if found and found.is_ready else None,
        }
    return render_page(request, "eda/target.html", context)


def question_of(rows: Rows, name: str) -> answers.Question:
    """What is asked about the labels."""
    assert rows.scope is not None
    without = [one for one in rows.without if one != name]
    ignored = [column["name"] for column in rows.raw["columns"] if is_id_like(column)]
    return answers.Question(
        "labels",
        (rows.scope.parquet,),
        {
            "where": rows.where.as_lists(),
            "without": without,
            "target": name,
            "reading": queries.reading_of(rows.cycle, rows.scope),
            "ignored": [one for one in ignored if one not in without],
            "later": [
                [one["column"], one["than"]]
                for one in rows.study["later"]
                if not {one["column"], one["than"]} & rows.hidden
            ],
        },
    )


def _ranked(rows: Rows) -> list[dict[str, Any]]:
    """The columns in whose groups the target behaves most differently."""
    related = [one for one in rows.result["columns"] if _effect(one) is not None]
    related.sort(key=lambda one: -(_effect(one) or 0.0))
    return list(islice(_listed(related, places=rows.positions), _LISTED))


def _effect(column: dict[str, Any]) -> float | None:
    relation = column.get("relation")
    value = relation["effect"]["value"] if relation and relation["labels"] else None
    return None if value is None else abs(value)


def _listed(
    columns: Iterable[dict[str, Any]], *, places: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """Those with two groups that are large enough, as lines of the page."""
    for column in columns:
        relation = column["relation"]
        first = told_series(relation)["points"]
        known = [
            (point["value"], label, size)
            for point, label, size in zip(first, relation["labels"], relation["rows"], strict=True)
            if point["value"] is not None and size >= 10
        ]
        if len(known) > 1:
            yield {
                "name": column["name"],
                "position": places[column["name"]],
                "strength": _effect(column),
                "interval": _unsigned(strength(relation, kind=column["kind"])["effect"]),
                "of": relation.get("of", ""),
                "is_rate": relation["kind"] == "rate",
                "low": min(known),
                "high": max(known),
            }


def _unsigned(interval: Sequence[float] | None) -> tuple[float, float] | None:
    """Of the size of an effect; from 0 where its sign is not sure."""
    if interval is None:
        return None
    low, high = interval
    ends = sorted((abs(low), abs(high)))
    return (0.0 if low < 0 < high else ends[0]), ends[1]
