"""Wrangling at size: previews, a recipe beside pandas by hand, a join, one row, the grid.

    make bench B=wrangling                      all parts
    make bench B=wrangling ARGS="apply grid"    some of: apply preview replay join grid

Tables are made. What is compared runs in turns in one process, after one call that warms up. Bars
are judged by processor time of the process, since a busy machine stretches wall time, which stands
beside it; the grid is asked with one thread's worth of both. Peak memory is that of a process that
does nothing else, so it holds the interpreter and its libraries (about 150 MB) too.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.errors import EngineError
from apps.engine.grid.facet import facet
from apps.engine.grid.find import Wanted, find
from apps.engine.grid.order import Sort, ranked
from apps.engine.grid.rows import Rows, lay_out
from apps.engine.joining.run import join_tables
from apps.engine.profile.slices import Condition
from apps.engine.reading.tables import read_table, table_writer
from apps.engine.recipe.preview import columns_needed, preview
from apps.engine.recipe.run import apply_recipe
from apps.engine.serving.compile_row import replayer
from apps.engine.types import silent
from benchmarks.rig.figures import machine, table

BARS = {
    "apply_times_pandas": 2.0,
    "preview_s": 1.0,
    "replay_us": 50.0,
    "join_peak_mb": 4_096.0,
    "grid_slowest_s": 1.0,
    "grid_peak_mb": 600.0,
}
GRID_PIECES = 40  # of 125,000 rows
RANGE = ("number 0", ("0", "1"))
PARTS = ("apply", "preview", "replay", "join", "grid")
STEPS: list[dict[str, Any]] = [
    {"step": "set_missing", "params": {"columns": ["number 1"], "tokens": ["-9"]}},
    {"step": "fill_missing", "params": {"column": "number 0", "kind": "number", "value": "0"}},
    {"step": "flag_missing", "params": {"columns": ["number 2"]}},
    {"step": "trim_text", "params": {"columns": ["word 0"]}},
    {"step": "normalise_text", "params": {"columns": ["word 1"], "case": "lower case"}},
    {"step": "map_values", "params": {"column": "word 2", "mapping": [["east", "West"]]}},
    {"step": "derive_column", "params": {"to": "ratio", "expression": "`count 0` / 2"}},
    {"step": "date_parts", "params": {"column": "day 0", "parts": ["year", "month"]}},
    {"step": "cap_values", "params": {"column": "number 3", "low": "-2", "high": "2"}},
    {
        "step": "filter_rows",
        "params": {"column": "count 1", "operator": "is at least", "value": "1"},
    },
]


def made(rows: int, *, seed: int = 0) -> pa.Table:
    """50 columns: 24 numbers, 10 whole numbers, 10 texts, 4 dates, 2 yes/no; some cells missing."""
    rng = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {}
    for place in range(24):
        columns[f"number {place}"] = pa.array(
            rng.normal(size=rows).round(4), mask=rng.random(rows) < 0.02 * (place % 4)
        )
    for place in range(10):
        columns[f"count {place}"] = pa.array(rng.integers(0, 100_000, rows))
    words = pa.array(["north", "South ", "east", "West", "the middle", None])
    for place in range(8):
        columns[f"word {place}"] = words.take(pa.array(rng.integers(0, 6, rows)))
    for place in range(2):
        numbers = pa.array(rng.integers(0, 2**40, rows)).cast(pa.string())
        columns[f"code {place}"] = pc.binary_join_element_wise("user-", numbers, "")
    for place in range(4):
        seconds = rng.integers(0, 10**8, rows).astype("m8[s]")
        columns[f"day {place}"] = pa.array(np.datetime64("2020-01-01", "s") + seconds).cast(
            pa.timestamp("us")
        )
    for place in range(2):
        columns[f"open {place}"] = pa.array(rng.random(rows) < 0.3)
    return pa.table(columns)


def by_hand(frame: pd.DataFrame) -> pd.DataFrame:
    """What ``STEPS`` does, as a person writes it in pandas."""
    frame = frame.copy(deep=False)  # copied where it is written to
    frame["number 1"] = frame["number 1"].replace(-9, np.nan)
    frame["number 0"] = frame["number 0"].fillna(0)
    frame["number 2 is missing"] = frame["number 2"].isna()
    frame["word 0"] = frame["word 0"].str.strip().replace("", pd.NA)
    frame["word 1"] = frame["word 1"].str.lower()
    frame["word 2"] = frame["word 2"].replace({"east": "West"})
    frame["ratio"] = frame["count 0"] / 2
    frame["day 0 year"] = frame["day 0"].dt.year
    frame["day 0 month"] = frame["day 0"].dt.month
    frame["number 3"] = frame["number 3"].clip(-2, 2)
    return frame[frame["count 1"] >= 1]


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Wall time and processor time of the process for one call, in seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - processor


def in_turns(
    first: Callable[[], object], second: Callable[[], object], *, rounds: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Medians of (wall, processor) seconds of two calls, in turns, after one of each."""
    first(), second()
    pairs = [(timed(first), timed(second)) for _ in range(rounds)]
    return _medians([each[0] for each in pairs]), _medians([each[1] for each in pairs])


def _medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    wall, processor = zip(*times, strict=True)
    return statistics.median(wall), statistics.median(processor)


def measure_apply(folder: Path) -> dict[str, float]:
    """Ten steps on a million rows of 50 columns, beside pandas by hand."""
    frame = read_table(_table(folder, rows=1_000_000))
    ours, theirs = in_turns(
        lambda: apply_recipe(frame, STEPS, report=silent), lambda: by_hand(frame), rounds=5
    )
    return {
        "apply_s": ours[1],
        "apply_wall_s": ours[0],
        "by_hand_s": theirs[1],
        "by_hand_wall_s": theirs[0],
        "apply_times_pandas": ours[1] / theirs[1],
    }


def measure_preview(folder: Path) -> dict[str, float]:
    """The slowest of the steps, each as the next one on a million rows of 50 columns."""
    path = _table(folder, rows=1_000_000)
    took = {}
    for step in STEPS:
        call = partial(_previewed, path, step)
        call()
        took[step["step"]] = timed(call)
    slowest = max(took, key=lambda key: took[key][1])
    print(f"Preview of each step: { {key: round(each[1], 3) for key, each in took.items()} }")
    return {"preview_s": took[slowest][1], "preview_wall_s": max(each[0] for each in took.values())}


def _previewed(path: Path, step: dict[str, Any]) -> None:
    """As the page does it: the columns that it takes, all rows."""
    needed = columns_needed([], step, target="open 0")
    columns = None if needed is None else sorted(needed)
    preview(read_table(path, columns=columns), [], step, target="open 0")


def measure_replay(folder: Path) -> dict[str, float]:
    """Ten steps on one row of a request of 50 columns; the least of seven means of 500 rows."""
    del folder
    row = {name: values[0] for name, values in made(1).to_pydict().items()}
    replay = replayer(STEPS)
    replay(row)
    means = [timed(lambda: [replay(row) for _ in range(500)])[1] / 500 for _ in range(7)]
    return {"replay_us": min(means) * 1e6}


def measure_join(folder: Path) -> dict[str, float]:
    """5 million rows of 8 columns and 3 million of 4, by a text: peak memory of its process."""
    rng = np.random.default_rng(0)
    for name, rows, width in (("left", 5_000_000, 6), ("right", 3_000_000, 2)):
        ids = rng.integers(0, 3_000_000, rows) if name == "left" else rng.permutation(rows)
        keys = pc.binary_join_element_wise("customer-", pa.array(ids).cast(pa.string()), "")
        columns = {"key": keys, "id": pa.array(ids)}
        columns |= {f"{name} {place}": pa.array(rng.normal(size=rows)) for place in range(width)}
        _write(pa.table(columns), folder / f"{name}.parquet")
    told = _alone("join", folder)
    if told["refused"]:
        print(f"Refused: {told['refused']}")
    return {"join_s": told["cpu_s"], "join_wall_s": told["wall_s"], "join_peak_mb": told["peak_mb"]}


def measure_grid(folder: Path) -> dict[str, float]:
    """5 million rows of 20 columns: what the page of a table asks for, each the slowest of two.

    Memory is what the process has for itself: pages of the mapped file are the system's.
    """
    path, names = folder / "grid.parquet", ("number", "count", "word", "code", "day", "open")
    schema = _twenty(made(1), names).schema
    with table_writer(path, schema=schema) as writer:
        for seed in range(GRID_PIECES):
            writer.write_table(_twenty(made(125_000, seed=seed), names))
    laid = timed(lambda: lay_out(table=str(path), target=str(folder / "grid.arrow"), report=silent))
    told = _alone("grid", folder)
    print(table(["grid, 5,000,000 x 20", "processor s", "wall s"], told["lines"]))
    return {
        "lay_out_s": laid[1],
        "layout_mb": (folder / "grid.arrow").stat().st_size / 1e6,
        "grid_slowest_s": told["slowest_s"],
        "grid_slowest_wall_s": told["slowest_wall_s"],
        "grid_peak_mb": told["own_mb"],
    }


def _twenty(whole: pa.Table, names: tuple[str, ...]) -> pa.Table:
    counts = dict(zip(names, (8, 4, 3, 2, 2, 1), strict=True))
    return whole.select([f"{name} {place}" for name in names for place in range(counts[name])])


def _grid_alone(folder: Path) -> dict[str, Any]:
    asks: dict[str, Callable[[Rows], object]] = {
        "first page": lambda rows: _page(rows, np.arange(50)),
        "page 100,000": lambda rows: _page(rows, np.arange(rows.total - 50, rows.total)),
        **{
            f"page 50,000 by {name}{', highest first' if down else ''}": partial(
                _sorted_page, name=name, down=down
            )
            for name in ("number 1", "count 0", "word 0", "code 0", "day 0", "open 0")
            for down in (False, True)
        },
        "filter: a word and a range": lambda rows: find(
            rows,
            Wanted(
                (Condition("is", "word 0", ("east",)), Condition("between", "number 0", ("0", "1")))
            ),
        ),
        "search in all 5 columns of texts": lambda rows: find(
            rows, Wanted((), "9471", ("word 0", "word 1", "word 2", "code 0", "code 1"))
        ),
        **{
            f"counts of {name}": partial(facet, column=name, kept=None)
            for name in ("word 0", "number 1", "count 0", "day 0", "open 0")
        },
    }
    times = {}
    with watched_memory() as most:
        for says, ask in asks.items():
            times[says] = [timed(partial(_asked, folder, ask)) for _ in range(3)][1:]
    slow = {says: [max(each) for each in zip(*told, strict=True)] for says, told in times.items()}
    return {
        "lines": [[says, f"{cpu:.2f}", f"{wall:.2f}"] for says, (wall, cpu) in slow.items()],
        "slowest_s": max(cpu for _, cpu in slow.values()),
        "slowest_wall_s": max(wall for wall, _ in slow.values()),
        "own_mb": most(),
    }


def _asked(folder: Path, ask: Callable[[Rows], object]) -> None:
    with Rows(folder / "grid.parquet", layout=folder / "grid.arrow") as rows:
        ask(rows)


def _page(rows: Rows, places: Any) -> pd.DataFrame:
    return rows.page(places, columns=list(rows.kinds))


def _sorted_page(rows: Rows, *, name: str, down: bool) -> pd.DataFrame:
    return _page(rows, ranked(rows, Sort(name, down), kept=None, first=rows.total // 2, count=50))


@contextmanager
def watched_memory() -> Iterator[Callable[[], float]]:
    """A function that tells the most memory (MB) of this process alone until now, every 5 ms."""
    done, most = threading.Event(), [0.0]

    def watch() -> None:
        while not done.wait(0.005):
            told = Path("/proc/self/status").read_text()
            own = next(line for line in told.splitlines() if line.startswith("RssAnon"))
            most[0] = max(most[0], int(own.split()[1]) / 1_024)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: most[0]
    finally:
        done.set()
        watcher.join()


def _join_alone(folder: Path) -> str:
    how = {"left_on": ["key"], "right_on": ["key"], "prefix": "right "}
    paths = {side: str(folder / f"{side}.parquet") for side in ("left", "right")}
    try:
        join_tables(
            **paths, how=how, name="right", target=str(folder / "joined.parquet"), report=silent
        )
    except EngineError as error:
        return str(error)
    return ""


def _alone(part: str, folder: Path) -> dict[str, Any]:
    call = [sys.executable, "-m", "benchmarks.wrangling", "--alone", part, str(folder)]
    done = subprocess.run(call, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def alone(part: str, folder: Path) -> None:
    """One part in this process, and its peak memory."""
    wall, processor = time.perf_counter(), time.process_time()
    found = _grid_alone(folder) if part == "grid" else {"refused": _join_alone(folder)}
    told = {
        **found,
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - processor,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024,
    }
    print(json.dumps(told))


def _write(made_table: pa.Table, path: Path) -> None:
    with table_writer(path, schema=made_table.schema) as writer:
        writer.write_table(made_table, row_group_size=131_072)


def _table(folder: Path, *, rows: int) -> Path:
    path = folder / f"{rows}.parquet"
    if not path.exists():
        _write(made(rows), path)
    return path


def main(parts: list[str]) -> int:
    """Print the figures, then one line of JSON."""
    measures = {
        "apply": measure_apply,
        "preview": measure_preview,
        "replay": measure_replay,
        "join": measure_join,
        "grid": measure_grid,
    }
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        for part in parts:
            figures |= measures[part](Path(name))
    bars = {name: bar for name, bar in BARS.items() if name in figures}
    told = [[name, f"{value:,.3g}", f"{bars.get(name, '')}"] for name, value in figures.items()]
    print(table(["figure", "value", "at most"], told))
    held = all(figures[name] <= bar for name, bar in bars.items())
    shown = {name: round(value, 3) for name, value in figures.items()}
    print(
        json.dumps(
            {
                "benchmark": "wrangling",
                "figures": shown,
                "bars": bars,
                "held": held,
                "machine": machine(["pandas", "pyarrow"]),
            }
        )
    )
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        alone(sys.argv[2], Path(sys.argv[3]))
    else:
        sys.exit(main(sys.argv[1:] or list(PARTS)))
