"""What the task forms take, what they refuse, and that nothing typed is lost on the way."""

import pytest

from apps.engine.evaluation.metrics import METRICS
from apps.planning.catalogue import MOST_ROWS, TASKS
from apps.planning.forms import FORMS, ROW_FORMS, forms_of
from tests import builders
from tests.planning.conftest import posted

pytestmark = pytest.mark.once  # no database at all


def problems(task, **but):
    forms = forms_of(task, builders.plan_content(**{task: but})[task])
    assert not forms.is_valid()
    return [wrong.says for wrong in forms.problems()]


@pytest.mark.parametrize("task", TASKS)
def test_a_complete_task_comes_out_of_its_forms_as_it_went_in(task):
    content = builders.plan_content()[task]
    forms = forms_of(task, content)
    assert forms.is_valid(), forms.problems()
    assert forms.content() == content


@pytest.mark.parametrize("task", TASKS)
def test_an_empty_draft_is_no_error(task):
    assert forms_of(task, {}).is_valid()


@pytest.mark.parametrize(
    ("task", "but", "says"),
    [
        ("objective", {"today": "about 50"}, "Today's value: Enter a number."),
        ("objective", {"today": "nan"}, "Today's value: Enter a number."),
        ("objective", {"due_on": "soon"}, "By when: Enter a valid date."),
        ("objective", {"direction": "sideways"}, "Direction: Select a valid choice."),
        ("objective", {"value_wrong": -1}, "Cost of a wrong alarm: Ensure this value is greater"),
        ("objective", {"value_low": 9, "value_high": 8}, "It lies below the least expected value"),
        ("features", {"base_rate": 40}, "Expected share of positives: Ensure this value is less"),
        ("features", {"label_noise": 0.6}, "Share of labels believed wrong: Ensure this value"),
        ("metrics", {"test_share": 0.9}, "Share of rows for the sealed test: Ensure this value"),
        ("metrics", {"openings": 6}, "Allowed openings of the sealed test: Ensure this value"),
        ("metrics", {"openings": 1.5}, "Allowed openings of the sealed test: Enter a whole number"),
        ("metrics", {"threshold_policy": "luck"}, "How the decision threshold is chosen: Select"),
        ("problem", {"who": "x" * 301}, "Who has the problem?: Ensure this value has at most 300"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_the_name_of_its_field(task, but, says):
    assert any(says in line for line in problems(task, **but))


def promise(**but):
    return {"items": [{"metric": "roc_auc", "threshold": 0.9, "role": "primary", **but}]}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"threshold": 1.4}, "Promise 1, Promise: "),
        ({"metric": "mae", "averaging": "macro"}, "is not averaged over classes"),
        ({"parameter": 2.0}, "takes no parameter. Leave it empty."),
        ({"metric": ""}, "Promise 1, Metric: This promise has a promise and no “metric”"),
        ({"metric": "luck"}, "Promise 1, Metric: Select a valid choice."),
    ],
)
def test_a_promise_that_its_metric_cannot_keep_is_refused(row, says):
    assert any(says in line for line in problems("metrics", **promise(**row)))


def test_a_parameter_outside_of_what_its_metric_takes_is_refused():
    asked = [m for m in METRICS.values() if getattr(m, "parameter", None) is not None]
    for metric in asked:
        row = {"metric": metric.key, "threshold": None, "parameter": metric.parameter.low - 1}
        assert any(
            f"of {metric.title} is" in line for line in problems("metrics", **promise(**row))
        )


def test_the_direction_of_a_promise_comes_from_the_catalogue():
    forms = forms_of("metrics", {"items": [{"metric": "brier", "direction": "up", "threshold": 0}]})
    assert forms.is_valid()
    assert forms.content()["items"][0]["direction"] == "down"
    assert forms.content()["items"][0]["threshold"] == 0.0  # zero is said, not missing


def test_a_threshold_without_its_tripwire_is_refused_and_not_dropped():
    row = {"says": "It drifts", "tripwire": {"threshold": 0.2}}
    assert any("Choose what trips" in line for line in problems("risks", items=[row]))


def test_a_row_with_words_and_without_its_name_is_refused_and_not_dropped():
    told = problems("features", columns=[{"meaning": "Amount in €", "known": "at"}])
    assert told == [
        "Feature 1, Column: This feature has a meaning and no “column”. Give both or none."
    ]


def test_rows_that_nobody_wrote_in_are_left_out():
    rows = [{"known": "unknown"}, {"name": "amount", "known": "at"}, {}]
    forms = forms_of("features", {"columns": rows})
    assert forms.is_valid()
    assert forms.content()["columns"] == [{"name": "amount", "known": "at", "sensitive": False}]


def test_a_plan_holds_five_hundred_features_and_the_next_one_is_refused():
    rows = [{"name": f"x{number}", "known": "at"} for number in range(MOST_ROWS)]
    assert forms_of("features", {"columns": rows}).is_valid()
    more = forms_of("features", {"columns": [*rows, {"name": "one more"}]})
    assert not more.is_valid()
    assert [wrong.says for wrong in more.problems()] == ["A plan holds up to 500 rows here."]


def test_names_with_commas_become_a_list_without_repetition():
    forms = forms_of("metrics", {"slices": ["sex", "age, sex", " desk "]})
    assert forms.is_valid()
    assert forms.content()["slices"] == ["sex", "age", "desk"]


def test_every_field_of_the_catalogue_has_an_input_and_every_input_is_of_the_catalogue():
    for task, told in TASKS.items():
        assert set(FORMS[task].base_fields) == {f.key for f in told.fields if not f.derived}
        if told.rows:
            wanted = {field.key for field in told.rows.fields if not field.derived}
            assert set(ROW_FORMS[task].base_fields) == wanted


def test_a_browser_sends_what_is_said_and_nothing_else():
    assert "row-0-sensitive" not in posted("features", {"columns": [{"name": "a"}]})
