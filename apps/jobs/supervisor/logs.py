"""One log file a part under var/log, kept short while the part goes on writing to it."""

import shutil
from pathlib import Path
from typing import BinaryIO

LONGEST_BYTES = 10 * 1024**2


def path_of(folder: Path, name: str) -> Path:
    """Return the log file of a part."""
    return folder / f"{name}.log"


def opened(folder: Path, name: str) -> BinaryIO:
    """Open the log of a part for appending."""
    folder.mkdir(parents=True, exist_ok=True)
    return path_of(folder, name).open("ab")


def shorten(folder: Path) -> None:
    """Move the content of each log that is too long to ``<name>.log.1``.

    Copied and cut instead of renamed: the part keeps its descriptor, and appends from zero.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > LONGEST_BYTES:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            with log.open("r+b") as file:
                file.truncate()
