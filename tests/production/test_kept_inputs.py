"""What is written down of sensitive inputs: no value from the first byte on, and what goes on."""

import json
import uuid
from contextlib import nullcontext

import pytest
from django.db import connection
from django.urls import reverse

from apps.engine.monitoring.keeping import Keep
from apps.engine.serving.contract import Contract
from apps.engine.serving.flips import _whole
from apps.jobs.models import Job, Queue
from apps.planning.models import ColumnClass, Sensitivity
from apps.planning.queries import sensitive_columns
from apps.production import work
from apps.production.endpoint import predicting, serving
from apps.production.endpoint.keeping import how_of, keeping_of
from apps.production.log import segments, taking
from apps.production.models import Prediction
from apps.production.release import comparing
from tests.production.conftest import told

TEXT, NUMBER = "canary-5e1f", 117.515171


@pytest.fixture
def classed(release, analyst):
    """Classes of columns by hand: whatever the plan says, a class holds."""

    def give(**levels):
        for name, level in levels.items():
            ColumnClass.objects.create(
                project=release.cycle.project, column=name, sensitivity=level, person=analyst
            )
        serving.KNOWN.forget()

    return give


@pytest.fixture
def canary(classed, row):
    classed(desk=Sensitivity.SECRET, distance=Sensitivity.PERSONAL)
    return {**row, "desk": TEXT, "distance": NUMBER}


def everything_in_the_database():
    """Every cell of every table, as text."""
    names = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f'SELECT * FROM "{name}"')
            yield from (str(cell) for row in cursor.fetchall() for cell in row)


def holds(text):
    return TEXT in text or str(NUMBER) in text


def test_a_canary_is_in_no_log_no_table_and_no_page(
    canary, caller, release, client, analyst, caplog, settings
):
    many = {"rows": [canary] * 40, "ids": [str(uuid.uuid4()) for _ in range(40)]}
    for body in ({"rows": [canary], "reasons": True}, {"rows": [canary] * 40}, many):
        raw = json.dumps(body).encode()
        assert predicting.reply_to(caller.environ(raw), slug=caller.slug).status == 200
    wrong = json.dumps({"rows": [{**canary, "stops": TEXT}]}).encode()
    assert predicting.reply_to(caller.environ(wrong), slug=caller.slug).status == 422
    lines = "".join(path.read_text() for path in settings.CALL_LOG.glob("*.log"))
    assert lines.count("\n") == 4
    assert not holds(lines)
    assert taking.take_up() > 0
    client.force_login(analyst)
    slug = release.deployment.project.slug
    fields = {f"f{place}": value for place, value in enumerate(canary.values())}
    client.post(reverse("production:rehearse", args=[slug, release.pk]), fields)
    work.watch_release(release)
    assert Prediction.objects.count() > 80
    assert not any(map(holds, everything_in_the_database()))
    key = Prediction.objects.filter(call__is_rehearsal=False).first().pk
    trace = client.get(reverse("production:trace", args=[slug, key])).content.decode()
    assert "not kept: sensitive" in trace
    for page in (
        trace,
        *(
            client.get(reverse(name, args=[slug])).content.decode()
            for name in ("production:monitor", "production:deploy", "production:releases")
        ),
    ):
        assert not holds(page)
    assert not holds(caplog.text)
    segments.WRITER.close()


def test_of_a_personal_number_the_bin_is_kept_and_of_a_secret_text_nothing(canary, caller, release):
    caller.post("predict", {"rows": [canary]})
    kept = Prediction.objects.get().row
    edges = release.report["sketch"]["distance"]["edges"]
    place = kept["distance"]["bin"]
    assert edges[place - 2] < NUMBER <= edges[place - 1]
    assert kept["desk"] == {"bin": None}
    assert kept["stops"] == canary["stops"]


def test_drift_is_told_of_bins_and_of_nothing_where_nothing_is_kept(canary, caller, release):
    caller.post("predict", {"rows": [canary] * 120})
    rows = {item["feature"]: item for item in work.watch_release(release).drift}
    assert "desk" not in rows
    assert rows["distance"]["state"] == "drifted"  # all of them in one bin
    assert rows["distance"]["n"] == 120


def test_the_same_id_is_known_again_although_the_row_is_not_kept(canary, caller):
    key = str(uuid.uuid4())
    first = caller.post("predict", {"row": canary, "id": key}).json()["predictions"]
    assert caller.post("predict", {"row": canary, "id": key}).json()["predictions"] == first
    nearly = {**canary, "distance": NUMBER + 1e-9, "desk": "another"}
    answer = caller.post("predict", {"row": nearly, "id": key})
    assert told(answer)[:2] == (409, "id_taken")
    assert len(Prediction.objects.get().seal) == 32


def test_cases_that_are_not_kept_are_counted_and_not_answered_again(canary, caller, release):
    caller.post("predict", {"rows": [canary] * 3})
    cases = comparing._cases(release)
    whole, says = _whole(cases, Contract.from_dict(release.contract))
    assert whole == []
    assert says == "The log does not keep the values of desk, distance: sensitive."


def test_a_source_of_a_sensitive_column_is_as_sensitive_and_a_class_taken_back_loosens_nothing(
    release, classed
):
    release.steps = [
        {"step": "rename_column", "params": {"column": "distance", "to": "way"}},
    ]
    classed(way=Sensitivity.PERSONAL)
    assert how_of(release) == {"distance": Keep.BIN}
    release.served_with["keeps"] = {"desk": "nothing", "distance": "nothing"}
    assert keeping_of(release).how == {"desk": Keep.NOTHING, "distance": Keep.NOTHING}
    assert sensitive_columns(release.cycle) >= {"way"}


def test_a_release_takes_with_it_how_its_columns_are_kept_under_its_hash(
    release, classed, built, monkeypatch
):
    class Desk:
        finishing = staticmethod(nullcontext)

        def child(self, name, **asked):
            return dict(built.told)

    monkeypatch.setattr(work, "local", str)
    release.job = Job.objects.create(
        task="x.y", queue=Queue.DATA, title="x", project=release.cycle.project
    )
    release.save()
    work.build_release(release.job, Desk())
    release.refresh_from_db()
    before = release.content_hash
    assert "keeps" not in release.served_with
    classed(desk=Sensitivity.SECRET, distance=Sensitivity.PERSONAL)
    work.build_release(release.job, Desk())
    release.refresh_from_db()
    assert release.served_with["keeps"] == {"desk": "nothing", "distance": "bin"}
    assert release.content_hash != before
