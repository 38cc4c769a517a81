"""Job function: two typed tables to one typed table."""

from typing import Any

from apps.engine.errors import EngineError
from apps.engine.joining.how import JoinHow
from apps.engine.joining.join import join
from apps.engine.joining.room import columns_read, refuse_without_room, room_bytes
from apps.engine.reading.tables import read_table, write_table
from apps.engine.types import Report


def join_tables(
    *, left: str, right: str, how: dict[str, Any], name: str, target: str, report: Report
) -> dict[str, Any]:
    """Join two tables and write the result; equal inputs give equal bytes.

    Parameters
    ----------
    left, right, target : str
        Paths of typed tables.
    how : dict
        As ``JoinHow.from_dict`` takes it.
    name : str
        What a refusal calls the joined source.

    Returns
    -------
    dict
        "rows", "columns", and "report" as ``join`` gives it.

    Raises
    ------
    ColumnMissing, BadParameter, TooLarge, BadFile
        As ``join`` does, with the name of the source.

    Notes
    -----
    O(rows log rows + cells), all in memory: what does not fit there is refused before it is read.
    For workers.
    """
    report(0, 2, f"Joining {name}")
    try:
        one = JoinHow.from_dict(how)
        refuse_without_room(left, right, one, room=room_bytes())
        other = read_table(right, columns=columns_read(right, one))
        frame, done = join(read_table(left), other, one)
    except EngineError as error:
        raise type(error)(f"Join with {name!r}: {error}") from error
    report(1, 2, "Writing the table")
    spec = write_table(frame, target)
    return {"rows": spec.rows, "columns": len(spec.columns), "report": done}
