"""Prometheus reads gauges with its token; nobody reads anything without."""

import os
import re
import socket

import pytest

from apps.jobs.pulse import Pulse
from apps.production import work
from apps.production.metrics import family
from tests.production.test_monitor_page import sent

LINE = re.compile(r'^[a-z_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? -?[0-9.e+-]+$')


@pytest.mark.parametrize(
    ("wanted", "given"), [("", ""), ("", "Bearer "), ("secret", ""), ("secret", "Bearer other")]
)
def test_without_the_token_there_is_nothing_to_read(client, db, settings, wanted, given):
    settings.METRICS_TOKEN = wanted
    answer = client.get("/metrics", headers={"Authorization": given} if given else {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_token")


def test_calls_promise_incidents_and_jobs_are_told(client, caller, release, settings):
    settings.METRICS_TOKEN = "secret"
    release.monitor = {
        "tripwires": [{"metric": "psi", "threshold": 0.25, "says": "It moves", "action": "Stop"}]
    }
    release.save()
    truth = sent(caller, release, desk="moon")
    caller.post("actuals", {"rows": truth})
    work.watch_release(release)
    answer = client.get("/metrics", headers={"Authorization": "Bearer secret"})
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.content.decode().splitlines()
    told = [line for line in lines if not line.startswith("#")]
    assert all(map(LINE.match, told))
    assert 'mlcycle_calls{endpoint="late-trips",release="1",outcome="answered"} 1' in told
    assert 'mlcycle_rows{endpoint="late-trips",release="1",outcome="answered"} 120' in told
    assert 'mlcycle_incidents_open{endpoint="late-trips",severity="medium"} 1' in told
    assert 'mlcycle_tripwires_tripped{endpoint="late-trips"} 1' in told
    assert 'mlcycle_label_coverage{endpoint="late-trips"} 1' in told
    assert any(line.startswith("mlcycle_promise_value{") for line in told)
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names)) > 8


def test_labels_are_escaped():
    lines = list(family("x", "Says.", [({"a": 'q"\\\n'}, 1.0)]))
    assert lines[-1] == 'x{a="q\\"\\\\\\n"} 1'


def test_processes_and_queues_are_told_where_a_broker_answers(client, db, settings, broker):
    settings.METRICS_TOKEN = "secret"
    Pulse("web", more=lambda: {"models": 2, "loads": []}).beat()
    answer = client.get("/metrics", headers={"Authorization": "Bearer secret"})
    told = answer.content.decode().splitlines()
    name = f'{{process="web",at="{socket.gethostname()}:{os.getpid()}"}}'
    assert f"mlcycle_process_models{name} 2" in told
    (memory,) = [line for line in told if line.startswith("mlcycle_process_memory_bytes{")]
    assert float(memory.split()[1]) > 20e6
    assert 'mlcycle_process_crashes{process="web"} 0' in told
    assert 'mlcycle_queue_messages{queue="train"} 0' in told
    assert all(LINE.match(line) for line in told if not line.startswith("#"))
