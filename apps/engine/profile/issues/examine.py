"""Job function: everything that is wrong with a table, the gravest first."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from apps.engine.profile.explore import explore_table
from apps.engine.profile.issues.issue import Issue, in_order
from apps.engine.profile.issues.numbers import date_issues, number_issues
from apps.engine.profile.issues.personal import personal_issues
from apps.engine.profile.issues.rows import near_duplicates
from apps.engine.profile.issues.texts import Values, text_issues
from apps.engine.profile.issues.told import from_profile, from_radar, from_sums, id_columns
from apps.engine.reading.tables import kind_of_series, read_rows, read_table, write_table
from apps.engine.recipe.build import consolidate
from apps.engine.recipe.run import apply_recipe
from apps.engine.types import Kind, Report, silent

MOST_TEXTS = 50_000
"""Different texts of a column that are looked at, the most frequent first."""


def examine(
    *,
    folder: str,
    target: str,
    report: Report,
    table: str = "",
    base: str = "",
    joins: Sequence[dict[str, Any]] = (),
    steps: Sequence[dict[str, Any]] = (),
    **about: Any,
) -> dict[str, Any]:
    """``examine_table`` on a typed table, or on what joins and steps make. Job function.

    ``folder``: where files may lie meanwhile. ``target`` counts when the table has it.
    """
    if not table:
        frame, _, _ = consolidate(base=base, joins=list(joins), report=silent)
        report(0, 4, "Cleaning")
        frame, _ = apply_recipe(frame, steps, report=silent)
        table = str(Path(folder) / "examined.parquet")
        write_table(frame.reset_index(drop=True), table)
    known = target if target in read_rows(table, first=0, count=0).columns else None
    return examine_table(table=table, target=known, report=report, **about)


def examine_table(
    *,
    table: str,
    target: str | None,
    positive: str | None,
    later: list[str],
    today: str,
    report: Report,
    reading: str = "",
) -> dict[str, Any]:
    """Look for issues in a typed table. Job function.

    Parameters
    ----------
    table : str
        Path of the table; the whole of it is in memory once.
    target : str or None
        Column to be predicted, when the table has it.
    positive : str or None
        Class of the target whose rate is told.
    later : list of str
        Columns that the plan says are known only after the decision.
    today : str
        Date (ISO 8601) after which a date lies in the future.
    reading : str
        How the plan says that the target is read, see ``prepare_target``; "": it is found out.

    Returns
    -------
    dict, JSON-ready
        "rows", "columns" (their count), "issues" (``Issue.as_dict`` each).

    Raises
    ------
    NotEnoughData
        If the table has no rows.
    """
    report(1, 4, "Profiling")
    told = explore_table(
        table=table, target=target, positive=positive, reading=reading, report=silent
    )
    profile, study = told["profile"], told["study"]
    report(3, 4, "Looking at values")
    frame = read_table(table)
    found = [
        *from_profile(profile),
        *from_sums(study, target=target or ""),
        *from_radar(profile, study, later=later),
        *near_duplicates(frame, ids=id_columns(profile)),
    ]
    for name in frame.columns:
        found += _of_column(frame[name], today=date.fromisoformat(today))
    issues = in_order(_told_once(found), names=list(frame.columns))
    report(4, 4, "Examined")
    return {
        "rows": len(frame),
        "columns": frame.shape[1],
        "issues": [issue.as_dict() for issue in issues],
    }


def _told_once(issues: list[Issue]) -> list[Issue]:
    """Without what a mixed column says already: its disguised gaps, and that it names rows."""
    mixed = {issue.column for issue in issues if issue.key == "mixed"}
    repeated = ("disguised_missing", "leak_id")
    return [one for one in issues if one.column not in mixed or one.key not in repeated]


def _of_column(column: "pd.Series", *, today: date) -> Iterator[Issue]:
    kind, name = kind_of_series(column), str(column.name)
    values = None
    if kind is Kind.TEXT:
        counts = column.value_counts().head(MOST_TEXTS)
        values = Values(name, [str(one) for one in counts.index], [int(n) for n in counts])
        yield from text_issues(values)
    elif kind in (Kind.INTEGER, Kind.NUMBER):
        yield from number_issues(column)
    elif kind is Kind.DATETIME:
        yield from date_issues(column, today=today)
    filled = int(column.notna().sum())
    if filled:
        yield from personal_issues(name, values=values, distinct=column.nunique(), filled=filled)
