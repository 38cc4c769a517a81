"""Select, train, compare, combine: what a person chooses is trained, and what died goes on."""

import json

import pytest
from django.urls import reverse

from apps.datasets.queries import closed_data
from apps.datasets.storage import local
from apps.engine.errors import Stopped
from apps.engine.training import trial as training
from apps.engine.training.answers import read_answers
from apps.engine.training.files import file_sha256
from apps.jobs.models import JobState
from apps.modeling import actions, experiment_actions
from apps.modeling.comparing import compared
from apps.modeling.kept_folds import KeptFolds
from apps.modeling.leaderboard import board_of
from apps.modeling.models import Trial
from apps.modeling.progress import progress_of
from apps.modeling.proposing import offers_for
from apps.projects.stages import Stage
from apps.web.refusals import Refusal
from tests import builders
from tests.engine.training.test_notebook import run

pytestmark = pytest.mark.once  # pages and files, the same on every database

RULE = {"column": "mean radius", "comparison": "at least", "value": "15", "then": "malignant"}


@pytest.fixture
def closed(cycle, analyst, pass_gate, run_jobs, tmp_path, here, settings):
    """A cycle whose data gate is passed."""
    settings.VAR = tmp_path / "var"
    builders.make_plan(cycle, analyst)
    pass_gate(cycle, Stage.PLAN)
    builders.built_table(cycle, analyst, run_jobs, tmp_path=tmp_path)
    builders.sealed_split(cycle, analyst, run_jobs)
    pass_gate(cycle, Stage.DATA)
    return cycle


@pytest.fixture
def names(closed):
    found = [column.name for column in actions.usable_features(closed_data(closed))]
    return [*found[1:5], "desk"]  # the rule's own column is not among them


def start(closed, analyst, names, **but):
    how = {"candidates": ["linear", "tree"], "features": names, "rule": RULE} | but
    return actions.start_experiment(cycle=closed, by=analyst, **how)


def test_from_the_choice_to_the_comparison(
    closed, analyst, names, run_jobs, client, subtests, tmp_path, monkeypatch
):
    client.force_login(analyst)
    slug = closed.project.slug
    with subtests.test("the page proposes a few and says why not the others"):
        page = client.get(reverse("modeling:select", args=[slug])).content.decode()
        for words in ("Not chosen: ", "Linear model", "Naive Bayes", "Sort by size"):
            assert words in page
    with subtests.test("a rule that says nothing is sent back with a sentence"):
        sent = {"candidates": "linear", "features": names, "seed": 0, "rule_column": "desk"}
        answer = client.post(reverse("modeling:select", args=[slug]), sent)
        assert answer.status_code == 422
        assert "Choose how the rule compares." in answer.content.decode()
    with run_jobs():
        sent |= {f"rule_{name}": value for name, value in RULE.items()}
        sent |= {"candidates": ["linear", "tree"], "balanced": "on"}
        assert client.post(reverse("modeling:select", args=[slug]), sent).status_code == 302
    experiment = closed.experiments.get()
    assert experiment.balanced
    trials = {trial.candidate: trial for trial in experiment.trials.all()}
    assert list(trials) == ["dummy", "rule", "tree", "linear"]  # cheap ones first
    with subtests.test("the rule is scored on the same folds and pinned below"):
        board = board_of(experiment)
        assert {line.trial.candidate for line in board.lines[-2:]} == {"dummy", "rule"}
        assert board.best.to_rule.mean > 0 < board.best.to_baseline.mean
        assert trials["rule"].result["scores"]["roc_auc"]["mean"] > 0.75
        assert trials["rule"].result["threshold"] == 0.5
    with subtests.test("the leaderboard is sorted and filtered by its address"):
        the_board_obeys_its_address(experiment, client, slug)
    with subtests.test("two candidates are compared: what differs, and which rows"):
        the_comparison_tells(trials, client, slug)
    with subtests.test("a vote, a stack and a calibrated one are candidates too"):
        with run_jobs():
            for how, keys in (("vote", ["linear", "tree"]), ("calibrated", ["tree"])):
                chosen = [trials[key].pk for key in keys]
                url = reverse("modeling:combine", args=[slug])
                assert client.post(url, {"trial": chosen, "how": how}).status_code == 302
        made = experiment.trials.get(candidate="vote")
        assert made.result["scores"]["roc_auc"]["mean"] > 0.9
        assert made.title == "Vote: Decision tree, Linear model"
        refused = client.post(url, {"trial": [trials["rule"].pk, made.pk], "how": "stack"})
        assert refused.status_code == 409
    with subtests.test("the notebook that is downloaded gives the answers of the record"):
        the_notebook_agrees(experiment, client, slug, tmp_path, monkeypatch)


def the_board_obeys_its_address(experiment, client, slug):
    by_size = board_of(experiment, sort="size_bytes", family="nonsense")
    sizes = [item.size_bytes for item in by_size.shown]
    assert sizes == sorted(sizes)
    only = board_of(experiment, family="trees")
    assert [item.candidate for item in only.shown] == ["tree"]
    assert {item.candidate for item in only.pinned} == {"rule", "dummy"}
    url = reverse("modeling:train", args=[slug])
    page = client.get(f"{url}?sort=fit_s&family=linear").content.decode()
    assert "Linear model" in page
    assert "Decision tree" not in page[page.index("<tbody>") : page.index("</tbody>")]
    chart = client.get(reverse("modeling:best", args=[slug, experiment.pk])).json()
    assert len(chart["table"]["rows"]) == 2


def the_comparison_tells(trials, client, slug):
    pair = [trials["linear"], trials["tree"]]
    page = compared(pair)
    differing = {line.name for part in page.sections for line in part.lines if line.differs}
    assert "kind" in differing
    assert "split" not in differing
    told = page.apart["pairs"][0]
    ours, theirs = (read_answers(local(trial.answers)) for trial in pair)
    labels = [
        answers.told.probabilities[:, answers.told.classes.index("malignant")]
        >= trial.result["threshold"]
        for answers, trial in zip((ours, theirs), pair, strict=True)
    ]
    assert told["apart"] == (labels[0] != labels[1]).sum() > 0
    assert told["apart"] == told["base_right"] + told["other_right"] + told["both_wrong"]
    assert page.apart["shown"][0]["values"]
    url = reverse("modeling:compare", args=[slug])
    query = f"trial={pair[0].pk}&trial={pair[1].pk}"
    text = client.get(f"{url}?{query}&base={pair[1].pk}").content.decode()
    assert "Decision tree is the base" in text
    assert f"{told['apart']} of" in text
    everything = client.get(f"{url}?{query}&all").content.decode()
    assert "development rows" in everything
    assert "Slice by slice" in everything
    shown = dict(zip(page.apart["columns"], page.apart["shown"][0]["values"], strict=True))
    where = {"column": "desk", "label": shown["desk"]}
    pair[0].diagnosis["weak"]["found"] = [{"parts": [where]}]
    pair[0].save()
    sliced = client.get(f"{url}?{query}&slices").content.decode()
    assert f"desk is {shown['desk']}" in sliced
    line = next(line for line in compared(pair, by_slice=True).slices if not line["is_planned"])
    assert 0 < line["rows"] < page.apart["rows"]
    assert len(line["told"]) == 2
    assert client.get(url).status_code == 200
    assert client.get(f"{url}?{query}&trial={trials['rule'].pk}").status_code == 200
    figure = reverse("modeling:compare_figure", args=[slug, "roc"])
    drawn = client.get(f"{figure}?{query}").json()
    assert {row[0] for row in drawn["table"]["rows"]} == {"Linear model", "Decision tree"}


def the_notebook_agrees(experiment, client, slug, folder, monkeypatch):
    for name in ("development", "split"):
        told = client.get(reverse("modeling:rows", args=[slug, experiment.pk, name]))
        (folder / f"{name}.parquet").write_bytes(b"".join(told.streaming_content))
    assert (
        client.get(reverse("modeling:rows", args=[slug, experiment.pk, "test"])).status_code == 404
    )
    told = client.get(reverse("modeling:notebook", args=[slug, experiment.pk]))
    answers = run(json.loads(told.content), folder, monkeypatch)
    assert len(answers) == 6
    for trial in experiment.trials.all():
        ours = read_answers(local(trial.answers))
        theirs = answers[f"{trial.title} #{trial.pk}"][list(ours.told.classes)]
        assert (theirs.to_numpy() == ours.told.probabilities).all(), trial


def test_a_trial_that_was_stopped_goes_on_without_fitting_finished_folds_again(
    closed, analyst, names, run_jobs, monkeypatch, client, tmp_path
):
    fits, fit_fold = [], training._fit_fold

    def dies_on_the_third(task, rows, train, valid, *, weigh):
        fits.append(task.candidate)
        if fits == ["dummy"] * 3 + ["linear"] * 3:
            raise Stopped
        return fit_fold(task, rows, train, valid, weigh=weigh)

    monkeypatch.setattr(training, "_fit_fold", dies_on_the_third)
    with run_jobs():
        experiment = start(closed, analyst, names, candidates=["linear"], rule=None)
    trial = experiment.trials.get(candidate="linear")
    assert trial.job.state == JobState.STOPPED
    KeptFolds(trial).fetch(tmp_path / "elsewhere")  # as a worker on another machine does
    assert len(list((tmp_path / "elsewhere").glob("fold-*.parquet"))) == 2
    assert progress_of(board_of(experiment)).unfinished == 1
    client.force_login(analyst)
    url = reverse("modeling:go_on", args=[closed.project.slug, experiment.pk])
    with run_jobs():
        assert client.post(url).status_code == 302
    assert fits.count("linear") == 4
    trial.refresh_from_db()
    KeptFolds(trial).fetch(tmp_path / "after")
    assert not list((tmp_path / "after").glob("*"))
    with run_jobs():
        again = start(closed, analyst, names, candidates=["linear"], rule=None)
    whole = again.trials.get(candidate="linear")
    assert whole.answers == trial.answers
    assert file_sha256(local(whole.answers)) == trial.answers


def test_stopping_ends_what_waits_and_keeping_asks_a_search_to_end(closed, analyst, names):
    experiment = start(closed, analyst, names, candidates=["linear", "search"])
    search = experiment.trials.get(candidate="search")
    search.job.state = JobState.RUNNING
    search.job.save()
    assert "left" in progress_of(board_of(experiment)).left_says
    experiment_actions.stop_experiment(experiment=experiment, by=analyst, keep=True)
    search.job.refresh_from_db()
    assert search.job.stop_asked_at is None
    search.refresh_from_db()
    assert search.wrap_up_at is not None
    states = set(experiment.trials.exclude(pk=search.pk).values_list("job__state", flat=True))
    assert states == {JobState.STOPPED}
    experiment_actions.stop_experiment(experiment=experiment, by=analyst)
    search.job.refresh_from_db()
    assert search.job.stop_asked_at is not None


def test_what_a_worker_cannot_take_is_sampled_skipped_or_queued(
    closed, analyst, names, settings, subtests
):
    settings.CHILD_WALL_S = 1  # not even the linear model
    data = closed_data(closed)
    columns = [column for column in actions.usable_features(data) if column.name in names]
    beyond = {offer.key for offer in offers_for(data, columns).too_large}
    assert "forest" in beyond
    with subtests.test("nothing starts before a person chooses"), pytest.raises(Refusal) as told:
        start(closed, analyst, names, candidates=["forest"])
    assert "more than a worker has" in str(told.value)
    with subtests.test("skipping all leaves nothing"), pytest.raises(Refusal, match="at least one"):
        start(closed, analyst, names, candidates=["forest"], too_large="skip")
    with subtests.test("queued: whole"):
        start(closed, analyst, names, candidates=["forest"], too_large="queue")
        assert Trial.objects.get(candidate="forest").most_rows is None
    assert Trial.objects.get(candidate="forest").expected_s > 1
