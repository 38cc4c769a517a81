"""Numbers for Prometheus: its text format 0.0.4, for whoever has MLCYCLE_METRICS_TOKEN.

Everything is a gauge of now or of the last WINDOW, so that a scrape costs the same however many
calls were ever logged.
"""

import resource
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Case, Count, Exists, F, OuterRef, Sum, Value, When, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from apps.engine.monitoring.performance import BROKEN, KEPT
from apps.engine.monitoring.service import latency_of
from apps.engine.monitoring.wires import TRIPPED
from apps.jobs.models import LIVE, Job
from apps.jobs.processes import processes
from apps.production.endpoint import predicting
from apps.production.endpoint.replies import refused
from apps.production.log.segments import segments
from apps.production.models import Call, Incident, Release, WatchReport
from apps.production.queries import last_looks
from apps.production.refusals import ApiRefusal
from apps.web.declare import TOKEN, declared

WINDOW = timedelta(minutes=5)
DAY = timedelta(days=1)
MOST_CALLS = 20_000  # of one endpoint, for its percentiles
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
QUANTILES = {"p50": "0.5", "p95": "0.95", "p99": "0.99"}
KEPT_VALUES = {KEPT: 1.0, BROKEN: 0.0}

Sample = tuple[dict[str, str], float]


def family(name: str, says: str, samples: Iterable[Sample]) -> Iterator[str]:
    """The lines of one gauge; none where it has no sample."""
    lines = [f"{name}{_labels(labels)} {value:.10g}" for labels, value in samples]
    if lines:
        yield from (f"# HELP {name} {says}", f"# TYPE {name} gauge", *lines)


def _labels(labels: dict[str, str]) -> str:
    told = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{told}}}" if told else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def exposition() -> str:
    """All gauges, as text."""
    lines = [*_calls(), *_latency(), *_watch(), *_incidents(), *_work(), *_processes()]
    return "\n".join([*lines, ""])


def _calls() -> Iterator[str]:
    outcome = Case(
        When(status__gte=500, then=Value("error")),
        When(status__gte=400, then=Value("refused")),
        default=Value("answered"),
    )
    counted = (
        Call.objects.filter(at__gt=timezone.now() - WINDOW, is_rehearsal=False)
        .order_by()
        .values("deployment__slug", "release__number", outcome=outcome)
        .annotate(calls=Count("pk"), answers=Sum("rows"))
    )
    labelled = [
        (
            {
                "endpoint": line["deployment__slug"],
                "release": str(line["release__number"] or ""),
                "outcome": line["outcome"],
            },
            line,
        )
        for line in counted
    ]
    calls = [(labels, float(line["calls"])) for labels, line in labelled]
    rows = [(labels, float(line["answers"])) for labels, line in labelled]
    yield from family("mlcycle_calls", "Calls in the last 5 minutes.", calls)
    yield from family("mlcycle_rows", "Rows of these calls.", rows)


def _latency() -> Iterator[str]:
    """Of the newest answered calls of each endpoint, in one question for all of them."""
    place = Window(RowNumber(), partition_by="deployment", order_by=F("at").desc())
    newest = (
        Call.objects.filter(at__gt=timezone.now() - WINDOW, is_rehearsal=False, status__lt=400)
        .annotate(place=place)
        .filter(place__lte=MOST_CALLS)
        .order_by()
        .values_list("deployment__slug", "latency_ms")
    )
    latencies: dict[str, list[float]] = defaultdict(list)
    for slug, latency in newest.iterator():
        latencies[slug].append(latency)
    samples = [
        ({"endpoint": slug, "quantile": QUANTILES[key]}, value / 1000)
        for slug, found in sorted(latencies.items())
        for key, value in (latency_of(found) or {}).items()
    ]
    yield from family("mlcycle_latency_seconds", "Latency of answered calls, 5 minutes.", samples)


def _watch() -> Iterator[str]:
    """What the last look at each endpoint found."""
    looked_at = Release.objects.filter(
        Exists(WatchReport.objects.filter(release=OuterRef("pk"))), deployment__retired_at=None
    )
    newest = dict(looked_at.order_by("number").values_list("deployment", "pk"))
    looks = last_looks(newest.values()).order_by("release__deployment__slug")
    values, kept, tripped, coverage = [], [], [], []
    for slug, verdicts, share, wires in looks.values_list(
        "release__deployment__slug", "performance__verdicts", "performance__coverage", "wires"
    ):
        endpoint = {"endpoint": slug}
        for verdict in verdicts or []:
            labels = {**endpoint, "metric": verdict["metric"]}
            values.append((labels, float(verdict["result"])))
            if verdict["kept"] in KEPT_VALUES:
                kept.append((labels, KEPT_VALUES[verdict["kept"]]))
        coverage.append((endpoint, float(share or 0.0)))
        tripped.append((endpoint, float(sum(w["state"] == TRIPPED for w in wires))))
    yield from family("mlcycle_promise_value", "Promised metrics on known outcomes.", values)
    yield from family("mlcycle_promise_kept", "1 kept, 0 broken; absent: cannot tell.", kept)
    yield from family("mlcycle_label_coverage", "Share of answers with known truth.", coverage)
    yield from family("mlcycle_tripwires_tripped", "Tripwires that have tripped.", tripped)


def _incidents() -> Iterator[str]:
    counted = (
        Incident.objects.filter(closed_at=None)
        .order_by()
        .values_list("deployment__slug", "severity")
        .annotate(Count("pk"))
    )
    samples = [
        ({"endpoint": slug, "severity": severity}, float(count))
        for slug, severity, count in counted
    ]
    yield from family("mlcycle_incidents_open", "Incidents that nobody has closed.", samples)


def _work() -> Iterator[str]:
    counted = Job.objects.filter(state__in=LIVE).order_by().values_list("queue", "state")
    samples = [
        ({"queue": queue, "state": state}, float(count))
        for queue, state, count in counted.annotate(Count("pk"))
    ]
    yield from family("mlcycle_jobs", "Jobs that wait or run.", samples)
    size = sum(path.stat().st_size for path in segments() if path.exists())
    yield from family("mlcycle_call_log_bytes", "The log of calls on disk.", [({}, float(size))])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    says = "Most memory that this web process had."
    yield from family("mlcycle_web_peak_memory_bytes", says, [({}, float(peak))])


def _processes() -> Iterator[str]:
    """Each process that lives, what died within a day, what waits; none without a broker."""
    known = processes(timezone.now() - DAY)
    if known is None:
        return
    runs = [each.run for each in known.live]
    named = [({"process": run.kind, "at": run.name}, run) for run in runs]
    memory = [(labels, float(run.rss_bytes)) for labels, run in named]
    yield from family("mlcycle_process_memory_bytes", "Memory of a process in RAM.", memory)
    since = [(labels, run.started) for labels, run in named]
    yield from family("mlcycle_process_start_seconds", "When a process began, Unix time.", since)
    models = [(labels, float(run.more["models"])) for labels, run in named if "models" in run.more]
    yield from family("mlcycle_process_models", "Models that a process has in memory.", models)
    for name, says, counts in (
        ("mlcycle_process_crashes", "Processes that died in 24 hours.", known.crashes),
        ("mlcycle_process_restarts", "Processes started again in 24 hours.", known.restarts),
    ):
        kinds = sorted({*counts, *(run.kind for run in runs)})
        yield from family(name, says, [({"process": kind}, float(counts[kind])) for kind in kinds])
    yield from family(
        "mlcycle_queue_messages",
        "Messages that wait in the broker.",
        [({"queue": line.name}, float(line.messages)) for line in known.queues],
    )
    now = timezone.now()
    yield from family(
        "mlcycle_queue_oldest_seconds",
        "How long the oldest waiting job has waited.",
        [
            ({"queue": line.name}, (now - line.oldest).total_seconds())
            for line in known.queues
            if line.oldest
        ],
    )


@csrf_exempt
@declared(TOKEN)
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The gauges, for the bearer of MLCYCLE_METRICS_TOKEN; without that setting for nobody."""
    try:
        predicting.require_method(request.META, "GET")
        _require_token(request)
    except ApiRefusal as refusal:
        reply = refused(refusal)
        return HttpResponse(
            reply.body, status=reply.status, headers=reply.headers, content_type="application/json"
        )
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


def _require_token(request: HttpRequest) -> None:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    wanted = settings.METRICS_TOKEN
    if not wanted or not constant_time_compare(given, wanted):
        raise ApiRefusal(
            401, "bad_token", "Send the token of MLCYCLE_METRICS_TOKEN as Authorization: Bearer …"
        )


urlpatterns = [path("metrics", metrics, name="metrics")]
