"""A live endpoint with a long log, and many live models beside it; then pages are asked.

Runs inside of Django: ``manage.py shell -c "…; measure(…)"``.
"""

import copy
import json
import statistics
import time
import uuid
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.datasets.models import Consolidation, Join, Source, Split, Step, Table, Version
from apps.engine.monitoring.service import Tally, period_of
from apps.governance.demo.people import cast
from apps.governance.portfolio import portfolio_of
from apps.modeling.models import Candidate, Evaluation, Experiment, Opening, Trial
from apps.planning.models import Plan
from apps.production import work
from apps.production.actions import issue_token
from apps.production.endpoint import predicting
from apps.production.log import tallying
from apps.production.models import Actual, Call, Deployment, Prediction, Release, WatchReport
from apps.projects.models import Cycle, Decision, Event, Project, Submission
from benchmarks.rig.endpoint import build

LOGGED_DAYS = 90
SERVED = 400
ACTUALS = 200
RAW_BATCH = 5_000
ASKED = 7


def measure(out: str, *, calls: int, raw: int, live: int) -> None:
    """Write the figures as JSON: time in ms and bytes of each page, and how long a look takes."""
    build(f"{out}.endpoint", candidate="linear")
    release = Release.objects.get()
    people = cast()
    token = issue_token(deployment=release.deployment, name="bench", by=people.analyst)
    rows = json.loads(Path(f"{out}.endpoint").read_text())["rows"]
    _serve(release, token, rows)
    _fill(release, calls=calls, raw=raw)
    began = time.perf_counter()
    work.watch_release(release)
    look_s = time.perf_counter() - began
    client = Client()
    client.force_login(get_user_model().objects.get(pk=people.manager.pk))
    slug = release.deployment.project.slug
    found = {"monitor": asked(client, reverse("production:monitor", args=[slug]))}
    latency = reverse("production:figure", args=[slug, "latency"])
    found["latency chart"] = asked(client, latency)
    _multiply(release.cycle, live - 1)
    found["portfolio"] = asked(client, reverse("governance:portfolio"))
    seen = len(portfolio_of(people.manager).live)
    assert seen == live, f"{seen} of {live} models are seen to be live."
    counted = {
        "calls": sum(release.deployment.call_sums.values_list("calls", flat=True)),
        "raw_rows": Prediction.objects.count(),
        "live": Release.objects.count(),
    }
    Path(out).write_text(json.dumps({"pages": found, "look_s": look_s, **counted}))


def asked(client: Client, address: str) -> dict[str, float]:
    """Median time at the server in ms, of the clock and of the processor, the first one's, size in
    bytes and questions to the database of a page."""
    took, worked = [], []
    for _ in range(ASKED):
        began, worked_s = time.perf_counter(), time.process_time()
        answer = client.get(address, headers={"host": "127.0.0.1"})
        took.append(1e3 * (time.perf_counter() - began))
        worked.append(1e3 * (time.process_time() - worked_s))
        assert answer.status_code == 200, f"{address} answered {answer.status_code}"
    with CaptureQueriesContext(connection) as queries:
        client.get(address, headers={"host": "127.0.0.1"})
    return {
        "ms": statistics.median(took[1:]),
        "processor_ms": statistics.median(worked[1:]),
        "first_ms": took[0],
        "bytes": len(answer.content),
        "queries": len(queries),
    }


def _serve(release: Release, token: str, rows: list[dict[str, Any]]) -> None:
    """Calls by the way of every call: answered, logged, taken up, and half of them confirmed."""
    for place in range(SERVED):
        body = json.dumps({"rows": [rows[place % len(rows)]]}).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": f"Bearer {token}",
            "wsgi.input": _Body(body),
        }
        reply = predicting.reply_to(environ, slug=release.deployment.slug)
        assert reply.status == 200, reply.body
    work.take_up()
    known = list(release.predictions.filter(call__is_rehearsal=False)[:ACTUALS])
    told = [Actual(prediction=one, value=one.prediction, at=timezone.now()) for one in known]
    Actual.objects.bulk_create(told)
    tallying.learn(told, {release.pk: release})


class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        return self._body


def _fill(release: Release, *, calls: int, raw: int) -> None:
    """The sums of so many calls, by what sums up each batch of the log; and rows of the newest."""
    whole = Tally()
    for kept in release.call_sums.all():
        whole.take(tallying.tally_of(kept))
    now, halves = timezone.now(), 48 * LOGGED_DAYS
    each = Tally()
    times = max(1, (calls - whole.calls) // (halves * whole.calls) + 1)
    for name in ("calls", "rows", "errors", "refused"):
        setattr(each, name, times * getattr(whole, name))
    each.latency.update({place: times * count for place, count in whole.latency.items()})
    sums = {
        (release.deployment_id, period_of(now - timedelta(minutes=30 * place)), release.pk): each
        for place in range(halves)
    }
    with transaction.atomic():
        tallying.count_sums(sums)
        _rows(release, raw, every=timedelta(days=1) / max(1, raw))


def _rows(release: Release, count: int, *, every: timedelta) -> None:
    """Copies of answered rows as rows of the log, over the last day."""
    like = list(release.predictions.filter(call__is_rehearsal=False)[:50])
    now = timezone.now()
    for start in range(0, count, RAW_BATCH):
        calls, answers = [], []
        for place in range(start, min(count, start + RAW_BATCH)):
            one = copy.copy(like[place % len(like)])
            at = now - place * every
            call = Call(
                id=uuid.uuid4(),
                deployment_id=release.deployment_id,
                release_id=release.pk,
                status=200,
                rows=1,
                latency_ms=1.0,
                at=at,
            )
            one.pk, one.call_id, one.at = uuid.uuid4(), call.pk, at
            one._state = copy.copy(one._state)
            one._state.adding = True
            calls.append(call)
            answers.append(one)
        Call.objects.bulk_create(calls)
        Prediction.objects.bulk_create(answers)


COPIED = (
    Plan,
    Source,
    Version,
    Consolidation,
    Join,
    Step,
    Table,
    Split,
    Experiment,
    Trial,
    Candidate,
    Opening,
    Evaluation,
    Deployment,
    Release,
)
"""What a cycle is made of, each after what it refers to; then what was said about it."""
SAID = (Submission, Decision, WatchReport)


@transaction.atomic
def _multiply(cycle: Cycle, times: int) -> None:
    """So many more projects that are live: the same rows, signed alike, each with its own keys."""
    rows = {model: list(_of(model, cycle)) for model in (*COPIED, *SAID)}
    event = cycle.project.events.order_by("-seq").first()
    for number in range(times):
        known: dict[tuple[type, Any], Any] = {}
        project = _copied(cycle.project, known, slug=f"live-{number}", name=f"Live {number:04d}")
        _copied(cycle, known, project=project)
        for model, found in rows.items():
            for row in found:
                own = {"slug": f"live-{number}"} if model is Deployment else {}
                _copied(row, known, **own)
        _copied(event, known, project=project, seq=Event.objects.count() + 1_000_000)


def _of(model: type[models.Model], cycle: Cycle) -> Iterable[models.Model]:
    path = {
        Version: "source__project__cycles",
        Source: "project__cycles",
        Join: "consolidation__cycle",
        Split: "table__cycle",
        Trial: "experiment__cycle",
        Evaluation: "opening__cycle",
        WatchReport: "release__cycle",
    }.get(model, "cycle")
    found = model._default_manager.all()
    if model is Deployment:
        return found.filter(project=cycle.project_id)
    return found.filter(**{path: cycle}).order_by("pk")


def _copied(row: Any, known: dict[tuple[type, Any], Any], **own: Any) -> Any:
    """A copy of a row whose keys point at the copies of what it pointed at."""
    values = {}
    for field in row._meta.concrete_fields:
        if field.primary_key:
            continue
        value = getattr(row, field.attname)
        if field.is_relation and (field.related_model, value) in known:
            value = known[field.related_model, value].pk
        elif field.one_to_one and field.null:
            value = None
        values[field.attname] = value
    values |= {
        (f"{name}_id" if name == "project" else name): _key(value) for name, value in own.items()
    }
    made = type(row)(**values)
    made.save(force_insert=True)
    known[type(row), row.pk] = made
    return made


def _key(value: Any) -> Any:
    return value.pk if isinstance(value, Project) else value
