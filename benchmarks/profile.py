"""How fast a table is explored: against ydata-profiling, skrub and one read of its Parquet file.

    make bench B=profile                               tables of 100,000 and 1,000,000 rows x 50
    make bench B=profile ARGS="--wide"                 also 5,600,000 rows x 40: peak memory
    make bench B=profile ARGS="--no-peers"             only what is ours
    make bench B=profile ARGS="--pages http://127.0.0.1:8000/p/card-fraud/"   pages of a `make up`

"Explored" is everything that the worker computes: the profile of each column, relations, gaps,
time, leaks and findings, as the JSON that is kept; numerical libraries have one thread, as in a
child of a worker. "First findings" is when the first part of it is there to be shown. The peers
run once each, in an environment of
their own under var/, after one call that warms up; both write one page of HTML. Tables are made.
"""

import argparse
import contextlib
import gc
import http.cookiejar
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from apps.engine.charts.columns import column_chart
from apps.engine.profile.explore import explore_table
from apps.engine.reading.tables import write_table
from apps.engine.types import silent
from benchmarks.rig import peers
from benchmarks.rig.figures import machine

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("ydata-profiling==4.18.4", "skrub==0.11.0", "pyarrow", "setuptools<81")
BARS = {
    "times_ydata_minimal": 20.0,
    "times_skrub": 15.0,
    "reads_1m": 12.0,
    "first_findings_1m_s": 3.0,
    "peak_mb_wide": 2_000.0,
    "slowest_page_ms": 100.0,
    "largest_page_kb": 200.0,
}
PEERS = """
import json, sys, time, logging, warnings
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
import pandas as pd
path, which = sys.argv[1:]
frame = pd.read_parquet(path)
def ydata():
    from ydata_profiling import ProfileReport
    ProfileReport(frame, minimal=True, progress_bar=False).to_html()
def skrub():
    from skrub import TableReport
    TableReport(frame, verbose=0, plot_distributions=True, compute_associations=True).html()
call = {"ydata": ydata, "skrub": skrub}[which]
call()  # imports and caches are warm
start, cpu = time.perf_counter(), time.process_time()
call()
print(json.dumps([time.perf_counter() - start, time.process_time() - cpu]))
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


def median_s(call: Callable[[], object], *, times: int) -> tuple[float, float]:
    """Median duration, and median processor time of all threads, after one call that warms up.

    Beside other work on the machine the duration says how long one waits for a turn; the
    processor time says what the work costs.
    """
    call()
    took, cost = [], []
    for _ in range(times):
        start, cpu = time.perf_counter(), _processor_s()
        call()
        took.append(time.perf_counter() - start)
        cost.append(_processor_s() - cpu)
    return statistics.median(took), statistics.median(cost)


def _processor_s() -> float:
    """Processor time of this process and of those that helped it and have ended."""
    told = os.times()
    return told.user + told.system + told.children_user + told.children_system


def ours_s(path: Path, *, times: int) -> tuple[float, float]:
    """What a warm child of a worker needs, with the JSON that is kept."""
    call = "import sys; from benchmarks.profile import as_a_child; as_a_child(*sys.argv[1:])"
    told = subprocess.run(
        [sys.executable, "-c", call, str(path), str(times)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    took, cost = json.loads(told.stdout.splitlines()[-1])
    return float(took), float(cost)


def as_a_child(path: str, times: str) -> None:
    """``median_s`` in a process of its own, which like a worker's child collects no old objects."""
    gc.freeze()
    with threadpool_limits(1):
        told = median_s(lambda: json.dumps(_explored(path)), times=int(times))
    print(json.dumps(told))


def _explored(path: str) -> dict[str, Any]:
    return explore_table(table=path, target="target", report=silent)


def first_findings_s(path: Path, folder: Path) -> float:
    """When the first part of a result is there, from the start of a warm worker's call."""
    so_far, start, seen = folder / "so_far.json", time.perf_counter(), [math.inf]

    def report(done: int, total: int, says: str) -> None:
        if so_far.exists():
            seen[0] = min(seen[0], time.perf_counter() - start)

    with threadpool_limits(1):
        explore_table(table=str(path), target="target", report=report, so_far=str(so_far))
    so_far.unlink(missing_ok=True)
    return min(seen[0], time.perf_counter() - start)


def read_s(path: Path) -> tuple[float, float]:
    """One read of the file, texts as dictionaries: the floor."""
    schema = pq.read_schema(path)
    texts = [field.name for field in schema if str(field.type) == "string"]
    return median_s(lambda: pq.read_table(path, read_dictionary=texts), times=3)


def peer_s(python: str, path: Path, which: str) -> tuple[float, float]:
    """A peer's duration, warm, in a process of its own."""
    told = subprocess.run(
        [python, "-c", PEERS, str(path), which], check=True, capture_output=True, text=True
    )
    took, cost = json.loads(told.stdout.splitlines()[-1])
    return float(took), float(cost)


def _many_columns(rows: int = 2_000) -> pd.DataFrame:
    """2,000 columns of the kinds above, and the target."""
    parts = [generated(rows, seed=seed).drop(columns="target") for seed in range(41)]
    names = [f"{name} of part {part}" for part, frame in enumerate(parts) for name in frame]
    whole = pd.concat(parts, axis=1).set_axis(names, axis=1).iloc[:, :1_999]
    return whole.assign(target=generated(rows)["target"])


def wide_peak_mb(folder: Path) -> float:
    """Peak memory of the processes that profile 5.6 million rows in 40 columns."""
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
    call = "import sys; from benchmarks.profile import explored; explored(sys.argv[1])"
    peak = 0.0
    with subprocess.Popen([sys.executable, "-c", call, str(path)]) as child:
        while child.poll() is None:
            peak = max(peak, _held_mb(child.pid))
            time.sleep(0.05)
    assert child.returncode == 0
    return peak


def explored(path: str) -> None:
    """Profile a file, as a process of its own does."""
    _explored(path)


def _held_mb(pid: int) -> float:
    """Memory of a process and its helpers at a moment; what they share counts once."""
    held = 0.0
    with contextlib.suppress(OSError):  # one may just have ended
        helpers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *helpers):
            told = Path(f"/proc/{each}/smaps_rollup").read_text()
            found = re.search(r"^Pss:\s+(\d+) kB", told, re.MULTILINE)
            held += int(found[1]) / 1024 if found else 0.0
    return held


def drawn_s(path: Path) -> tuple[float, float]:
    """The distributions of all columns as figures: pages ask for them one by one."""
    columns = _explored(str(path))["profile"]["columns"]
    return median_s(lambda: [json.dumps(column_chart(column)) for column in columns], times=3)


def figures_of(folder: Path, *, peers_python: str, with_wide: bool) -> dict[str, float]:
    """All durations and processor times (``_cpu_s``), and the ratios that are judged."""
    small, large, many = (folder / f"{name}.parquet" for name in ("100k", "1m", "2000_columns"))
    write_table(generated(100_000), small)
    measured = {"explored_100k": ours_s(small, times=5), "read_100k": read_s(small)}
    measured["drawn_100k"] = drawn_s(small)
    if peers_python:
        measured["ydata_minimal"] = peer_s(peers_python, small, "ydata")
        measured["skrub"] = peer_s(peers_python, small, "skrub")
    write_table(generated(1_000_000), large)
    measured |= {"explored_1m": ours_s(large, times=3), "read_1m": read_s(large)}
    write_table(_many_columns(), many)
    measured["explored_2000_columns"] = ours_s(many, times=1)
    figures = {f"{name}_s": both[0] for name, both in measured.items()}
    figures |= {f"{name}_cpu_s": both[1] for name, both in measured.items()}
    figures["first_findings_1m_s"] = first_findings_s(large, folder)
    for kind, mark in (("s", ""), ("cpu_s", "_cpu")):
        ours = figures[f"explored_100k_{kind}"]
        for peer, ratio in (("ydata_minimal", "times_ydata_minimal"), ("skrub", "times_skrub")):
            if peers_python:
                theirs = figures[f"{peer}_{kind}"]
                figures[ratio + mark] = theirs / ours
                figures[f"{ratio}_drawn{mark}"] = theirs / (ours + figures[f"drawn_100k_{kind}"])
        figures["reads_1m" + mark] = figures[f"explored_1m_{kind}"] / figures[f"read_1m_{kind}"]
    if with_wide:
        figures["peak_mb_wide"] = wide_peak_mb(folder)
    return figures


PAGES = (
    *("", "relations/", "missing/", "target/", "time/", "leaks/", "compare/", "compare/sealed/"),
    *("chart/", "views/", "rows/", "columns/1/", "columns/2/", "relations/1/2/"),
)
FIGURE = re.compile(r'data-chart="([^"]+)"')


def pages_of(address: str, *, times: int = 7) -> dict[str, Any]:
    """Median time and size of every page, and of the figures on it, once they were asked for."""
    site = urllib.parse.urlsplit(address)
    home = f"{site.scheme}://{site.netloc}"
    opener = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    )
    sign_in(opener, f"{home}/accounts/login/")
    told: dict[str, tuple[float, float]] = {}
    for page in PAGES:
        for asked in [
            f"{address}explore/{page}",
            *_figures(opener, home, f"{address}explore/{page}"),
        ]:
            told[asked.removeprefix(address)] = _asked(opener, asked, times=times)
    slowest = max(told, key=lambda name: told[name][0])
    largest = max(told, key=lambda name: told[name][1])
    return {
        "slowest_page_ms": told[slowest][0],
        "largest_page_kb": told[largest][1],
        "slowest_page": slowest,
        "largest_page": largest,
        "asked": len(told),
    }


def _figures(opener: urllib.request.OpenerDirector, home: str, page: str) -> Iterator[str]:
    for found in FIGURE.findall(opener.open(page).read().decode()):
        yield home + found.replace("&amp;", "&")


def sign_in(opener: urllib.request.OpenerDirector, login: str) -> None:
    """As the demo's analyst."""
    form = opener.open(login).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None
    told = {"login": "analyst@demo.example", "password": "demo-ml-cycle"}  # the demo's, printed
    body = urllib.parse.urlencode({**told, "csrfmiddlewaretoken": token[1]}).encode()
    opener.open(urllib.request.Request(login, body, {"Referer": login}))


def _asked(
    opener: urllib.request.OpenerDirector, address: str, *, times: int
) -> tuple[float, float]:
    took, size = [], 0
    for _ in range(times + 1):
        start = time.perf_counter()
        size = len(opener.open(address).read())
        took.append(1_000 * (time.perf_counter() - start))
    return statistics.median(took[1:]), size / 1024


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, judge; the exit code is 1 when a measured bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--peers", default="", help="interpreter that has ydata-profiling, skrub")
    parser.add_argument("--no-peers", action="store_true", help="measure what is ours only")
    parser.add_argument("--wide", action="store_true", help="also 5.6 million rows x 40 (minutes)")
    parser.add_argument("--pages", default="", help="address of a project of a running `make up`")
    asked = parser.parse_args(arguments)
    figures: dict[str, Any]
    if asked.pages:
        figures = pages_of(asked.pages)
    else:
        python = asked.peers
        if not (python or asked.no_peers):
            place = ROOT / "var" / "benchmarks" / "profile-peers"
            place.parent.mkdir(parents=True, exist_ok=True)
            python = peers.environment(place, PACKAGES, called="ydata-profiling and skrub")
        with tempfile.TemporaryDirectory() as folder:
            figures = figures_of(Path(folder), peers_python=python, with_wide=asked.wide)
    bars = {name: bar for name, bar in BARS.items() if name in figures}
    verdicts = {
        name: figures[name] >= bar if name.startswith("times_") else figures[name] <= bar
        for name, bar in bars.items()
    }
    shown = {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in figures.items()
    }
    told = {"benchmark": "profile", "figures": shown, "bars": bars, "bars_held": verdicts}
    print(json.dumps({**told, "machine": machine(("pandas",)), "held": all(verdicts.values())}))
    return 0 if all(verdicts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
