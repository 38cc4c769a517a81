"""A shadow answers copies of calls, and a comparison tells what it would have changed."""

from django.db import transaction

from apps.accounts.models import User
from apps.jobs.actions import enqueue
from apps.jobs.models import Queue
from apps.production.endpoint.standing import answering
from apps.production.models import Deployment, FlipReport, Release
from apps.projects import ledger


def ask_to_compare(before: Release, after: Release, by: User | None) -> FlipReport:
    """Have a worker answer logged cases of one release by another; ``by`` None: for a shadow."""
    project = after.deployment.project
    job = enqueue(
        "production.compare_releases",
        queue=Queue.DATA,
        title=f"Compare release {after.number} with release {before.number}",
        project=project,
        by=by,
    )
    report = FlipReport.objects.create(before=before, after=after, job=job)
    ledger.record(
        "production.compare_asked",
        f"{by or 'The shadow'} had {after} compared with release {before.number}",
        actor=by,
        project=project,
        facts={"before": before.number, "after": after.number},
    )
    return report


@transaction.atomic
def follow(deployment: Deployment) -> FlipReport | None:
    """Have the shadow answer the newest calls, if there are some that it has not seen."""
    before, after = answering(deployment).release, deployment.shadow
    if before is None or after is None or before == after:
        return None
    last = FlipReport.objects.filter(before=before, after=after).order_by("-pk").first()
    if last is not None and last.job.is_live:
        return None
    calls = before.calls.filter(is_rehearsal=False, status=200)
    if last is not None:
        calls = calls.filter(at__gt=last.at)
    return ask_to_compare(before, after, None) if calls.exists() else None
