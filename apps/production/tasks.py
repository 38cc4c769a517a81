"""Celery doors of this room."""

from celery import shared_task

from apps.jobs import runner
from apps.production import work
from apps.production.batch import removal, scoring
from apps.production.log import actuals_file, retention, taking
from apps.production.models import Deployment
from apps.production.release import comparing, shadows


@shared_task(name="production.build_release", acks_late=True, ignore_result=True)
def build_release(job_id: str) -> None:
    """Build and verify a release (see work.build_release)."""
    runner.run(job_id, work.build_release)


@shared_task(name="production.compile_again", acks_late=True, ignore_result=True)
def compile_again(job_id: str) -> None:
    """Compile a release anew (see work.compile_again)."""
    runner.run(job_id, work.compile_again)


@shared_task(name="production.compare_releases", acks_late=True, ignore_result=True)
def compare_releases(job_id: str) -> None:
    """Answer logged cases by another release (see comparing.compare_releases)."""
    runner.run(job_id, comparing.compare_releases)


@shared_task(name="production.score", acks_late=True, ignore_result=True)
def score(job_id: str) -> None:
    """Score the rows of a batch (see scoring.score)."""
    runner.run(job_id, scoring.score)


@shared_task(name="production.take_actuals", acks_late=True, ignore_result=True)
def take_actuals(job_id: str) -> None:
    """Take a file of actual values (see actuals_file.take_file)."""
    runner.run(job_id, actuals_file.take_file)


@shared_task(name="production.follow", ignore_result=True)
def follow() -> None:
    """Have shadows answer the newest calls (see shadows.follow)."""
    for deployment in Deployment.objects.exclude(shadow=None).filter(retired_at=None):
        shadows.follow(deployment)


@shared_task(name="production.watch_now", acks_late=True, ignore_result=True)
def watch_now(job_id: str) -> None:
    """Look at a project's live release (see work.watch_now)."""
    runner.run(job_id, work.watch_now)


@shared_task(name="production.watch", ignore_result=True)
def watch() -> None:
    """Look at everything that is live (see work.watch)."""
    work.watch()


@shared_task(name="production.take_up", ignore_result=True)
def take_up() -> None:
    """Take the log of calls up into the database (see taking.take_up)."""
    taking.take_up()


@shared_task(name="production.remove_due", ignore_result=True)
def remove_due() -> None:
    """Remove calls and batches whose time is over (see retention and score_removal)."""
    retention.remove_due()
    removal.remove_due()
