"""Short trials for a running ML Cycle: made, waited for, and told.

Runs inside of Django: ``manage.py shell -c "…; start(…)"``.
"""

import json
import time
from pathlib import Path

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
    metric = work.as_signed(experiment.plan).promises[0].measure.as_dict()
    Path(out).write_text(json.dumps({**asked, "metrics": [metric]}))


def start(out: str, *, count: int) -> None:
    """Queue so many trials of one kind; wait; write the seconds from first start to last end."""
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
    jobs = Job.objects.filter(pk__in=made)
    while jobs.filter(state__in=LIVE).exists():
        time.sleep(0.5)
    began = min(job.started_at for job in jobs)
    ended = max(job.finished_at for job in jobs)
    states = sorted({job.state for job in jobs})
    told = {"seconds": (ended - began).total_seconds(), "states": states}
    Path(out).write_text(json.dumps(told))
