"""How fast the drift of 20 columns is measured: against evidently and nannyml, in turns.

The peers are installed into environments of their own under var/benchmarks, each on the first run.
nannyml needs a Python below 3.13; where none is found its bar is not judged, and it says so. Ours
reads what a release keeps of its reference, the sketch; the last table says how far its distances
lie from those of all rows. Bars are judged by processor time, since a busy machine stretches wall
time, which stands beside it.

    make bench B=drift
"""

import argparse
import json
import shutil
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
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from apps.engine.monitoring.distances import psi
from apps.engine.monitoring.drift import drift
from apps.engine.monitoring.sketch import sketch_of
from benchmarks.rig import figures, peers
from benchmarks.rig.figures import CannotMeasure, bar, closing_line, table

SIZES = (10_000, 100_000)
BARS = {"evidently": {10_000: 50.0, 100_000: 20.0}, "nannyml": {10_000: 1.0, 100_000: 1.0}}
PACKAGES = {
    "evidently": ["evidently==0.7.23", "pandas<3"],
    "nannyml": ["nannyml==0.13.1", "statsmodels"],
}
BELOW_3_13 = ("python3.12", "python3.11", "python3.10")
FOLDER = Path("var/benchmarks/drift")
ERRORS = {"psi": 1e-9, "js": 1e-9, "ks": 0.02, "wasserstein": 0.02, "chi2": 1e-6}
"""The most that a distance of the sketch may lie off that of all rows: chi2 as a share of it."""

PEER = """
import json, sys, time, warnings, logging
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
import pandas as pd
folder, which, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
reference = pd.read_parquet(folder + "/reference.parquet")
recent = pd.read_parquet(folder + "/recent.parquet")
texts = [name for name in reference if name.startswith("text")]
numbers = [name for name in reference if name.startswith("number")]
if which == "evidently":
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset
    told = DataDefinition(numerical_columns=numbers, categorical_columns=texts)
    def call():
        sides = [Dataset.from_pandas(side, data_definition=told) for side in (recent, reference)]
        report = Report([DataDriftPreset()]).run(*sides)
        assert len(report.dict()["metrics"]) >= 20
else:
    import nannyml
    made = nannyml.UnivariateDriftCalculator(
        column_names=[*numbers, *texts],
        treat_as_categorical=texts,
        continuous_methods=["jensen_shannon"],
        categorical_methods=["jensen_shannon"],
        chunk_number=1,
    ).fit(reference)
    def call():
        assert len(made.calculate(recent).to_df()) >= 1
call()
for _ in range(times):
    start, cpu = time.perf_counter(), time.process_time()
    call()
    print(json.dumps([time.perf_counter() - start, time.process_time() - cpu]))
"""


def generated(rows: int, *, seed: int, moved: float = 0.0) -> pd.DataFrame:
    """14 numbers of four shapes and 6 texts of 3 to 50 values; every third is ``moved``."""
    rng = np.random.default_rng(seed)
    frame: dict[str, Any] = {}
    for place in range(14):
        by = moved if place % 3 == 0 else 0.0
        shape = (rng.normal, rng.exponential, rng.uniform, rng.lognormal)[place % 4]
        frame[f"number {place}"] = shape(size=rows) + by
        if place % 7 == 0:
            frame[f"number {place}"][rng.random(rows) < 0.05] = np.nan
        if place == 13:
            frame[f"number {place}"] = rng.poisson(4 + by, rows).astype("float64")
    for place, levels in enumerate((3, 5, 8, 12, 20, 50)):
        weights = np.arange(1, levels + 1) ** (moved if place % 3 == 0 else 0.0)
        names = np.array([f"value {level:03d}" for level in range(levels)])
        chosen = rng.choice(levels, rows, p=weights / weights.sum())
        frame[f"text {place}"] = pd.Series(names[chosen], dtype="string")
    return pd.DataFrame(frame)


def timed(call: Callable[[], object], *, times: int) -> tuple[float, float]:
    """Median of wall and of processor time in seconds, after one call that warms up."""
    call()
    took, cost = [], []
    for _ in range(times):
        start, cpu = time.perf_counter(), time.process_time()
        call()
        took.append(time.perf_counter() - start)
        cost.append(time.process_time() - cpu)
    return statistics.median(took), statistics.median(cost)


def python_of(peer: str) -> str:
    """The interpreter of a peer's environment. Raises CannotMeasure."""
    base = sys.executable
    if peer == "nannyml":
        found = next((path for name in BELOW_3_13 if (path := _works(name))), None)
        if found is None:
            raise CannotMeasure("nannyml needs a Python below 3.13, and none is installed here.")
        base = found
    return peers.environment(FOLDER / peer, PACKAGES[peer], called=peer, base=base)


def _works(name: str) -> str | None:
    """Its path where it starts: what a version manager offers need not be installed."""
    for path in filter(None, (shutil.which(name), shutil.which(name, path="/usr/bin"))):
        if subprocess.run([path, "-c", "import venv"], capture_output=True).returncode == 0:
            return path
    return None


def peer_s(python: str, folder: Path, which: str, *, times: int) -> tuple[float, float]:
    """Median of a peer, warm, in a process of its own."""
    call = [python, "-c", PEER, str(folder), which, str(times)]
    done = subprocess.run(call, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    if done.returncode or not lines:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise CannotMeasure(f"{which} did not finish: {last}")
    took, cost = zip(*map(json.loads, lines), strict=True)
    return statistics.median(took), statistics.median(cost)


def exact(reference: pd.Series, recent: pd.Series, told: dict[str, Any]) -> dict[str, float]:
    """The distances of all rows, by scipy; PSI, JS and chi2 over the bins of the sketch."""
    before, now = reference.dropna(), recent.dropna()
    found: dict[str, float] = {}
    if told["kind"] == "number":
        places = [np.searchsorted(told["edges"], side, side="left") for side in (before, now)]
        counts = [np.bincount(side, minlength=len(told["edges"]) + 1) for side in places]
        found["ks"] = float(ks_2samp(before, now).statistic)
        found["wasserstein"] = float(wasserstein_distance(before, now) / before.std())
    else:
        names = told["values"]
        counts = [side.value_counts().reindex(names).fillna(0).to_numpy() for side in (before, now)]
    held = (counts[0] + counts[1]) > 0
    found["chi2"] = float(chi2_contingency(np.array(counts)[:, held], correction=False).statistic)
    shares = [side / side.sum() for side in counts]
    found["psi"] = psi(*shares)
    found["js"] = float(jensenshannon(*shares, base=2) ** 2)
    return found


def errors(rows: int) -> dict[str, float]:
    """The greatest distance of each measure from that of all rows, over the columns."""
    reference, recent = generated(rows, seed=1), generated(rows, seed=2, moved=0.4)
    sketch = sketch_of(reference, prediction=reference["number 0"])
    worst = dict.fromkeys(ERRORS, 0.0)
    for line in drift(sketch, recent):
        name = line["feature"]
        for measure, value in exact(reference[name], recent[name], sketch[name]).items():
            off = abs(line[measure] - value)
            worst[measure] = max(worst[measure], off / value if measure == "chi2" else off)
    return worst


def measured(rows: int, pythons: dict[str, str], *, times: int) -> dict[str, Any]:
    """Ours and the peers, in turns on the same rows: seconds of wall and processor."""
    reference, recent = generated(rows, seed=1), generated(rows, seed=2, moved=0.4)
    sketch = json.loads(json.dumps(sketch_of(reference, prediction=reference["number 0"])))
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for side, frame in (("reference", reference), ("recent", recent)):
            frame.to_parquet(folder / f"{side}.parquet")
        runs = []
        for peer, python in pythons.items():
            runs.append(timed(lambda: drift(sketch, recent), times=5))
            told[peer] = peer_s(python, folder, peer, times=times)
        runs.append(timed(lambda: drift(sketch, recent), times=5))
    told["ours"] = tuple(statistics.median(each) for each in zip(*runs, strict=True))
    return told


def main(times: int) -> None:
    """Print the tables, then one line of JSON."""
    pythons, missing = {}, {}
    for peer in PACKAGES:
        try:
            pythons[peer] = python_of(peer)
        except CannotMeasure as reason:
            missing[peer] = str(reason)
    rows, bars = [], {}
    kept: dict[str, object] = {"machine": figures.machine(["numpy", "pandas"]), **missing}
    for size in SIZES:
        found = measured(size, pythons, times=times)
        for who, (took, cost) in found.items():
            ratio = cost / found["ours"][1]
            rows.append(
                [f"{size:,}", who, f"{1e3 * took:.1f}", f"{1e3 * cost:.1f}", f"{ratio:.1f}"]
            )
            kept[f"{who}_{size}_ms"] = {"wall": 1e3 * took, "processor": 1e3 * cost}
            if who != "ours":
                bars[f"times_{who}_{size}"] = bar(ratio, at_least=BARS[who][size])
    print(table(["Rows", "Who", "Wall ms", "Processor ms", "Times ours"], rows))
    for says in missing.values():
        print(says)
    worst = errors(SIZES[0])
    print(
        table(
            ["Distance", "Off that of all rows at most"],
            [[k, f"{v:.2g}"] for k, v in worst.items()],
        )
    )
    kept["sketch_error"] = worst
    for measure, most in ERRORS.items():
        off = worst[measure]
        bars[f"error_{measure}"] = {"value": off, "at_most": most, "held": off <= most}
    print(closing_line("drift", figures=kept, bars=bars))


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--times", type=int, default=3)
    main(asked.parse_args().times)
