"""Reading a CSV file to a checked, typed table, beside pandas' plain ``read_csv`` of the file.

Run as ``python -m benchmarks.reading [rounds]``. Both are run in turn on the same made file
(100,000 rows, 50 columns), and the last line is JSON. The bar is judged by processor time, since a
busy machine stretches wall time, which stands beside it. Peak memory is that of a process that
imports a file ten times as long.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from apps.engine.reading.imports import import_file
from apps.engine.types import silent

ROWS = 100_000
TIMES_PANDAS = 3.0
MOST_MEMORY_BYTES = 600_000_000


def write_file(path: Path, *, copies: int = 1) -> None:
    """Numbers with missing ones, whole numbers, categories, unique texts, dates and booleans."""
    random = np.random.default_rng(0)
    columns: dict[str, object] = {}
    for place in range(20):
        columns[f"number {place}"] = random.normal(size=ROWS).round(4)
    for place in range(12):
        columns[f"count {place}"] = random.integers(0, 100_000, ROWS)
    for place in range(9):
        columns[f"region {place}"] = random.choice(["north", "south", "east", "west"], ROWS)
    for place in range(5):
        columns[f"code {place}"] = [f"user-{each:x}" for each in random.integers(0, 2**40, ROWS)]
    for place in range(3):
        days = pd.to_timedelta(random.integers(0, 1_000, ROWS), "D")
        columns[f"day {place}"] = pd.Timestamp("2020-01-01") + days
    columns["is open"] = random.choice(["true", "false"], ROWS)
    frame = pd.DataFrame(columns)
    for place in range(0, 20, 4):
        frame.loc[random.random(ROWS) < 0.1, f"number {place}"] = np.nan
    for copy in range(copies):
        frame.to_csv(path, index=False, mode="a" if copy else "w", header=not copy)


def read(path: Path) -> None:
    """What a worker's child process does with an upload."""
    import_file(
        source=str(path),
        target=str(path.with_suffix(".parquet")),
        filename=path.name,
        options=None,
        limits=None,
        report=silent,
    )


def seconds(what: Callable[[], object]) -> tuple[float, float]:
    """Processor time of the process, all its threads, and wall time of one call."""
    processor, wall = time.process_time(), time.perf_counter()
    what()
    return time.process_time() - processor, time.perf_counter() - wall


def peak_bytes(path: Path) -> int:
    """Peak resident memory of a process that reads the file."""
    call = [sys.executable, "-m", "benchmarks.reading", "--only", str(path)]
    return int(subprocess.run(call, check=True, capture_output=True, text=True).stdout)


def main(rounds: int) -> None:
    """Print the figures, then one line of JSON."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_file(path)
        size_bytes = path.stat().st_size
        pairs = [
            (seconds(lambda: pd.read_csv(path)), seconds(lambda: read(path)))
            for _ in range(rounds + 1)
        ][1:]
        write_file(path, copies=10)
        memory = peak_bytes(path)
    pandas, ours = ([each[side] for each in pairs] for side in (0, 1))
    pandas_s, ours_s = (statistics.median(cpu for cpu, _ in each) for each in (pandas, ours))
    figures = {
        "file_bytes": size_bytes,
        "pandas_s": round(pandas_s, 3),
        "import_s": round(ours_s, 3),
        "times_pandas": round(ours_s / pandas_s, 2),
        "pandas_wall_s": round(statistics.median(wall for _, wall in pandas), 3),
        "import_wall_s": round(statistics.median(wall for _, wall in ours), 3),
        "peak_memory_bytes_at_ten_times": memory,
    }
    bars = {"times_pandas": TIMES_PANDAS, "peak_memory_bytes_at_ten_times": MOST_MEMORY_BYTES}
    held = all(figures[name] <= bar for name, bar in bars.items())
    print(json.dumps({"benchmark": "reading", "figures": figures, "bars": bars, "held": held}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--only"]:
        read(Path(sys.argv[2]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024)
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 7)
