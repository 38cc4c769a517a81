"""The rows of a page are those that sorting the whole table would put there."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.engine.grid import order
from apps.engine.grid.order import Sort, ranked
from apps.engine.grid.rows import Rows, lay_out
from apps.engine.reading.tables import house_types, write_table
from apps.engine.types import silent

TEXTS = st.sampled_from(["", "a", "ab", "prefix-1", "prefix-10", "prefix-2", "É", "zz", "Z"])
COLUMNS = {
    "n": ("Int64", st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 2)),
    "x": ("float64", st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.5])),
    "yes": ("boolean", st.booleans()),
    "at": ("datetime64[us]", st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))),
    "word": ("string", TEXTS | st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
}


def sorted_places(values, kept, *, descending):
    """Python's own sort: stable, missing last."""
    known = [place for place in kept if values[place] is not None]
    known.sort(key=lambda place: values[place], reverse=descending)
    return known + [place for place in kept if values[place] is None]


@pytest.mark.parametrize("name", COLUMNS)
@given(data=st.data())
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_a_page_holds_the_rows_that_a_stable_sort_puts_there(name, data, monkeypatch):
    monkeypatch.setattr(order, "_FEW", 2)  # so that texts are told apart byte by byte
    dtype, values_of = COLUMNS[name]
    cells = st.tuples(st.none() | values_of, st.booleans())
    drawn = data.draw(st.lists(cells, min_size=1, max_size=15))
    values, kept = [value for value, _ in drawn], np.array([keeps for _, keeps in drawn])
    descending, is_laid_out, first = data.draw(
        st.tuples(st.booleans(), st.booleans(), st.integers(0, 10))
    )
    with TemporaryDirectory() as folder:
        table, layout = Path(folder) / "t.parquet", Path(folder) / "t.arrow"
        write_table(house_types(pd.DataFrame({name: pd.array(values, dtype)})), table)
        if is_laid_out:
            lay_out(table=str(table), target=str(layout), report=silent)
        with Rows(table, layout=layout if is_laid_out else None) as rows:
            found = ranked(rows, Sort(name, descending), kept=kept, first=first, count=5)
    wanted = sorted_places(values, np.flatnonzero(kept).tolist(), descending=descending)
    assert found.tolist() == wanted[first : first + 5]


@pytest.mark.parametrize("words", [None, 1, 65_536])
def test_pages_across_row_groups_are_put_together(opened, words):
    numbers = np.random.default_rng(0).permutation(300_000)
    frame = pd.DataFrame({"n": numbers, "t": [f"https://same/{n % 70_000:05d}" for n in numbers]})
    with opened(frame, words=words) as rows:
        by_text = sorted(range(len(frame)), key=frame["t"].to_numpy().__getitem__)
        for first in (0, 123_456, 299_990):
            found = ranked(rows, Sort("n"), kept=None, first=first, count=50)
            page = rows.page(found, columns=["n", "t"])
            assert page["n"].tolist() == list(range(first, min(first + 50, 300_000)))
            found = ranked(rows, Sort("t"), kept=None, first=first, count=50)
            assert found.tolist() == by_text[first : first + 50]


def test_rows_of_a_layout_are_those_of_parquet(opened):
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None, 2**60], "Int64"),
            "x": [0.5, None, -1e300],
            "yes": pd.array([True, None, False], "boolean"),
            "at": pd.array([datetime(1, 1, 1), None, datetime(9999, 12, 31)], "datetime64[us]"),
            "few": pd.array(["b", None, "b"], "string"),
            "many": pd.array(["x", None, "y"], "string"),
        }
    )
    places = np.array([2, 0, 1])
    with opened(frame) as rows:
        plain = rows.page(places, columns=list(frame))
    with opened(frame, words=1) as rows:
        assert (rows.has_words("few"), rows.has_words("many")) == (True, False)
        pd.testing.assert_frame_equal(rows.page(places, columns=list(frame)), plain)
