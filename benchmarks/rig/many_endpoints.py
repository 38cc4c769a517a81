"""Many endpoints in one process: what each costs in memory, and its first call in time.

Runs inside of Django: ``manage.py shell -c "…; ask_all(…)"``. The endpoints are copies of the one
release there is, each with a hash of its own, so that each has a model and a scorer of its own.
"""

import copy
import json
import time
from pathlib import Path

from apps.production.endpoint import serving
from apps.production.models import Release


def ask_all(out: str, endpoints: int) -> None:
    """Ask each for one row, then again, and write what it took as JSON.

    ``cold_ms`` and ``warm_ms`` (wall time of each call), ``resident_bytes`` of the process before
    the first call and after the last one, ``kept``: scorers in memory at the end.
    """
    release = Release.objects.select_related("candidate", "deployment").get()
    row = release.report["example"]
    before = _resident_bytes()
    all_of_them = []
    for number in range(endpoints):
        other = copy.copy(release)
        other.content_hash = f"{number:064x}"
        all_of_them.append(other)
    cold_ms = [_asked_ms(other, row) for other in all_of_them]
    warm_ms = [_asked_ms(other, row) for other in all_of_them]
    told = {
        "cold_ms": cold_ms,
        "warm_ms": warm_ms,
        "resident_bytes": [before, _resident_bytes()],
        "kept": len(serving.KNOWN.models),
    }
    Path(out).write_text(json.dumps(told))


def _asked_ms(release: Release, row: dict[str, object]) -> float:
    began = time.perf_counter()
    serving.answer(release, [row])
    return 1000 * (time.perf_counter() - began)


def _resident_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [each for each in lines if each.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024
