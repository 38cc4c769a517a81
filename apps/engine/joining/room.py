"""How much memory a join will take, told before anything of it is read."""

import resource
from pathlib import Path

import pyarrow.parquet as pq

from apps.engine.errors import TooLarge
from apps.engine.joining.columns import brought
from apps.engine.joining.how import AGGREGATING, FILTERS, ROWS, TIMED, JoinHow, JoinKind

_PAGE_BYTES = resource.getpagesize()
_CODES_BYTES = 48
"""For each row of both sides: keys as numbers, their order, and the places of the matches."""


def columns_read(right: str, how: JoinHow) -> list[str]:
    """Columns of the joined table that a join looks at or brings, in their order."""
    names = pq.read_schema(right).names
    needed = {*how.right_on, *(column for column, _ in how.aggregates if column != ROWS)}
    if how.kind in TIMED:
        needed.add(how.right_time)
    if how.kind not in FILTERS:
        needed |= {name for name in names if name not in how.leave_out}
    return [name for name in names if name in needed]


def bytes_needed(left: str, right: str, how: JoinHow) -> int:
    """Memory of both tables, of the result, and of what is needed to match keys. An upper estimate.

    Rows are taken to have the width of those in the first row group; that no row finds more than
    one match is known only later, and then refused by the count of cells.
    """
    rows = [pq.read_metadata(path).num_rows for path in (left, right)]
    read = columns_read(right, how)
    ours, theirs = _row_bytes(left, None), _row_bytes(right, read)
    keys = _row_bytes(left, list(how.left_on)) + _row_bytes(right, list(how.right_on))
    added = 0.0
    if how.kind in AGGREGATING:
        added = 9.0 * len(how.aggregates)
    elif how.kind is not JoinKind.UNION:
        added = _row_bytes(right, brought(read, how))
    result = rows[0] * (ours + added)
    if how.kind in (JoinKind.UNION, JoinKind.OUTER, JoinKind.RIGHT):
        result += rows[1] * (ours + added)
    matching = 0.0 if how.kind is JoinKind.UNION else sum(rows) * (keys + _CODES_BYTES)
    return int(rows[0] * ours + rows[1] * theirs + result + matching)


def _row_bytes(path: str, columns: list[str] | None) -> float:
    """Mean width of a row in memory; 0 without rows. Reads one row group."""
    with pq.ParquetFile(path) as file:
        there = set(file.schema_arrow.names)
        names = None if columns is None else [name for name in columns if name in there]
        if not file.metadata.num_rows or names == []:
            return 0.0
        first = file.read_row_group(0, columns=names)
    # A byte more for each cell: whole numbers and yes/no carry a mark for missing ones.
    return float(first.nbytes / first.num_rows + first.num_columns)


def room_bytes() -> int | None:
    """Memory that this process may still take; None without a limit."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    used = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE_BYTES
    return max(limit - used, 0)


def refuse_without_room(left: str, right: str, how: JoinHow, *, room: int | None) -> None:
    """TooLarge when the join needs more memory than there is ``room``; None for no limit."""
    needed = bytes_needed(left, right, how) if room is not None else 0
    if room is not None and needed > room:
        raise TooLarge(
            f"It would take about {needed / 1e6:,.0f} MB of memory, and {room / 1e6:,.0f} MB are "
            "left for one step. Leave columns of the joined table out, aggregate it before the "
            "join, keep fewer rows, or ask an administrator for a higher limit."
        )
