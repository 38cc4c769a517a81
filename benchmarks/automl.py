"""The searched blend beside FLAML and AutoGluon: same rows, same seconds, same cores.

    make bench B=automl                                     # some four minutes of it; again: more
    make bench B=automl ARGS="--minutes 120"                # all of it, in about an hour
    make bench B=automl ARGS="--table telco --seed 1"       # one piece
    make bench B=automl ARGS="--minutes 0"                  # only the summary

Each run is appended to var/benchmarks/automl/runs.jsonl and not done again while tool and budget
are the same. The folder --data (or MLCYCLE_BENCH_DATA, or ../shared/data) holds five open tables;
without it tables of scikit-learn are taken. Each tool is judged on rows held out, a quarter. A
peer is installed into an environment of its own on its first run (AutoGluon: 1 GB).
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from apps.engine.evaluation.metrics import Predictions, measure_of, score
from apps.engine.reading.tables import house_types, spec_of
from apps.engine.training.blend import as_params
from apps.engine.training.frame import model_frame
from apps.engine.training.rows import Rows, class_names, predict, specs
from apps.engine.training.search import Search, search_folds
from apps.engine.training.task import Task
from apps.engine.types import Problem
from benchmarks.rig import figures, peers, servers
from benchmarks.rig.automl_runs import (
    AUTOGLUON,
    FLAML,
    OURS,
    Run,
    Runs,
    bars_of,
    table_of,
    version_of,
    whole_tables,
)
from benchmarks.rig.open_tables import BUNDLED, REAL, TABLES, OpenTable

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "var" / "benchmarks" / "automl"
PEERS = {
    FLAML: ("FLAML", ["flaml[automl]==2.7.0", "pyarrow"]),
    AUTOGLUON: ("AutoGluon", ["autogluon.tabular[lightgbm,catboost,xgboost]==1.6.3", "pyarrow"]),
}
TEST_SHARE = 0.25
SEEDS = 3
MOST_OF_BUDGET = 1.3
"""Of its budget that a run takes with all that is around it."""


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
    patience_s = 300 + 3 * ask["budget_s"]
    servers.run([python, script, str(folder)], says=f"{name} could not fit", timeout=patience_s)
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


def pieces(options: argparse.Namespace) -> Iterator[tuple[int, str, str]]:
    """Seed, table, tool: one after the other, so that what is there can be compared early."""
    for seed in options.seed:
        for table in options.table:
            for tool in options.tool:
                yield seed, table, tool


def one_run(seed: int, name: str, tool: str, *, options: argparse.Namespace, of: str) -> Run:
    """A tool on a table, judged on the rows held out."""
    table = TABLES[name]
    frame = table.read(options.data).reset_index(drop=True)
    train, test = divided(frame, seed)
    ask = {"budget_s": options.budget, "cores": options.cores, "seed": seed}
    if tool == OURS:
        told, spent_s, chosen = ours(table, frame, train, test, ask=ask)
    else:
        told, spent_s, chosen = peer(tool, table, frame, train, test, ask=ask)
    scores = scored(table, frame, test, told)
    line = ", ".join(f"{key} {value:.4f}" for key, value in scores.items())
    print(f"{name}, seed {seed}, {tool}: {line}; {spent_s:.1f} s; {chosen}", flush=True)
    return Run(name, seed, tool, options.budget, options.cores, of, scores, spent_s, chosen)


def measured(options: argparse.Namespace) -> list[Run]:
    """Do what is missing while there is time; the runs that count, old and new."""
    runs, until = Runs(PLACE / "runs.jsonl"), time.monotonic() + 60 * options.minutes
    of = {tool: " ".join(packages) for tool, (_, packages) in PEERS.items()}
    of[OURS] = version_of(ROOT / "apps" / "engine" / "training")
    counting = []
    for seed, name, tool in pieces(options):
        key = (name, seed, tool, options.budget, options.cores, of[tool])
        if key not in runs.found and time.monotonic() + MOST_OF_BUDGET * options.budget < until:
            try:
                runs.add(one_run(seed, name, tool, options=options, of=of[tool]))
            except figures.CannotMeasure as error:
                print(f"{name}, seed {seed}, {tool}: not measured. {error}", flush=True)
        if key in runs.found:
            counting.append(runs.found[key])
    return counting


def asked() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    near = ROOT.parent / "shared" / "data"
    usual = os.environ.get("MLCYCLE_BENCH_DATA") or (near if near.is_dir() else None)
    parser.add_argument("--data", type=Path, default=usual)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of a run")
    parser.add_argument("--minutes", type=float, default=4.5, help="begin no run that ends later")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--table", action="append", choices=list(TABLES))
    parser.add_argument("--seed", action="append", type=int, help="0, 1 and 2 without it")
    parser.add_argument("--tool", action="append", choices=[OURS, *PEERS])
    options = parser.parse_args()
    options.table = options.table or list(REAL if options.data else BUNDLED)
    options.seed = options.seed or list(range(SEEDS))
    options.tool = options.tool or [OURS, *PEERS]
    return options


def main() -> int:
    options = asked()
    try:
        runs = measured(options)
    except (figures.CannotMeasure, OSError, KeyError, TypeError) as error:
        print(f"automl: nothing was measured. {error}", file=sys.stderr)
        return 1
    found = whole_tables(runs, tables=options.table, tools=options.tool, seeds=options.seed)
    print(table_of(found, tools=options.tool))
    print(f"{len(runs)} of {len(list(pieces(options)))} runs are there.")
    told = {
        "budget_s": options.budget,
        "seeds": options.seed,
        "cores": options.cores,
        "machine": figures.machine(("lightgbm", "scikit-learn", "numpy")),
        "tables": found,
        "longest_s": {
            tool: max((run.spent_s for run in runs if run.tool == tool), default=None)
            for tool in options.tool
        },
    }
    bars = bars_of(found, runs, tools=options.tool)
    print(figures.closing_line("automl", figures=told, bars=bars))
    return 0


if __name__ == "__main__":
    sys.exit(main())
