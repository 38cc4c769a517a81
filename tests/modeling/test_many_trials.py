"""Ten thousand trials: each page that lists or sums them stays quick, and asks few questions."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.jobs.models import Job, JobState, Queue
from apps.modeling.leaderboard import board_of
from apps.modeling.models import Experiment, Trial
from apps.planning.queries import as_signed
from tests.rows import Rows

TRIALS = 10_000
UNFINISHED = 500
MOST_TIMES, MOST_QUERIES = 6.0, 45
"""Of the time of a page that reads no trial, on this machine; whole trials took forty times it."""
HEAVY = "x" * 12_000


def result_of(number, primary):
    """What a trial returned, as far as these pages read it."""
    mean = 0.9 - (number % 97) / 1000
    values = [mean + shift for shift in (-0.02, -0.01, 0.0, 0.01, 0.02 + (number % 7) / 1000)]
    return {
        "scores": {primary: {"mean": mean, "low": mean - 0.03, "high": mean + 0.03}},
        "folds": [{"scores": {primary: value}, "threshold": 0.5} for value in values],
        "train_rows": 800.0,
        "test_rows": 200.0,
        "fit_s": 1 + number % 11,
        "one_row_ms": 2.0,
        "size_bytes": 1000 + number % 13,
        "predict_ms_per_row": 0.01,
        "threshold": 0.5,
        "rows": 1000,
    }


def crowd(experiment, project):
    """Finished trials of three families and a baseline; the last UNFINISHED wait."""
    primary = as_signed(experiment.plan).promises[0].key
    began = timezone.now() - timedelta(hours=5)
    jobs, trials = [], []
    for number in range(TRIALS):
        waits = number >= TRIALS - UNFINISHED
        job = Job(
            task="modeling.run_trial",
            queue=Queue.TRAIN,
            title=f"Train setting {number}",
            project=project,
            state=JobState.WAITING if waits else JobState.DONE,
            started_at=None if waits else began + timedelta(seconds=number),
            finished_at=None if waits else began + timedelta(seconds=number + 2),
        )
        kind = "dummy" if not number else ("lightgbm", "linear", "tree")[number % 3]
        trial = Trial(experiment=experiment, candidate=kind, title=f"Setting {number}", job=job)
        trial.is_baseline, trial.expected_s = kind == "dummy", 2.0
        if not waits:
            trial.take_result(result_of(number or 96, primary), primary=primary)
            trial.diagnosis = {"rows": 1000, "as heavy as others": HEAVY}
        jobs.append(job)
        trials.append(trial)
    Job.objects.bulk_create(jobs, batch_size=1000)
    Trial.objects.bulk_create(trials, batch_size=500)


def cost_of(client, address):
    """Least processor time of three looks in milliseconds, and how often the database is asked."""
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    queries = len(asked)  # the next request forgets them
    spent = []
    for _ in range(3):
        began = time.process_time()
        client.get(address)
        spent.append(1000 * (time.process_time() - began))
    return min(spent), queries


@pytest.fixture
def crowded(project, analyst):
    experiment = Rows(project, analyst).experiment
    Experiment.objects.filter(pk=experiment.pk).update(problem="binary")
    crowd(experiment, project)
    return Experiment.objects.get(pk=experiment.pk)


def test_each_page_over_ten_thousand_trials_is_quick(crowded, analyst, client, subtests):
    client.force_login(analyst)
    slug = crowded.cycle.project.slug
    train = reverse("modeling:train", args=[slug])
    trials = crowded.trials.filter(score__isnull=False).values_list("pk", flat=True)
    chosen = "&".join(f"trial={pk}" for pk in [trials[50], trials[51]])
    select = reverse("modeling:select", args=[slug])
    usual_ms, _ = cost_of(client, select)
    addresses = {
        "live": train,
        "last page": f"{train}?page=400",
        "sorted": f"{train}?sort=size_bytes&page=40",
        "sorted by name": f"{train}?sort=name&page=7",
        "one family": f"{train}?family=trees&sort=fit_s",
        "best so far": reverse("modeling:best", args=[slug, crowded.pk]),
        "a trial": reverse("modeling:trial", args=[slug, trials[50]]),
        "compare": f"{reverse('modeling:compare', args=[slug])}?{chosen}",
        "select": select,
        "portfolio": reverse("governance:projects"),
        "project": reverse("governance:project", args=[slug]),
    }
    for name, address in addresses.items():
        with subtests.test(name):
            spent_ms, queries = cost_of(client, address)
            assert spent_ms <= MOST_TIMES * usual_ms
            assert queries <= MOST_QUERIES
    with subtests.test("what the page sums up is of all of them"):
        board = board_of(crowded)
        assert board.total == TRIALS
        assert board.finished == TRIALS - UNFINISHED
        alike = [line for line in board.lines_of(board.scored[:60]) if line.ties]
        assert {item.pk for item in board.tied} >= {line.trial.pk for line in alike}
        assert len(board.lines_of(board.tied[-3:])) == 3
        assert all(line.ties for line in board.lines_of(board.tied[-3:]))
