"""Plans, files and closed data for tests: plain functions that go through the actions."""

import copy
import io
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer

from apps.accounts.models import User
from apps.datasets import actions as data
from apps.datasets.models import Source, Version
from apps.planning import actions as planning
from apps.planning.models import Plan
from apps.projects.models import Cycle

TELCO = Path(__file__).resolve().parent.parent / ".." / "shared" / "data" / "telco_churn"

PLAN: dict[str, Any] = {
    "problem": {
        "who": "The clinic's second readers",
        "decision": "which samples are read again first",
        "today": "In order of arrival; malignant ones wait two days",
        "alternative": "Sort by size: finds 80 % in the first half",
        "alternative_result": "Area under the ROC curve 0.8",
        "evidence": "Waiting times of the last year",
        "evidence_source": "Clinic record",
    },
    "objective": {
        "kpi": "Malignant samples read on the first day",
        "unit": "percent",
        "direction": "up",
        "today": 50.0,
        "target": 90.0,
        "due_on": "2027-06-30",
        "owner": "Head of pathology",
        "value_right": 100.0,
        "value_wrong": 5.0,
        "decisions_per_month": 400.0,
        "value_low": 50000.0,
        "value_high": 150000.0,
    },
    "features": {
        "target": "diagnosis",
        "definition": "Malignant as confirmed by histology",
        "positive": "malignant",
        "base_rate": 0.37,
        "labelled_by": "Pathologist",
        "columns": [],
    },
    "risks": {
        "limitations": "Only one clinic.",
        "items": [
            {
                "says": "The scanner is replaced",
                "category": "data",
                "likelihood": 2,
                "impact": 3,
                "owner": "Ann Lind",
                "contingency": "Read in order of arrival until the model is retrained",
                "tripwire": {
                    "metric": "psi",
                    "operator": ">",
                    "threshold": 0.25,
                    "window_days": 7,
                },
            }
        ],
    },
    "metrics": {
        "items": [
            {"metric": "roc_auc", "direction": "up", "threshold": 0.9, "role": "primary"},
            {"metric": "brier", "direction": "down", "threshold": 0.2, "role": "guardrail"},
        ],
        "baseline": 0.8,
        "test_share": 0.3,
        "test_rule": "random",
        "expected_rows": 569,
        "openings": 2,
    },
}


def plan_content(**but: Any) -> dict[str, Any]:
    """A complete plan; ``but`` replaces fields of a task: ``metrics={"openings": 1}``."""
    content = copy.deepcopy(PLAN)
    for task, fields in but.items():
        content[task] |= fields
    return content


def make_plan(cycle: Cycle, by: User, **but: Any) -> Plan:
    """A version of a complete plan."""
    draft = planning.draft_of(cycle)
    for task, content in plan_content(**but).items():
        draft = planning.save_task(
            cycle=cycle, task=task, content=content, revision=draft.revision, by=by
        )
    return planning.submit_version(cycle=cycle, by=by, reason="again")


MEASURES = (  # some of the thirty: enough to tell the classes apart, quick to train on
    *("mean radius", "mean texture", "mean perimeter", "radius error"),
    *("worst radius", "worst area", "worst smoothness", "worst concave points"),
)


def cancer_csv() -> bytes:
    """The breast cancer table that scikit-learn ships, as a CSV file with a text column."""
    frame = load_breast_cancer(as_frame=True).frame[[*MEASURES, "target"]]
    frame["diagnosis"] = np.where(frame.pop("target") == 0, "malignant", "benign")
    frame["desk"] = np.where(np.arange(len(frame)) % 2, "north", "south")
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False)
    return buffer.getvalue().encode()


def upload(
    cycle: Cycle, by: User, content: bytes, *, tmp_path: Path, name: str = "samples"
) -> Version:
    """A source with one version."""
    path = tmp_path / "upload"
    path.write_bytes(content)
    source = Source.objects.filter(project=cycle.project, name=name).first()
    source = source or data.add_source(cycle=cycle, name=name, by=by)
    return data.add_version(source=source, cycle=cycle, path=path, filename=f"{name}.csv", by=by)


def built_table(cycle: Cycle, by: User, run_jobs: Any, *, tmp_path: Path) -> None:
    """Upload, read, choose as base, build. The plan gate has to be passed."""
    with run_jobs():
        version = upload(cycle, by, cancer_csv(), tmp_path=tmp_path)
    data.set_base(cycle=cycle, source=version.source, by=by)
    with run_jobs():
        data.build_table(cycle=cycle, by=by)


def sealed_split(cycle: Cycle, by: User, run_jobs: Any) -> None:
    """Draw and seal. The table has to be built."""
    with run_jobs():
        data.draw_split(cycle=cycle, method="stratified", by=by, folds=3)
