"""How long the log of calls is kept, and the removal of what is over: inputs first, answers later.

Only whole days (UTC) go, and the sums beside the log stay, so a total goes on being that of all
calls; held against the raw log it is equal from the day on up to which answers were removed. An
open incident holds everything of its endpoint. Facts (signatures, switches, the ledger) and packs
are kept elsewhere and never touched: no row that a trigger protects is removed here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from apps.production.models import Actual, Call, Deployment, Prediction, Removal, Retention
from apps.projects import ledger

MOST_ROWS = 20_000
"""So many rows of an endpoint lose their inputs, and as many are removed, in one run."""
PIECE = 2_000
MOST_DAYS = 36_500


@dataclass(frozen=True)
class Terms:
    """Days that inputs and answers are kept, 0 for good; ``word``: who said so, None: settings."""

    inputs_days: int
    answers_days: int
    word: Retention | None = None

    def before(self, days: int, *, now: datetime) -> datetime | None:
        """Midnight (UTC) of the first day that is kept; None: all are."""
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return day - timedelta(days=days) if days else None


def terms_of(deployment: Deployment) -> Terms:
    """What was said last of this endpoint, else what holds in the installation."""
    word = Retention.objects.filter(deployment=deployment).order_by("-pk").first()
    if word is None:
        return Terms(settings.KEEP_INPUTS_DAYS, settings.KEEP_ANSWERS_DAYS)
    return Terms(word.inputs_days, word.answers_days, word)


def is_held(deployment: Deployment) -> bool:
    """Whether an open incident rests on the log as it is."""
    return deployment.incidents.filter(closed_at=None).exists()


def kept_since(deployment: Deployment) -> datetime | None:
    """From when on the raw log has every call; None: from the first one on."""
    found: datetime | None = deployment.removals.aggregate(at=Max("answers_before"))["at"]
    return found


def remove_due() -> list[Removal]:
    """One run over all endpoints, those that are retired too."""
    found = [remove_of(deployment) for deployment in Deployment.objects.order_by("pk")]
    return [made for made in found if made is not None]


@transaction.atomic
def remove_of(deployment: Deployment) -> Removal | None:
    """Remove up to MOST_ROWS rows whose time is over, all with one line in the ledger, or none."""
    deployment = Deployment.objects.select_for_update().get(pk=deployment.pk)
    if is_held(deployment):
        return None
    terms, now = terms_of(deployment), timezone.now()
    made = Removal(
        deployment=deployment,
        inputs_before=terms.before(terms.inputs_days, now=now),
        answers_before=terms.before(terms.answers_days, now=now),
    )
    if made.answers_before is not None:
        _remove_answers(made, made.answers_before)
    if made.inputs_before is not None:
        made.inputs = _remove_inputs(deployment, made.inputs_before)
    if not (made.inputs or made.answers or made.calls):
        return None
    if not (made.answers or made.calls):
        made.answers_before = None
    made.save()
    _record(made)
    return made


def _record(made: Removal) -> None:
    ledger.record(
        "production.log_removed",
        f"The log of {made.deployment} lost what its time was over of: {made.inputs:,} inputs, "
        f"{made.answers:,} answers, {made.actuals:,} truths, {made.calls:,} calls",
        actor=None,
        project=made.deployment.project,
        facts={name: getattr(made, name) for name in ("inputs", "answers", "actuals", "calls")},
        row=made,
    )


def _remove_inputs(deployment: Deployment, before: datetime) -> int:
    last = deployment.removals.filter(inputs__lt=MOST_ROWS).aggregate(at=Max("inputs_before"))["at"]
    rows = deployment.predictions.filter(at__lt=before).exclude(row={}).order_by("at")
    if last is not None and last < before:
        rows = rows.filter(at__gte=last - timedelta(days=1))  # not all that were emptied before
    keys = list(rows.values_list("pk", flat=True)[:MOST_ROWS])
    for start in range(0, len(keys), PIECE):
        piece = Prediction.objects.filter(pk__in=keys[start : start + PIECE])
        piece.update(row={}, seal="")
    return len(keys)


def _remove_answers(made: Removal, before: datetime) -> None:
    """Truths, then answers, then the calls that have no answer left."""
    old = made.deployment.predictions.filter(at__lt=before).order_by("at")
    for keys in _pieces(old):
        made.actuals += Actual.objects.filter(prediction__in=keys).delete()[0]
        made.answers += Prediction.objects.filter(pk__in=keys).delete()[0]
    calls = Call.objects.filter(deployment=made.deployment, at__lt=before, predictions=None)
    for keys in _pieces(calls.order_by("at")):
        made.calls += Call.objects.filter(pk__in=keys).delete()[0]


def _pieces(rows: QuerySet) -> list[list]:
    keys = list(rows.values_list("pk", flat=True)[:MOST_ROWS])
    return [keys[start : start + PIECE] for start in range(0, len(keys), PIECE)]
