"""The recipe as a script: run as its own process, and held against what the recipe gives."""

import os
import subprocess
import sys
from datetime import datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.engine.errors import EngineError
from apps.engine.reading.tables import house_types, spec_of
from apps.engine.recipe.pseudonyms import take_key_from
from apps.engine.recipe.registry import STEPS
from apps.engine.recipe.run import apply_recipe, check_recipe
from apps.engine.recipe.script import script_of
from apps.engine.types import silent
from tests.engine.recipe.drawn import EXPRESSIONS, RECIPES, ROWS, table_of

KEY = b"a key of the tests"
ONE_OF_EACH = {
    "parse_type": {"column": "word", "kind": "number", "on_failure": "set missing"},
    "set_missing": {"columns": ["n", "word"], "tokens": ["-1", "x"]},
    "fill_missing": {"column": "x", "value": "1.5", "kind": "number"},
    "flag_missing": {"columns": ["at"]},
    "map_values": {"column": "word", "mapping": [["x", "y"], ["y", None]]},
    "trim_text": {"columns": ["word"]},
    "normalise_text": {"columns": ["word"], "case": "upper case", "accents": "removed"},
    "replace_text": {"columns": ["word"], "find": "([0-9]+) kg", "to": r"\1", "how": "a pattern"},
    "split_column": {"column": "word", "separator": "-", "names": ["a", "b"]},
    "merge_columns": {"columns": ["n", "word"], "to": "both", "separator": " "},
    "derive_column": {"to": "made", "expression": "x / n if yes else days_between(at, at)"},
    "date_parts": {"column": "at", "parts": ["year", "weekday", "day of year", "minute"]},
    "convert_unit": {"column": "n", "conversion": "Fahrenheit to Celsius"},
    "cap_values": {"column": "x", "low": "0", "high": "0.75"},
    "pseudonymise": {"columns": ["word", "n"]},
    "row_id": {"columns": ["n", "at", "word"], "to": "id"},
    "edit_cell": {"row": "2", "column": "word", "before": "a-b-c", "to": "d"},
    "filter_rows": {"column": "n", "operator": "is at least", "value": "0"},
    "filter_expression": {"expression": "x > 0 or is_missing(n)"},
    "drop_duplicates": {"columns": ["yes"], "keep": "the most complete"},
    "rename_column": {"column": "n", "to": "number"},
    "drop_columns": {"columns": ["n", "at"]},
}


@pytest.fixture(autouse=True)
def _key():
    take_key_from(lambda: KEY)


@pytest.fixture
def frame():
    at = [datetime(2024, 2, 29, 23, 59), None, datetime(1969, 12, 31), datetime(2024, 5, 5)]
    columns = {
        "n": pd.array([3, None, -1, 12], "Int64"),
        "x": [0.5, float("nan"), -2.0, 1e300],
        "yes": pd.array([True, False, None, True], "boolean"),
        "at": pd.array(at, "datetime64[us]"),
        "word": pd.array([" Éa", "a-b-c", "x", "12 kg"], "string"),
    }
    return house_types(pd.DataFrame(columns))


def test_each_step_is_tried_below():
    assert set(ONE_OF_EACH) == set(STEPS)


def ran(frame, steps, *, folder):
    """The table that the script writes, as a process of its own without our code in reach."""
    script = folder / "recipe.py"
    script.write_text(script_of(spec_of(frame), steps, title='A "recipe"'))
    frame.to_parquet(folder / "joined.parquet")
    done = subprocess.run(
        [sys.executable, str(script), "joined.parquet", "cleaned.parquet"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PSEUDONYM_KEY_HEX": KEY.hex()},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return pd.read_parquet(folder / "cleaned.parquet")


def steps_that_keep_columns():
    """All steps one after the other, each on columns that are still there."""
    late = ("filter_rows", "rename_column", "drop_columns")
    words = ("parse_type", "pseudonymise")
    keys = [key for key in STEPS if key not in (*late, *words)]
    first = [key for key in keys if key == "edit_cell"]
    order = [*first, *(key for key in keys if key not in first)]
    chosen = [*order, "filter_rows", "rename_column"]
    return [{"step": key, "params": ONE_OF_EACH[key]} for key in chosen]


def test_the_script_is_a_process_of_its_own_and_gives_the_identical_table(frame, tmp_path):
    steps = steps_that_keep_columns()
    after = apply_recipe(frame, steps, report=silent)[0].reset_index(drop=True)
    written = ran(frame, steps, folder=tmp_path)
    pd.testing.assert_frame_equal(written.astype(after.dtypes.to_dict()), after, check_exact=True)
    assert "import apps" not in (tmp_path / "recipe.py").read_text()


def scripted(frame, steps):
    space = {"__name__": "a_script"}
    exec(script_of(spec_of(frame), steps, title="A recipe"), space)  # our own text
    return space["recipe"](frame)


@pytest.mark.parametrize("key", STEPS)
def test_the_script_of_each_step_gives_the_identical_table(frame, key, monkeypatch):
    monkeypatch.setenv("PSEUDONYM_KEY_HEX", KEY.hex())
    steps = [{"step": key, "params": ONE_OF_EACH[key]}]
    after = apply_recipe(frame, steps, report=silent)[0]
    assert not after.equals(frame)
    pd.testing.assert_frame_equal(scripted(frame, steps), after, check_exact=True)


@given(st.lists(ROWS, min_size=1, max_size=3), RECIPES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_script_of_any_recipe_gives_the_identical_table(monkeypatch, rows, steps):
    monkeypatch.setenv("PSEUDONYM_KEY_HEX", KEY.hex())
    frame = table_of(rows)
    try:
        check_recipe(spec_of(frame), steps)
        after = apply_recipe(frame, steps, report=silent)[0]
    except EngineError:
        return
    pd.testing.assert_frame_equal(scripted(frame, steps), after, check_exact=True)


@given(st.lists(ROWS, min_size=1, max_size=3), EXPRESSIONS)
@settings(max_examples=60)
@example([{"n": 1, "x": None, "yes": None, "at": None, "word": None}], "coalesce(x, 0)")
def test_the_script_of_any_expression_gives_the_identical_column(rows, expression):
    steps = [{"step": "derive_column", "params": {"to": "made", "expression": expression}}]
    frame = table_of(rows)
    try:
        check_recipe(spec_of(frame), steps)
    except EngineError:
        return
    after = apply_recipe(frame, steps, report=silent)[0]
    pd.testing.assert_frame_equal(scripted(frame, steps), after, check_exact=True)
