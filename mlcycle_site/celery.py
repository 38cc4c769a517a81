"""The Celery app. Queues and the beat table stand in settings; task bodies live in the rooms."""

import os

from celery import Celery, bootsteps, signals
from kombu import Exchange, Queue

from apps.jobs import nursery
from apps.jobs.pulse import keep_noting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlcycle_site.settings.production")

app = Celery("mlcycle")
app.config_from_object("django.conf:settings", namespace="CELERY")
# An exchange and a key each: queues that shared them would all get every message.
app.conf.task_queues = [
    Queue(name, Exchange(name), routing_key=name) for name in ("quick", "data", "train", "watch")
]
app.autodiscover_tasks()


class Pulse(bootsteps.StartStopStep):
    """Lets the jobs page say who listens on which queue."""

    def start(self, parent: object) -> None:
        """Called by Celery when the worker's main process is up."""
        keep_noting(sorted(app.amqp.queues.consume_from))


app.steps["worker"].add(Pulse)


@signals.worker_init.connect
def _open_nursery(**_: object) -> None:
    """Before the pool is forked, so that all of it share the libraries that children need."""
    nursery.start()
