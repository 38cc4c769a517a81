"""Rows that were left out, as a CSV file that a spreadsheet opens without running anything."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
_TRIGGERS = tuple("=+-@\t\r\n＝＋－＠")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: a quote stands before it; numbers stay.

    After OWASP, CSV Injection: also the full-width signs and the line feed.
    """
    if not cell.startswith(_TRIGGERS) or _NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}"


class RejectedRows:
    """Writes rejected rows as they come. Without one, no file is made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._writer: Any = None

    def write(self, line: int, row: Sequence[str], *, says: str) -> None:
        """Add one row: its line, why it was left out, its cells."""
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(["line", "why", "cells"])
        self._writer.writerow([line, says, *(harmless(cell) for cell in row)])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
