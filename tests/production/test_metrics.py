"""Prometheus reads gauges with its token; nobody reads anything without."""

import os
import re
import socket
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.engine.monitoring.wires import TRIPPED
from apps.jobs.pulse import Pulse
from apps.production import work
from apps.production.models import Call, Deployment, Release, WatchReport
from apps.production.watch import metrics
from apps.production.watch.metrics import _latency, exposition, family
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


def called(endpoint, latencies_ms, *, status=200, seconds_ago=1.0, **but):
    """Calls of an endpoint, the last of them the newest."""
    now = timezone.now() - timedelta(seconds=seconds_ago)
    Call.objects.bulk_create(
        Call(
            deployment=endpoint,
            status=status,
            rows=1,
            latency_ms=latency,
            at=now + timedelta(milliseconds=place),
            **but,
        )
        for place, latency in enumerate(latencies_ms)
    )


def of_latency():
    with CaptureQueriesContext(connection) as asked:
        lines = list(_latency())
    return [line for line in lines if not line.startswith("#")], len(asked)


def test_latency_of_many_endpoints_costs_one_question_and_is_of_the_newest_calls_of_each(
    release, monkeypatch
):
    monkeypatch.setattr(metrics, "MOST_CALLS", 5)
    assert of_latency() == ([], 1)
    first, second, third = (another(release, slug) for slug in ("first", "second", "third"))
    called(first, [9000.0, 9000.0, 1.0, 2.0, 3.0, 4.0, 5.0])  # the oldest two are too many
    called(first, [7000.0], seconds_ago=301)
    called(first, [7000.0], is_rehearsal=True)
    told, few = of_latency()
    assert told == [
        f'mlcycle_latency_seconds{{endpoint="first",quantile="{share}"}} {value:.10g}'
        for share, value in (("0.5", 0.003), ("0.95", 0.0048), ("0.99", 0.00496))
    ]
    called(second, [20.0])
    called(second, [8000.0] * 9, status=422, seconds_ago=0.5)  # a flood of refusals hides nothing
    called(third, [8000.0] * 9, status=500, seconds_ago=0.5)
    told, many = of_latency()
    assert [line for line in told if 'endpoint="first"' not in line] == [
        f'mlcycle_latency_seconds{{endpoint="second",quantile="{share}"}} 0.02'
        for share in ("0.5", "0.95", "0.99")
    ]
    assert many == few == 1


VERDICT = {"metric": "roc_auc", "title": "ROC AUC", "role": "primary", "result": 0.8125}
TOLD = ("mlcycle_promise_", "mlcycle_label_coverage", "mlcycle_tripwires_tripped")


def another(release, slug, *, number=1, looks=()):
    """A release of the endpoint ``slug`` at which the watch looked: kept or broken, tripwires."""
    endpoint, _ = Deployment.objects.get_or_create(
        slug=slug, project=release.deployment.project, created_by=release.created_by
    )
    made = Release.objects.create(
        deployment=endpoint,
        number=number,
        cycle=release.cycle,
        candidate=release.candidate,
        content_hash="c" * 64,
        created_by=release.created_by,
    )
    for days_ago, kept, tripped in looks:
        WatchReport.objects.create(
            release=made,
            at=timezone.now() - timedelta(days=days_ago),
            performance={"coverage": 0.25, "verdicts": [{**VERDICT, "kept": kept}]},
            wires=[{"state": TRIPPED}] * tripped + [{"state": "quiet"}],
        )
    return endpoint


def of_the_watch():
    with CaptureQueriesContext(connection) as asked:
        lines = exposition().splitlines()
    return {line for line in lines if line.startswith(TOLD)}, len(asked)


def told_of_whole_reports():
    """The same lines by the plain way: endpoint after endpoint, each report in full."""
    found = set()
    for endpoint in Deployment.objects.filter(retired_at=None):
        looked = endpoint.releases.filter(watch_reports__isnull=False).order_by("-number").first()
        if looked is None:
            continue
        report, name = looked.watch_reports.order_by("-at").first(), f'endpoint="{endpoint.slug}"'
        for verdict in report.performance.get("verdicts", []):
            labels = f'{{{name},metric="{verdict["metric"]}"}}'
            found.add(f"mlcycle_promise_value{labels} {verdict['result']:.10g}")
            if verdict["kept"] in {"kept", "broken"}:
                kept = int(verdict["kept"] == "kept")
                found.add(f"mlcycle_promise_kept{labels} {kept}")
        share = report.performance.get("coverage", 0.0)
        found.add(f"mlcycle_label_coverage{{{name}}} {share:.10g}")
        tripped = sum(wire["state"] == TRIPPED for wire in report.wires)
        found.add(f"mlcycle_tripwires_tripped{{{name}}} {tripped}")
    return found


def test_of_many_endpoints_the_newest_look_is_told_at_the_price_of_one(release):
    another(release, "first", looks=[(2, "broken", 3), (1, "kept", 1)])
    lines, few = of_the_watch()
    assert lines == told_of_whole_reports()
    assert len(lines) == 4
    another(release, "second", looks=[(1, "cannot tell yet", 0)])
    another(release, "second", number=2)
    another(release, "third", looks=[(1, "kept", 0)])
    another(release, "third", number=2, looks=[(3, "broken", 2)])
    bare = another(release, "bare", looks=[(1, "kept", 0)]).releases.get()
    bare.watch_reports.update(performance={})
    gone = another(release, "gone", looks=[(1, "broken", 2)])
    gone.retired_at = timezone.now()
    gone.save()
    lines, many = of_the_watch()
    assert lines == told_of_whole_reports()
    assert 'mlcycle_promise_kept{endpoint="third",metric="roc_auc"} 0' in lines
    assert many == few


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
