"""Candidates of an experiment race: in turns, stopped with a reason, and taken up again on wish."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.datasets.queries import closed_data
from apps.datasets.storage import keep, shelved
from apps.engine.training import race
from apps.jobs.models import Job, JobState
from apps.modeling import actions, racing
from apps.modeling.kept_folds import KEPT_DAYS
from apps.modeling.leaderboard import board_of
from apps.modeling.models import Trial
from apps.modeling.progress import progress_of
from apps.modeling.racing import gives_way
from apps.projects.stages import Stage
from tests import builders

pytestmark = pytest.mark.once


@pytest.fixture
def begin(cycle, analyst, pass_gate, run_jobs, tmp_path, here, monkeypatch):
    """``begin(["linear", "tree"])`` starts a race, in which nobody is too cheap to take part."""
    monkeypatch.setattr(racing, "RACED_S", 0.0)
    builders.make_plan(cycle, analyst)
    pass_gate(cycle, Stage.PLAN)
    builders.built_table(cycle, analyst, run_jobs, tmp_path=tmp_path)
    builders.sealed_split(cycle, analyst, run_jobs)
    pass_gate(cycle, Stage.DATA)
    names = [column.name for column in actions.usable_features(closed_data(cycle))][:8]

    def start(candidates, **but):
        return actions.start_experiment(
            cycle=cycle, by=analyst, candidates=candidates, features=names, races=True, **but
        )

    return start


def test_they_take_turns_and_what_cannot_win_is_stopped_with_the_reason(
    begin, analyst, run_jobs, client, subtests, monkeypatch
):
    rounds = []
    turn = race.run_round

    def noted(**asked):
        rounds.append((asked["candidate"], asked["until"]))
        return turn(**asked)

    monkeypatch.setattr(race, "run_round", noted)
    with run_jobs():
        experiment = begin(["linear", "tree"])
    tree, linear = (experiment.trials.get(candidate=key) for key in ("tree", "linear"))
    with subtests.test("each has its first fold before one has its second"):
        assert sorted(rounds) == [("linear", 1), ("tree", 1)]
    with subtests.test("answers of rounds are swept once nobody races any more"):
        racing.sweep_rounds()
        assert shelved(racing.ROUNDS) == []
    with subtests.test("the best has its whole result, the other one a reason"):
        assert len(linear.result["folds"]) == experiment.split.folds
        assert tree.is_outraced
        assert not tree.result
        assert tree.job.state == JobState.STOPPED
        assert "Stopped after 1 fold, since it cannot win: ROC AUC" in tree.job.problem
        assert "Linear model" in tree.job.problem
    client.force_login(analyst)
    url = reverse("modeling:train", args=[experiment.cycle.project.slug])
    with subtests.test("the page says so, and nothing else is left to go on with"):
        progress = progress_of(board_of(experiment))
        assert (progress.unfinished, progress.outraced) == (0, 1)
        page = client.get(url).content.decode()
        for words in ("The race is over: 1 stopped", "since it cannot win", "out of the race"):
            assert words in page
        again = reverse("modeling:go_on", args=[experiment.cycle.project.slug, experiment.pk])
        assert client.post(again).status_code == 409
    with subtests.test("a person may have it trained all the same"):
        with run_jobs():
            assert client.post(again, {"outraced": tree.pk}).status_code == 302
        tree.refresh_from_db()
        assert len(tree.result["folds"]) == experiment.split.folds
        assert not tree.is_outraced


def test_answers_of_rounds_stay_for_whoever_may_go_on_and_their_loss_only_costs_a_judgement(
    begin, tmp_path
):
    experiment = begin(["linear", "tree"])
    (tmp_path / "round").write_bytes(b"answers")
    told = {"folds": 1, "score": 0.9, "metric": "ROC AUC"}
    told["answers"] = keep(tmp_path / "round", shelf=racing.shelf_of(experiment.pk))
    experiment.trials.filter(races=True).update(rounds=[told])
    linear, tree = (experiment.trials.get(candidate=key) for key in ("linear", "tree"))
    long_ago = timezone.now() - timedelta(days=KEPT_DAYS + 1)
    jobs = Job.objects.filter(pk__in=[linear.job_id, tree.job_id])
    jobs.update(state=JobState.STOPPED, finished_at=long_ago)
    Job.objects.filter(pk=tree.job_id).update(finished_at=timezone.now())
    racing.sweep_rounds()
    assert racing.standing_of(linear)["rivals"][0]["title"] == tree.title
    jobs.update(finished_at=long_ago)
    racing.sweep_rounds()
    assert shelved(racing.ROUNDS) == []
    assert racing.round_of(linear)[1]["standing"] is None


def test_a_search_gives_way_while_somebody_who_races_waits(begin):
    experiment = begin(["linear", "search"], budget_s=60)
    search, linear = (experiment.trials.get(candidate=key) for key in ("search", "linear"))
    assert not search.races
    assert gives_way(search)
    assert not gives_way(linear)
    linear.job.state = JobState.RUNNING
    linear.job.save()
    assert not gives_way(Trial.objects.get(pk=search.pk))


def test_the_live_page_says_which_round_runs(begin):
    experiment = begin(["linear", "tree"])
    says = progress_of(board_of(experiment)).race_says
    assert says == "A race, round 1 of 2 (to 1 of 3 folds): 2 of 2 that still race are in it."
    told = {"folds": 1, "score": 0.9, "metric": "ROC AUC", "answers": "0" * 64}
    experiment.trials.filter(races=True).update(rounds=[told])
    says = progress_of(board_of(experiment)).race_says
    assert "round 2 of 2 (to 3 of 3 folds)" in says
    linear = experiment.trials.get(candidate="linear")
    assert racing.waits_says(linear, told) == (
        "Round 1 of 2: ROC AUC 0.9 on 1 of 3 folds. Waits for the next round"
    )


def test_cheap_candidates_and_few_folds_are_trained_at_once(begin, monkeypatch):
    monkeypatch.undo()
    experiment = begin(["linear", "tree"])
    assert not experiment.trials.filter(races=True).exists()
    assert racing.worth_a_race(experiment, 10.0)
    experiment.split.method = "time"  # each fold is another season
    assert not racing.worth_a_race(experiment, 10.0)
    experiment.split.method, experiment.split.folds = "random", 2
    assert not racing.worth_a_race(experiment, 10.0)
