"""Days and periods are written in one way."""

import pytest

from apps.engine.dates import day_text, period_text


@pytest.mark.parametrize(
    ("day", "text"),
    [("2027-06-30", "30 June 2027"), ("2027-01-05", "5 January 2027"), ("soon", "soon"), ("", "")],
)
def test_a_day_is_written_out_and_what_is_none_stays_as_it_is(day, text):
    assert day_text(day) == text


@pytest.mark.parametrize(
    ("start", "step", "text"),
    [
        ("2013-01-01", "year", "2013"),
        ("2010-01-01", "decade", "2010"),
        ("2013-01-01", "month", "Jan 2013"),
        ("2013-04-01", "quarter", "Apr 2013"),
        ("2024-12-30", "week", "30 Dec 2024"),
        ("2025-01-06", "day", "6 Jan 2025"),
        ("2025-01-06 09:30", "minute", "6 Jan 2025, 09:30"),
        ("0000-01-01", "century", "0000"),
    ],
)
def test_a_period_is_called_by_no_more_than_its_step(start, step, text):
    assert period_text(start, step) == text
