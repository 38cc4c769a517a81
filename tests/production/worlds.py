"""Releases of models of other worlds: a table, a model of it, out-of-fold answers, a live endpoint.

The way through the gates is walked in tests/journeys; here it is about what comes after it.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn import __version__ as sklearn_version

from apps.datasets import storage
from apps.datasets.models import Split, Table
from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.verdict import Promise
from apps.engine.reading.tables import house_types, spec_of, write_table
from apps.engine.serving.release import build_release
from apps.engine.training.answers import Answers, write_answers
from apps.engine.training.files import save_model
from apps.engine.training.frame import model_frame
from apps.engine.training.pipeline import build_pipeline
from apps.engine.training.rows import distinct_values
from apps.engine.types import Problem, silent
from apps.modeling.models import Candidate, Experiment, Trial
from apps.planning.models import Plan
from apps.production.models import Deployment, Release
from apps.projects.canonical import content_hash
from tests import builders

FOLDS = 3


@dataclass(frozen=True)
class World:
    """A model of one world, as ``build_release`` made it."""

    folder: Any
    target: str
    problem: Problem
    positive: str | None
    model: str
    features: list[dict[str, Any]]
    told: dict[str, Any]


def learnt(
    table: pd.DataFrame,
    *,
    target: str,
    promise: Promise,
    folder: Any,
    positive: str | None = None,
    candidate: str = "lightgbm",
    time: str = "",
) -> World:
    """Train on all rows of a table, answer each out of its fold, and make what a release keeps."""
    folder.mkdir(exist_ok=True)
    table = house_types(table.reset_index(drop=True))
    problem = Problem.BINARY if positive else Problem.REGRESSION
    write_table(table, folder / "rows.parquet")
    spec = [column for column in spec_of(table).columns if column.name not in {target, time}]
    features, truth = model_frame(table, spec), _truth(table[target], problem)
    params = {"n_estimators": 60} if candidate == "lightgbm" else {}

    def fit(rows: Any) -> Any:
        how = {"distinct": distinct_values(features), "problem": problem, "seed": 0}
        made = build_pipeline(candidate, spec=spec, params=params, **how)
        return made.fit(features.iloc[rows], truth[rows])

    fold = np.arange(len(table)) % FOLDS
    parts = []
    for number in range(FOLDS):
        here = np.flatnonzero(fold == number)
        model = fit(np.flatnonzero(fold != number))
        parts.append((here, _said(model, features.iloc[here], problem)))
    row = np.concatenate([here for here, _ in parts])
    said = _joined([told for _, told in parts])
    write_answers(Answers(row, fold[row], truth[row], said), folder / "answers.parquet")
    sha256 = save_model(fit(np.arange(len(table))), folder / "model.skops")
    told = build_release(
        model=str(folder / "model.skops"),
        sha256=sha256,
        raw_development=str(folder / "rows.parquet"),
        development=str(folder / "rows.parquet"),
        target=target,
        steps=[],
        features=[asdict(column) for column in spec],
        problem=problem,
        positive=positive,
        threshold=0.5,
        answers=str(folder / "answers.parquet"),
        promises=[asdict(promise)],
        time=time,
        report=silent,
    )
    kept = [asdict(column) for column in spec]
    return World(folder, target, problem, positive, sha256, kept, told)


def _truth(series: "pd.Series[Any]", problem: Problem) -> Any:
    if problem is Problem.REGRESSION:
        return series.to_numpy(dtype="float64")
    return series.to_numpy(dtype=object)


def _said(model: Any, rows: pd.DataFrame, problem: Problem) -> Predictions:
    labels = model.predict(rows)
    if problem is Problem.REGRESSION:
        return Predictions(np.asarray(labels, dtype="float64"))
    names = tuple(str(name) for name in model.classes_)
    return Predictions(np.asarray(labels, dtype=object), model.predict_proba(rows), names)


def _joined(parts: list[Predictions]) -> Predictions:
    labels = np.concatenate([part.labels for part in parts])
    if parts[0].probabilities is None:
        return Predictions(labels)
    chances = np.concatenate([part.probabilities for part in parts])
    return Predictions(labels, chances, parts[0].classes)


def released(world: World, cycle: Any, by: Any, *, wires: list[dict[str, Any]], **plan: Any) -> Any:
    """A built release of this model in a project, as if its production gate were signed."""
    storage.keep(world.folder / "model.skops")
    content = builders.plan_content(**plan)
    made = Plan.objects.create(
        cycle=cycle, number=1, content=content, content_hash=content_hash(content), author=by
    )
    table = Table.objects.create(cycle=cycle, inputs={}, inputs_hash="t", built_by=by)
    how = {"method": "random", "target": world.target, "test_share": 0.2, "folds": 3, "seed": 0}
    split = Split.objects.create(table=table, plan=made, drawn_by=by, **how)
    experiment = Experiment.objects.create(
        cycle=cycle,
        number=1,
        split=split,
        plan=made,
        problem=world.problem,
        features=world.features,
        started_by=by,
    )
    trial = Trial.objects.create(experiment=experiment, candidate="x", title="A model")
    candidate = Candidate.objects.create(trial=trial, cycle=cycle, model=world.model, frozen_by=by)
    told = dict(world.told)
    return Release.objects.create(
        deployment=Deployment.objects.create(project=cycle.project, slug="world", created_by=by),
        number=1,
        cycle=cycle,
        candidate=candidate,
        contract=told.pop("contract"),
        steps=[],
        served_with={
            "features": world.features,
            "problem": world.problem,
            "positive": world.positive,
            "threshold": 0.5,
            "versions": {"scikit-learn": sklearn_version},
        },
        monitor={"tripwires": wires},
        content_hash="c" * 64,
        report=told,
        created_by=by,
    )


def asked_rows(release: Release, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as a caller sends them."""
    names = [item["name"] for item in release.contract["fields"]]
    part = house_types(frame[names].reset_index(drop=True)).astype(object)
    rows = part.where(part.notna(), None).to_dict("records")
    return [
        {
            name: value.isoformat()
            if isinstance(value, pd.Timestamp)
            else (value.item() if hasattr(value, "item") else value)
            for name, value in row.items()
        }
        for row in rows
    ]
