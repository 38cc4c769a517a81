"""Short trials for a running ML Cycle: made, waited for, and told.

Runs inside of Django: ``manage.py shell -c "…; start(…)"``.
"""

import json
import time
from pathlib import Path
from uuid import UUID

from django.db import transaction

from apps.governance.demo import steps
from apps.governance.demo.people import cast
from apps.jobs.actions import enqueue
from apps.jobs.models import LIVE, Job, Queue
from apps.modeling import actions, work
from apps.modeling.models import Trial
from benchmarks.rig.endpoint import close_data

CANDIDATE = "tree"


def prepare(out: str) -> None:
    """A project whose data gate is passed; what a trial's process is asked, as JSON."""
    people = cast()
    project = steps.project_of(
        people, name="Trials benchmark", slug="trials", sentence="Predict fraud.", tier=2
    )
    close_data(project.cycle, analyst=people.analyst, manager=people.manager)
    closed = actions.require_closed_data(project.cycle)
    experiment = actions.start_experiment(
        cycle=project.cycle,
        by=people.analyst,
        candidates=[CANDIDATE],
        features=[column.name for column in actions.usable_features(closed)],
    )
    for trial in experiment.trials.all():
        steps.finish(trial.job)
    asked = work.asked_of(experiment.trials.get(candidate=CANDIDATE))
    plan = work.as_signed(experiment.plan)
    asked |= {
        "metrics": [promise.measure.as_dict() for promise in plan.promises],
        "payoff": work.payoff_of(experiment.plan.content),
        "fixed_threshold": plan.fixed_threshold,
    }
    Path(out).write_text(json.dumps(asked))


def start(out: str, *, count: int, within_s: float) -> None:
    """Queue so many trials of one kind; wait; write the seconds from first start to last end.

    Those that have not ended ``within_s`` are told as they are then.
    """
    jobs = Job.objects.filter(pk__in=_queued(count))
    until = time.monotonic() + within_s
    while jobs.filter(state__in=LIVE).exists() and time.monotonic() < until:
        time.sleep(0.5)
    ended = list(jobs.filter(finished_at__isnull=False))
    told = {"seconds": 0.0, "ended": len(ended), "states": sorted({job.state for job in jobs})}
    if ended:
        began = min(job.started_at for job in ended)
        told["seconds"] = (max(job.finished_at for job in ended) - began).total_seconds()
    Path(out).write_text(json.dumps(told))


@transaction.atomic
def _queued(count: int) -> list[UUID]:
    """Jobs of so many trials. Their messages go out at once, when all rows are written."""
    last = Trial.objects.filter(candidate=CANDIDATE).order_by("pk")[0]
    by, experiment = last.experiment.started_by, last.experiment
    project = experiment.cycle.project
    made = []
    for number in range(count):
        job = enqueue(
            "modeling.run_trial", queue=Queue.TRAIN, title=f"{number}", project=project, by=by
        )
        Trial.objects.create(
            experiment=experiment,
            candidate=CANDIDATE,
            title=CANDIDATE,
            params={"max_leaf_nodes": 4 + number % 20},
            job=job,
        )
        made.append(job.pk)
    return made
