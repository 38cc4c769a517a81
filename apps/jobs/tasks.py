"""Celery doors of this room."""

from celery import shared_task

from apps.jobs import work


@shared_task(name="jobs.reap", ignore_result=True)
def reap() -> None:
    """Look after jobs whose process died (see work.reap)."""
    work.reap()
