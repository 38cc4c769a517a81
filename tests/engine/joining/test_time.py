"""As-of joins as ``pandas.merge_asof`` defines them; windows and groups as a loop computes them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.errors import BadParameter, TooLarge
from apps.engine.joining import aggregate
from apps.engine.joining.how import GROUP_FUNCTIONS, WINDOW_FUNCTIONS, JoinHow
from apps.engine.joining.join import join

START = pd.Timestamp("2024-01-01")
DAY_S = 86_400.0


def how(kind, **options):
    on = options.pop("on", ["k"])
    return JoinHow.from_dict(
        {"kind": kind, "left_on": on, "right_on": on, "prefix": "o_", "options": options}
    )


def timeline(rows, value):
    return pd.DataFrame(
        {
            "k": pd.array([k for k, _, _ in rows], "string"),
            "t": pd.Series(
                [pd.NaT if d is None else START + pd.Timedelta(days=d) for _, d, _ in rows],
                dtype="datetime64[us]",
            ),
            value: pd.array([v for _, _, v in rows], "Int64"),
        }
    )


EVENTS = st.lists(
    st.tuples(
        st.none() | st.sampled_from("ab"),
        st.none() | st.integers(0, 12),
        st.none() | st.integers(-3, 3),
    ),
    max_size=10,
)


def test_the_published_example_of_merge_asof():
    """Trades and quotes of the pandas documentation of merge_asof, tolerance 2 ms."""
    stamps = {
        "quotes": ["023", "023", "030", "041", "048", "049", "072", "075"],
        "trades": ["023", "038", "048", "048", "048"],
    }
    times = {
        name: pd.to_datetime([f"2016-05-25 13:30:00.{ms}" for ms in each]).as_unit("us")
        for name, each in stamps.items()
    }
    quotes = pd.DataFrame(
        {
            "t": times["quotes"],
            "k": ["GOOG", "MSFT", "MSFT", "MSFT", "GOOG", "AAPL", "GOOG", "MSFT"],
            "bid": [720.50, 51.95, 51.97, 51.99, 720.50, 97.99, 720.50, 52.01],
        }
    )
    trades = pd.DataFrame(
        {"t": times["trades"], "k": ["MSFT", "MSFT", "GOOG", "GOOG", "AAPL"], "price": [1.0] * 5}
    )
    times_on = {"left_time": "t", "right_time": "t"}
    frame, _ = join(trades, quotes, how("nearest", tolerance=0.002, leave_out=["t"], **times_on))
    assert frame["bid"].fillna(0).tolist() == [51.95, 0, 720.50, 720.50, 0]
    frame, _ = join(trades, quotes, how("nearest", leave_out=["t"], **times_on))
    assert frame["bid"].fillna(0).tolist() == [51.95, 51.97, 720.50, 720.50, 0]


@pytest.mark.parametrize("direction", ["backward", "forward", "nearest"])
@settings(max_examples=12)
@given(left=EVENTS, right=EVENTS, days=st.none() | st.integers(1, 4))
def test_an_as_of_join_gives_what_merge_asof_gives(direction, left, right, days):
    left, right = timeline(left, "l"), timeline(right, "r")
    asked = how(
        "nearest",
        left_time="t",
        right_time="t",
        direction=direction,
        tolerance=days and days * DAY_S,
        leave_out=["t"],
    )
    frame, _ = join(left, right, asked)
    known = left.assign(at=range(len(left))).dropna(subset=["k", "t"])
    found = right.dropna(subset=["k", "t"])
    expected = pd.merge_asof(
        known.sort_values("t", kind="stable"),
        found.sort_values("t", kind="stable"),
        on="t",
        by="k",
        direction=direction,
        tolerance=None if days is None else pd.Timedelta(days=days),
    ).set_index("at")["r"]
    assert frame["r"].tolist() == expected.reindex(range(len(left))).astype("Int64").tolist()
    assert len(frame) == len(left)


def test_without_keys_and_beside_numbers_the_nearest_is_found_too(table, values):
    left, right = table(x=[1, 5, 9]), table(x=[0.5, 5.0, 20.0], w=["a", "b", "c"])
    one = JoinHow.from_dict(
        {
            "kind": "nearest",
            "prefix": "o_",
            "options": {"left_time": "x", "right_time": "x", "tolerance": 1.5},
        }
    )
    frame, _ = join(left, right, one)
    assert values(frame["w"]) == ["a", "b", None]
    with pytest.raises(BadParameter, match="no two times"):
        join(left, table(x=["1"]), one)


def _looped(left, right, asked, function, column="r"):
    """The definition, row by row."""
    out = []
    for key, time in zip(left["k"], left["t"], strict=True):
        if pd.isna(key) or pd.isna(time):
            out.append(None)
            continue
        end = time - pd.Timedelta(seconds=asked.delay)
        seen = right[(right["k"] == key).fillna(False) & (right["t"] < end)]
        if asked.window is not None:
            seen = seen[seen["t"] >= end - pd.Timedelta(seconds=asked.window)]
        seen = seen.sort_values("t", kind="stable")[column].dropna().astype(float)
        if function == "count":
            out.append(float(len(seen)))
        elif len(seen) < (2 if function == "std" else 1):
            out.append(None)
        else:
            value = seen.iloc[-1] if function == "last" else getattr(seen, function)()
            out.append(float(value))
    return out


@settings(max_examples=12)
@given(
    left=EVENTS,
    right=EVENTS,
    days=st.none() | st.integers(1, 6),
    delay=st.integers(0, 3),
)
def test_a_window_sees_exactly_the_records_before_the_row(left, right, days, delay):
    left, right = timeline(left, "l"), timeline(right, "r")
    asked = how(
        "window",
        left_time="t",
        right_time="t",
        window=days and days * DAY_S,
        delay=delay * DAY_S,
        aggregates=[["r", function] for function in WINDOW_FUNCTIONS],
    )
    frame, _ = join(left, right, asked)
    for function in WINDOW_FUNCTIONS:
        got = frame[f"o_r_{function}"]
        expected = pd.Series(_looped(left, right, asked, function), dtype="float64")
        np.testing.assert_allclose(
            got.astype("Float64").to_numpy(float, np.nan), expected, atol=1e-9
        )


def test_a_window_never_sees_its_own_time_nor_what_comes_later():
    rows = pd.DataFrame(
        {"k": ["a"] * 4, "t": START + pd.to_timedelta([0, 0, 1, 2], unit="D"), "r": [1, 2, 4, 8]}
    )
    asked = how("window", left_time="t", right_time="t", aggregates=[["r", "sum"], ["*", "count"]])
    frame, report = join(rows, rows, asked)
    assert frame["o_r_sum"].fillna(0).tolist() == [0, 0, 3, 7]
    assert frame["o_rows"].tolist() == [0, 0, 2, 3]
    assert report["matched"] == 2
    with pytest.raises(BadParameter, match="look forward"):
        how("window", left_time="t", right_time="t", delay=-1.0, aggregates=[["*", "count"]])


def test_windows_beyond_the_limit_are_refused(monkeypatch):
    monkeypatch.setattr(aggregate, "MOST_VISITS", 5)
    rows = timeline([("a", day, 1) for day in range(5)], "r")
    asked = how("window", left_time="t", right_time="t", aggregates=[["r", "sum"]])
    with pytest.raises(TooLarge, match="choose a shorter window"):
        join(rows, rows, asked)


@settings(max_examples=12)
@given(left=EVENTS, right=EVENTS)
def test_groups_are_what_pandas_groups(left, right):
    left, right = timeline(left, "l"), timeline(right, "r")
    asked = how("group", aggregates=[["r", function] for function in GROUP_FUNCTIONS])
    frame, report = join(left, right, asked)
    assert len(frame) == len(left)
    groups = {key: rows["r"].dropna().astype(float) for key, rows in right.groupby("k")}
    for place, key in enumerate(left["k"]):
        row = frame.iloc[place]
        if pd.isna(key):
            assert row[[f"o_r_{name.replace(' ', '_')}" for name in GROUP_FUNCTIONS]].isna().all()
            continue
        seen = groups.get(key, pd.Series(dtype=float))
        assert row["o_r_count"] == len(seen)
        assert row["o_r_distinct"] == seen.nunique()
        for function in ("sum", "mean", "median", "std", "min", "max"):
            value = getattr(seen, function)() if len(seen) else np.nan
            got = row[f"o_r_{function}"]
            assert (pd.isna(got) and pd.isna(value)) or got == pytest.approx(value)
        if len(seen):
            assert (row["o_r_first"], row["o_r_last"]) == (seen.iloc[0], seen.iloc[-1])
            most = seen.value_counts()
            assert most[float(row["o_r_most_frequent"])] == most.max()
    known = left["k"].isin(right["k"].dropna()) & left["k"].notna()
    assert report["matched"] == known.sum()


def test_functions_that_do_not_fit_a_column_are_refused(table):
    left, right = table(k=["a"]), table(k=["a"], w=["x"])
    for function in ("mean", "max"):
        with pytest.raises(BadParameter, match="needs numbers"):
            join(left, right, how("group", aggregates=[["w", function]]))
    with pytest.raises(BadParameter, match="counted only"):
        how("group", aggregates=[["*", "sum"]])
    big = table(k=["a", "a"], w=[2**62, 2**62])
    with pytest.raises(BadParameter, match="too large for whole numbers"):
        join(left, big, how("group", aggregates=[["w", "sum"]]))


def test_times_and_texts_keep_their_kind(table, values):
    right = timeline([("a", 1, 1), ("a", 3, 2)], "r")
    left = timeline([("a", 5, 0)], "l")
    asked = how("window", left_time="t", right_time="t", aggregates=[["t", "max"], ["k", "last"]])
    frame, _ = join(left, right, asked)
    assert frame["o_t_max"].tolist() == [START + pd.Timedelta(days=3)]
    assert values(frame["o_k_last"]) == ["a"]
    grouped, _ = join(left, right, how("group", aggregates=[["t", "min"], ["k", "most frequent"]]))
    assert grouped["o_t_min"].tolist() == [START + pd.Timedelta(days=1)]
    assert values(grouped["o_k_most_frequent"]) == ["a"]
