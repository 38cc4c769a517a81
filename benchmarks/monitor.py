"""The monitor page over a hundred million logged calls, and a portfolio of a thousand live models.

A model is carried through all gates, called and watched by the product's own code. The sums of the
rest of the calls are written by the code that sums up each batch of the log; the log itself gets so
many rows of the newest calls. Then pages are asked, in the process, as a person who is signed in.

    make bench B=monitor ARGS="--calls 100000000"
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from benchmarks.rig import figures, servers

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "var" / "benchmarks" / "monitor"
UNITS = ("ms", "processor_ms", "first_ms", "bytes", "queries")
MOST = {
    "monitor_ms": 100.0,
    "monitor_bytes": 200_000.0,
    "latency_chart_ms": 100.0,
    "portfolio_ms": 100.0,
    "monitor_queries": 40.0,
    "portfolio_queries": 40.0,
}


def main() -> int:
    """Measure and tell. 0 when it was measured, 2 when it could not be."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=100_000_000)
    options.add_argument("--raw", type=int, default=200_000, help="rows that the log has itself")
    options.add_argument("--live", type=int, default=1_000, help="live models of the portfolio")
    asked = options.parse_args()
    try:
        found = measured(calls=asked.calls, raw=asked.raw, live=asked.live)
    except figures.CannotMeasure as reason:
        print(reason, file=sys.stderr)
        return 2
    values = {
        f"{page.replace(' ', '_')}_{unit}": told[unit]
        for page, told in found["pages"].items()
        for unit in UNITS
    }
    rows = [
        [page, *(f"{told[unit]:,.0f}" for unit in UNITS)] for page, told in found["pages"].items()
    ]
    head = ["Page", "Median ms", "Processor ms", "First ms", "Bytes", "Queries"]
    print(figures.table(head, rows))
    print(
        f"{found['calls']:,} calls in the sums, {found['raw_rows']:,} rows in the log, "
        f"{found['live']:,} live models; one look of the watch took {found['look_s']:.1f} s."
    )
    bars = {
        name: {"value": values[name], "at_most": most, "held": values[name] <= most}
        for name, most in MOST.items()
    }
    told = {"machine": figures.machine(["django"]), **found}
    print(figures.closing_line("monitor", figures=told, bars=bars))
    return 0


def measured(*, calls: int, raw: int, live: int) -> dict[str, object]:
    """What the pages took, in a database of its own."""
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    env = {**os.environ, "MLCYCLE_VAR": str(PLACE), "DJANGO_SETTINGS_MODULE": SETTINGS}
    out = PLACE / "told.json"
    code = (
        "from benchmarks.rig.logged_calls import measure; "
        f"measure({str(out)!r}, calls={calls}, raw={raw}, live={live})"
    )
    prepared = [["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"]]
    for command in (*prepared, ["shell", "--no-imports", "-c", code]):
        servers.run(
            [sys.executable, "manage.py", *command],
            says="The log could not be made",
            env=env,
            cwd=ROOT,
        )
    told: dict[str, object] = json.loads(out.read_text())
    return told


SETTINGS = "mlcycle_site.settings.production"

if __name__ == "__main__":
    sys.exit(main())
