"""What differs between two versions, in the words of the forms, row by row of the same name."""

import pytest

from apps.planning.difference import difference, task_difference
from tests import builders

pytestmark = pytest.mark.once  # no database at all


def rows(*names, **but):
    return {"columns": [{"name": name, "known": "at", **but.get(name, {})} for name in names]}


def told(changes):
    return [(change.field, change.before, change.after) for change in changes]


def test_a_changed_field_is_named_as_on_its_page():
    before, after = builders.plan_content(), builders.plan_content(objective={"target": 80.0})
    assert told(difference(before, after)) == [("Objective: Target value", "90", "80")]


def test_an_inserted_feature_is_one_change_and_marks_no_other():
    before, after = rows("a", "b", "c"), rows("new", "a", "b", "c")
    assert told(task_difference("features", before, after)) == [
        ("Target & features: feature “new”", "—", "known: at the decision")
    ]


def test_another_order_is_no_change():
    assert task_difference("features", rows("a", "b"), rows("b", "a")) == []


def test_a_changed_feature_names_itself_and_its_field():
    after = rows("a", "b", b={"known": "after"})
    assert told(task_difference("features", rows("a", "b"), after)) == [
        ("Target & features: feature “b”: Known", "at the decision", "only after it")
    ]


def test_a_removed_feature_is_told_with_what_it_said():
    assert told(task_difference("features", rows("a", "b"), rows("a"))) == [
        ("Target & features: feature “b”", "known: at the decision", "removed")
    ]


def test_a_feature_that_only_got_another_name_is_one_change():
    before = rows("a", "amout", amout={"meaning": "In €"})
    after = rows("a", "amount", amount={"meaning": "In €"})
    assert told(task_difference("features", before, after)) == [
        ("Target & features: feature “amount”: Column", "amout", "amount")
    ]


def test_two_rows_of_one_name_are_told_apart():
    before = rows("a", "a")
    assert len(task_difference("features", before, rows("a"))) == 1
    assert task_difference("features", before, rows("a", "a")) == []


def test_a_tripwire_and_a_list_are_told_in_words():
    before, after = builders.plan_content(), builders.plan_content(metrics={"slices": ["desk"]})
    after["risks"]["items"][0]["tripwire"]["threshold"] = 0.3
    assert told(difference(before, after)) == [
        (
            "Limits & risks: risk “The scanner is replaced”: Threshold",
            "0.25",
            "0.3",
        ),
        ("Success metrics: Columns whose groups are judged too", "—", "desk"),
    ]


def test_null_empty_and_absent_say_the_same():
    assert task_difference("features", {"positive": ""}, {"positive": None, "columns": []}) == []


def test_zero_is_something_that_is_said():
    assert told(task_difference("objective", {}, {"value_quiet": 0.0})) == [
        ("Objective: Value of a rightly quiet case", "—", "0")
    ]
