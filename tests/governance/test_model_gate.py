"""What the model gate tells: every group, the lock, what the model is held against, readiness."""

import re

import pytest
from django.utils import timezone

from apps.datasets.models import Split, Table
from apps.engine.percent import THIN
from apps.governance.beside import beside
from apps.governance.pages import shown_page
from apps.governance.readiness.count import readiness
from apps.governance.readiness.score import AUTOMATED, BY_HAND, NONE, Item, Readiness, Section
from apps.jobs.models import Job, Queue
from apps.modeling.models import (
    Candidate,
    Evaluation,
    Experiment,
    Opening,
    Reproduction,
    Trial,
)
from apps.modeling.queries import summarise
from apps.planning.queries import amendments_of, lock_of
from apps.production.models import Call, Deployment, Drill, Release, WatchReport
from apps.projects.stages import Stage
from tests import builders

VERDICT = {
    "metric": "roc_auc",
    "title": "ROC AUC",
    "role": "primary",
    "direction": "up",
    "threshold": 0.9,
    "result": 0.95,
    "low": 0.92,
    "high": 0.97,
    "outcome": "pass",
    "rows": 171,
    "baseline": 0.5,
    "gain": None,
    "reason": "",
}
SLICES = [
    {"column": "desk", "value": place, "rows": rows, "few": rows < 30, **score}
    for place, rows, score in (
        ("north", 80, {"score": 0.96, "low": 0.9, "high": 0.99}),
        ("south", 70, {"score": 0.94, "low": 0.9, "high": 0.98}),
        ("east", 40, {"score": 0.93, "low": 0.8, "high": 0.98}),
        ("west", 35, {"score": 0.92, "low": 0.8, "high": 0.98}),
        ("ship", 12, {"score": 0.6, "low": 0.3, "high": 0.9}),
        ("moon", 3, {"score": None, "low": None, "high": None}),
    )
]


def words_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


class Bench:
    """A judged model without its training: the rows that training and opening would leave."""

    def __init__(self, cycle, by, pass_gate, **plan):
        self.cycle, self.by = cycle, by
        self.plan = builders.make_plan(cycle, by, **plan)
        pass_gate(cycle, Stage.PLAN)
        table = Table.objects.create(cycle=cycle, inputs={}, inputs_hash="1" * 64, built_by=by)
        how = {"method": "random", "target": "y", "test_share": 0.2, "folds": 5, "seed": 0}
        self.split = Split.objects.create(table=table, plan=self.plan, drawn_by=by, **how)
        self.experiment = Experiment.objects.create(
            cycle=cycle,
            number=1,
            split=self.split,
            plan=self.plan,
            problem="binary",
            features=[{"name": "size", "kind": "number"}, {"name": "age", "kind": "number"}],
            started_by=by,
        )

    def job(self):
        project = self.cycle.project
        return Job.objects.create(
            task="x", queue=Queue.DATA, title="J", project=project, by=self.by
        )

    def trial(self, candidate, scores, **but):
        """A finished trial with these scores of the folds."""
        mean = sum(scores) / len(scores)
        result = {
            "folds": [{"scores": {"roc_auc": value}} for value in scores],
            "scores": {"roc_auc": {"mean": mean, "low": mean - 0.01, "high": mean + 0.01}},
            "train_rows": 300.0,
            "test_rows": 100.0,
            "fit_s": 1.0,
            "one_row_ms": 4.2,
            "size_bytes": 2048,
        }
        trial = Trial(experiment=self.experiment, candidate=candidate, title=candidate, **but)
        trial.take_result(result, primary="roc_auc")
        trial.save()
        return trial

    def judged(self, trial, **result):
        """The trial frozen and judged."""
        importance = [{"feature": "size", "low": 0.1}, {"feature": "age", "low": -0.1}]
        candidate = Candidate.objects.create(
            trial=trial,
            cycle=self.cycle,
            model="2" * 64,
            frozen_by=self.by,
            report={
                "importance": [{"importance": 0.2, "high": 0.3, **row} for row in importance],
                "importance_rows": 90,
                "versions": {"scikit-learn": "1"},
            },
        )
        told = {"verdicts": [VERDICT], "rows": 171, "slices": SLICES, **result}
        rows = {"candidate": candidate, "plan": self.plan, "split": self.split, "by": self.by}
        opening = Opening.objects.create(cycle=self.cycle, number=1, job=self.job(), **rows)
        return Evaluation.objects.create(opening=opening, result=told)


@pytest.fixture
def bench(cycle, analyst, pass_gate):
    return lambda **plan: Bench(cycle, analyst, pass_gate, **plan)


@pytest.fixture
def page(monkeypatch):
    """``page(evaluation)`` is the gate's page as text, had this been the newest evaluation."""

    def render(evaluation):
        for room in ("queries", "checks"):
            monkeypatch.setattr(f"apps.modeling.{room}.latest_evaluation", lambda cycle: evaluation)
        return words_of(shown_page(evaluation.opening.cycle, Stage.MODEL).html)

    return render


@pytest.mark.parametrize(
    "asked", [{"slices": ["desk", "shift"]}, {"group_column": "desk", "group_difference": 0.1}]
)
def test_every_group_that_the_plan_asked_for_is_on_the_page_with_its_rows(bench, page, asked):
    made = bench(metrics=asked)
    text = page(made.judged(made.trial("linear", [0.9, 0.91])))
    for row in SLICES:
        assert f"desk: {row['value']} {row['rows']}" in text
    assert "desk: ship 12 (too few)" in text
    assert "desk: moon 3 (too few)" in text
    assert ("shift: (not judged) 0 (too few)" in text) is ("slices" in asked)


def test_of_groups_that_nobody_asked_for_the_weakest_are_shown(bench, page):
    made = bench()
    text = page(made.judged(made.trial("linear", [0.9, 0.91])))
    assert "Weakest groups" in text
    assert "desk: west 35" in text
    assert "desk: north" not in text


def test_an_amendment_of_the_wording_is_no_late_lock(bench, page, pass_gate, analyst, manager):
    made = bench()
    first = made.cycle.decisions.get()
    made.plan = builders.make_plan(made.cycle, analyst, risks={"limitations": "Two clinics."})
    pass_gate(made.cycle, Stage.PLAN)
    evaluation = made.judged(made.trial("linear", [0.9, 0.91]))
    assert lock_of(made.plan) == first
    text = page(evaluation)
    assert "Locked first metrics by Mo Okafor" in text
    assert "v2 (nothing that models rest on): again" in text
    assert "The metrics were locked before the first training." in text


def test_a_promise_that_was_changed_after_training_is_a_late_lock(
    bench, page, pass_gate, analyst, manager
):
    made = bench()
    made.plan = builders.make_plan(made.cycle, analyst, metrics={"baseline": 0.7})
    pass_gate(made.cycle, Stage.PLAN)
    assert [moves for _, moves in amendments_of(made.cycle)] == [True]
    text = page(made.judged(made.trial("linear", [0.9, 0.91])))
    assert "Locked late metrics by Mo Okafor" in text
    assert "The plan was amended after training had begun" in text


def test_a_version_that_nobody_signed_locks_nothing(cycle, analyst, pass_gate):
    first = builders.make_plan(cycle, analyst)
    builders.make_plan(cycle, analyst, metrics={"baseline": 0.7})
    pass_gate(cycle, Stage.PLAN)
    assert lock_of(first) is None


FOLDS = [0.95, 0.94, 0.96, 0.95, 0.95]


def shifted(by):
    """Scores of the same folds, lower by this much: a difference without noise of its own."""
    return [value - by for value in FOLDS]


def test_the_chosen_model_is_held_against_dummy_today_simplest_and_runner_up(bench, page):
    made = bench()
    made.trial("dummy", [0.5] * 5, is_baseline=True)
    made.trial("linear", shifted(0.03))
    made.trial("forest", shifted(0.01))
    chosen = made.trial("lightgbm", FOLDS)
    told = beside(chosen)
    assert [(rival.places, rival.outcome) for rival in told.rivals] == [
        (("chosen",), ""),
        (("runner-up",), "better"),
        (("simplest model",), "better"),
        (("dummy",), "better"),
    ]
    assert told.why_not.startswith("linear is simpler, and the chosen model is better by 0.03")
    assert (told.today, told.today_outcome) == (0.8, "better")
    text = page(made.judged(chosen))
    assert "Today’s process as the plan states it 0.80" in text
    assert "4.2 ms 2.0 kB" in text.replace(THIN, " ")


def test_a_simpler_model_that_is_as_good_is_told_in_words(bench):
    made = bench()
    made.trial("linear", [0.96, 0.93, 0.96, 0.94, 0.95])
    chosen = made.trial("lightgbm", FOLDS)
    told = beside(chosen)
    assert [rival.places for rival in told.rivals] == [
        ("chosen",),
        ("runner-up", "simplest model"),
    ]
    assert told.rivals[1].outcome == "cannot tell"
    assert "cannot tell the two apart" in told.why_not
    better = beside(made.trial("forest", shifted(0.05)))
    assert better.why_not.startswith("linear is simpler and better")
    assert beside(made.experiment.trials.get(candidate="linear")).why_not == (
        "The chosen model is the simplest that was trained."
    )


def test_an_interval_that_holds_the_value_of_today_cannot_tell(bench):
    made = bench()
    for scores, outcome in (([0.805] * 5, "cannot tell"), ([0.7] * 5, "worse")):
        assert beside(made.trial("linear", scores)).today_outcome == outcome


def item(points):
    return Item("?", points, "", "", "")


def test_the_score_is_the_least_of_the_sections_and_half_a_point_is_by_hand():
    strong = Section("Data", tuple(item(AUTOMATED) for _ in range(7)))
    weak = Section("Monitoring", (item(BY_HAND), item(AUTOMATED), item(NONE)))
    told = Readiness((strong, weak))
    assert (strong.points, weak.points, told.score) == (7.0, 1.5, 1.5)
    assert told.weakest == ["Monitoring"]
    assert "first pass" in told.says
    assert Readiness((Section("Data", (item(NONE),)),)).says.startswith("closer to a research")
    assert Readiness((strong,)).says == "exceptional"


def points(evaluation):
    """Points of each section by its title, and those of each test by its question."""
    summary = summarise(evaluation)
    told = readiness(summary, beside(evaluation.opening.candidate.trial))
    assert all(
        one.shows and one.link and (one.how or not one.has_more)
        for part in told.sections
        for one in part.items
    )
    return {part.title: part.points for part in told.sections}


def test_an_untested_model_has_only_the_points_that_its_record_shows(bench):
    made = bench()
    told = points(
        made.judged(made.trial("linear", FOLDS), verdicts=[{**VERDICT, "outcome": "fail"}])
    )
    # signed by a manager, and the simplest; a tripwire on drift is set and nothing else
    assert told == {"Data": 0.0, "Model": 1.5, "Infrastructure": 0.0, "Monitoring": 0.5}


def described(name):
    return {"name": name, "known": "at", "cost": "0", "sensitive": name == "age"}


def test_each_point_comes_with_its_row_of_the_record(bench, page, monkeypatch):
    made = bench(
        features={"columns": [described("size"), described("age")]},
        metrics={"slices": ["desk"]},
    )
    trial = made.trial("linear", FOLDS)
    made.trial("search", shifted(0.2))
    line = {**VERDICT, "metric": "group_difference", "title": "Difference", "role": "guardrail"}
    solid = [row for row in SLICES if not row["few"]]
    evaluation = made.judged(trial, verdicts=[VERDICT, line], slices=solid)
    page(evaluation)  # from here on the newest evaluation
    assert points(evaluation) == {
        "Data": 2.5,  # cost by hand, rules, sensitive; one of two features adds nothing
        "Model": 4.5,
        "Infrastructure": 1.0,  # validated on the sealed test
        "Monitoring": 0.5,
    }
    Reproduction.objects.create(
        trial=trial, job=made.job(), by=made.by, result={"level": "A", "decisions": 0, "rows": 9}
    )
    now, by = timezone.now(), made.by
    endpoint = Deployment.objects.create(project=made.cycle.project, slug="d", created_by=by)
    rows = {"deployment": endpoint, "cycle": made.cycle, "created_by": by, "content_hash": "3" * 64}
    rows |= {"candidate": evaluation.opening.candidate, "contract": {"fields": [{}, {}]}}
    rows |= {"report": {"verified_rows": 200}}
    Release.objects.create(number=1, **rows)
    release = Release.objects.create(number=2, **rows)
    Call.objects.create(
        deployment=endpoint, release=release, is_rehearsal=True, status=200, latency_ms=1.0, at=now
    )
    assert points(evaluation)["Infrastructure"] == 3.5
    risk = made.plan.task("risks")["items"][0]
    drill = {"risk": risk["says"], "contingency": risk["contingency"], "took_s": 90.0}
    drill |= {"cycle": made.cycle, "person": by, "done": "Read in order of arrival"}
    Drill.objects.create(passed=False, note="Nobody knew how", **drill)
    assert points(evaluation)["Infrastructure"] == 3.5
    Drill.objects.create(passed=True, **drill)
    assert points(evaluation)["Infrastructure"] == 4.0
    assert points(evaluation)["Data"] == 3.5
    WatchReport.objects.create(release=release, at=now, drift=[{}, {}], service={"calls": 5})
    assert points(evaluation)["Monitoring"] == 1.0  # requests are measured, and no risk names them
    assert "Production readiness: 1 " in page(evaluation)
