from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.errors import BadParameter, ColumnMissing, EngineError
from apps.engine.reading.imports import import_file
from apps.engine.reading.tables import house_types, read_table, spec_of
from apps.engine.recipe.registry import STEPS
from apps.engine.recipe.run import apply_recipe, check_recipe, preview, replay_row, typed_row
from apps.engine.types import Kind, silent

DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
TEXTS = ["", " x ", "x", "1", "-1", "1.5", "true", "2024-05-31", "\u00a0y", "N/A", "\x1fz"]
WORDS = st.text(st.characters(codec="utf-8"), max_size=4)
ROWS = st.fixed_dictionaries(
    {
        "n": st.none() | st.integers(-2, 2) | st.integers(-(2**63), 2**63 - 1),
        "x": st.none() | st.sampled_from([-1.0, 0.5, 1.0, 1e300]),
        "yes": st.none() | st.booleans(),
        "at": st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)),
        "word": st.none() | st.sampled_from(TEXTS) | WORDS,
    }
)
COLUMNS = st.sampled_from(["n", "x", "yes", "at", "word"])
SUBSETS = st.lists(COLUMNS, min_size=1, max_size=3, unique=True)
TOKENS = st.sampled_from(["-1", "1", "1.5", "-1.0", "true", "x", "N/A", "2024-05-31"])
KINDS = st.sampled_from(list(Kind))
PARAMS = st.one_of(
    st.tuples(st.just("trim_text"), st.just({"columns": ["word"]})),
    st.tuples(st.just("drop_columns"), st.fixed_dictionaries({"columns": SUBSETS})),
    st.tuples(
        st.just("rename_column"),
        st.fixed_dictionaries({"column": COLUMNS, "to": st.sampled_from(["n", "z", "word"])}),
    ),
    st.tuples(
        st.just("set_missing"),
        st.fixed_dictionaries({"columns": SUBSETS, "tokens": st.lists(TOKENS, min_size=1)}),
    ),
    st.tuples(
        st.just("map_values"),
        st.fixed_dictionaries(
            {
                "column": COLUMNS,
                "mapping": st.lists(
                    st.tuples(TOKENS, st.none() | TOKENS).map(list),
                    min_size=1,
                    max_size=3,
                    unique_by=lambda pair: pair[0],
                ),
            }
        ),
    ),
    st.tuples(
        st.just("parse_type"),
        st.fixed_dictionaries(
            {
                "column": COLUMNS,
                "kind": KINDS.map(str),
                "on_failure": st.sampled_from(["refuse", "set missing"]),
            }
        ),
    ),
)
RECIPES = st.lists(PARAMS.map(lambda pair: {"step": pair[0], "params": pair[1]}), max_size=4)
DTYPES = {"n": "Int64", "x": "float64", "yes": "boolean", "at": "datetime64[us]", "word": "string"}


def _one_row(row):
    return house_types(pd.DataFrame({k: pd.array([row[k]], dtype) for k, dtype in DTYPES.items()}))


def _as_row(frame):
    row = {}
    for name, value in frame.astype(object).iloc[0].items():
        missing = value is None or value is pd.NA or value is pd.NaT or value != value
        row[name] = None if missing else value
    return row


def _outcome(run):
    try:
        return run()
    except EngineError as error:
        return type(error)


@given(ROWS, RECIPES)
def test_replaying_a_row_equals_the_recipe_on_a_table_of_that_row(row, steps):
    frame = _one_row(row)
    try:
        check_recipe(spec_of(frame), steps)
    except EngineError:
        return  # such a recipe is never stored
    table = _outcome(lambda: _as_row(apply_recipe(frame, steps, report=silent)[0]))
    replayed = _outcome(lambda: replay_row(row, steps)[0])
    assert replayed == table


@given(ROWS, COLUMNS, st.sampled_from(["is", "is not", "is less than", "is at least"]), TOKENS)
def test_a_row_is_warned_of_exactly_when_the_table_leaves_it_out(row, column, operator, value):
    params = {"column": column, "operator": operator, "value": value}
    steps = [{"step": "filter_rows", "params": params}]
    frame = _one_row(row)
    try:
        check_recipe(spec_of(frame), steps)
    except EngineError:
        return
    kept = len(apply_recipe(frame, steps, report=silent)[0])
    assert len(replay_row(row, steps)[1]) == 1 - kept


@given(ROWS, RECIPES)
def test_the_checked_shape_is_the_shape_that_comes_out(row, steps):
    frame = _one_row(row)
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
