"""A look at the first rows of a version under other options, while a person waits for it."""

import threading
import time
from typing import Any

from apps.datasets.models import Version
from apps.datasets.storage import local
from apps.engine.errors import EngineError
from apps.engine.types import silent
from apps.jobs.children import Child
from apps.web.refusals import Refusal

LONGEST_S = 25.0
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_places = threading.BoundedSemaphore(2)  # of this process: a child needs a core


def look(version: Version, options: dict[str, Any]) -> dict[str, Any]:
    """Read the first rows in a limited child process; nothing is kept.

    Raises the EngineError that reading would raise, or Refusal when there is no room or it takes
    too long.
    """
    arguments = {
        "source": str(local(version.sha256)),
        "filename": version.filename,
        "options": options or None,
    }
    return _run("preview_file", arguments)


def _run(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if not _places.acquire(blocking=False):
        raise Refusal("Others are looking at previews: try again in a moment.")
    ends = time.monotonic() + LONGEST_S

    def check() -> None:
        if time.monotonic() > ends:
            raise Refusal(
                "The preview takes too long for this file: read it again and look at the result."
            )

    try:
        child = Child(f"apps.engine.reading.preview:{name}", arguments)
        return child.run(report=silent, log=lambda line: None, check=check)
    finally:
        _places.release()


def choices(version: Version) -> dict[str, Any]:
    """Files and sheets to choose from, of a version that could not be read; else empty."""
    path = local(version.sha256)
    with path.open("rb") as file:
        if not file.read(8).startswith(_PACKED):
            return {}
    try:
        return _run("choices_of", {"source": str(path)})
    except EngineError:
        return {}  # why it cannot be opened stands in its job


def looked(version: Version, options: dict[str, Any]) -> dict[str, Any]:
    """As ``look``, with a refusal as "problem" in place of rows: for a part of a page."""
    try:
        return look(version, options)
    except EngineError as error:
        return {"problem": str(error)}
