"""From the leaderboard to the model card: what the pages say is what was computed."""

import json

import pytest
from django.urls import reverse

from apps.datasets.storage import local
from apps.engine.training.answers import read_answers
from apps.modeling import actions
from apps.modeling.checks import CHECKS
from apps.modeling.figures import trial_figure
from apps.modeling.leaderboard import board_of
from apps.modeling.models import Candidate, Reproduction
from apps.modeling.queries import verdict_summary
from apps.projects.models import Event
from apps.web.refusals import Refusal

pytestmark = pytest.mark.once  # pages and files, the same on every database


def trial_of(experiment, candidate):
    return experiment.trials.get(candidate=candidate)


def get(client, name, *args):
    return client.get(reverse(f"modeling:{name}", args=args))


def test_from_the_leaderboard_to_the_card(trained, analyst, run_jobs, client, subtests):
    client.force_login(analyst)
    slug = trained.cycle.project.slug
    with subtests.test("the leaderboard compares with baseline and leader, and advises"):
        the_board_compares(trained, client, slug)
    with subtests.test("a trial's page shows money, calibration, errors and its charts"):
        the_trial_page_shows(trained, client, slug)
    with subtests.test("a note is kept with its experiment"):
        a_note_is_kept(trained, client, slug)
    with subtests.test("a trial that is made again is identical"):
        made_again_it_is_identical(trained, analyst, run_jobs)
    with subtests.test("the frozen threshold is the one that judges"):
        the_frozen_threshold_judges(trained, analyst, run_jobs, client, slug)
    with subtests.test("the card holds the record, on the page and as JSON"):
        the_card_holds_the_record(trained, client, slug)
    with subtests.test("a failed reproduction counts while another one is under way"):
        the_gate_knows_what_failed(trained, analyst)


def the_board_compares(experiment, client, slug):
    board = board_of(experiment)
    assert [line.trial.candidate for line in board.lines][-1] == "dummy"
    assert board.candidates == board.beaten_baseline == 2
    assert board.best.to_baseline.outcome == "better"
    other = next(line for line in board.lines if line.to_best and not line.trial.is_baseline)
    assert other.to_best.mean <= 0
    if len(board.tied) > 1:
        assert board.advice.candidate == "linear"
    page = get(client, "train", slug).content.decode()
    assert "2 of 2" in page
    assert "Today, says the plan" in page
    assert "Is the simple one enough?" in page


def the_trial_page_shows(experiment, client, slug):
    trial = trial_of(experiment, "linear")
    assert trial.result["threshold"] < 0.5  # a right alarm is worth twenty wrong ones
    page = get(client, "trial", slug, trial.pk).content.decode()
    for words in ("Value a month", "Can its probabilities be believed?", "Where it errs most"):
        assert words in page
    for name in ("value", "calibration", "recall", "roc"):
        answer = get(client, "trial_figure", slug, trial.pk, name)
        assert answer.json()["table"]["rows"], name
    assert get(client, "trial_figure", slug, trial.pk, "shape-1").status_code == 404
    assert get(client, "trial", slug, trial_of(experiment, "dummy").pk).status_code == 200


def a_note_is_kept(experiment, client, slug):
    url = reverse("modeling:note", args=[slug, experiment.pk])
    assert client.post(url, {"note": "The simple one is enough."}).status_code == 302
    experiment.refresh_from_db()
    assert experiment.note == "The simple one is enough."
    assert Event.objects.filter(verb="model.note_written").count() == 1
    assert client.post(url, {"note": "x" * 2001}).status_code == 409


def made_again_it_is_identical(experiment, analyst, run_jobs):
    trial = trial_of(experiment, "lightgbm")
    with run_jobs():
        asked = actions.reproduce(trial=trial, by=analyst)
    asked.refresh_from_db()
    assert asked.result["level"] == "A"
    assert asked.result["sha256"] == trial.answers
    assert len(read_answers(local(trial.answers)).row) == trial.diagnosis["rows"]


def the_frozen_threshold_judges(experiment, analyst, run_jobs, client, slug):
    trial = trial_of(experiment, "linear")
    url = reverse("modeling:freeze", args=[slug, trial.pk])
    refused = client.post(url, {"threshold": "7"})
    assert refused.status_code == 422
    assert "less than or equal to 1" in refused.content.decode()
    with run_jobs():
        assert client.post(url, {"threshold": "0.3"}).status_code == 302
    candidate = Candidate.objects.get(trial=trial)
    assert (candidate.threshold, candidate.threshold_why) == (0.3, f"chosen by {analyst}")
    with run_jobs():
        actions.open_test(candidate=candidate, by=analyst)
    summary = verdict_summary(experiment.cycle)
    assert summary.evaluation.result["threshold"] == 0.3
    assert summary.money["threshold"] == 0.3
    assert summary.verdicts[0]["gain"]["outcome"] == "better"
    assert summary.headline in get(client, "evaluate", slug).content.decode()
    candidate.refresh_from_db()
    trial.refresh_from_db()
    assert candidate.report["shapes"]
    assert trial_figure(trial, "shape-1") is not None
    assert trial_figure(trial, "shape-99") is None


def the_card_holds_the_record(experiment, client, slug):
    candidate = Candidate.objects.get(trial__candidate="linear")
    page = get(client, "card", slug, candidate.pk).content.decode()
    assert candidate.model in page
    assert "Only one clinic." in page
    told = json.loads(get(client, "card_json", slug, candidate.pk).content)
    assert told["model"]["sha256"] == candidate.model
    assert told["model"]["threshold"] == 0.3
    assert told["sealed_test"]["verdicts"][0]["metric"] == "roc_auc"
    baseline = Candidate.objects.get(trial__is_baseline=True)
    assert get(client, "card", slug, baseline.pk).status_code == 404


def the_gate_knows_what_failed(experiment, analyst):
    trial = trial_of(experiment, "linear")
    ask = next(check.run for check in CHECKS if check.key == "model.can_be_made_again")
    assert ask(experiment.cycle).ok
    differs = {"level": "D", "decisions": 7, "rows": 100}
    for result in (differs, {}):
        Reproduction.objects.create(trial=trial, by=analyst, job=trial.job, result=result)
    told = ask(experiment.cycle)
    assert not told.ok
    assert "7 of 100 decisions differ" in told.says


def test_without_answers_a_trial_cannot_be_made_again(trained, analyst):
    trial = trial_of(trained, "linear")
    trial.answers = ""
    with pytest.raises(Refusal, match="kept its answers"):
        actions.reproduce(trial=trial, by=analyst)


def test_a_manager_reads_the_board_and_changes_nothing(trained, manager, client):
    client.force_login(manager)
    slug = trained.cycle.project.slug
    page = get(client, "train", slug).content.decode()
    assert 'method="post"' not in page[page.index('id="board"') : page.index("</main>")]
    trial = trial_of(trained, "linear")
    assert "Freeze for the test" not in get(client, "trial", slug, trial.pk).content.decode()
    for name in ("freeze", "reproduce"):
        assert client.post(reverse(f"modeling:{name}", args=[slug, trial.pk])).status_code == 403
