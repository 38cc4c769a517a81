"""Job function: sources to the consolidated table, and by the recipe to the model's table."""

from typing import Any

import pandas as pd

from apps.engine.errors import EngineError, NotEnoughData
from apps.engine.joining.how import JoinHow
from apps.engine.joining.join import join
from apps.engine.reading.tables import read_rows, read_table, spec_of, write_table
from apps.engine.recipe.run import Outcome, apply_recipe
from apps.engine.types import Report, TableSpec


def consolidate(
    *, base: str, joins: list[dict[str, Any]], report: Report, most_rows: int | None = None
) -> tuple[pd.DataFrame, list[dict[str, Any]], list[dict[str, Any]]]:
    """Base table with everything joined to it, a report per join, and the rows on the way.

    ``most_rows`` keeps only the first rows of the base, for a preview that says so.
    """
    total = len(joins) + 2
    frame = read_table(base) if most_rows is None else read_rows(base, first=0, count=most_rows)
    waterfall = [{"says": "Base table", "rows": len(frame), "columns": frame.shape[1]}]
    reports = []
    for place, data in enumerate(joins):
        report(place, total, f"Joining {data['name']}")
        frame, done = joined(frame, read_table(data["path"]), data)
        reports.append(done)
        waterfall.append({"says": done["says"], "rows": len(frame), "columns": frame.shape[1]})
    return frame, reports, waterfall


def joined(
    frame: pd.DataFrame, other: pd.DataFrame, data: dict[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """``join`` as the joins of a consolidation describe it; refusals name the source."""
    try:
        how = JoinHow.from_dict(data)
        frame, done = join(frame, other, how)
    except EngineError as error:
        raise type(error)(f"Join with {data['name']!r}: {error}") from error
    return frame, {**done, "name": data["name"], "says": how.line(data["name"])}


def consolidated_shape(*, base: str, joins: list[dict[str, Any]]) -> TableSpec:
    """Names and kinds of the consolidated table, with 0 rows.

    Reads no row, so a request may ask. Raises as ``consolidate`` does, except for what only rows
    tell: whether a key is unique.
    """
    frame = read_rows(base, first=0, count=0)
    for data in joins:
        frame, _ = joined(frame, read_rows(data["path"], first=0, count=0), data)
    return spec_of(frame)


def what_applies(*, base: str, joins: list[dict[str, Any]]) -> tuple[list[str], TableSpec | None]:
    """For each join "" or why it does not apply, and the shape at the end if all do.

    Those behind one that does not apply cannot be asked. Reads no row.
    """
    frame = read_rows(base, first=0, count=0)
    for place, data in enumerate(joins):
        try:
            frame, _ = joined(frame, read_rows(data["path"], first=0, count=0), data)
        except EngineError as error:
            behind = ["A join before it does not apply."] * (len(joins) - place - 1)
            return [*[""] * place, str(error), *behind], None
    return [""] * len(joins), spec_of(frame)


def build_table(
    *,
    base: str,
    joins: list[dict[str, Any]],
    steps: list[dict[str, Any]],
    target: str,
    consolidated_target: str,
    report: Report,
    outcome: str = "",
    positive: str = "",
) -> dict[str, Any]:
    """Join the sources, then clean, and write both tables.

    Parameters
    ----------
    base : str
        Path of the typed table whose rows are kept.
    joins : list of dict
        "path", "name", and what ``JoinHow.from_dict`` takes.
    steps : list of dict
        The recipe.
    target, consolidated_target : str
        Paths of the table after, and before, the recipe: the same rows in the same order, those
        that stay. A prediction request looks like a row of the latter.
    outcome, positive : str
        Column to be predicted and its class whose rows the waterfall tells; empty for none.

    Returns
    -------
    dict
        "spec", "consolidated_spec", "rows", "joins" (reports of ``join`` with "name" and "says"),
        "effects" (of ``apply_recipe``), "waterfall": [{"says", "rows", "columns", and from the
        joined table on "positives" (rows, or None) and "share" of them}].

    Raises
    ------
    NotEnoughData
        If no row is left; then neither table is written.
    ColumnMissing, BadParameter, BadFile
        As the parts do.

    Notes
    -----
    O(cells) per join and step, all in memory. For workers.
    """
    total = len(joins) + len(steps) + 2
    consolidated, reports, waterfall = consolidate(base=base, joins=joins, report=report)

    def tell(done: int, _: int, says: str) -> None:
        report(len(joins) + done, total, says)

    watched = Outcome(outcome, positive)
    frame, effects = apply_recipe(consolidated, steps, report=tell, outcome=watched)
    waterfall[-1] |= _share(watched.rows(consolidated), of=len(consolidated))
    waterfall += [
        {
            "says": each["sentence"],
            "rows": each["rows_after"],
            "columns": each["columns_after"],
            **_share(each["positives"], of=each["rows_after"]),
        }
        for each in effects
    ]
    if not len(frame):
        raise NotEnoughData(_no_rows(waterfall))
    kept = consolidated.iloc[frame.index].reset_index(drop=True)
    consolidated_spec = write_table(kept, consolidated_target)
    report(total - 1, total, "Writing the table")
    spec = write_table(frame.reset_index(drop=True), target)
    report(total, total, "Table written")
    return {
        "spec": spec.as_dict(),
        "consolidated_spec": consolidated_spec.as_dict(),
        "rows": spec.rows,
        "joins": reports,
        "effects": effects,
        "waterfall": waterfall,
    }


def _share(positives: int | None, *, of: int) -> dict[str, Any]:
    known = positives is not None and of > 0
    return {"positives": positives, "share": (positives or 0) / of if known else None}


def _no_rows(waterfall: list[dict[str, Any]]) -> str:
    first = next(each for each in waterfall if not each["rows"])
    if first is waterfall[0]:
        return "The base table has no rows: import a file that has some."
    return f"No row is left after the step “{first['says']}”: change or remove it."
