"""Drift of 20 columns: ML Cycle's sketch beside evidently and nannyml, the same rows.

    make bench B=drift [ARGS="--rows 10000,100000 --runs 3"]

A release keeps a sketch of its development rows, so the watch reads recent rows only; evidently
reads both tables each time, nannyml fits the reference first. Told are wall and the processor
seconds of the process, without imports and after one call to warm up; bars are judged by
processor time, which other work on the machine changes least. The sketch's error is the largest
difference of its PSI and KS to those of the raw reference. Each peer has an environment of its own
under ``var/``.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from apps.engine.monitoring.distances import psi
from apps.engine.monitoring.drift import drift
from apps.engine.monitoring.sketch import PREDICTION, numbers, shares_in, sketch_of
from benchmarks.rig import figures
from benchmarks.rig.figures import CannotMeasure
from benchmarks.rig.peers import peer_python

PLACE = Path(__file__).resolve().parent.parent / "var" / "benchmarks"
PEERS = {"evidently": ("evidently==0.7.23",), "nannyml": ("nannyml==0.13.1",)}
TIMES_EVIDENTLY = {10_000: 50.0, 100_000: 20.0}
NUMBERS, TEXTS = 14, 6
RUN = """
import json, logging, sys, time, warnings
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
import pandas as pd
which, folder, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
reference = pd.read_parquet(f"{folder}/reference.parquet")
recent = pd.read_parquet(f"{folder}/recent.parquet")
if which == "evidently":
    from evidently import Report
    from evidently.presets import DataDriftPreset
    def call():
        Report([DataDriftPreset(method="psi")]).run(recent, reference).dict()
else:
    import nannyml
    known = nannyml.UnivariateDriftCalculator(
        column_names=list(reference), continuous_methods=["jensen_shannon"],
        categorical_methods=["jensen_shannon"], chunk_number=1,
    ).fit(reference)
    def call():
        known.calculate(recent).to_df()
call()
told = []
for _ in range(runs):
    wall, own = time.perf_counter(), time.process_time()
    call()
    told.append({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - own})
print(json.dumps(told))
"""


def main() -> int:
    """Measure and tell. 0 when it was measured, 2 when it could not be."""
    parser = argparse.ArgumentParser(prog="make bench B=drift", description=__doc__)
    parser.add_argument("--rows", default="10000,100000")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--python312", default=shutil.which("python3.12"), help="nannyml wants one before 3.13"
    )
    options = parser.parse_args()
    try:
        pythons = pythons_of_peers(options.python312)
        told = {
            int(rows): measure(int(rows), options.runs, pythons) for rows in options.rows.split(",")
        }
    except CannotMeasure as problem:
        sys.stderr.write(f"The drift benchmark cannot measure: {problem}\n")
        return 2
    print(as_table(told))
    print(figures.closing_line("drift", figures=told, bars=bars_of(told)))
    return 0


def generated(rows: int, *, seed: int, moved: float = 0.0) -> pd.DataFrame:
    """(rows, 20): 14 numbers, of which the first moves, and 6 texts of 3 to 18 values."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        f"number {place}": rng.gamma(1 + place, 2.0, rows) + (moved if not place else 0.0)
        for place in range(NUMBERS)
    }
    for place in range(TEXTS):
        count = 3 * (place + 1)
        chance = np.arange(count, 0, -1) / (count * (count + 1) / 2)
        columns[f"text {place}"] = rng.choice([f"v{n}" for n in range(count)], rows, p=chance)
    return pd.DataFrame(columns)


def pythons_of_peers(older: str | None) -> dict[str, str]:
    """The interpreter of each peer. Raises CannotMeasure."""
    if older is None:
        raise CannotMeasure("nannyml needs Python 3.12 or older: name one by --python312.")
    bases = {"evidently": sys.executable, "nannyml": older}
    return {
        name: peer_python(PLACE / f"{name}-venv", packages, base=bases[name])
        for name, packages in PEERS.items()
    }


def measure(rows: int, runs: int, pythons: dict[str, str]) -> dict[str, Any]:
    """Seconds of each for one size, and the sketch's error."""
    reference, recent = generated(rows, seed=0), generated(rows, seed=1, moved=0.3)
    sketch = sketch_of(reference, prediction=reference["number 0"])
    asked = recent.assign(**{PREDICTION: recent["number 0"]})
    told: dict[str, Any] = {
        "ML Cycle": timed(lambda: drift(sketch, asked), runs),
        "ML Cycle, with the sketch": timed(
            lambda: drift(sketch_of(reference, prediction=reference["number 0"]), asked), runs
        ),
    }
    with tempfile.TemporaryDirectory() as folder:
        reference.to_parquet(f"{folder}/reference.parquet")
        recent.to_parquet(f"{folder}/recent.parquet")
        for name, python in pythons.items():
            told[name] = of_peer(name, python, folder, runs)
    return {"seconds": told, "error": error_of(sketch, reference, recent)}


def timed(call: Callable[[], Any], runs: int) -> dict[str, dict[str, float]]:
    """Wall and processor seconds of a call, after one to warm up."""
    call()
    told = []
    for _ in range(runs):
        wall, own = time.perf_counter(), time.process_time()
        call()
        told.append({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - own})
    return figures.spread(told)


def of_peer(name: str, python: str, folder: str, runs: int) -> dict[str, dict[str, float]]:
    """The same of a peer in its own interpreter, with one thread for its linear algebra."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(
        [python, "-c", RUN, name, folder, str(runs)],
        capture_output=True,
        text=True,
        env={**os.environ, **threads},
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CannotMeasure(f"{name} failed: {last}")
    return figures.spread(json.loads(done.stdout.strip().splitlines()[-1]))


def error_of(
    sketch: dict[str, Any], reference: pd.DataFrame, recent: pd.DataFrame
) -> dict[str, float]:
    """Largest difference of PSI and KS to the same from all raw rows of the reference."""
    found = {row["feature"]: row for row in drift(sketch, recent)}
    of_psi, of_ks = [], []
    for name in (f"number {place}" for place in range(NUMBERS)):
        edges = np.asarray(sketch[name]["edges"])
        raw = [shares_in(numbers(frame[name]), edges).tolist() for frame in (reference, recent)]
        of_psi.append(abs(found[name]["psi"] - psi(*raw)))
        exact = stats.ks_2samp(reference[name], recent[name]).statistic
        of_ks.append(abs(found[name]["ks"] - exact))
    return {"psi": float(max(of_psi)), "ks": float(max(of_ks))}


def bars_of(told: dict[int, Any]) -> dict[str, dict[str, Any]]:
    """Times faster by processor time: evidently by size, nannyml at all."""
    bars = {}
    for rows, one in told.items():
        ours = one["seconds"]["ML Cycle"]["cpu_s"]["median"]
        times = {name: one["seconds"][name]["cpu_s"]["median"] / ours for name in PEERS}
        least = TIMES_EVIDENTLY.get(rows, 20.0)
        bars[f"times evidently, {rows:,} rows"] = figures.bar(times["evidently"], at_least=least)
        bars[f"times nannyml, {rows:,} rows"] = figures.bar(times["nannyml"], at_least=1.0)
    return bars


def as_table(told: dict[int, Any]) -> str:
    """Milliseconds by size and by who; and the error of the sketch."""
    rows = [
        [
            f"{count:,}",
            name,
            f"{1000 * seen['cpu_s']['median']:,.1f}",
            f"{1000 * seen['wall_s']['median']:,.1f}",
        ]
        for count, one in told.items()
        for name, seen in one["seconds"].items()
    ]
    errors = [
        f"{count:,} rows: the sketch's PSI is off by {one['error']['psi']:.2g} at most, its KS by "
        f"{one['error']['ks']:.2g}."
        for count, one in told.items()
    ]
    heads = ["rows", "who", "processor ms", "wall ms"]
    return "\n".join([figures.table(heads, rows), "", *errors])


if __name__ == "__main__":
    sys.exit(main())
