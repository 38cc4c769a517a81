"""Celery doors of this room."""

from concurrent.futures import ThreadPoolExecutor

from celery import shared_task
from django.db import connections

from apps.governance import outgoing, work
from apps.governance.incident_notices import tell_of_incidents as tell_owners
from apps.governance.switch_notices import tell_of_switches as tell_teams
from apps.jobs import runner

POSTMEN = ThreadPoolExecutor(max_workers=4, thread_name_prefix="postman")


@shared_task(name="governance.build_pack", acks_late=True, ignore_result=True)
def build_pack(job_id: str) -> None:
    """Put an evidence pack together (see work.build_pack)."""
    runner.run(job_id, work.build_pack)


@shared_task(name="governance.check_ledger", acks_late=True, ignore_result=True)
def check_ledger(job_id: str) -> None:
    """Check a ledger (see work.check_ledger)."""
    runner.run(job_id, work.check_ledger)


@shared_task(name="governance.deliver", acks_late=True, ignore_result=True)
def deliver(job_id: str) -> None:
    """Send a message to a webhook (see outgoing.deliver), in a thread beside the worker.

    A receiver may take seconds to answer, and the worker has more to do than to wait for it: it
    takes up the log of calls and looks after lost jobs. The row of the job is the truth, so a
    thread that dies with its worker loses nothing.
    """
    by_postman(job_id)


def by_postman(job_id: str) -> None:
    """Hand a delivery to one of the threads."""
    POSTMEN.submit(_deliver, job_id)


def _deliver(job_id: str) -> None:
    try:
        runner.run(job_id, outgoing.deliver)
    finally:
        connections.close_all()  # of this thread


@shared_task(name="governance.deliver_due", ignore_result=True)
def deliver_due() -> None:
    """Start deliveries again that are due (see outgoing.deliver_due)."""
    outgoing.deliver_due()


@shared_task(name="governance.mail", ignore_result=True)
def mail() -> None:
    """Send e-mail that is due (see work.mail)."""
    work.mail()


@shared_task(name="governance.remind", ignore_result=True)
def remind() -> None:
    """Remind of what waits too long (see work.remind)."""
    work.remind()


@shared_task(name="governance.tell_of_incidents", ignore_result=True)
def tell_of_incidents() -> None:
    """Tell owners and managers of incidents, teams of switches (see the files of notices)."""
    tell_owners()
    tell_teams()
