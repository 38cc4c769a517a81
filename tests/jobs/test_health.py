"""/healthz says that the process lives, /readyz and `doctor` which parts work."""

import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from apps.jobs import broker, health, preflight
from apps.jobs.management.commands import prepare

ALL = {"versions", "disk", "database", "broker", "workers"}


@pytest.fixture
def without_broker(monkeypatch: pytest.MonkeyPatch, settings, tmp_path) -> None:
    url = f"redis+socket://{tmp_path}/none.sock"
    settings.CELERY_BROKER_URL = url
    monkeypatch.setattr(health, "listening", lambda: None)


def test_a_living_process_says_ok_to_anyone(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_readiness_names_what_does_not_work_and_tells_nothing_more(client, without_broker):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    works = answer.json()
    assert {name for name, ok in works.items() if not ok} == {"broker", "workers"}
    assert set(works) == ALL
    assert set(works.values()) <= {True, False}


@pytest.mark.django_db
def test_readiness_is_200_when_all_parts_work(client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(broker, "ping", lambda url: "Valkey 9.1.2")
    everywhere = {queue: ["host:1"] for queue in ("quick", "data", "train", "watch")}
    monkeypatch.setattr(health, "listening", lambda: everywhere)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, dict.fromkeys(ALL, True))


@pytest.mark.django_db
def test_doctor_says_what_to_do_and_exits_with_1(without_broker):
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out)
    assert ended.value.code == 1
    lines = {line.split()[1]: line for line in out.getvalue().splitlines()}
    assert set(lines) == ALL
    assert lines["database"].startswith("ok")
    assert re.search(r"PROBLEM +broker .*none\.sock does not answer.*REDIS_URL", lines["broker"])
    assert "No worker listens on quick, data, train, watch" in lines["workers"]


def test_a_queue_nobody_listens_on_is_named(monkeypatch: pytest.MonkeyPatch):
    some = {"quick": ["host:1"], "watch": ["host:1"], "data": ["host:2"]}
    monkeypatch.setattr(health, "listening", lambda: some)
    with pytest.raises(health.Unwell, match="No worker listens on train:"):
        health.workers()


def test_a_disk_without_room_is_named(monkeypatch: pytest.MonkeyPatch, settings):
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 2**62)
    with pytest.raises(health.Unwell, match=r"MB are free in .*: make room") as told:
        health.disk()
    assert str(settings.VAR) in str(told.value)


@pytest.mark.django_db
def test_missing_migrations_are_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, nodes: [1, 2, 3])
    with pytest.raises(health.Unwell, match="3 migrations are missing"):
        health.database()


def test_a_database_with_some_of_the_replaced_steps_is_refused(db):
    prepare.refuse_half_old()
    steps = MigrationRecorder(connection).migration_qs
    steps.filter(app="eda", name="0003_answer_view").delete()
    with pytest.raises(preflight.CannotStart, match=r"lacks steps of eda .* nothing was changed"):
        prepare.refuse_half_old()
