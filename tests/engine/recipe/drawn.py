"""Rows and recipes that Hypothesis draws: every step, on every kind of column."""

from datetime import datetime

import pandas as pd
from hypothesis import strategies as st

from apps.engine.errors import EngineError
from apps.engine.reading.tables import house_types
from apps.engine.recipe.steps.cap_values import CapValues
from apps.engine.recipe.steps.convert_unit import UNITS
from apps.engine.recipe.steps.date_parts import PARTS
from apps.engine.recipe.steps.drop_duplicates import DropDuplicates
from apps.engine.recipe.steps.filter_rows import FilterRows
from apps.engine.recipe.steps.merge_columns import MergeColumns
from apps.engine.recipe.steps.normalise_text import CASES, NormaliseText
from apps.engine.recipe.steps.replace_text import ReplaceText
from apps.engine.types import Kind

TEXTS = ["", " x ", "x", "1", "-1", "1.5", "true", "2024-05-31", "\u00a0y", "N/A", "\x1fz"]
TEXTS += ["É a", "ß", "12 kg", "a-b-c", "İ"]
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
DTYPES = {"n": "Int64", "x": "float64", "yes": "boolean", "at": "datetime64[us]", "word": "string"}
KIND_OF = {"n": "integer", "x": "number", "yes": "boolean", "at": "datetime", "word": "text"}
COLUMNS = st.sampled_from(list(DTYPES))
SUBSETS = st.lists(COLUMNS, min_size=1, max_size=3, unique=True)
WORD = st.just(["word"])
TOKENS = st.sampled_from(["-1", "1", "1.5", "-1.0", "true", "x", "N/A", "2024-05-31"])
PAIRS = st.lists(
    st.tuples(TOKENS, st.none() | TOKENS).map(list),
    min_size=1,
    max_size=3,
    unique_by=lambda pair: pair[0],
)
EXPRESSIONS = st.sampled_from(
    [
        "n + x * 2",
        "x / n - n // 2",
        "n % 2 ** x",
        "-x > n or yes",
        "yes and not is_missing(word)",
        "x if yes else number(n)",
        "1 if word in ['x', \"1\"] else missing",
        "coalesce(n, 7)",
        "coalesce(x, 0)",
        "lower(word) + '-' + text(n)",
        "text(at) + text(x) + text(yes)",
        "length(trim(word)) >= 2",
        "contains(word, '1') or starts_with(word, 'x')",
        "replace(upper(word), 'X', 'y')",
        "number(word)",
        "year(at) * 12 + month(at) + day(at)",
        "weekday(at) == 6 or hour(at) < 12",
        "days_between(date('2024-01-31'), at)",
        "at >= date('2024-01-01')",
        "round(x * 3, 1) + min(n, x, 4) - abs(n)",
        "sqrt(n) + log(x) + exp(n)",
        "0 < n <= 2 != (x == 1)",
        "n + word",
    ]
)


def _choices(step, name):
    return st.sampled_from(next(each.choices for each in step.parameters if each.name == name))


def _params(key, **params):
    return st.tuples(st.just(key), st.fixed_dictionaries(params))


@st.composite
def _filled(draw):
    column = draw(COLUMNS)
    by = draw(st.sampled_from(["value", "other"]))
    with_what = draw(TOKENS if by == "value" else COLUMNS)
    return "fill_missing", {"column": column, by: with_what, "kind": KIND_OF[column]}


PARAMS = st.one_of(
    _params("trim_text", columns=WORD),
    _params("drop_columns", columns=SUBSETS),
    _params("rename_column", column=COLUMNS, to=st.sampled_from(["n", "z", "word"])),
    _params("set_missing", columns=SUBSETS, tokens=st.lists(TOKENS, min_size=1)),
    _params("map_values", column=COLUMNS, mapping=PAIRS),
    _params(
        "parse_type",
        column=COLUMNS,
        kind=st.sampled_from([str(kind) for kind in Kind]),
        on_failure=st.sampled_from(["refuse", "set missing"]),
    ),
    _filled(),
    _params("flag_missing", columns=SUBSETS),
    _params(
        "normalise_text",
        columns=WORD,
        case=st.sampled_from(CASES),
        accents=_choices(NormaliseText, "accents"),
        blanks=_choices(NormaliseText, "blanks"),
    ),
    _params(
        "replace_text",
        columns=WORD,
        find=st.sampled_from(["x", "1", " ", "([0-9]+) kg", "^.", "(a|É)"]),
        to=st.sampled_from(["", "y", "\\0\\0"]),
        how=_choices(ReplaceText, "how"),
    ),
    _params(
        "split_column",
        column=st.just("word"),
        separator=st.sampled_from(["-", " "]),
        names=st.sampled_from([["first", "rest"], ["first", "second", "third"]]),
    ),
    _params(
        "merge_columns",
        columns=SUBSETS,
        separator=st.sampled_from(["", ", "]),
        to=st.just("merged"),
        when_missing=_choices(MergeColumns, "when_missing"),
    ),
    _params("row_id", columns=SUBSETS, to=st.just("id")),
    _params(
        "cap_values",
        column=COLUMNS,
        low=st.sampled_from(["", "0", "-1.5", "1970-01-01"]),
        high=st.sampled_from(["", "1", "2020-01-01"]),
        beyond=_choices(CapValues, "beyond"),
    ),
    _params("convert_unit", column=COLUMNS, conversion=st.sampled_from(list(UNITS)[1:])),
    _params(
        "convert_unit",
        column=st.just("x"),
        conversion=st.just("by my own factor"),
        factor=st.just("0.1"),
        plus=st.just("-3"),
        unit_column=st.just("word"),
        unit=st.just("x"),
    ),
    _params(
        "date_parts",
        column=COLUMNS,
        parts=st.lists(st.sampled_from(PARTS), min_size=1, unique=True),
    ),
    _params("derive_column", to=st.just("made"), expression=EXPRESSIONS),
    _params("pseudonymise", columns=SUBSETS),
)
STEP = PARAMS.map(lambda pair: {"step": pair[0], "params": pair[1]})
OTHERS = st.one_of(
    _params(
        "filter_rows",
        column=COLUMNS,
        operator=_choices(FilterRows, "operator"),
        value=TOKENS,
    ),
    _params("filter_expression", expression=EXPRESSIONS),
    _params("edit_cell", row=st.sampled_from(["1", "2"]), column=COLUMNS, before=TOKENS, to=TOKENS),
    _params("drop_duplicates", columns=SUBSETS, keep=_choices(DropDuplicates, "keep")),
)
ANY_STEP = st.one_of(PARAMS, OTHERS).map(lambda pair: {"step": pair[0], "params": pair[1]})
RECIPES = st.lists(STEP, max_size=4)
NEVER_REPLAYED = {"edit_cell", "drop_duplicates"}
FILTERS = {"filter_rows", "filter_expression"}


def table_of(rows):
    """A typed table of drawn rows."""
    return house_types(
        pd.DataFrame({k: pd.array([row[k] for row in rows], t) for k, t in DTYPES.items()})
    )


def one_row(row):
    return table_of([row])


def as_row(frame):
    row = {}
    for name, value in frame.astype(object).iloc[0].items():
        missing = value is None or value is pd.NA or value is pd.NaT or value != value
        row[name] = None if missing else value
    return row


def outcome(run):
    try:
        return run()
    except EngineError as error:
        return type(error)
