from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from apps.engine.errors import BadParameter, ColumnMissing, EngineError
from apps.engine.reading.imports import import_file
from apps.engine.reading.tables import read_table, spec_of
from apps.engine.recipe.preview import preview
from apps.engine.recipe.pseudonyms import take_key_from
from apps.engine.recipe.registry import STEPS, step_from
from apps.engine.recipe.run import apply_recipe, check_recipe, replay_row, typed_row
from apps.engine.serving.compile_row import replayer
from apps.engine.types import silent
from tests.engine.recipe.drawn import (
    ANY_STEP,
    COLUMNS,
    EXPRESSIONS,
    FILTERS,
    NEVER_REPLAYED,
    RECIPES,
    ROWS,
    STEP,
    TOKENS,
    as_row,
    one_row,
    outcome,
    table_of,
)

DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
REPLAYED = set(STEPS) - FILTERS - NEVER_REPLAYED


FOUND = settings(max_examples=2_000, phases=[Phase.generate])
"""Of an example that is only looked for nobody needs the smallest."""


@pytest.fixture(autouse=True)
def _key():
    take_key_from(lambda: b"a key of the tests")


def draw(steps, key):
    """The key of a step that was drawn; fails where none has it."""
    return find(steps, lambda step: step["step"] == key, settings=FOUND)["step"]


def test_every_step_that_is_replayed_is_drawn():
    drawn = {draw(STEP, key) for key in REPLAYED}
    assert drawn | FILTERS | NEVER_REPLAYED == set(STEPS)


@given(st.lists(ROWS, min_size=1, max_size=4), RECIPES)
def test_replaying_each_row_equals_the_recipe_on_the_table(rows, steps):
    frame = table_of(rows)
    try:
        check_recipe(spec_of(frame), steps)
    except EngineError:
        return  # such a recipe is never stored
    after = outcome(lambda: apply_recipe(frame, steps, report=silent)[0])
    replayed = [outcome(lambda row=row: replay_row(row, steps)[0]) for row in rows]
    if isinstance(after, type):
        assert after in replayed
    else:
        assert replayed == [as_row(after.iloc[[place]]) for place in range(len(rows))]


def test_every_step_of_the_registry_is_drawn():
    drawn = {draw(ANY_STEP, key) for key in STEPS}
    assert drawn == set(STEPS)


@given(st.lists(ROWS, min_size=1, max_size=4), st.lists(ANY_STEP, max_size=4))
def test_any_recipe_on_one_row_gives_what_the_table_gives(rows, steps):
    """Whatever looks at many rows is passed over, and a row that is left out is warned of."""
    row_wise = [data for data in steps if step_from(data).row_wise]
    frame = table_of(rows)
    try:
        check_recipe(spec_of(frame), steps)
    except EngineError:
        return
    after = outcome(lambda: apply_recipe(frame, row_wise, report=silent)[0])
    replayed = [outcome(lambda row=row: replay_row(row, steps)) for row in rows]
    assert replayed == [outcome(lambda row=row: replayer(steps)(row)) for row in rows]
    if isinstance(after, type):
        assert after in replayed
        return
    for place, told in enumerate(replayed):
        if place in after.index:
            assert told == (as_row(after.loc[[place]]), [])
        else:
            assert told is BadParameter or told[1]


@given(st.lists(ROWS, min_size=1, max_size=3), ANY_STEP)
def test_a_step_changes_only_the_columns_that_it_declares(rows, step):
    frame, made = table_of(rows), step_from(step)
    try:
        made.check(spec_of(frame))
        after = made.apply(frame)
    except EngineError:
        return
    same = [name for name in after.columns if name not in made.flow()]
    pd.testing.assert_frame_equal(after[same], frame.loc[after.index, same], check_exact=True)


@given(st.lists(ROWS, min_size=1, max_size=3), EXPRESSIONS)
def test_a_row_is_warned_of_exactly_when_an_expression_leaves_it_out(rows, expression):
    steps = [{"step": "filter_expression", "params": {"expression": expression}}]
    frame = table_of(rows)
    try:
        check_recipe(spec_of(frame), steps)
    except EngineError:
        return
    kept = apply_recipe(frame, steps, report=silent)[0].index
    told = [len(replay_row(row, steps)[1]) for row in rows]
    assert told == [int(place not in kept) for place in range(len(rows))]


@given(ROWS, COLUMNS, st.sampled_from(["is", "is not", "is less than", "is at least"]), TOKENS)
def test_a_row_is_warned_of_exactly_when_the_table_leaves_it_out(row, column, operator, value):
    params = {"column": column, "operator": operator, "value": value}
    steps = [{"step": "filter_rows", "params": params}]
    frame = one_row(row)
    try:
        check_recipe(spec_of(frame), steps)
    except EngineError:
        return
    kept = len(apply_recipe(frame, steps, report=silent)[0])
    assert len(replay_row(row, steps)[1]) == 1 - kept


@given(ROWS, RECIPES)
def test_the_checked_shape_is_the_shape_that_comes_out(row, steps):
    frame = one_row(row)
    try:
        spec = check_recipe(spec_of(frame), steps)
        after = spec_of(apply_recipe(frame, steps, report=silent)[0])
    except EngineError:
        return
    assert [(c.name, c.kind) for c in after.columns] == [(c.name, c.kind) for c in spec.columns]


def test_the_given_frame_is_not_changed(table):
    frame = table(a=[" x ", None], b=[1, 2])
    before = frame.copy()
    steps = [
        {"step": "trim_text", "params": {"columns": ["a"]}},
        {"step": "map_values", "params": {"column": "b", "mapping": [["1", "9"]]}},
    ]
    apply_recipe(frame, steps, report=silent)
    pd.testing.assert_frame_equal(frame, before)


def test_a_refusal_names_the_place_of_the_step(table):
    steps = [
        {"step": "drop_columns", "params": {"columns": ["a"]}},
        {"step": "rename_column", "params": {"column": "a", "to": "z"}},
    ]
    with pytest.raises(ColumnMissing, match=r"^Step 2: There is no column named 'a'"):
        check_recipe(spec_of(table(a=[1], b=[2])), steps)


def test_progress_names_each_step(table):
    said = []
    steps = [{"step": "rename_column", "params": {"column": "a", "to": "z"}}]
    apply_recipe(table(a=[1]), steps, report=lambda *each: said.append(each))
    assert said == [(0, 1, "Rename “a” to “z”"), (1, 1, "Recipe applied")]


def test_a_preview_shows_cells_before_and_after(table):
    frame = table(a=["Yes", "No", "Yes"])
    step = {"step": "map_values", "params": {"column": "a", "mapping": [["Yes", None]]}}
    found = preview(frame, [], step)
    assert (found["rows_touched"], found["cells_changed"]) == (2, 2)
    assert found["examples"] == [
        {"row": 1, "column": "a", "before": "Yes", "after": None},
        {"row": 3, "column": "a", "before": "Yes", "after": None},
    ]


def test_a_preview_comes_after_the_steps_before_and_counts_lost_rows(table):
    frame = table(a=list(range(50)))
    before = [{"step": "rename_column", "params": {"column": "a", "to": "b"}}]
    params = {"column": "b", "operator": "is less than", "value": "10"}
    found = preview(frame, before, {"step": "filter_rows", "params": params})
    assert (found["rows_before"], found["rows_after"], found["rows_touched"]) == (50, 10, 40)
    assert len(found["examples"]) == 20
    assert found["examples"][0] == {"row": 11, "column": None, "before": None, "after": None}


def test_columns_that_a_request_does_not_have_are_passed_over():
    steps = [
        {"step": key, "params": params}
        for key, params in (
            ("map_values", {"column": "y", "mapping": [["a", "b"]]}),
            ("parse_type", {"column": "y", "kind": "integer"}),
            ("trim_text", {"columns": ["y", "a"]}),
            ("set_missing", {"columns": ["y"], "tokens": ["x"]}),
            ("filter_rows", {"column": "y", "operator": "is present"}),
            ("rename_column", {"column": "y", "to": "z"}),
            ("drop_columns", {"columns": ["y"]}),
            ("drop_duplicates", {}),
            ("edit_cell", {"row": "1", "column": "y", "to": "x"}),
            ("fill_missing", {"column": "y", "value": "x", "kind": "text"}),
            ("flag_missing", {"columns": ["y"]}),
            ("normalise_text", {"columns": ["y"], "case": "lower case"}),
            ("replace_text", {"columns": ["y"], "find": "x"}),
            ("split_column", {"column": "y", "separator": "-", "names": ["p", "q"]}),
            ("merge_columns", {"columns": ["y", "a"], "to": "p"}),
            ("row_id", {"columns": ["a", "y"], "to": "p"}),
            ("cap_values", {"column": "y", "low": "1"}),
            ("convert_unit", {"column": "y", "conversion": "kelvin to Celsius"}),
            ("date_parts", {"column": "y", "parts": ["year"]}),
            ("derive_column", {"to": "p", "expression": "y + 1"}),
            ("filter_expression", {"expression": "y > 1"}),
            ("pseudonymise", {"columns": ["y"]}),
        )
    ]
    assert {each["step"] for each in steps} == set(STEPS)
    assert replay_row({"a": " v "}, steps) == ({"a": "v"}, [])


def test_a_value_that_does_not_convert_is_refused_in_a_request():
    steps = [{"step": "parse_type", "params": {"column": "a", "kind": "number"}}]
    with pytest.raises(BadParameter, match="'x' in 'a' is not number"):
        replay_row({"a": "x"}, steps)


def test_a_request_s_whole_number_in_a_number_column_is_a_float(table):
    spec = spec_of(table(x=[0.5], n=[1], yes=[True]))
    row = typed_row({"x": 1, "n": 1, "yes": True, "more": float("nan")}, spec)
    assert row == {"x": 1.0, "n": 1, "yes": True, "more": None}
    assert [type(row[name]) for name in ("x", "n", "yes")] == [float, int, bool]
    steps = [{"step": "map_values", "params": {"column": "x", "mapping": [["1.5", "2"]]}}]
    assert replay_row({"x": 1}, steps)[0] == {"x": 1}
    assert replay_row({"x": np.int64(1)}, steps)[0] == {"x": 1}


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data sets are not here")
def test_the_telco_recipe_loses_the_eleven_rows_without_charges(tmp_path):
    source = DATA / "telco_churn" / "Telco-Customer-Churn.csv"
    import_file(
        source=str(source),
        target=str(tmp_path / "t"),
        filename=source.name,
        options=None,
        limits=None,
        report=silent,
    )
    steps = [
        {"step": "trim_text", "params": {"columns": ["TotalCharges"]}},
        {"step": "parse_type", "params": {"column": "TotalCharges", "kind": "number"}},
        {
            "step": "filter_rows",
            "params": {"column": "TotalCharges", "operator": "is present", "value": ""},
        },
    ]
    after, effects = apply_recipe(read_table(tmp_path / "t"), steps, report=silent)
    assert [each["rows_after"] for each in effects] == [7043, 7043, 7032]
    assert effects[0]["cells_changed"] == 11
    assert after["TotalCharges"].sum() == pytest.approx(16056168.70)
