"""The watch on real tables, by calls and truths as programs send them: loud and quiet as due.

Windows are days: after each, the log is dated back, so that the next is the newest.
"""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.db.models import F

from apps.engine.evaluation.verdict import Promise
from apps.production import actions, queries, work
from apps.production.endpoint import serving
from apps.production.endpoint.standing import Standing
from apps.production.models import Actual, Alarm, Call, Incident, Prediction
from tests.production.conftest import Caller
from tests.production.worlds import asked_rows, learnt, released

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
BIKES = DATA / "bike_sharing" / "Bike-Sharing-Dataset.zip"
TELCO = DATA / "telco_churn" / "Telco-Customer-Churn.csv"
BIKE_COLUMNS = ["season", "mnth", "hr", "holiday", "weekday", "weathersit", "temp", "hum"]
TELCO_COLUMNS = ["tenure", "MonthlyCharges", "Contract", "PaymentMethod", "gender", "Churn"]
FAULTS = {
    "null spike": "distance",
    "unit change": "weight",
    "renamed category": "desk",
    "label delay": "labels",
    "one segment": "channel is web",
}


def wire(metric, threshold, operator=">", days=None):
    told = {"says": f"Risk of {metric}", "action": "Call", "window_days": days}
    return {"metric": metric, "threshold": threshold, "operator": operator, **told}


WIRES = [wire("psi", 0.25), wire("missing_rate", 0.1), wire("new_share", 0.05)]


@pytest.fixture
def live(cycle, analyst, client, monkeypatch, settings, tmp_path):
    """``live(world, wires…)`` has a model answer, and gives who calls it."""
    settings.CALL_LOG = tmp_path / "calls"
    settings.PREDICT_CALLS_PER_MINUTE = 10**6

    def make(world, *, wires=WIRES, **plan):
        release = released(world, cycle, analyst, wires=wires, **plan)
        serving.KNOWN.forget()
        for module in (serving, queries, work):
            monkeypatch.setattr(module, "answering", lambda deployment: Standing(release))
        secret = actions.issue_token(deployment=release.deployment, name="test", by=analyst)
        return release, Caller(client, release.deployment.slug, secret)

    return make


def call(caller, release, frame, truth, *, told=None):
    """Send rows and, where ``told`` says so, their truth."""
    answer = caller.post("predict", {"rows": asked_rows(release, frame)})
    assert answer.status_code == 200, answer.content[:400]
    kept = np.ones(len(frame), dtype=bool) if told is None else told
    rows = [
        {"prediction_id": one["id"], "value": value}
        for one, value, is_told in zip(answer.json()["predictions"], truth, kept, strict=True)
        if is_told
    ]
    if rows:
        assert caller.post("actuals", {"rows": rows}).status_code == 200


def a_day_later(days=1):
    """Everything that was logged happened so many days earlier."""
    for model in (Call, Prediction, Actual):
        model.objects.update(at=F("at") - timedelta(days=days))


def promised(metric, threshold, direction):
    item = {"metric": metric, "threshold": threshold, "direction": direction, "role": "primary"}
    return {"items": [item], "slices": []}


@pytest.fixture(scope="module")
def bikes():
    if not BIKES.is_file():
        pytest.skip("the shared data folder with bike_sharing is not beside the project")
    with zipfile.ZipFile(BIKES) as archive:
        return pd.read_csv(io.BytesIO(archive.read("hour.csv")))


def test_the_level_shift_of_2012_is_an_incident_with_its_cause(bikes, live, tmp_path):
    first, second = bikes[bikes["yr"] == 0], bikes[bikes["yr"] == 1].iloc[::9]
    promise = Promise("mae", 45.0, "down", "primary")
    table = first[[*BIKE_COLUMNS, "cnt"]].assign(cnt=first["cnt"].astype("float64"))
    world = learnt(table, target="cnt", promise=promise, folder=tmp_path / "bikes")
    release, caller = live(
        world,
        metrics=promised("mae", 45.0, "down"),
        features={"target": "cnt", "positive": "", "base_rate": None},
    )
    for _, month in second.groupby("mnth"):  # in the order of time
        call(caller, release, month, month["cnt"].astype("float64"))
        a_day_later()
        if Incident.objects.exists():
            break
        work.watch_release(release)
    else:
        work.watch_release(release)
    incident = Incident.objects.get(alarms__key="promise:mae")
    assert incident.cause["kind"] == "level"
    assert "another level than the answers" in incident.cause["sentence"]
    assert incident.cause["share"] > 0.25
    report = release.watch_reports.order_by("-at").first()
    verdict = report.performance["verdicts"][0]
    assert (verdict["kept"], verdict["threshold"]) == ("broken", 45.0)
    assert verdict["low"] > 45.0


def quiet_windows(live, folder, *, windows):
    table = pd.read_csv(TELCO, usecols=TELCO_COLUMNS).sample(frac=1, random_state=3)
    half = len(table) // 2
    promise = Promise("accuracy", 0.75, "up", "primary")
    world = learnt(
        table[:half],
        target="Churn",
        promise=promise,
        positive="Yes",
        candidate="linear",
        folder=folder,
    )
    wires = [wire("psi", 0.25, days=1), wire("missing_rate", 0.1, days=1)]
    wires += [wire("new_share", 0.05, days=1), wire("primary", 0.75, "<", days=1)]
    release, caller = live(
        world,
        wires=wires,
        metrics=promised("accuracy", 0.75, "up"),
        features={"target": "Churn", "positive": "Yes", "base_rate": 0.265},
    )
    for seed in range(windows):
        chosen = table[half:].sample(250, random_state=seed)
        call(caller, release, chosen, chosen["Churn"])
        work.watch_release(release)
        a_day_later(2)
    assert release.watch_reports.count() == windows
    return Alarm.objects.count()


@pytest.mark.skipif(not TELCO.is_file(), reason="the shared data folder with telco_churn is absent")
def test_reshuffled_customers_raise_nothing(live, tmp_path):
    assert quiet_windows(live, tmp_path / "telco", windows=3) == 0


@pytest.mark.scale
@pytest.mark.skipif(not TELCO.is_file(), reason="the shared data folder with telco_churn is absent")
def test_a_hundred_windows_of_reshuffled_customers_raise_one_false_alarm_at_most(live, tmp_path):
    assert quiet_windows(live, tmp_path / "telco", windows=100) <= 1


def deliveries(rows, *, seed):
    """Rows of a world in which four columns matter, and what happened."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "distance": random.lognormal(3, 0.6, rows),
            "weight": random.normal(45, 12, rows),
            "desk": random.choice(["north", "south", "west"], rows),
            "channel": random.choice(["web", "shop", "phone"], rows),
        }
    )
    odds = (
        1.8 * (np.log(frame["distance"]) - 3)
        - 0.08 * (frame["weight"] - 45)
        + frame["desk"].map({"north": 2.0, "south": -2.0}).fillna(0.0)
        + frame["channel"].map({"web": 0.8, "shop": -0.8}).fillna(0.0)
    )
    late = random.random(rows) < 1 / (1 + np.exp(-odds))
    return frame, np.where(late, "yes", "no").astype(object)


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    frame, truth = deliveries(3_000, seed=0)
    # Seldom missing, so that a request may leave it out: many gaps are then drift, not a refusal.
    frame["distance"] = frame["distance"].mask(np.random.default_rng(1).random(3_000) < 0.02)
    return learnt(
        frame.assign(late=truth),
        target="late",
        positive="yes",
        promise=Promise("accuracy", 0.75, "up", "primary"),
        candidate="linear",
        folder=tmp_path_factory.mktemp("late"),
    )


def first_suspect(live, world, fault, *, seed):
    """What the watch suspects first of 600 sound rows and 900 with a planted fault."""
    release, caller = live(
        world,
        metrics=promised("accuracy", 0.75, "up"),
        features={"target": "late", "positive": "yes", "delay_days": 1.0},
    )
    sound, truth = deliveries(600, seed=100 + seed)
    random = np.random.default_rng(seed)
    call(caller, release, sound, truth, told=random.random(600) < 0.9)
    a_day_later()
    frame, truth = deliveries(900, seed=200 + seed)
    told = random.random(900) < (0.1 if fault == "label delay" else 0.9)
    if fault == "null spike":
        frame["distance"] = frame["distance"].mask(random.random(900) < 0.6)
    if fault == "unit change":
        frame["weight"] *= 12
    if fault == "renamed category":
        frame["desk"] = frame["desk"].replace("north", "North")
    if fault == "one segment":
        swapped = np.where(truth == "yes", "no", "yes")
        truth = np.where(frame["channel"] == "web", swapped, truth).astype(object)
    call(caller, release, frame, truth, told=told)
    a_day_later(2)
    found = work.watch_release(release).causes
    return found[0]["name"] if found else "nobody"


def test_a_column_that_fails_is_suspected_first_by_the_watch(live, late):
    assert first_suspect(live, late, "null spike", seed=1) == FAULTS["null spike"]


@pytest.mark.scale
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_each_planted_fault_is_suspected_first_by_the_watch(live, late, fault, seed):
    assert first_suspect(live, late, fault, seed=seed) == FAULTS[fault]
