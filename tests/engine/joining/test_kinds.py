"""Every kind of join held against pandas on any small tables; keys that are missing left out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.errors import BadParameter, ColumnMissing, TooLarge
from apps.engine.joining import join as joining
from apps.engine.joining.how import JoinHow
from apps.engine.joining.join import join

KEYS = st.none() | st.sampled_from(["a", "b", "c", "d"])
NUMBERS = st.none() | st.integers(0, 2)
MANY = 10**6


def how(kind, *, on=("k", "n"), right=None, prefix="o_", **options):
    return JoinHow.from_dict(
        {
            "kind": kind,
            "left_on": list(on),
            "right_on": list(right or on),
            "prefix": prefix,
            "options": options,
        }
    )


def keyed(rows, value):
    return pd.DataFrame(
        {
            "k": pd.array([k for k, _ in rows], "string"),
            "n": pd.array([n for _, n in rows], "Int64"),
            value: pd.array(range(len(rows)), "Int64"),
        }
    )


def plain(frame):
    return [
        tuple(None if pd.isna(v) else v for v in row) for row in frame.astype(object).to_numpy()
    ]


def sorted_rows(frame):
    return sorted(plain(frame), key=lambda row: tuple((v is None, str(v)) for v in row))


def by_pandas(left, right, kind):
    """``pandas.merge`` of the rows whose keys are known; the others match nothing."""
    known, found = left.dropna(subset=["k", "n"]), right.dropna(subset=["k", "n"])
    if kind in ("semi", "anti"):
        matched = known.merge(found[["k", "n"]].drop_duplicates(), on=["k", "n"])["l"]
        return left[left["l"].isin(matched) == (kind == "semi")]
    merged = known.merge(found, on=["k", "n"], how=kind)
    if kind in ("left", "outer"):
        merged = pd.concat([merged, left.drop(known.index)])
    if kind in ("right", "outer"):
        merged = pd.concat([merged, right.drop(found.index)])
    return merged[["k", "n", "l", "r"]]


ROWS = st.lists(st.tuples(KEYS, NUMBERS), max_size=10)


@pytest.mark.parametrize("kind", ["left", "inner", "right", "outer", "semi", "anti"])
@settings(max_examples=12)
@given(left=ROWS, right=ROWS)
def test_a_join_gives_the_rows_that_pandas_gives(kind, left, right):
    left, right = keyed(left, "l"), keyed(right, "r")
    frame, report = join(left, right, how(kind, agreed_rows=MANY))
    assert sorted_rows(frame) == sorted_rows(by_pandas(left, right, kind))
    assert report["rows_after"] == len(frame)
    matched = by_pandas(left, right, "semi")
    assert report["matched"] == len(matched)
    assert [str(each) for each in frame.dtypes][:3] == ["string", "Int64", "Int64"]


@settings(max_examples=12)
@given(left=ROWS, right=ROWS)
def test_rows_are_counted_before_they_are_made(left, right):
    left, right = keyed(left, "l"), keyed(right, "r")
    for kind in ("left", "inner", "right", "outer", "semi", "anti"):
        one = how(kind, agreed_rows=MANY)
        foreseen = joining.codes_of(left, right, one).rows_after(one.kind)
        assert foreseen == len(join(left, right, one)[0])


def test_rows_stand_in_the_order_of_the_table(table, values):
    left = table(k=["b", "a", "z"], n=[1, 1, 1], l=[0, 1, 2])
    right = table(k=["a", "b", "b", "q"], n=[1, 1, 1, 1], r=[0, 1, 2, 3])
    frame, _ = join(left, right, how("outer", agreed_rows=9))
    assert values(frame["k"]) == ["b", "b", "a", "z", "q"]
    assert values(frame["r"]) == [1, 2, 0, None, 3]
    frame, _ = join(left, right, how("right", agreed_rows=9))
    assert values(frame["l"]) == [1, 0, 0, None]


def test_a_join_that_multiplies_needs_a_yes_to_its_number_of_rows(table):
    left, right = table(k=["a", "a", "b"]), table(k=["a", "a", "b"], r=[1, 2, 3])
    for kind in ("left", "inner", "outer", "right"):
        with pytest.raises(BadParameter, match=r"turn 3 rows into 5\..*say yes to 5 rows"):
            join(left, right, how(kind, on=["k"]))
        with pytest.raises(BadParameter, match=r"Agreed were 4 rows; the join would make 5 now"):
            join(left, right, how(kind, on=["k"], agreed_rows=4))
        assert len(join(left, right, how(kind, on=["k"], agreed_rows=5))[0]) == 5
    assert len(join(left, right, how("semi", on=["k"]))[0]) == 3


def test_ten_thousand_equal_keys_on_both_sides_are_refused_before_memory_is_used():
    keys = pd.DataFrame({"k": pd.array(np.zeros(10_000), "Int64"), "v": np.zeros(10_000)})
    with pytest.raises(TooLarge, match=r"10,000 rows into 100,000,000 of 3 columns"):
        join(keys, keys, how("left", on=["k"], agreed_rows=10**9))


def test_keys_are_compared_as_numbers_or_as_text_when_asked(table, values):
    left, right = table(k=["007", "8", "x", " B ", None]), table(k=[7, 8], r=[1, 2])
    with pytest.raises(BadParameter, match=r"'k' \(text\) and 'k' \(integer\) are of different"):
        join(left, right, how("left", on=["k"]))
    frame, _ = join(left, right, how("left", on=["k"], compare="number"))
    assert values(frame["r"]) == [1, 2, None, None, None]
    frame, _ = join(left, right, how("left", on=["k"], compare="text"))
    assert values(frame["r"]) == [None, 2, None, None, None]
    frame, _ = join(left, table(k=["b", "X"], r=[1, 2]), how("left", on=["k"], compare="loose"))
    assert values(frame["r"]) == [None, None, 2, 1, None]


def test_a_key_column_filled_from_both_sides_holds_one_kind(table, values):
    left = table(k=["7"])
    with pytest.raises(BadParameter, match="fills 'k'"):
        join(left, table(k=[7]), how("outer", on=["k"], compare="number"))
    frame, _ = join(table(k=[1]), table(j=[1.0, 2.5]), how("outer", on=["k"], right=["j"]))
    assert values(frame["k"]) == [1.0, 2.5]


def test_columns_can_be_left_out_and_filters_bring_none(table):
    left, right = table(k=["a"], v=[1]), table(k=["a"], v=[2], w=[3])
    frame, report = join(left, right, how("left", on=["k"], leave_out=["v"]))
    assert (list(frame), report["renamed"]) == (["k", "v", "w"], {})
    assert list(join(left, right, how("semi", on=["k"]))[0]) == ["k", "v"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"kind": "sideways"}, "make it anew"),
        ({"options": {"nonsense": 1}}, "make it anew"),
        ({"left_on": ["k"], "right_on": []}, "as many key columns"),
        ({"kind": "inner"}, "at least one key"),
        ({"left_on": ["k", "k"], "right_on": ["k", "n"]}, "chosen twice"),
        ({"left_on": ["k"], "right_on": ["k"], "options": {"compare": "fuzzy"}}, "not 'fuzzy'"),
        ({"kind": "nearest"}, "time column"),
        ({"kind": "group", "left_on": ["k"], "right_on": ["k"]}, "at least one column"),
    ],
)
def test_a_join_that_makes_no_sense_is_refused_in_one_sentence(data, says):
    with pytest.raises(BadParameter, match=says):
        JoinHow.from_dict(data)


def test_union_stacks_matched_columns_and_keeps_the_rest(table, values):
    left = table(id=[1, 2], Amount=[1.5, 2.5], only=["x", "y"])
    right = table(id=[3], amount=[4], more=[True])
    one = how("union", on=[], matching=[["id", "id"], ["amount", "Amount"]], origin="from")
    frame, report = join(left, right, one)
    assert list(frame) == ["id", "Amount", "only", "more", "from"]
    assert values(frame["Amount"]) == [1.5, 2.5, 4.0]
    assert values(frame["only"]) == ["x", "y", None]
    assert values(frame["from"]) == ["table", "table", "other"]
    assert report["match_rate"] is None
    assert report["renamed"] == {"amount": "Amount"}


def test_union_refuses_what_cannot_stand_in_one_column(table):
    with pytest.raises(BadParameter, match="different kinds"):
        join(table(a=["x"]), table(a=[1]), how("union", on=[]))
    with pytest.raises(BadParameter, match="lose digits"):
        join(table(a=[2**60 + 1]), table(a=[0.5]), how("union", on=[]))
    with pytest.raises(BadParameter, match="matched twice"):
        join(
            table(a=[1]),
            table(a=[1], b=[2]),
            how("union", on=[], matching=[["a", "a"], ["b", "a"]]),
        )
    with pytest.raises(ColumnMissing, match="match anew"):
        join(table(a=[1]), table(a=[1]), how("union", on=[], matching=[["z", "a"]]))
    frame, _ = join(table(a=[1]), table(a=["x"]), how("union", on=[], leave_out=["a"]))
    assert len(frame) == 2


def test_union_matches_nothing_where_a_person_chose_nothing(table):
    frame, report = join(table(a=[1]), table(a=["x"]), how("union", on=[], matching=[]))
    assert list(frame) == ["a", "o_a"]
    assert report["renamed"] == {"a": "o_a"}
