"""Celery doors of this room."""

from celery import shared_task

from apps.eda import work
from apps.jobs import runner


@shared_task(name="eda.profile_table", acks_late=True, ignore_result=True)
def profile_table(job_id: str) -> None:
    """Profile a table (see work.profile_table)."""
    runner.run(job_id, work.profile_table)


@shared_task(name="eda.look_at_sealed", acks_late=True, ignore_result=True)
def look_at_sealed(job_id: str) -> None:
    """Compare the features of both sides (see work.look_at_sealed)."""
    runner.run(job_id, work.look_at_sealed)


@shared_task(name="eda.answer", acks_late=True, ignore_result=True)
def answer(job_id: str) -> None:
    """Answer a question about the rows (see work.answer)."""
    runner.run(job_id, work.answer)
