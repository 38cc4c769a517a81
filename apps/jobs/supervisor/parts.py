"""What runs: the parts of the group and the plan that `manage.py up` hands to the supervisor."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Part:
    """One long-lived process, or one that runs once."""

    name: str
    command: tuple[str, ...]
    grace_s: float = 3.0  # between asking it to end and killing it
    niceness: int = 0  # others go before it
    once: bool = False  # started when the web answers, and not again
    speaks: bool = False  # its output goes to the terminal, not to its log
    last_to_end: bool = False  # others may need it while they end
    ready_socket: str = ""  # ready when this unix socket accepts a connection
    ready_url: str = ""  # ready when this address answers below 500


@dataclass(frozen=True)
class Plan:
    """Everything the supervisor needs to know."""

    address: str
    log_folder: str
    lock_fd: int
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = field(default=())  # lines to print under the address

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, path: Path) -> "Plan":
        """Read what ``save`` wrote."""
        data: Mapping[str, Any] = json.loads(path.read_text())
        parts = tuple(Part(**{**part, "command": tuple(part["command"])}) for part in data["parts"])
        return cls(**{**data, "parts": parts, "notes": tuple(data["notes"])})
