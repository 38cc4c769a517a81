"""Layouts of large tables: Arrow files beside the store in which any row is found at once.

A layout follows from its table and is a convenience: where it is missing, the same rows come from
Parquet, only slower. See docs/decisions/0032.
"""

import os
from pathlib import Path

import pyarrow.parquet as pq
from django.conf import settings

from apps.datasets.storage import local, scratch
from apps.engine.errors import BadFile, EngineError
from apps.engine.grid.rows import Rows
from apps.jobs.runner import Desk

LARGE_CELLS = 10_000_000
"""Rows times columns from which a table is laid out: below it Parquet answers within a second."""
MOST_KEPT = 20
"""Layouts of the installation; those that were looked at longest ago make room."""
_EDITION = 1  # raise it when the form of a layout changes


def _folder() -> Path:
    return Path(settings.VAR) / "layouts"


def _path(parquet: str) -> Path:
    return _folder() / f"{parquet}.{_EDITION}.arrow"


def rows_of(parquet: str) -> Rows:
    """The rows of a stored table, from its layout when there is one. Use it with ``with``."""
    layout = _path(parquet)
    try:
        os.utime(layout)  # looked at now
    except FileNotFoundError:
        return Rows(local(parquet))
    try:
        return Rows(local(parquet), layout=layout)
    except BadFile:  # half of it, after a power cut
        forget(parquet)
        return Rows(local(parquet))


def lay_out(parquet: str, desk: Desk) -> None:
    """Lay a stored table out when it is large, in a limited child process.

    A table that cannot be laid out is not refused: the reason stands in the log of the job.
    """
    told = pq.read_metadata(local(parquet))
    if told.num_rows * told.num_columns < LARGE_CELLS or _path(parquet).exists():
        return
    with scratch() as folder:
        target = folder / "layout.arrow"
        try:
            desk.child(
                "apps.engine.grid.rows:lay_out", table=str(local(parquet)), target=str(target)
            )
        except EngineError as error:
            desk.log(f"The rows are not laid out, so looking at them takes longer: {error}")
            return
        _folder().mkdir(parents=True, exist_ok=True)
        target.chmod(0o600)
        target.replace(_path(parquet))
    _make_room()


def forget(parquet: str) -> None:
    """Remove the layout of a table, if there is one."""
    _path(parquet).unlink(missing_ok=True)


def _make_room() -> None:
    layouts = sorted(_folder().glob("*.arrow"), key=lambda path: path.stat().st_mtime)
    for old in layouts[:-MOST_KEPT]:
        old.unlink(missing_ok=True)
