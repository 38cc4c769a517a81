"""What later rooms rest on: a change of it makes gates stale, a change of wording does not."""

import copy

import pytest

from apps.datasets.queries import closed_data, current_split
from apps.governance.state import GateState, glance
from apps.modeling import actions as modeling
from apps.modeling.models import Candidate
from apps.modeling.queries import latest_evaluation, signed_model
from apps.planning.catalogue import TASKS
from apps.planning.foundation import COLUMN, OBJECTIVE, PROMISE, TARGET, TEST, foundation_of
from apps.planning.queries import plan_foundation, plan_subject, require_signed_plan
from apps.projects.queries import GateClosed
from apps.projects.stages import Stage
from tests import builders

pytestmark = pytest.mark.once  # hashes, the same on every database

LAID_DOWN = {"objective": OBJECTIVE, "features": TARGET, "metrics": TEST}
ROWS = {"features": COLUMN, "metrics": PROMISE}
OTHER = {"yes": True, "names": ["z"], "date": "2031-01-01"}


def other(field, now=None):
    """A value that is not the one of the builders' plan."""
    if field.kind == "choice":
        return next(value for value, _ in field.choices if value and value != now)
    return OTHER.get(field.kind, 9 if field.kind in {"number", "whole"} else "other words")


def moved(task, change):
    before = builders.plan_content()
    before["features"]["columns"] = [{"name": "age", "known": "before", "sensitive": False}]
    after = copy.deepcopy(before)
    change(after[task])
    assert before != after
    return foundation_of(before) != foundation_of(after)


@pytest.mark.parametrize(
    ("task", "key"), [(task, field.key) for task, told in TASKS.items() for field in told.fields]
)
def test_a_field_moves_the_foundation_exactly_if_later_rooms_rest_on_it(task, key):
    field = next(field for field in TASKS[task].fields if field.key == key)
    rests = key in LAID_DOWN.get(task, ())
    assert (
        moved(task, lambda content: content.update({key: other(field, content.get(key))})) is rests
    )


@pytest.mark.parametrize(
    ("task", "key"),
    [
        (task, field.key)
        for task, told in TASKS.items()
        for field in (told.rows.fields if told.rows else ())
    ],
)
def test_a_field_of_a_row_moves_the_foundation_exactly_if_later_rooms_rest_on_it(task, key):
    rows = TASKS[task].rows
    field = next(field for field in rows.fields if field.key == key)

    def change(content):
        row = content[rows.key][0]
        place = row.setdefault(field.within, {}) if field.within else row
        place[field.inner] = other(field, place.get(field.inner))

    assert moved(task, change) is (key in ROWS.get(task, ()))


def test_the_order_of_features_promises_and_slices_says_nothing():
    one = builders.plan_content(metrics={"slices": ["a", "b"]})
    two = builders.plan_content(metrics={"slices": ["b", "a"]})
    one["features"]["columns"] = [{"name": "x", "known": "at"}, {"name": "y", "known": "at"}]
    two["features"]["columns"] = one["features"]["columns"][::-1]
    two["metrics"]["items"] = two["metrics"]["items"][::-1]
    assert foundation_of(one) == foundation_of(two)


def test_null_empty_and_absent_lay_down_the_same():
    one, two = builders.plan_content(), builders.plan_content(metrics={"slices": []})
    two["objective"]["value_missed"] = None
    two["features"]["positive"], one["features"]["positive"] = "", None
    assert foundation_of(one) == foundation_of(two)


def test_zero_is_another_promise_than_none():
    one, two = builders.plan_content(), builders.plan_content(objective={"value_missed": 0.0})
    assert foundation_of(one) != foundation_of(two)


def states(cycle):
    return {str(seen.stage): seen.state for seen in glance(cycle)}


@pytest.fixture
def closed(cycle, analyst, pass_gate, run_jobs, tmp_path):
    """Plan and data gate passed."""
    builders.make_plan(cycle, analyst)
    pass_gate(cycle, Stage.PLAN)
    builders.built_table(cycle, analyst, run_jobs, tmp_path=tmp_path)
    builders.sealed_split(cycle, analyst, run_jobs)
    pass_gate(cycle, Stage.DATA)
    return cycle


@pytest.fixture
def modelled(closed, analyst, pass_gate, run_jobs):
    """And a model trained, tested and signed."""
    names = [column.name for column in modeling.usable_features(closed_data(closed))][:6]
    with run_jobs():
        experiment = modeling.start_experiment(
            cycle=closed, by=analyst, candidates=["linear"], features=names, note="?"
        )
    with run_jobs():
        modeling.freeze(trial=experiment.trials.get(candidate="linear"), by=analyst)
    candidate = Candidate.objects.get(cycle=closed, trial__candidate="linear")
    with run_jobs():
        modeling.open_test(candidate=candidate, by=analyst)
    pass_gate(closed, Stage.MODEL)
    return closed


WORDING = {
    "problem": {"today": "By another rule", "who": "The second readers"},
    "objective": {"owner": "Somebody else", "target": 85.0},
    "risks": {"limitations": "Two clinics."},
}


def test_new_wording_needs_a_signature_of_the_plan_and_leaves_later_gates_passed(
    modelled, analyst, pass_gate
):
    subject, model = plan_subject(modelled), signed_model(modelled)
    assert model is not None
    builders.make_plan(modelled, analyst, **WORDING)
    assert plan_subject(modelled) != subject
    now = states(modelled)
    assert now["plan"] == GateState.STALE
    assert {now["data"], now["model"]} == {GateState.STALE}  # until the plan is signed again
    with pytest.raises(GateClosed):
        require_signed_plan(modelled)
    assert closed_data(modelled) is None
    pass_gate(modelled, Stage.PLAN)
    now = states(modelled)
    assert (now["plan"], now["data"], now["model"]) == (GateState.PASSED,) * 3
    assert now["production"] == GateState.OPEN
    assert signed_model(modelled).candidate == model.candidate
    assert signed_model(modelled).subject == model.subject


def test_another_opening_can_be_allowed_and_used_on_the_same_sealed_rows(
    modelled, analyst, pass_gate, run_jobs
):
    split, first = current_split(modelled), latest_evaluation(modelled)
    builders.make_plan(modelled, analyst, metrics={"openings": 3})
    pass_gate(modelled, Stage.PLAN)
    assert states(modelled)["model"] == GateState.PASSED
    assert current_split(modelled) == split
    again = Candidate.objects.exclude(pk=first.opening.candidate_id).get(cycle=modelled)
    with run_jobs():
        modeling.open_test(candidate=again, by=analyst)
    assert latest_evaluation(modelled).opening.number == 2
    assert states(modelled)["model"] == GateState.STALE  # another subject: another signature


@pytest.mark.parametrize(
    "but",
    [
        {"objective": {"value_wrong": 50.0}},
        {
            "features": {
                "columns": [
                    {"name": "mean radius", "known": "after"},
                    {"name": "mean texture", "known": "before"},
                ]
            }
        },
    ],
)
def test_what_later_rooms_rest_on_makes_them_stale_for_good(closed, analyst, pass_gate, but):
    split = current_split(closed)
    assert split is not None
    builders.make_plan(closed, analyst, **but)
    pass_gate(closed, Stage.PLAN)
    assert states(closed)["data"] == GateState.STALE
    assert closed_data(closed) is None
    assert current_split(closed) is None  # it was drawn for another plan
    builders.make_plan(closed, analyst)
    pass_gate(closed, Stage.PLAN)
    assert current_split(closed) == split  # what was laid down then is laid down again
    assert states(closed)["data"] == GateState.PASSED


def test_the_stored_foundation_is_that_of_the_content(cycle, analyst):
    plan = builders.make_plan(cycle, analyst)
    assert plan.foundation == plan_foundation(cycle) != plan.content_hash
