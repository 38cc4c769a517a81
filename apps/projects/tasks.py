"""Celery doors of this room."""

from celery import shared_task

from apps.projects import work


@shared_task(name="projects.anchor", ignore_result=True)
def anchor() -> None:
    """Write the heads of the ledgers outside of the database (see work.anchor)."""
    work.anchor()
