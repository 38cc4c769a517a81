"""/healthz says that the process lives, /readyz and `doctor` which parts work."""

import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from apps.accounts.models import User
from apps.jobs import broker, health, preflight
from apps.jobs.management.commands import prepare
from apps.jobs.pulse import Heard, Run
from tests.jobs.processes import free_port

ALL = {"versions", "disk", "database", "broker", "workers"}


@pytest.fixture
def without_broker(monkeypatch: pytest.MonkeyPatch, settings, tmp_path) -> None:
    url = f"redis+socket://{tmp_path}/none.sock"
    settings.CELERY_BROKER_URL = url
    monkeypatch.setattr(health, "listening", lambda: None)


@pytest.fixture
def scoring_port(settings):
    """``scoring_port(body)``: who is at the port answers so; None: nobody. Returns its address."""
    servers = []

    def make(body: bytes | None) -> str:
        port = free_port()
        if body is not None:
            answer = {"do_GET": lambda asked: _send(asked, body), "log_message": lambda *told: None}
            kind = type("Answers", (BaseHTTPRequestHandler,), answer)
            servers.append(HTTPServer(("127.0.0.1", port), kind))
            threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        settings.SCORING_PORT = port
        return f"http://127.0.0.1:{port}"

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def _send(asked: BaseHTTPRequestHandler, body: bytes) -> None:
    asked.send_response(200 if asked.path == "/healthz" else 404)
    asked.send_header("Content-Length", str(len(body)))
    asked.end_headers()
    asked.wfile.write(body)


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
@pytest.mark.parametrize("is_there", [True, False])
def test_readiness_tells_whether_predictions_are_answered_and_does_not_fail_for_it(
    is_there, client, monkeypatch: pytest.MonkeyPatch, scoring_port
):
    monkeypatch.setattr(health, "PARTS", {"disk": health.disk})
    scoring_port(health.SCORING_LIVES if is_there else None)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"disk": True, "scoring": is_there})


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


def test_the_process_for_predictions_is_asked_where_the_others_reach_it(settings, scoring_port):
    address = scoring_port(health.SCORING_LIVES)
    assert health.scoring() == f"{address} answers"
    settings.SCORING_URL, settings.SCORING_PORT = address, 1
    assert health.scoring() == f"{address} answers"
    settings.SCORING_URL, settings.SCORING_INSIDE = "https://scoring.invalid", address
    assert health.scoring() == f"{address} answers"


def test_what_is_wrong_with_the_process_for_predictions_is_told_with_what_to_do(
    settings, scoring_port, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(health, "heard", lambda: None)
    address = scoring_port(None)
    told = health.scoring_said()
    assert told.says.startswith(f"{address} does not answer (Connection refused): start `python -m")
    assert "MLCYCLE_SCORING_PORT=0" in told.says
    assert not told.works
    run = Run("key", "scoring", "host", 1, 0.0, 0.0)
    monkeypatch.setattr(health, "heard", lambda: Heard((run,), (), {}))
    assert "it runs, so let MLCYCLE_SCORING_INSIDE" in health.scoring_said().says
    address = scoring_port(b"ok\n")  # as the web answers
    assert f"{address} is answered by something else: " in health.scoring_said().says
    for wrong in ("scoring:8001", "http://x:port", "ftp://x"):
        settings.SCORING_INSIDE = wrong
        assert f"{wrong} is no address: " in health.scoring_said().says


def test_nothing_is_asked_where_there_is_to_be_no_process_for_predictions(settings):
    settings.SCORING_PORT, settings.SCORING_INSIDE = 0, "http://127.0.0.1:1"
    assert (health.beside(), health.scoring_said()) == ({}, None)


@pytest.mark.parametrize("page", ["/", "/jobs/"])
def test_administrators_see_whether_predictions_are_answered(
    page, client, analyst, scoring_port, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(health, "heard", lambda: None)
    address = scoring_port(None)
    client.force_login(analyst)
    assert address not in client.get(page).text
    User.objects.filter(pk=analyst.pk).update(is_superuser=True)
    assert f"{address} does not answer" in client.get(page).text


def test_another_thread_may_take_the_probe_of_a_folder_away(
    tmp_path, monkeypatch: pytest.MonkeyPatch
):
    really = Path.write_bytes

    def write(path: Path, data: bytes) -> int:
        count = really(path, data)
        path.unlink()  # its name is that of the process
        return count

    monkeypatch.setattr(Path, "write_bytes", write)
    preflight.check_folder(tmp_path)


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
