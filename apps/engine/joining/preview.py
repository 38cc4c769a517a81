"""Job function: what a join would do, before anybody makes it. Reads keys, not tables."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from apps.engine.errors import EngineError, TooLarge
from apps.engine.joining.facts import Seen, facts_of
from apps.engine.joining.how import ROWS, TIMED, JoinHow, JoinKind
from apps.engine.joining.join import join, refuse_absent
from apps.engine.joining.room import refuse_without_room, room_bytes
from apps.engine.joining.stack import likely_matching, matched_columns
from apps.engine.joining.suggest import KEY_KINDS, suggest_keys
from apps.engine.joining.unmatched import unmatched_rows
from apps.engine.joining.warn import warnings_of
from apps.engine.reading.tables import kind_of_series, read_rows, read_table, spec_of
from apps.engine.types import Report


@dataclass(frozen=True)
class Sides:
    """Both tables as files, with their bare columns."""

    left: str
    right: str
    bare_left: pd.DataFrame
    bare_right: pd.DataFrame

    def read(self, how: JoinHow) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The columns that decide what matches."""
        ours, theirs = list(how.left_on), list(how.right_on)
        if how.kind in TIMED:
            ours, theirs = [*ours, how.left_time], [*theirs, how.right_time]
        theirs += [column for column, _ in how.aggregates if column != ROWS]
        return (
            read_table(self.left, columns=list(dict.fromkeys(ours))),
            read_table(self.right, columns=list(dict.fromkeys(theirs))),
        )


def preview_join(
    *,
    left: str,
    right: str,
    how: dict[str, Any],
    unmatched_left: str,
    unmatched_right: str,
    report: Report,
) -> dict[str, Any]:
    """Tell what joining ``right`` to ``left`` would do; nothing is joined.

    Parameters
    ----------
    left, right : str
        Paths of typed tables.
    how : dict
        As ``JoinHow.from_dict`` takes it. A left join without keys asks for suggestions, and the
        best of them is looked at.
    unmatched_left, unmatched_right : str
        CSV files for rows without a match; each is written only when there are some.

    Returns
    -------
    dict, JSON-ready
        "how" (what was looked at, None when no key suggests itself), "suggestions" (when asked
        for), "refused" (why it cannot be made as it is, or ""), "needs_yes", "rows_before",
        "rows_after", "columns_after", "cardinality", "keys" (kind, different values and overlap
        of each pair), "left" and "right" (rows, matched, missing keys, match rate), "clashes",
        "added", "would_match" (how many rows match when keys are compared otherwise),
        "unmatched_left" and "unmatched_right" (see ``unmatched_rows``), "warnings", "matching"
        (for a union).

    Raises
    ------
    ColumnMissing, BadParameter, BadFile
        If a column or file is not there.

    Notes
    -----
    O(rows of the columns that are named), for suggestions of all. For workers.
    """
    sides = Sides(left, right, *(read_rows(path, first=0, count=0) for path in (left, right)))
    told: dict[str, Any] = {"suggestions": []}
    if not how.get("left_on") and how.get("kind", "left") == "left":
        report(0, 4, "Looking for keys")
        found = [each.as_dict() for each in suggest_keys(*_may_be_keys(sides))]
        told["suggestions"] = found
        if not found:
            return {**told, "how": None, "refused": "", "warnings": []}
        how = _with_keys(how, found[0])
    one = JoinHow.from_dict(how)
    refuse_absent(sides.bare_left, sides.bare_right, one)
    report(1, 4, "Holding the keys against each other")
    told |= {"how": how, **_shape(sides, one)}
    told["refused"] = told["refused"] or _too_large(left, right, one)
    if one.kind is JoinKind.UNION:
        told |= _union(sides, one)
    else:
        seen = Seen(one, *sides.read(one))
        told |= facts_of(seen, paths=(left, right), columns=told["columns_after"] or 1)
        told["refused"] = told["refused"] or told.pop("too_large", "")
        report(2, 4, "Writing the rows without a match")
        ways = (("left", left, unmatched_left), ("right", right, unmatched_right))
        for side, path, target in ways:
            if side in seen.unmatched:
                keys = list(one.left_on if side == "left" else one.right_on)
                told[f"unmatched_{side}"] = unmatched_rows(
                    path, seen.unmatched[side], keys=keys, target=target
                )
    told["warnings"] = warnings_of(one, told)
    report(4, 4, "Looked at")
    return told


def _too_large(left: str, right: str, how: JoinHow) -> str:
    """Why there is no memory for the join, or ""."""
    try:
        refuse_without_room(left, right, how, room=room_bytes())
    except TooLarge as refused:
        return str(refused)
    return ""


def _may_be_keys(sides: Sides) -> tuple[pd.DataFrame, pd.DataFrame]:
    tables = []
    for path, bare in ((sides.left, sides.bare_left), (sides.right, sides.bare_right)):
        names = [str(name) for name in bare if kind_of_series(bare[name]) in KEY_KINDS]
        tables.append(read_table(path, columns=names))
    return tables[0], tables[1]


def _with_keys(how: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    options = dict(how.get("options") or {})
    if found["compare"] != "exact":
        options["compare"] = found["compare"]
    return {
        **how,
        "kind": "left",
        "left_on": found["left_on"],
        "right_on": found["right_on"],
        "options": options,
    }


def _shape(sides: Sides, how: JoinHow) -> dict[str, Any]:
    """Columns after the join, or why there can be none."""
    try:
        frame, done = join(sides.bare_left, sides.bare_right, how)
    except EngineError as error:
        return {"refused": str(error), "columns_after": None, "added": []}
    kinds = {column.name: column.kind.value for column in spec_of(frame).columns}
    added = [{"name": name, "kind": kinds[name]} for name in done["added"]]
    return {"refused": "", "columns_after": frame.shape[1], "added": added}


def _union(sides: Sides, how: JoinHow) -> dict[str, Any]:
    rows = [pq.read_metadata(path).num_rows for path in (sides.left, sides.right)]
    names = [[str(name) for name in bare] for bare in (sides.bare_left, sides.bare_right)]
    told: dict[str, Any] = {
        "rows_before": rows[0],
        "rows_after": rows[0] + rows[1],
        "needs_yes": False,
        "cardinality": "",
        "keys": [],
        "likely": likely_matching(*names),
        "matching": [],
    }
    try:
        called = matched_columns(sides.bare_left, sides.bare_right, how)
    except EngineError:
        return told
    shared = {other: mine for other, mine in called.items() if mine in names[0]}
    told["matching"] = [[other, mine] for other, mine in shared.items()]
    told["only_left"] = [name for name in names[0] if name not in shared.values()]
    told["only_right"] = [name for name in called if name not in shared]
    told["in_both"] = _in_both(sides, shared)
    return told


def _in_both(sides: Sides, shared: dict[str, str]) -> int | None:
    """Rows of the right that stand on the left already, by what both have; None without that."""
    if not shared:
        return None
    right = read_table(sides.right, columns=list(shared)).rename(columns=shared)
    left = read_table(sides.left, columns=list(shared.values()))
    both = pd.concat([left, right], ignore_index=True)
    ids = both.groupby(list(shared.values()), dropna=False, sort=False).ngroup().to_numpy()
    return int(np.isin(ids[len(left) :], ids[: len(left)]).sum())
