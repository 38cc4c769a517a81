import numpy as np
import pandas as pd
import pytest

from apps.engine.profile import categorical, ordering
from apps.engine.profile.categorical import profile_values, same_but_for_spelling
from apps.engine.profile.cells import cells_of
from apps.engine.profile.datetime import profile_dates, spans
from apps.engine.profile.groups import group_numbers, group_values
from apps.engine.profile.missing import disguised_numbers, disguised_texts


def sort_numbers(series):
    return ordering.sort_numbers(cells_of(series))


def code_values(series):
    return categorical.code_values(cells_of(series))


def texts(*values):
    return pd.Series(values, dtype="string")


def test_values_are_listed_most_frequent_first_and_ties_by_name():
    coded = code_values(texts("b", "a", None, "c", "c", "a", "b", "c"))
    assert coded.labels == ["c", "a", "b"]
    assert coded.counts.tolist() == [3, 2, 2]
    assert coded.codes.tolist() == [2, 1, -1, 0, 0, 1, 2, 0]


def test_values_beyond_the_top_are_counted_as_the_rest():
    profile = profile_values(code_values(texts(*[f"v{n:02}" for n in range(25)], "v00")))
    assert profile["top"][0] == {"value": "v00", "rows": 2, "share": 2 / 26}
    assert profile["rest"] == {"values": 5, "rows": 5}
    assert profile["lengths"] == {"shortest": 3, "mean": 3.0, "longest": 3}


def test_a_column_of_only_missing_texts_has_a_profile():
    assert profile_values(code_values(texts(None, None)))["lengths"] is None


def test_booleans_are_values_too():
    coded = code_values(pd.Series([True, False, True, None], dtype="boolean"))
    assert (coded.labels, coded.codes.tolist()) == (["True", "False"], [0, 1, 0, -1])


def test_spellings_that_differ_in_case_or_blanks_are_grouped():
    coded = code_values(texts("New York", "new  york ", "Boston", "New York"))
    assert same_but_for_spelling(coded) == [["New York", "new  york "]]


def test_dates_are_counted_by_the_calendar_with_empty_steps():
    days = pd.Series(pd.to_datetime(["2024-01-31", "2024-02-01", "2024-04-30", None, "2026-01-01"]))
    profile = profile_dates(sort_numbers(days.astype("datetime64[us]")).ascending)
    assert (profile["first"], profile["last"]) == ("2024-01-31T00:00:00", "2026-01-01T00:00:00")
    assert profile["over_time"]["step"] == "month"
    assert profile["over_time"]["counts"][:5] == [1, 1, 0, 1, 0]
    assert profile["over_time"]["starts"][1] == "2024-02-01T00:00:00"
    assert sum(profile["over_time"]["counts"]) == 4


def test_weeks_begin_on_monday():
    days = pd.Series(pd.date_range("2025-01-01", periods=70)).astype("datetime64[us]")
    over_time = profile_dates(sort_numbers(days).ascending)["over_time"]
    assert (over_time["step"], over_time["counts"]) == ("week", [5, *[7] * 9, 2])
    assert over_time["starts"][0] == "2024-12-30T00:00:00"


def test_a_day_of_events_is_counted_by_half_or_whole_hours():
    moments = pd.Series(pd.date_range("2024-03-01", periods=96, freq="15min")).astype(
        "datetime64[us]"
    )
    over_time = profile_dates(sort_numbers(moments).ascending)["over_time"]
    assert (over_time["step"], over_time["counts"]) == ("hour", [4] * 24)


def test_dates_before_1970_and_with_a_zone_are_read():
    old = pd.Series(pd.to_datetime(["1912-04-15T02:20:00Z", "1969-12-31T23:59:59Z"]))
    profile = profile_dates(sort_numbers(old).ascending)
    assert (profile["first"], profile["last"]) == ("1912-04-15T02:20:00", "1969-12-31T23:59:59")


def test_tokens_that_mean_missing_are_found_in_any_case():
    found = disguised_texts(code_values(texts("a", "N/A", "n/a", "?", " ", "nan", "Nancy")))
    assert {entry["value"] for entry in found} == {"N/A", "n/a", "?", " ", "nan"}


def numbers(*parts):
    return sort_numbers(pd.Series(np.concatenate(parts), dtype="Int64"))


def test_sentinels_are_found_only_where_they_stand_alone():
    days = np.arange(28)
    assert disguised_numbers(numbers(days, [999] * 5)) == [{"value": "999", "rows": 5}]
    assert disguised_numbers(numbers(days, [-1] * 5)) == [{"value": "-1", "rows": 5}]
    assert disguised_numbers(numbers(np.arange(1000))) == []  # 999 is one of many
    assert disguised_numbers(numbers(np.arange(-20, 0))) == []  # -1 among negatives
    assert disguised_numbers(numbers([-1, 0, 1] * 9)) == []  # a code with three values


def test_tenths_hold_equal_shares_and_never_part_equal_values():
    column = pd.Series(np.random.default_rng(0).permutation(1000).astype(float))
    groups = group_numbers(sort_numbers(column))
    assert np.bincount(groups.codes).tolist() == [100] * 10
    assert groups.labels[0] == "0 to 99"
    assert column[groups.codes == 3].min() == 300
    tied = pd.Series([1] * 600 + list(range(2, 402)), dtype="Int64")
    groups = group_numbers(sort_numbers(tied))
    assert groups.labels[0] == "1"
    assert pd.Series(groups.codes).groupby(tied.to_numpy()).nunique().max() == 1


def test_groups_of_numbers_part_thousands_unless_all_may_be_years():
    labels = group_numbers(sort_numbers(pd.Series(np.arange(40_000.0)))).labels
    assert (labels[0], labels[-1]) == ("0 to 3,999", "36,000 to 39,999")
    labels = group_numbers(sort_numbers(pd.Series(np.arange(1900.0, 2000.0)))).labels
    assert labels[0] == "1900 to 1909"
    assert group_numbers(sort_numbers(pd.Series([1900.5, 2000.0]))).labels == ["1,900.5", "2,000"]


@pytest.mark.parametrize(
    ("step", "first"),
    [
        ("D", "1 Jan to 10 Jan 2024"),
        ("h", "1 Jan 2024, 00:00 to 09:00"),
        ("ME", "31 Jan to 31 Oct 2024"),
    ],
)
def test_groups_of_dates_are_told_in_words_and_never_alike(step, first):
    days = pd.Series(pd.date_range("2024-01-01", periods=100, freq=step))
    since = np.sort(days.to_numpy(dtype="datetime64[us]").astype(np.int64))
    words = spans(since)
    labels = [words(*map(float, since[at : at + 10][[0, -1]])) for at in range(0, 100, 10)]
    assert labels[0] == first
    assert len(set(labels)) == 10


def test_rows_without_a_value_are_a_group_of_their_own():
    groups = group_numbers(sort_numbers(pd.Series([1.0, np.nan, 2.0])))
    assert [groups.labels[code] for code in groups.codes] == ["1", "missing", "2"]
    many = code_values(texts(None, *[f"v{n:02}" for n in range(15)]))
    groups = group_values(many)
    assert groups.labels[-2:] == ["3 other values", "missing"]
    assert groups.codes[0] == len(groups.labels) - 1
    assert (groups.codes == 12).sum() == 3


def test_common_words_count_the_rows_that_hold_them_and_values_have_none():
    texts = pd.Series(
        ["The cat sat down", "the THE dog sat", None, "a cat and a dog"], dtype="string"
    )
    words = {one["word"]: one["rows"] for one in profile_values(code_values(texts))["common_words"]}
    assert words == {"the": 2, "cat": 2, "sat": 2, "dog": 2}
    names = pd.Series(["Fiber optic", "No service"] * 9, dtype="string")
    assert profile_values(code_values(names))["common_words"] == []
