"""What is kept of an input in place of its value is enough to count by bins."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from apps.engine.monitoring.drift import drift
from apps.engine.monitoring.keeping import Keep, Keeping, coarse, marked, series_of
from apps.engine.monitoring.sketch import bins_in, sketch_of
from apps.engine.types import Kind

pytestmark = pytest.mark.once
N = 600


def table(seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "number": pd.Series(random.normal(seed, 1, N)).where(random.random(N) > 0.1),
            "whole": pd.Series(random.integers(0, 4 + seed, N), dtype="Int64"),
            "text": pd.Series(random.choice(["a", "b", "c" * (1 + seed)], N), dtype="string"),
            "flag": pd.Series(random.random(N) < 0.3, dtype="boolean"),
            "at": pd.Timestamp("2026-01-01")
            + pd.to_timedelta(random.integers(0, 400 + 50 * seed, N), unit="h"),
        }
    ).astype({"at": "datetime64[us]"})


KINDS = {
    "number": Kind.NUMBER,
    "whole": Kind.INTEGER,
    "text": Kind.TEXT,
    "flag": Kind.BOOLEAN,
    "at": Kind.DATETIME,
}
SKETCH = sketch_of(table(), prediction=pd.Series(np.zeros(N)))


def plain(series):
    """As a checked request has it."""
    return [
        None
        if pd.isna(value)
        else value.to_pydatetime()
        if hasattr(value, "to_pydatetime")
        else value
        for value in series.astype(object)
    ]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", KINDS)
def test_a_kept_bin_is_that_of_the_sketch_and_is_found_again(name, seed):
    series = table(seed)[name]
    keeping = Keeping({name: Keep.BIN}, SKETCH)
    kept = keeping.columns({name: plain(series)})[name]
    assert kept == [keeping.row({name: value})[name] for value in plain(series)]
    expected = bins_in(series, SKETCH[name])
    assert [0 if mark is None else mark["bin"] for mark in kept] == expected.tolist()
    again = series_of(kept, KINDS[name], SKETCH[name])
    assert bins_in(again, SKETCH[name]).tolist() == expected.tolist()


def test_drift_by_bins_is_drift_by_values():
    recent = table(seed=1)
    by_bins = pd.DataFrame(
        {
            name: series_of(
                Keeping({name: Keep.BIN}, SKETCH).columns({name: plain(recent[name])})[name],
                kind,
                SKETCH[name],
            )
            for name, kind in KINDS.items()
        }
    )
    ours = {row["feature"]: row for row in drift(coarse(SKETCH, KINDS), by_bins)}
    theirs = {row["feature"]: row for row in drift(coarse(SKETCH, KINDS), recent)}
    for name in KINDS:
        for distance in ("psi", "js", "chi2", "missing_rate", "new_share", "ks", "state"):
            assert ours[name][distance] == pytest.approx(theirs[name][distance]), (name, distance)
    assert ours["text"]["new_categories"] == ["(another value)"]


def test_values_of_before_and_bins_of_after_stand_side_by_side():
    values = [1.5, {"bin": 3}, None]
    again = series_of(values, Kind.NUMBER, SKETCH["number"])
    edges = SKETCH["number"]["edges"]
    assert edges[1] < again[1] <= edges[2]
    assert bins_in(again, SKETCH["number"])[0] == bins_in(pd.Series([1.5]), SKETCH["number"])[0]
    assert pd.isna(again[2])
    moment = datetime(2026, 1, 5).isoformat()
    assert series_of([moment], Kind.DATETIME, SKETCH["at"]).notna().all()


def test_of_what_nothing_is_kept_not_even_that_it_is_missing_is_told():
    keeping = Keeping({"text": Keep.NOTHING, "unknown": Keep.BIN}, SKETCH)
    rows = [keeping.row({"text": text, "unknown": 1, "flag": True}) for text in ("a", None)]
    assert rows[0] == rows[1] == {"text": {"bin": None}, "unknown": {"bin": None}, "flag": True}
    assert marked(rows) == {"text": Keep.NOTHING, "unknown": Keep.NOTHING}
    assert marked([{"text": {"bin": 1}}, *rows])["text"] is Keep.NOTHING
    assert marked([{"text": "a"}, {"text": {"bin": 1}}]) == {"text": Keep.BIN}
