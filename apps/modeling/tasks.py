"""Celery doors of this room."""

from celery import shared_task

from apps.jobs import runner
from apps.modeling import work


@shared_task(name="modeling.run_trial", acks_late=True, ignore_result=True)
def run_trial(job_id: str) -> None:
    """Cross-validate a candidate (see work.run_trial)."""
    runner.run(job_id, work.run_trial)


@shared_task(name="modeling.nest_trial", acks_late=True, ignore_result=True)
def nest_trial(job_id: str) -> None:
    """Score a trial with each fold set aside (see work.nest_trial)."""
    runner.run(job_id, work.nest_trial)


@shared_task(name="modeling.reproduce_trial", acks_late=True, ignore_result=True)
def reproduce_trial(job_id: str) -> None:
    """Train a trial once more and compare (see work.reproduce_trial)."""
    runner.run(job_id, work.reproduce_trial)


@shared_task(name="modeling.attack_trial", acks_late=True, ignore_result=True)
def attack_trial(job_id: str) -> None:
    """Let the adversary suite loose on a trial (see work.attack_trial)."""
    runner.run(job_id, work.attack_trial)


@shared_task(name="modeling.explain_row", acks_late=True, ignore_result=True)
def explain_row(job_id: str) -> None:
    """Explain the answer of one row (see work.explain_row)."""
    runner.run(job_id, work.explain_row)


@shared_task(name="modeling.fit_candidate", acks_late=True, ignore_result=True)
def fit_candidate(job_id: str) -> None:
    """Fit a frozen candidate (see work.fit_candidate)."""
    runner.run(job_id, work.fit_candidate)


@shared_task(name="modeling.test_candidate", acks_late=True, ignore_result=True)
def test_candidate(job_id: str) -> None:
    """Look at the sealed test (see work.test_candidate)."""
    runner.run(job_id, work.test_candidate)
