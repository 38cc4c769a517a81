"""The searched blend beside FLAML and AutoGluon: same rows, same seconds, same cores.

    make bench B=automl ARGS="--data DIR --budget 60 --seeds 3 --tables telco,bikes --autogluon"

DIR (or MLCYCLE_BENCH_DATA) holds five open tables; without it tables of scikit-learn are taken.
Each tool is judged on rows held out, a quarter. FLAML is installed into an environment of its own
on the first run, AutoGluon (medium quality, 1 GB) only when it is asked for.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from apps.engine.evaluation.metrics import METRICS, Predictions, measure_of, score
from apps.engine.reading.tables import house_types, spec_of
from apps.engine.training.blend import as_params
from apps.engine.training.frame import model_frame
from apps.engine.training.rows import Rows, class_names, predict, specs
from apps.engine.training.search import Search, search_folds
from apps.engine.training.task import Task
from apps.engine.types import Problem
from benchmarks.rig import figures, peers, servers
from benchmarks.rig.open_tables import BUNDLED, REAL, TABLES, OpenTable

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "var" / "benchmarks" / "automl"
PEERS = {
    "flaml": ("FLAML", ["flaml[automl]==2.7.0", "pyarrow"]),
    "autogluon": ("AutoGluon", ["autogluon.tabular[lightgbm,catboost,xgboost]==1.6.3", "pyarrow"]),
}
TEST_SHARE = 0.25
LEAST_NOISE = 0.005
"""A difference below half a percent of FLAML's figure is a tie, however quiet its seeds are."""
OVERRUN = 1.05
EQUAL_TABLES, BEST_TABLES = 4, 3


def divided(frame: pd.DataFrame, seed: int) -> tuple[Any, Any]:
    """Positions to learn from and held out."""
    order = np.random.default_rng(seed).permutation(len(frame))
    held_out = int(TEST_SHARE * len(frame))
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def ours(
    table: OpenTable, frame: pd.DataFrame, train: Any, test: Any, *, ask: dict[str, Any]
) -> tuple[Predictions, float, str]:
    """Answers on the rows held out, seconds of search and last fit, what was chosen."""
    typed, seed = house_types(frame), ask["seed"]
    features = [asdict(item) for item in spec_of(typed).columns if item.name != "target"]
    quantity = table.problem == Problem.REGRESSION
    target = typed["target"].to_numpy("float64") if quantity else class_names(typed["target"])
    columns = model_frame(typed, specs(features))
    began = time.monotonic()
    part = Rows(columns.iloc[train].reset_index(drop=True), target[train], typed.iloc[train])
    folder: Any = KFold if quantity else StratifiedKFold
    folds = list(folder(5, shuffle=True, random_state=seed).split(part.features, part.target))
    search = Search(
        Task("lightgbm", features, table.problem, table.positive, seed),
        part,
        search_folds(folds, rows=len(train)),
        measure_of(table.metric),
        deadline=began + ask["budget_s"],
        refits=1,
        workers=ask["cores"],
    )
    with threadpool_limits(limits=1):  # a setting on each core, not two cores for each
        members = as_params(search.run(report=lambda tried, says: None))
        task = Task("search", features, table.problem, table.positive, seed, {"members": members})
        model, _ = task.fit(part, np.arange(len(train)))
        spent_s = time.monotonic() - began
        told = predict(model, columns.iloc[test], problem=table.problem, positive=table.positive)
    blend = ", ".join(f"{item['weight']:.2f} {item['candidate']}" for item in members)
    return told, spent_s, f"{len(search.tried)} tried: {blend}"


def peer(
    tool: str,
    table: OpenTable,
    frame: pd.DataFrame,
    train: Any,
    test: Any,
    *,
    ask: dict[str, Any],
) -> tuple[Predictions, float, str]:
    """The same of a peer, in a process of its own."""
    name, packages = PEERS[tool]
    python = peers.environment(PLACE / tool, packages, called=name)
    folder = PLACE / f"{tool}-run"
    folder.mkdir(parents=True, exist_ok=True)
    frame.iloc[train].to_parquet(folder / "train.parquet", index=False)
    frame.iloc[test].to_parquet(folder / "test.parquet", index=False)
    asked = {**ask, "tool": tool, "problem": table.problem, "metric": table.metric}
    (folder / "ask.json").write_text(json.dumps(asked))
    script = str(ROOT / "benchmarks" / "rig" / "automl_peer.py")
    servers.run([python, script, str(folder)], says=f"{name} could not fit")
    answers = pd.read_parquet(folder / "told.parquet")
    told = json.loads((folder / "told.json").read_text())
    if table.problem == Problem.REGRESSION:
        return Predictions(answers["label"].to_numpy("float64")), told["spent_s"], told["chosen"]
    chances = answers.drop(columns="label")
    classes = tuple(str(column) for column in chances)
    labels = np.asarray(classes, dtype=object)[chances.to_numpy().argmax(axis=1)]
    return Predictions(labels, chances.to_numpy(), classes), told["spent_s"], told["chosen"]


def scored(table: OpenTable, frame: pd.DataFrame, test: Any, told: Predictions) -> dict[str, float]:
    """Each compared metric on the rows held out."""
    truth = frame["target"].iloc[test].to_numpy()
    if table.problem == Problem.REGRESSION:
        return {table.metric: score(table.metric, truth.astype("float64"), told)}
    names = np.asarray([str(value) for value in truth], dtype=object)
    return {key: score(key, names, told, positive=table.positive) for key in table.compared}


def compared(runs: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Means over the seeds for each metric; whether ours is at least equal to each peer.

    Equal means: not worse by more than the peer's own noise of seeds (at least LEAST_NOISE).
    """
    found: dict[str, Any] = {}
    for metric in runs["ours"][0]:
        means = {tool: float(np.mean([run[metric] for run in told])) for tool, told in runs.items()}
        found[metric] = {**means, "at_least_equal": {}}
        for tool, told in runs.items():
            if tool == "ours":
                continue
            values = [run[metric] for run in told]
            noise = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
            noise = max(noise, LEAST_NOISE * abs(means[tool]))
            sign = 1 if METRICS[metric].direction == "up" else -1
            gain = sign * (means["ours"] - means[tool])
            found[metric]["at_least_equal"][tool] = bool(gain >= -noise)
    return found


def measured(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """What ``compared`` says of each table, and each tool's seconds as a share of the budget."""
    tools = ["ours", "flaml", *(["autogluon"] if options.autogluon else [])]
    shares: dict[str, list[float]] = {tool: [] for tool in tools}
    found: dict[str, Any] = {}
    for name in options.tables:
        table = TABLES[name]
        frame = table.read(options.data).reset_index(drop=True)
        runs: dict[str, list[dict[str, float]]] = {tool: [] for tool in tools}
        for seed in range(options.seeds):
            train, test = divided(frame, seed)
            ask = {"budget_s": options.budget, "cores": options.cores, "seed": seed}
            for tool in tools:
                if tool == "ours":
                    told, spent_s, chosen = ours(table, frame, train, test, ask=ask)
                else:
                    told, spent_s, chosen = peer(tool, table, frame, train, test, ask=ask)
                runs[tool].append(scored(table, frame, test, told))
                shares[tool].append(spent_s / options.budget)
                line = ", ".join(f"{key} {value:.4f}" for key, value in runs[tool][-1].items())
                print(f"{name}, seed {seed}, {tool}: {line}; {spent_s:.1f} s; {chosen}", flush=True)
        found[name] = compared(runs)
    return found, shares


def bars_of(found: dict[str, Any], shares: dict[str, list[float]]) -> dict[str, Any]:
    """At least equal to each peer on so many tables, every metric; the budget held."""
    equal = {
        tool: sum(
            all(told["at_least_equal"][tool] for told in table.values()) for table in found.values()
        )
        for tool in shares
        if tool != "ours"
    }
    bars = {"tables_equal_to_flaml": figures.bar(equal["flaml"], at_least=EQUAL_TABLES)}
    if "autogluon" in equal:
        both = sum(
            all(all(told["at_least_equal"].values()) for told in table.values())
            for table in found.values()
        )
        bars["tables_equal_to_the_better"] = figures.bar(both, at_least=BEST_TABLES)
    longest = max(shares["ours"])
    bars["budget_over_longest_run"] = figures.bar(1 / longest, at_least=1 / OVERRUN)
    return bars


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("MLCYCLE_BENCH_DATA"))
    parser.add_argument("--budget", type=float, default=60.0, help="seconds")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--tables", default="", help=f"some of {', '.join(TABLES)}")
    parser.add_argument("--autogluon", action="store_true")
    options = parser.parse_args()
    usual = REAL if options.data else BUNDLED
    options.tables = options.tables.split(",") if options.tables else list(usual)
    try:
        found, shares = measured(options)
    except (figures.CannotMeasure, OSError, KeyError, TypeError) as error:
        print(f"automl: nothing was measured. {error}", file=sys.stderr)
        return 1
    asked = {"budget_s": options.budget, "seeds": options.seeds, "cores": options.cores}
    machine = figures.machine(("lightgbm", "scikit-learn", "numpy"))
    told = {**asked, "machine": machine, "tables": found, "shares_of_budget": shares}
    print(figures.closing_line("automl", figures=told, bars=bars_of(found, shares)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
