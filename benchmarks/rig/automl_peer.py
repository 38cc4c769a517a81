"""Run by a peer's Python: fit FLAML or AutoGluon on train.parquet and answer test.parquet.

    python automl_peer.py FOLDER

``ask.json`` in FOLDER says tool, problem, metric, budget_s, cores and seed; ``told.parquet`` gets
a column "label" and one for each class, and ``told.json`` the seconds and what was chosen.
"""

import json
import logging
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path

import pandas as pd


def flaml(train, test, ask):
    features = [name for name in train if name != "target"]
    texts = train[features].select_dtypes(exclude="number").columns
    for name in texts:  # categories, as its manual asks
        kind = pd.CategoricalDtype(sorted({*train[name].dropna(), *test[name].dropna()}))
        train[name], test[name] = train[name].astype(kind), test[name].astype(kind)
    quantity = ask["problem"] == "regression"
    model = import_module("flaml").AutoML()
    began = time.monotonic()
    model.fit(
        train[features],
        train["target"],
        task="regression" if quantity else "classification",
        metric=ask["metric"],
        time_budget=ask["budget_s"],
        n_jobs=ask["cores"],
        seed=ask["seed"],
        verbose=0,
    )
    spent_s = time.monotonic() - began
    told = pd.DataFrame({"label": model.predict(test[features])})
    if not quantity:
        chances = model.predict_proba(test[features])
        for place, name in enumerate(model.classes_):
            told[str(name)] = chances[:, place]
    return told, spent_s, model.best_estimator


def autogluon(train, test, ask):
    metrics = {"log_loss": "log_loss", "rmse": "root_mean_squared_error"}
    predictor = import_module("autogluon.tabular").TabularPredictor(
        label="target", eval_metric=metrics[ask["metric"]], path=str(Path(ask["folder"]) / "ag")
    )
    began = time.monotonic()
    predictor.fit(
        train,
        time_limit=ask["budget_s"],
        presets="medium_quality",
        num_cpus=ask["cores"],
        verbosity=0,
    )
    spent_s = time.monotonic() - began
    features = test.drop(columns="target")
    told = pd.DataFrame({"label": predictor.predict(features).to_numpy()})
    if ask["problem"] != "regression":
        chances = predictor.predict_proba(features)
        for name in chances:
            told[str(name)] = chances[name].to_numpy()
    return told, spent_s, predictor.model_best


def main():
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    folder = Path(sys.argv[1])
    ask = json.loads((folder / "ask.json").read_text())
    train, test = (pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "test"))
    tool = {"flaml": flaml, "autogluon": autogluon}[ask["tool"]]
    told, spent_s, chosen = tool(train, test, {**ask, "folder": str(folder)})
    told.to_parquet(folder / "told.parquet")
    (folder / "told.json").write_text(json.dumps({"spent_s": spent_s, "chosen": str(chosen)}))


if __name__ == "__main__":
    main()
