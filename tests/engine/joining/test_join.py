import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.errors import BadParameter, ColumnMissing
from apps.engine.joining.how import JoinHow
from apps.engine.joining.join import join as join_tables


def join(base, other, on="k", right="k", prefix="o_", kind="left", **options):
    data = {"kind": kind, "left_on": on, "right_on": right, "prefix": prefix, "options": options}
    return join_tables(base, other, JoinHow.from_dict(data))


def test_rows_and_their_order_stay_and_matches_are_counted(table, values):
    base = table(k=["b", "x", "a", None, "b"], v=[1, 2, 3, 4, 5])
    other = table(k=["a", "b", None], w=[10, 20, 30])
    frame, report = join(base, other)
    assert values(frame["w"]) == [20, None, 10, None, 20]
    assert values(frame["v"]) == [1, 2, 3, 4, 5]
    assert report == {
        "matched": 3,
        "unmatched": 2,
        "match_rate": 0.6,
        "rows_before": 5,
        "rows_after": 5,
        "added": ["w"],
        "renamed": {},
    }


def test_kinds_survive_rows_that_do_not_match(table):
    base = table(k=["a", "z"])
    frame, _ = join(base, table(k=["a"], n=[2**62 + 1], yes=[True], w=["x"]))
    assert [str(each) for each in frame.dtypes] == ["string", "Int64", "boolean", "string"]
    assert frame["n"][0] == 2**62 + 1


def test_a_repeated_key_is_refused_with_the_rows_it_would_make(table):
    base = table(k=["a", "a", "b", "z"])
    other = table(k=["a", "a", "a", "b"], w=[1, 2, 3, 4])
    with pytest.raises(BadParameter, match=r"such as a\): the join would turn 4 rows into 8"):
        join(base, other)


def test_a_missing_key_that_repeats_is_no_repeated_key(table, values):
    frame, _ = join(table(k=["a", None]), table(k=[None, None, "a"], w=[1, 2, 3]))
    assert values(frame["w"]) == [3, None]


def test_text_and_number_keys_are_refused_and_whole_and_decimal_ones_match(table, values):
    with pytest.raises(BadParameter, match=r"'k' \(text\) and 'k' \(integer\)"):
        join(table(k=["007"]), table(k=[7], w=[1]))
    frame, _ = join(table(k=[7, 8]), table(k=[7.0, 8.5], w=[1, 2]))
    assert values(frame["w"]) == [1, None]


def test_clashing_names_get_the_prefix(table):
    base = table(k=["a"], v=[1], w=[2])
    frame, report = join(base, table(key=["a"], v=[3], u=[4]), right="key")
    assert list(frame.columns) == ["k", "v", "w", "o_v", "u"]
    assert report["renamed"] == {"v": "o_v"}
    with pytest.raises(BadParameter, match="another prefix"):
        join(base, table(key=["a"], v=[3]), right="key", prefix="")


def test_several_keys_match_together(table, values):
    base = table(a=[1, 1, 2], b=["x", "y", "x"])
    other = table(p=[1, 2], q=["y", "x"], w=[10, 20])
    frame, _ = join(base, other, on=["a", "b"], right=["p", "q"], prefix="")
    assert values(frame["w"]) == [None, 10, 20]


def test_keys_that_are_not_there_are_refused(table):
    with pytest.raises(ColumnMissing, match="'z'"):
        join(table(k=["a"]), table(k=["a"]), right="z")
    with pytest.raises(BadParameter, match="as many key columns"):
        join(table(k=["a"]), table(k=["a"]), right=[])


@given(
    st.lists(st.none() | st.integers(0, 5), max_size=12),
    st.lists(st.integers(0, 5), max_size=6, unique=True),
)
def test_a_join_equals_looking_each_key_up(left, right):
    base = pd.DataFrame({"k": pd.array(left, "Int64")})
    other = pd.DataFrame(
        {"k": pd.array(right, "Int64"), "w": pd.array([k * 10 for k in right], "Int64")}
    )
    frame, report = join(base, other)
    found = frame["w"].astype(object).where(frame["w"].notna(), None).tolist()
    assert found == [k * 10 if k in right else None for k in left]
    assert report["matched"] == sum(k in right for k in left)
