"""Work that only pretends, on real workers."""

import json

import pytest
from django.db import transaction

from apps.jobs.actions import enqueue
from apps.jobs.models import Job, Queue


@pytest.fixture
def start(project, analyst, tmp_path):
    """``start(does="work", seconds=2)`` enqueues a rehearsal; its marker counts the runs."""

    def make(**told) -> Job:
        told.setdefault("marker", str(tmp_path / f"marker{Job.objects.count()}"))
        with transaction.atomic():
            return enqueue(
                "rehearsal.run",
                queue=Queue.DATA,
                title=json.dumps(told),
                project=project,
                by=analyst,
            )

    return make
