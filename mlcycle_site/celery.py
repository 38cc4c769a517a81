"""The Celery app. Queues and the beat table stand in settings; task bodies live in the rooms."""

import os
from typing import Any

from billiard.process import current_process
from celery import Celery, bootsteps, signals
from kombu import Exchange, Queue

from apps.jobs import nursery, pulse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlcycle_site.settings.production")

app = Celery("mlcycle")
app.config_from_object("django.conf:settings", namespace="CELERY")
# An exchange and a key each: queues that shared them would all get every message.
app.conf.task_queues = [
    Queue(name, Exchange(name), routing_key=name) for name in ("quick", "data", "train", "watch")
]
app.autodiscover_tasks()
_pool: list[pulse.Pulse] = []


class Pulse(bootsteps.StartStopStep):
    """Lets pages say who listens on which queue, how large it is and whether it died."""

    def start(self, parent: Any) -> None:
        """Called by Celery when the worker's main process is up."""
        queues = sorted(app.amqp.queues.consume_from)
        pulse.keep_beating(f"worker {parent.hostname.partition('@')[0]}", queues=queues)


app.steps["worker"].add(Pulse)


@signals.worker_init.connect
def _open_nursery(**_: object) -> None:
    """Before the pool is forked, so that all of it share the libraries that children need."""
    nursery.start()


@signals.worker_process_init.connect
def _pool_process_begins(**_: object) -> None:
    """Each process of a pool beats for itself: it is there that memory runs out.

    A pool that is the worker's own process has its beat already.
    """
    if current_process().daemon:
        _pool.append(pulse.keep_beating("pool process"))


@signals.worker_process_shutdown.connect
def _pool_process_ends(**_: object) -> None:
    """They end without the interpreter's own goodbye, each after so many tasks."""
    for one in _pool:
        one.end(is_usual=True)


@signals.beat_init.connect
def _scheduler_begins(**_: object) -> None:
    pulse.keep_beating("scheduler")
