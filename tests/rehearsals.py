"""The Celery app of the crew: the product's own, with one more task whose body can misbehave."""

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlcycle_site.settings.test")
django.setup()

from celery import shared_task  # noqa: E402
from django.conf import settings  # noqa: E402

from apps.jobs import runner  # noqa: E402
from mlcycle_site.celery import app  # noqa: E402

settings.JOB_LEASE_S = int(os.environ.get("MLCYCLE_JOB_LEASE_S", "4"))
settings.JOB_HEARTBEAT_S = 1
app.conf.beat_schedule = {
    "reap": {"task": "jobs.reap", "schedule": 1.0, "options": {"queue": "quick", "expires": 5}}
}


def body(job, desk):
    """The job's title is JSON: arguments of the engine's rehearsal."""
    told = json.loads(job.title)
    desk.child("apps.engine.rehearsal:rehearse", **told)
    with desk.finishing():
        job.refresh_from_db()
        from apps.projects import ledger

        ledger.record("rehearsal.finished", str(job.pk), actor=None, project=job.project)


@shared_task(name="rehearsal.run", acks_late=True, ignore_result=True)
def rehearse(job_id: str) -> None:
    runner.run(job_id, body)
