"""Days and periods are written in one way."""

import pytest

from apps.engine.dates import day_text, period_text, span_text


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


@pytest.mark.parametrize(
    ("first", "last", "step", "text"),
    [
        ("2025-01-01", "2025-01-06", "day", "1 Jan to 6 Jan 2025"),
        ("2024-12-30", "2025-01-06", "day", "30 Dec 2024 to 6 Jan 2025"),
        ("2025-01-06T07:00:00", "2025-01-06T09:00:00", "day", "6 Jan 2025"),
        ("2025-01-06T07:00:00", "2025-01-06T09:30:00", "minute", "6 Jan 2025, 07:00 to 09:30"),
        ("2025-01-06T07:00:00", "2025-01-07", "minute", "6 Jan 2025, 07:00 to 7 Jan 2025, 00:00"),
        ("2011-01-01", "2013-01-01", "year", "2011 to 2013"),
    ],
)
def test_what_both_ends_of_a_span_share_is_said_once(first, last, step, text):
    assert span_text(first, last, step) == text
