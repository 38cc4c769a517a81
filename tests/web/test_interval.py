"""The drawing of a result with its interval against a promise."""

import pytest
from django.template import Context, Template

from apps.web.drawing import draw_interval

pytestmark = pytest.mark.once  # no database at all


def test_all_marks_lie_on_one_axis_in_their_order():
    drawing = draw_interval(0.63, 0.69, 0.66, 0.60)
    assert 0 < drawing.promise_at < drawing.band_at < drawing.result_at < 100
    assert drawing.band_at + drawing.band_wide < 100
    assert drawing.result_at == pytest.approx(drawing.band_at + drawing.band_wide / 2, abs=0.01)


def test_a_given_axis_makes_rows_comparable():
    drawing = draw_interval(0.2, 0.4, 0.3, 0.5, axis=(0.0, 1.0))
    assert (drawing.band_at, drawing.band_wide) == (20.0, 20.0)
    assert (drawing.result_at, drawing.promise_at) == (30.0, 50.0)


def test_what_lies_outside_of_the_axis_is_drawn_at_its_end():
    drawing = draw_interval(-1.0, 2.0, 1.5, 5.0, axis=(0.0, 1.0))
    assert (drawing.band_at, drawing.band_wide) == (0.0, 100.0)
    assert (drawing.result_at, drawing.promise_at) == (100.0, 100.0)


def test_a_share_never_gets_an_axis_beyond_nought_to_one():
    assert draw_interval(0.0, 1.0, 0.5, None).band_wide == 100.0


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0, 1e9])
def test_a_single_value_without_interval_or_promise_can_be_drawn(value):
    drawing = draw_interval(None, None, value, None)
    assert 0 <= drawing.result_at <= 100
    assert drawing.promise_at is None
    assert drawing.band_wide >= 1


@pytest.mark.parametrize("result", [None, float("nan"), float("inf")])
def test_without_a_result_nothing_is_drawn(result):
    assert draw_interval(0.1, 0.2, result, 0.3) is None
    page = Template("{% interval 0.1 0.2 result 0.3 %}").render(Context({"result": result}))
    assert "not measured" in page
    assert "<svg" not in page


def test_the_drawing_is_told_in_words_too():
    page = Template("{% interval 0.631 0.69 0.661 0.6 %}").render(Context())
    assert 'aria-label="Result 0.661, interval 0.631 to 0.69, promise 0.6"' in page
    assert 'class="promise"' in page
