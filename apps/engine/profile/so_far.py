"""What a long profile knows already, written down while it goes on."""

import json
import os
import time
from pathlib import Path
from typing import Any

FIRST_S = 1.0


class SoFar:
    """A file with the newest part of a result, JSON; whole at any moment, or not there yet.

    It is due after FIRST_S, then each time after twice as long, so that writing it costs little
    of a walk of any length.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._wait_s = FIRST_S
        self._due_at = time.monotonic() + FIRST_S

    @property
    def is_due(self) -> bool:
        """It is time to tell again."""
        return time.monotonic() >= self._due_at

    def tell(self, told: dict[str, Any]) -> None:
        """Replace what was told before."""
        beside = self.path.with_name(f"{self.path.name}.new")
        beside.write_text(json.dumps(told, allow_nan=False))
        os.replace(beside, self.path)
        self._wait_s *= 2
        self._due_at = time.monotonic() + self._wait_s
