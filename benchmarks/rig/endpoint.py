"""A live endpoint of simulated card payments, made by the product's own actions.

Runs inside of Django: ``manage.py shell -c "…; build(…)"``.
"""

import copy
import json
import math
import time
from pathlib import Path
from typing import Any

import pandas as pd

from apps.datasets.queries import require_closed_data
from apps.datasets.storage import local
from apps.engine.reading.tables import read_table
from apps.engine.serving.contract import Contract
from apps.engine.simulation.fraud import simulate_fraud
from apps.engine.training.rows import load_rows, specs
from apps.engine.types import Problem
from apps.governance.demo import fraud, steps
from apps.governance.demo.people import cast
from apps.jobs.models import Job, JobState, Queue
from apps.modeling import actions as modeling
from apps.production import actions as production
from apps.production.endpoint import serving
from apps.production.models import Release
from apps.projects.models import Cycle
from apps.projects.stages import Stage

DAYS = 60
LONG = ("search", "stack", "vote", "forest")
TRAININGS = 2
START_WITHIN_S = 60.0
ROWS = 500


def build(out: str, *, candidate: str) -> None:
    """Carry a model through all four gates and write what a load needs to know as JSON.

    ``slug``, ``token``, ``model`` (a path), ``sha256``; ``rows`` as the endpoint takes them, and
    the same rows as the pipeline takes them: ``columns`` and ``values``.
    """
    people = cast()
    project = steps.project_of(
        people, name="Serving benchmark", slug="serving", sentence="Predict fraud.", tier=2
    )
    release = _live(project.cycle, analyst=people.analyst, manager=people.manager, chosen=candidate)
    token = production.issue_token(deployment=release.deployment, name="load", by=people.analyst)
    told = {
        "slug": release.deployment.slug,
        "token": token,
        "model": str(local(release.candidate.model)),
        "sha256": release.candidate.model,
        **_rows(release),
    }
    Path(out).write_text(json.dumps(told, allow_nan=False))


def close_data(cycle: Cycle, *, analyst: Any, manager: Any) -> None:
    """Plan and data of simulated card payments, both gates signed."""
    plan = copy.deepcopy(fraud.PLAN)
    for promise in plan["metrics"]["items"]:  # speed is asked here, not skill
        promise["threshold"] = 0.6
    plan["metrics"]["baseline"] = 0.55
    steps.plan(cycle, plan, by=analyst)
    steps.submit(cycle, Stage.PLAN, by=analyst)
    steps.sign(cycle, Stage.PLAN, by=manager, reason="Benchmark.")
    made = simulate_fraud(days=DAYS, seed=42)
    tables = {
        name: steps.source(cycle, name, getattr(made, name), describes=name, by=analyst)
        for name in ("payments", "customers", "terminals")
    }
    steps.table(
        cycle,
        base=tables["payments"],
        joins=[
            (tables["customers"], ["customer_id"], ["customer_id"]),
            (tables["terminals"], ["terminal_id"], ["terminal_id"]),
        ],
        steps=[("trim_text", {"columns": ["segment"]}, "As it comes")],
        by=analyst,
    )
    steps.split(cycle, method="time", time="at", folds=3, by=analyst)
    steps.sign(cycle, Stage.DATA, by=analyst, reason="Benchmark.")


def start_trainings() -> None:
    """Give the workers more than two long trainings; return when two of them run."""
    cycle, people = Cycle.objects.get(), cast()
    names = [column.name for column in modeling.usable_features(require_closed_data(cycle))]
    for _ in range(TRAININGS):  # each has a search, which takes a minute
        modeling.start_experiment(
            cycle=cycle, by=people.analyst, candidates=list(LONG), features=names, note="Load."
        )
    deadline = time.monotonic() + START_WITHIN_S
    while _training() < TRAININGS:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{_training()} of {TRAININGS} trainings run.")
        time.sleep(0.2)


def assert_training() -> None:
    """Raise where not two trainings run."""
    assert _training() >= TRAININGS, f"{_training()} trainings run."


def _training() -> int:
    return Job.objects.filter(queue=Queue.TRAIN, state=JobState.RUNNING).count()


def _live(cycle: Cycle, *, analyst: Any, manager: Any, chosen: str) -> Release:
    close_data(cycle, analyst=analyst, manager=manager)
    steps.model(cycle, candidates=[chosen], choose=chosen, by=analyst)
    steps.submit(cycle, Stage.MODEL, by=analyst)
    steps.sign(cycle, Stage.MODEL, by=manager, reason="Benchmark.")
    release = production.deploy(cycle=cycle, by=analyst)
    steps.finish(release.job)
    release.refresh_from_db()
    told = serving.answer(release, [release.report["example"]])
    serving.log(release.deployment, began=0.0, token=None, told=told, is_rehearsal=True)
    steps.submit(cycle, Stage.PRODUCTION, by=analyst)
    steps.sign(cycle, Stage.PRODUCTION, by=manager, reason="Benchmark.")
    return release


def _rows(release: Release) -> dict[str, Any]:
    """Development rows without a missing value, spread over the table, in both forms."""
    split, told = release.candidate.trial.experiment.split, release.served_with
    raw = read_table(str(local(split.raw_development)))
    asked = load_rows(
        str(local(split.development)),
        target=split.target,
        spec=specs(told["features"]),
        problem=Problem(told["problem"]),
    ).features
    whole = raw.index[raw.notna().all(axis=1) & asked.notna().all(axis=1)]
    chosen = whole[:: max(1, math.ceil(len(whole) / ROWS))]
    names = Contract.from_dict(release.contract).names
    rows = raw.loc[chosen, list(names)].astype(object).to_dict("records")
    return {
        "rows": [{name: _plain(value) for name, value in row.items()} for row in rows],
        "columns": list(asked.columns),
        "values": asked.loc[chosen].astype(object).to_numpy().tolist(),
    }


def _plain(value: Any) -> Any:
    """A cell as JSON has it."""
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value
