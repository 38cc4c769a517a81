"""How fast a table is profiled: against ydata-profiling, skrub and one read of its Parquet file.

The peers are not dependencies of the product. They are run with ``--peers PYTHON``, an
interpreter that has them; without it only the bar against the read is judged.

    make bench B=profile ARGS="--peers path/to/python"
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from apps.engine.profile.table import profile_table
from apps.engine.reading.tables import write_table
from apps.engine.types import silent

BARS = {"times_ydata_minimal": 20.0, "times_skrub": 15.0, "reads_1m": 12.0, "peak_mb_wide": 2_000.0}
PEERS = """
import json, sys, time, logging, warnings
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
import pandas as pd
path, which = sys.argv[1:]
frame = pd.read_parquet(path)
def ydata():
    from ydata_profiling import ProfileReport
    start = time.perf_counter()
    ProfileReport(frame, minimal=True, progress_bar=False).to_html()
    return time.perf_counter() - start
def skrub():
    from skrub import TableReport
    start = time.perf_counter()
    TableReport(frame, verbose=0, max_plot_columns=60, max_association_columns=60).html()
    return time.perf_counter() - start
took = {"ydata": ydata, "skrub": skrub}[which]
took()  # imports and caches are warm
print(json.dumps(took()))
"""


def generated(rows: int, *, seed: int = 0) -> pd.DataFrame:
    """50 columns: 28 numbers, 8 whole numbers, 9 texts, 3 yes/no (one the target), 2 dates."""
    rng = np.random.default_rng(seed)
    frame: dict[str, Any] = {}
    base = rng.normal(size=rows)
    for place in range(28):
        values = rng.normal(size=rows) + place / 28 * base
        values[rng.random(rows) < place / 280] = np.nan
        frame[f"number {place}"] = values
    for place in range(8):
        frame[f"count {place}"] = rng.poisson(3 * 4**place, rows)
    for place, levels in enumerate((3, 5, 8, 20, 50, 100, 1_000, 5_000, 20_000)):
        names = np.array([f"value {level:05d}" for level in range(levels)])
        frame[f"text {place}"] = pd.Series(names[rng.integers(0, levels, rows)], dtype="string")
    for place in range(2):
        start = np.datetime64("2024-01-01", "s")
        frame[f"date {place}"] = start + rng.integers(0, 63_000_000, rows).astype("timedelta64[s]")
    for place in range(2):
        frame[f"flag {place}"] = rng.random(rows) < 0.3
    frame["target"] = rng.random(rows) < 1 / (1 + np.exp(-base))
    return pd.DataFrame(frame)


def median_s(call: Callable[[], object], *, times: int) -> float:
    """Median duration after one call that warms up."""
    call()
    took = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def ours_s(path: Path, *, times: int) -> float:
    """What a warm worker needs, with the JSON that is kept."""
    return median_s(
        lambda: json.dumps(profile_table(table=str(path), target="target", report=silent)),
        times=times,
    )


def read_s(path: Path) -> float:
    """One read of the file, texts as dictionaries: the floor."""
    schema = pq.read_schema(path)
    texts = [field.name for field in schema if str(field.type) == "string"]
    return median_s(lambda: pq.read_table(path, read_dictionary=texts), times=3)


def peer_s(python: str, path: Path, which: str) -> float:
    """A peer's duration, warm, in a process of its own."""
    told = subprocess.run(
        [python, "-c", PEERS, str(path), which], check=True, capture_output=True, text=True
    )
    return float(json.loads(told.stdout.splitlines()[-1]))


def wide_peak_mb(folder: Path) -> float:
    """Peak memory of a process that profiles 5.6 million rows in 40 columns."""
    rows, parts = 5_600_000, 14
    path = folder / "wide.parquet"
    writer = None
    for part in range(parts):
        piece = folder / "piece.parquet"
        frame = generated(rows // parts, seed=part)
        write_table(frame[[*frame.columns[8:47], "target"]], piece)
        table = pq.read_table(piece)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=131_072)
    assert writer is not None
    writer.close()
    child = "import sys; from benchmarks.profile import peak; peak(sys.argv[1])"
    told = subprocess.run(
        [sys.executable, "-c", child, str(path)], check=True, capture_output=True, text=True
    )
    return float(told.stdout)


def peak(path: str) -> None:
    """Profile a file and print the peak memory of this process in MB."""
    profile_table(table=path, target="target", report=silent)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def figures_of(folder: Path, *, peers: str, with_wide: bool) -> dict[str, float]:
    """All durations, and the ratios that are judged."""
    small, large = folder / "100k.parquet", folder / "1m.parquet"
    write_table(generated(100_000), small)
    figures = {"ours_100k_s": ours_s(small, times=5), "read_100k_s": read_s(small)}
    if peers:
        figures["ydata_minimal_s"] = peer_s(peers, small, "ydata")
        figures["skrub_s"] = peer_s(peers, small, "skrub")
        figures["times_ydata_minimal"] = figures["ydata_minimal_s"] / figures["ours_100k_s"]
        figures["times_skrub"] = figures["skrub_s"] / figures["ours_100k_s"]
    write_table(generated(1_000_000), large)
    figures |= {"ours_1m_s": ours_s(large, times=1), "read_1m_s": read_s(large)}
    figures["reads_1m"] = figures["ours_1m_s"] / figures["read_1m_s"]
    if with_wide:
        figures["peak_mb_wide"] = wide_peak_mb(folder)
    return figures


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, judge; the exit code is 1 when a measured bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--peers", default="", help="interpreter that has ydata-profiling, skrub")
    parser.add_argument("--wide", action="store_true", help="also 5.6 million rows x 40 (minutes)")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        figures = figures_of(Path(folder), peers=asked.peers, with_wide=asked.wide)
    bars = {name: bar for name, bar in BARS.items() if name in figures}
    held = all(
        figures[name] >= bar if name.startswith("times_") else figures[name] <= bar
        for name, bar in bars.items()
    )
    shown = {name: round(value, 4) for name, value in figures.items()}
    print(json.dumps({"benchmark": "profile", "figures": shown, "bars": bars, "held": held}))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
