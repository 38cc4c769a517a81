"""A share is written in one way."""

import pytest

from apps.engine.percent import percent


@pytest.mark.parametrize(
    ("share", "places", "text"),
    [
        (0.0442, 1, "4.4 %"),
        (0.5, 0, "50 %"),
        (0.12345, 2, "12.35 %"),
        (0.0004, 1, "< 0.1 %"),
        (0.0, 1, "0 %"),
        (-0.0, 2, "0 %"),
        (1.0, 1, "100 %"),
        (0.9996, 1, "100.0 %"),
        (12.5, 0, "1,250 %"),
        (-0.03, 1, "\N{MINUS SIGN}3.0 %"),
        (0.975, None, "97.5 %"),
        (0.9, None, "90 %"),
        (1 / 3, None, "33.33 %"),
    ],
)
def test_a_share_as_a_percentage(share, places, text):
    assert percent(share, places) == text.replace(" ", "\N{NARROW NO-BREAK SPACE}")
