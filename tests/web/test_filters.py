"""Numbers, sizes, times and states as people read them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.utils import timezone

from apps.web.templatetags import ui

pytestmark = pytest.mark.once  # no database at all


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1752310, "1,752,310"),
        (0, "0"),
        (0.0, "0"),
        (-4, "−4"),
        (0.66412, "0.664"),
        (0.0142, "0.0142"),
        (0.01, "0.01"),
        (-0.05, "−0.05"),
        (0.0999999, "0.1"),
        (12.345, "12.3"),
        (1234.5, "1,234"),
        (61000.0, "61,000"),
        (-0.25, "−0.25"),
        (np.float64(0.5), "0.5"),
        (0.66, "0.66"),
        (1234.0, "1,234"),
        (46.02, "46.0"),
        (np.int64(7000), "7,000"),
        (None, "–"),
        ("", "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        ("text", "text"),
        (True, "True"),
    ],
)
def test_a_number_is_rounded_to_what_a_reader_can_use(value, shown):
    assert ui.number(value) == shown


def test_a_column_can_fix_its_decimals():
    assert [ui.number(value, 2) for value in (0.6, 12, 1234.567)] == ["0.60", "12.00", "1,234.57"]


def test_what_rounds_to_zero_has_no_minus():
    assert ui.number(-0.001, 1) == "0.0"


@pytest.mark.parametrize(
    ("row", "decimals"),
    [
        ({"low": 0.631, "high": 0.69, "threshold": 0.6}, 2),
        ({"low": 0.6601, "high": 0.6642, "threshold": 0.6}, 3),
        ({"low": 0.63, "high": 0.69, "threshold": 0.625}, 3),
        ({"low": 120.0, "high": 340.0, "threshold": 200.0}, 0),
        ({"low": None, "high": None, "threshold": 0.6}, 2),
        ({"low": 0.5, "high": 0.5, "threshold": None}, 2),
    ],
)
def test_a_verdict_shows_the_decimals_its_interval_leaves_and_never_cuts_the_promise(row, decimals):
    assert ui.places(row) == decimals


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.62, "0.62"),
        (0.25, "0.25"),
        (0.8 - 0.62, "0.18"),
        (250, "250"),
        (40000.0, "40,000"),
        (-4.5, "−4.5"),
        (0.0, "0"),
        (None, "–"),
        ("soon", "soon"),
        (float("nan"), "nan"),
    ],
)
def test_what_a_person_typed_is_shown_as_typed(value, shown):
    assert ui.typed(value) == shown


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ({"low": 3.3, "high": 3.5, "threshold": 250.0}, "250"),
        ({"low": 0.63, "high": 0.69, "threshold": 0.6}, "0.60"),
        ({"low": 0.63, "high": 0.69, "threshold": 1.0}, "1.00"),
        ({"low": 3.3, "high": 3.5, "threshold": 250.5}, "250.5"),
        ({"low": None, "high": None, "threshold": None}, "–"),
    ],
)
def test_a_round_promise_gets_no_places_beside_a_result_that_has_them(row, shown):
    assert ui.promise(row) == shown


def test_a_day_that_was_kept_as_text_is_written_out():
    assert (ui.day("2027-06-30"), ui.day(None), ui.day("spring")) == ("30 June 2027", "–", "spring")


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.123, "12.3 %"), (1, "100 %"), (0, "0 %"), (0.0001, "< 0.1 %"), (None, "–")],
)
def test_a_share_is_a_percentage(share, shown):
    assert ui.percent(share).replace(ui.THIN, " ") == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_999, "1.0 MB"),
        (12_345_678, "12 MB"),
        (4.2e15, "4,200 TB"),
        (None, "–"),
    ],
)
def test_bytes_take_the_unit_that_fits(amount, shown):
    assert ui.size(amount).replace(ui.THIN, " ") == shown


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(hours=2, minutes=10), "2\N{NO-BREAK SPACE}hours ago"),
        (timedelta(days=3), "3\N{NO-BREAK SPACE}days ago"),
        (timedelta(days=-2, minutes=-1), "in 2\N{NO-BREAK SPACE}days"),
    ],
)
def test_a_time_is_told_from_now_with_the_absolute_one_beside(before, says):
    moment = timezone.now() - before
    drawn = ui.ago(moment)
    assert f">{says}</time>" in drawn
    assert f'title="{timezone.localtime(moment):%-d %B %Y, %H:%M}' in drawn


def test_an_old_time_is_a_date():
    assert ">5 Mar 2019</time>" in ui.ago(datetime(2019, 3, 5, 12, tzinfo=UTC))
    assert ui.ago(None) == "–"


def test_hashes_and_names_are_shortened():
    assert ui.short_hash("4f9ce1aa55667788") == "4f9ce1aa"
    assert ui.short_hash("") == "–"
    assert [ui.initials(name) for name in ("Mo Okafor", "Ann", "", "Ada B. Lovelace")] == [
        "MO",
        "A",
        "?",
        "AL",
    ]


def test_an_icon_is_decoration_unless_it_has_a_label():
    assert 'aria-hidden="true"' in ui.icon("lock")
    assert "visually-hidden" not in ui.icon("lock")
    assert '<span class="visually-hidden">Locked &lt;b&gt;</span>' in ui.icon("lock", "Locked <b>")


def test_words_between_backticks_are_code_and_never_markup():
    shown = ui.coded("Too many. `too_large`, `<b>`.")
    assert shown == "Too many. <code>too_large</code>, <code>&lt;b&gt;</code>."
