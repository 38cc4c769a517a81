"""Celery doors of this room."""

from celery import shared_task

from apps.datasets import contract_work, join_work, query_work, work
from apps.jobs import runner


@shared_task(name="datasets.read_version", acks_late=True, ignore_result=True)
def read_version(job_id: str) -> None:
    """Read an uploaded file (see work.read_version)."""
    runner.run(job_id, work.read_version)


@shared_task(name="datasets.run_query", acks_late=True, ignore_result=True)
def run_query(job_id: str) -> None:
    """Read the answer of a query (see query_work.run_query)."""
    runner.run(job_id, query_work.run_query)


@shared_task(name="datasets.build_table", acks_late=True, ignore_result=True)
def build_table(job_id: str) -> None:
    """Build the table (see work.build_table)."""
    runner.run(job_id, work.build_table)


@shared_task(name="datasets.compute_joins", acks_late=True, ignore_result=True)
def compute_joins(job_id: str) -> None:
    """Compute the joins (see join_work.compute_joins)."""
    runner.run(job_id, join_work.compute_joins)


@shared_task(name="datasets.preview_join", acks_late=True, ignore_result=True)
def preview_join(job_id: str) -> None:
    """Look at a join beforehand (see join_work.preview_join)."""
    runner.run(job_id, join_work.preview_join)


@shared_task(name="datasets.examine", acks_late=True, ignore_result=True)
def examine(job_id: str) -> None:
    """Look for what is wrong with the table (see work.examine)."""
    runner.run(job_id, work.examine)


@shared_task(name="datasets.look_at_choices", acks_late=True, ignore_result=True)
def look_at_choices(job_id: str) -> None:
    """Fit the fitted choices on development rows (see work.look_at_choices)."""
    runner.run(job_id, work.look_at_choices)


@shared_task(name="datasets.draw_split", acks_late=True, ignore_result=True)
def draw_split(job_id: str) -> None:
    """Draw the split and seal the test (see work.draw_split)."""
    runner.run(job_id, work.draw_split)


@shared_task(name="datasets.draft_contract", acks_late=True, ignore_result=True)
def draft_contract(job_id: str) -> None:
    """Draft a contract (see contract_work.draft_contract)."""
    runner.run(job_id, contract_work.draft_contract)


@shared_task(name="datasets.check_contract", acks_late=True, ignore_result=True)
def check_contract(job_id: str) -> None:
    """Hold a table against its contract (see contract_work.check_contract)."""
    runner.run(job_id, contract_work.check_contract)
