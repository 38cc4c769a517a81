"""An endpoint with a real small model, without the way through the gates (see tests/journeys)."""

import io
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.urls import reverse
from sklearn import __version__ as sklearn_version

from apps.datasets import storage
from apps.datasets.models import Split, Table
from apps.engine.reading.tables import house_types, spec_of, write_table
from apps.engine.serving.release import build_release
from apps.engine.training.files import save_model
from apps.engine.training.frame import model_frame
from apps.engine.training.pipeline import build_pipeline
from apps.engine.training.rows import distinct_values
from apps.engine.types import Problem, silent
from apps.jobs.models import Job, Queue
from apps.modeling.models import Candidate, Experiment, Trial
from apps.production import actions
from apps.production.endpoint import serving, standing, standings
from apps.production.endpoint.standing import Standing, answering, release_subject
from apps.production.log import taking
from apps.production.models import ApiToken, Deployment, FlipReport, Release
from apps.projects.models import Decision, Role, Verdict
from apps.projects.stages import Stage
from tests import builders

TARGET = "late"
NAMES_IT = {"key": "production.answers_as_in_training"}
STEPS = [{"step": "trim_text", "params": {"columns": ["desk"]}}]


def trips(rows: int = 240, *, seed: int = 0) -> pd.DataFrame:
    """Rows of every kind of column; the target depends on distance and desk."""
    random = np.random.default_rng(seed)
    distance = random.normal(100, 30, rows).round(3)
    desk = random.choice(["north", "south", "west"], rows)
    late = distance + 20 * (desk == "west") + random.normal(0, 10, rows) > 110
    return house_types(
        pd.DataFrame(
            {
                "distance": np.where(random.random(rows) < 0.1, np.nan, distance),
                "stops": random.integers(0, 9, rows),
                "desk": desk,
                "paid": random.random(rows) < 0.5,
                "at": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(rows), unit="h"),
                TARGET: np.where(late, "yes", "no"),
            }
        )
    )


@dataclass(frozen=True)
class Built:
    """What every endpoint of the tests is made of; made once, no test changes it."""

    folder: Any
    model: str
    features: list[dict[str, Any]]
    told: dict[str, Any]


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Built:
    folder = tmp_path_factory.mktemp("endpoint")
    table = trips()
    write_table(table, folder / "rows.parquet")
    spec = [column for column in spec_of(table).columns if column.name != TARGET]
    features = model_frame(table, spec)
    pipeline = build_pipeline(
        "linear", spec=spec, distinct=distinct_values(features), problem=Problem.BINARY, seed=0
    )
    pipeline.fit(features, table[TARGET].to_numpy(dtype=object))
    sha256 = save_model(pipeline, folder / "model.skops")
    told = build_release(
        model=str(folder / "model.skops"),
        sha256=sha256,
        raw_development=str(folder / "rows.parquet"),
        development=str(folder / "rows.parquet"),
        target=TARGET,
        steps=STEPS,
        features=[asdict(column) for column in spec],
        problem=Problem.BINARY,
        positive="yes",
        threshold=0.5,
        report=silent,
    )
    return Built(folder, sha256, [asdict(column) for column in spec], told)


@pytest.fixture
def release(built, cycle, analyst, monkeypatch, settings, tmp_path) -> Release:
    """A release that serves, as if its production gate were signed."""
    settings.CALL_LOG = tmp_path / "calls"
    storage.keep(built.folder / "model.skops")
    plan = builders.make_plan(cycle, analyst)
    table = Table.objects.create(cycle=cycle, inputs={}, inputs_hash="t", built_by=analyst)
    split = Split.objects.create(
        table=table,
        plan=plan,
        method="random",
        target=TARGET,
        test_share=0.2,
        folds=3,
        seed=0,
        drawn_by=analyst,
    )
    experiment = Experiment.objects.create(
        cycle=cycle,
        number=1,
        split=split,
        plan=plan,
        problem=Problem.BINARY,
        features=built.features,
        started_by=analyst,
    )
    trial = Trial.objects.create(experiment=experiment, candidate="linear", title="Linear model")
    candidate = Candidate.objects.create(
        trial=trial, cycle=cycle, model=built.model, frozen_by=analyst
    )
    deployment = Deployment.objects.create(
        project=cycle.project, slug="late-trips", created_by=analyst
    )
    told = dict(built.told)
    made = Release.objects.create(
        deployment=deployment,
        number=1,
        cycle=cycle,
        candidate=candidate,
        contract=told.pop("contract"),
        steps=STEPS,
        served_with={
            "features": built.features,
            "problem": Problem.BINARY,
            "positive": "yes",
            "threshold": 0.5,
            "versions": {"scikit-learn": sklearn_version},
        },
        monitor={"tripwires": []},
        content_hash="c" * 64,
        report=told,
        created_by=analyst,
    )
    serving.KNOWN.forget()
    monkeypatch.setattr(serving, "answering", lambda deployment: Standing(made))
    return made


@dataclass(frozen=True)
class Caller:
    """Sends requests with a token, as a program outside would."""

    client: Any
    slug: str
    secret: str

    def post(self, door: str, body: Any, **headers: str) -> Any:
        """POST a body (JSON unless it is bytes) to predict or actuals; None leaves a header out.

        Then the log is taken up, as the worker does every few seconds.
        """
        told = {
            "Authorization": f"Bearer {self.secret}",
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        kind = told.pop("Content-Type")
        answer = self.client.generic(
            "POST",
            reverse(f"api:{door}", args=[self.slug]),
            body if isinstance(body, bytes) else json.dumps(body).encode(),
            content_type=kind,
            CONTENT_TYPE=kind,  # the test client leaves it out for an empty body
            headers={name: value for name, value in told.items() if value},
        )
        taking.take_up()
        return answer

    def environ(self, body: bytes) -> dict[str, Any]:
        """A predict request as the web server hands it to WSGI."""
        return {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": reverse("api:predict", args=[self.slug]),
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": f"Bearer {self.secret}",
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
        }


@pytest.fixture
def caller(release, client, analyst) -> Caller:
    secret = actions.issue_token(deployment=release.deployment, name="test", by=analyst)
    return Caller(client, release.deployment.slug, secret)


@pytest.fixture
def token(caller) -> ApiToken:
    return ApiToken.objects.get()


@pytest.fixture
def row(release) -> dict[str, Any]:
    """A row that passes."""
    return dict(release.report["example"])


def one(row: dict[str, Any], **but: Any) -> dict[str, Any]:
    """The body of a call with one row."""
    return {"rows": [{**row, **but}]}


def told(answer) -> tuple[int, str, str | None, int | None]:
    """Status, code, field and row of a JSON error."""
    assert answer["Content-Type"] == "application/json"
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "field", "row"}
    return answer.status_code, error["code"], error["field"], error["row"]


@pytest.fixture
def signed(release, manager, monkeypatch):
    """``signed(release)`` decides on it at the production gate, as its candidate is tested."""
    monkeypatch.setattr(standing, "candidate_subject", lambda candidate: "model")
    monkeypatch.setattr(
        standings,
        "candidate_subjects",
        lambda some: dict.fromkeys((one.pk for one in some), "model"),
    )
    monkeypatch.setattr(serving, "answering", answering)

    def decide(one, verdict=Verdict.APPROVE):
        return Decision.objects.create(
            cycle=one.cycle,
            stage=Stage.PRODUCTION,
            number=Decision.objects.count() + 1,
            subject=release_subject(one, "model"),
            evidence_hash="",
            evidence={"checks": [{**NAMES_IT, "facts": {"release": one.content_hash}}]},
            person=manager,
            person_name=str(manager),
            role=Role.MANAGER,
            verdict=verdict,
        )

    return decide


@pytest.fixture
def other(release):
    """The next release: the same model that says yes from another probability on."""
    told = {**release.served_with, "threshold": 0.05}
    return type(release).objects.create(
        deployment=release.deployment,
        number=2,
        cycle=release.cycle,
        candidate=release.candidate,
        contract=release.contract,
        steps=release.steps,
        served_with=told,
        monitor=release.monitor,
        content_hash="d" * 64,
        report=release.report,
        created_by=release.created_by,
    )


@pytest.fixture
def compared(release, other):
    job = Job.objects.create(task="x.y", queue=Queue.DATA, title="x", project=release.cycle.project)
    report = {"cases": 10, "flips": 3, "share": 0.3, "unanswered": 0, "unanswered_says": ""}
    return FlipReport.objects.create(before=release, after=other, job=job, report=report)
