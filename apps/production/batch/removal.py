"""The end of a batch: its file and answers go, by a person's word or when their time is over.

What was asked, by whom, by which release and how many rows were answered stays in the record.
"""

from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.storage import clear, shelved
from apps.jobs.models import LIVE
from apps.production.batch.scores import is_removed
from apps.production.log.retention import Terms, is_held, terms_of
from apps.production.models import ActualsFile, Deployment, Scoring, ScoringRemoval
from apps.production.score_models import SHELVES
from apps.production.truth_models import SHELVES as ACTUALS_SHELVES
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.web.refusals import Refusal

OVER = "Its time was over"
MOST = 200
"""So many batches of an endpoint are removed in one run."""
GRACE = timedelta(hours=1)
"""So old is a shelf without a batch before it goes: its transaction may still be open."""


@transaction.atomic
def remove_batch(*, scoring: Scoring, reason: str, by: User) -> ScoringRemoval:
    """Remove file and answers of a batch that is not at work."""
    require(by, Verb.DEPLOY, scoring.deployment.project)
    if not reason.strip():
        raise Refusal("Say why file and answers go: it is what stays of them.")
    scoring = _locked(scoring)
    if scoring.job.is_live:
        raise Refusal(f"Batch {scoring.number} is at work: stop its job, then remove it.")
    if is_removed(scoring):
        raise Refusal(f"File and answers of batch {scoring.number} were removed before.")
    return _remove(scoring, reason.strip(), by)


def remove_due() -> int:
    """Remove batches whose time is over, and files that no batch has; returns how many batches."""
    gone = sum(_of(deployment) for deployment in Deployment.objects.order_by("pk"))
    _sweep()
    return gone


def days_of(terms: Terms) -> int:
    """How long a batch is kept, 0 for good: rows and answers lie in one file, so the shorter."""
    return min((days for days in (terms.inputs_days, terms.answers_days) if days), default=0)


@transaction.atomic
def _of(deployment: Deployment) -> int:
    terms = terms_of(deployment)
    before = terms.before(days_of(terms), now=timezone.now())
    if before is None or is_held(deployment):
        return 0
    due = deployment.scorings.filter(at__lt=before, removal=None).exclude(job__state__in=LIVE)
    found = list(due.select_for_update(of=("self",)).order_by("pk")[:MOST])
    for scoring in found:
        _remove(scoring, OVER, None)
    return len(found)


def _locked(scoring: Scoring) -> Scoring:
    found = Scoring.objects.select_for_update(of=("self",)).select_related("job", "deployment")
    return found.get(pk=scoring.pk)


def _remove(scoring: Scoring, reason: str, by: User | None) -> ScoringRemoval:
    made = ScoringRemoval.objects.create(scoring=scoring, person=by, reason=reason)
    ledger.record(
        "production.scoring_removed",
        f"{by or 'Retention'} removed file and answers of {scoring}: {reason}",
        actor=by,
        project=scoring.deployment.project,
        facts={"batch": scoring.number, "rows_of": scoring.sha256},
        row=made,
    )
    transaction.on_commit(lambda: clear(scoring.shelf))
    return made


def _sweep() -> None:
    """Remove shelves whose batch was never written, or is removed and its files are still there;
    and files of actual values that were read."""
    batches = Scoring.objects.filter(removal=None)
    unread = ActualsFile.objects.filter(job__state__in=LIVE)
    for shelves, wanted in ((SHELVES, batches), (ACTUALS_SHELVES, unread)):
        kept = {str(key) for key in wanted.values_list("job", flat=True)}
        for job in shelved(shelves):
            if job not in kept and _age(f"{shelves}/{job}") > GRACE:
                clear(f"{shelves}/{job}")


def _age(shelf: str) -> timedelta:
    """Since when nothing was written to a shelf."""
    times = [default_storage.get_modified_time(f"{shelf}/{name}") for name in shelved(shelf)]
    return timezone.now() - max(times) if times else timedelta.max
