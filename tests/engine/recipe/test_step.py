from dataclasses import fields
from pathlib import Path

import pytest

from apps.engine.errors import BadParameter
from apps.engine.recipe import steps
from apps.engine.recipe.registry import STEPS, step_from
from tests.engine.recipe.drawn import FILTERS, NEVER_REPLAYED


@pytest.mark.parametrize("key", STEPS)
def test_each_step_declares_its_fields_as_parameters(key):
    step = STEPS[key]
    assert step.key == key
    assert [each.name for each in fields(step)] == [each.name for each in step.parameters]
    assert all(each.label for each in step.parameters)


def test_each_file_of_the_folder_is_a_registered_step():
    files = {each.stem for each in Path(steps.__path__[0]).glob("[a-z]*.py")}
    assert files == set(STEPS)


def test_only_dropping_duplicates_and_correcting_a_cell_are_not_replayed():
    assert {key for key, step in STEPS.items() if not step.row_wise} == NEVER_REPLAYED
    assert {key for key, step in STEPS.items() if step.drops_rows} == {*FILTERS, "drop_duplicates"}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"step": "impute"}, "'impute' is not known"),
        ({}, "None is not known"),
        ({"step": "trim_text", "params": {"columns": []}}, "needs 'columns'"),
        ({"step": "trim_text", "params": {"columns": "a"}}, "cannot be 'a'"),
        ({"step": "trim_text", "params": {"columns": ["a"], "x": 1}}, "no parameter 'x'"),
        ({"step": "rename_column", "params": {"column": 1, "to": "x"}}, "cannot be 1"),
        ({"step": "parse_type", "params": {"column": "a", "kind": "date"}}, "cannot be 'date'"),
    ],
)
def test_a_step_that_is_not_well_formed_is_refused(data, says):
    with pytest.raises(BadParameter, match=says):
        step_from(data)


def test_parameters_describe_a_form():
    parameter = STEPS["parse_type"].parameters[1].as_dict()
    assert parameter["input"] == "choice"
    assert parameter["choices"] == ["integer", "number", "boolean", "datetime", "text"]
