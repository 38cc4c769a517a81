"""The time of a whole experiment holds, on a real worker too; a death does not eat it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.datasets.queries import closed_data
from apps.engine.errors import OutOfTime
from apps.jobs.children import Child
from apps.jobs.models import Job, JobState
from apps.modeling import actions, attending, experiment_actions
from apps.modeling.leaderboard import board_of
from apps.modeling.progress import progress_of
from apps.projects.stages import Stage
from tests import builders
from tests.jobs.processes import is_alive
from tests.workers import until

BUDGET_S = 20


@pytest.fixture
def begin(cycle, analyst, pass_gate, run_jobs, tmp_path, monkeypatch):
    """``begin(["linear"], budget_s=60)`` starts an experiment on a small table."""
    builders.make_plan(cycle, analyst)
    pass_gate(cycle, Stage.PLAN)
    builders.built_table(cycle, analyst, run_jobs, tmp_path=tmp_path)
    builders.sealed_split(cycle, analyst, run_jobs)
    pass_gate(cycle, Stage.DATA)
    names = [column.name for column in actions.usable_features(closed_data(cycle))][:3]

    def start(candidates, **but):
        return actions.start_experiment(
            cycle=cycle, by=analyst, candidates=candidates, features=names, **but
        )

    return start


def claimed(trial, attempt=1):
    """The trial as a worker has it that takes it up now."""
    trial.refresh_from_db()
    trial.job.attempt = attempt
    return trial


def test_one_clock_for_all_candidates(begin, analyst, subtests):
    experiment = begin(["linear", "search"], budget_s=60)
    assert "counted from the first start" in progress_of(board_of(experiment)).time_says
    dummy, linear, search = (claimed(trial) for trial in experiment.trials.all())
    with subtests.test("it goes from the first start on, for whoever comes"):
        assert attending.time_left(dummy, dummy.job) == pytest.approx(60, abs=1)
        ends_at = dummy.experiment.ends_at
        assert attending.time_left(linear, linear.job) <= 60
        assert linear.experiment.ends_at == ends_at
        experiment.refresh_from_db()
        assert "of 60 s left" in progress_of(board_of(experiment)).time_says
    experiment.ends_at = timezone.now() + timedelta(seconds=5)
    experiment.save()
    with subtests.test("a search is not begun with too little; another candidate is"):
        with pytest.raises(OutOfTime, match="over but for 5 s before its turn"):
            attending.time_left(search, search.job)
        assert attending.time_left(linear, linear.job) == pytest.approx(5, abs=0.5)
    experiment.ends_at = timezone.now() - timedelta(seconds=9)
    experiment.save()
    with subtests.test("the time in which a worker was dead is given back"):
        with pytest.raises(OutOfTime, match="over before its turn"):
            attending.time_left(linear, linear.job)
        linear.left_s = 12.5
        linear.job.attempt = 2
        assert attending.time_left(linear, linear.job) == 12.5
    with subtests.test("going on gives the whole time once more"):
        Job.objects.filter(pk=search.job_id).update(state=JobState.STOPPED)
        experiment_actions.go_on(experiment=experiment, by=analyst)
        assert attending.time_left(claimed(search), search.job) == pytest.approx(60, abs=1)


def test_without_a_limit_a_search_has_a_minute_and_the_others_what_they_need(begin):
    experiment = begin(["linear", "search"])
    linear, search = experiment.trials.exclude(candidate="dummy")
    assert attending.time_left(linear, linear.job) is None
    assert attending.time_left(search, search.job) == attending.USUAL_SEARCH_S
    assert progress_of(board_of(experiment)).time_says == ""


def test_a_child_is_ended_when_its_time_is_over_and_tells_its_memory_until_then(tmp_path):
    marker = tmp_path / "pid"
    asked = {"does": "work", "seconds": 600, "marker": str(marker)}
    child = Child("apps.engine.rehearsal:rehearse", asked, wall_s=600)
    seen = []

    def look():
        seen.append(child.memory_bytes)
        if marker.exists() and max(seen) > 0:
            child.wall_s = 0.0  # it works: now its time is over

    with pytest.raises(OutOfTime):
        child.run(report=lambda *told: None, log=lambda line: None, check=look)
    assert not is_alive(int(marker.read_text()))
    assert max(seen) > 5 * 1024**2


@pytest.mark.once
@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_real_worker_ends_an_experiment_with_a_search_in_its_time(begin, crew):
    crew.worker()
    experiment = begin(["search"], budget_s=BUDGET_S)
    search = experiment.trials.get(candidate="search")
    until(lambda: not fresh(search).is_live, within_s=90, what="the search ends")
    search.refresh_from_db()
    experiment.refresh_from_db()
    began = experiment.ends_at - timedelta(seconds=BUDGET_S)
    spent_s = (fresh(search).finished_at - began).total_seconds()
    assert spent_s <= 1.05 * BUDGET_S + 0.5  # half a second to write the end down
    if fresh(search).state == JobState.STOPPED:  # a machine too busy to search in the time
        assert "“Go on” gives the rest the time once more" in fresh(search).problem
        return
    assert fresh(search).state == JobState.DONE, fresh(search).problem
    assert spent_s > 0.5 * BUDGET_S
    assert search.result["tried"] >= 1
    assert search.memory_bytes > 50 * 1024**2


def fresh(trial):
    """Its job as the database has it now."""
    return Job.objects.get(pk=trial.job_id)
