"""The target: balance, over groups, over time, how late it comes and how noisy it is."""

from collections.abc import Sequence
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
            "ranked": ranked[:_LISTED],
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
    """Columns by how differently the target behaves in their groups."""
    found = []
    for column in rows.result["columns"]:
        relation = column.get("relation")
        if not relation or not relation["labels"] or relation["effect"]["value"] is None:
            continue
        first = told_series(relation)["points"]
        known = [
            (point["value"], label, size)
            for point, label, size in zip(first, relation["labels"], relation["rows"], strict=True)
            if point["value"] is not None and size >= 10
        ]
        if len(known) > 1:
            found.append(
                {
                    "name": column["name"],
                    "position": rows.positions[column["name"]],
                    "strength": abs(relation["effect"]["value"]),
                    "interval": _unsigned(strength(relation, kind=column["kind"])["effect"]),
                    "of": relation.get("of", ""),
                    "is_rate": relation["kind"] == "rate",
                    "low": min(known),
                    "high": max(known),
                }
            )
    return sorted(found, key=lambda one: -float(one["strength"]))


def _unsigned(interval: Sequence[float] | None) -> tuple[float, float] | None:
    """Of the size of an effect; from 0 where its sign is not sure."""
    if interval is None:
        return None
    low, high = interval
    ends = sorted((abs(low), abs(high)))
    return (0.0 if low < 0 < high else ends[0]), ends[1]
