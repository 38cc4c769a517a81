"""From which precision and recall on alarms pay."""

import pytest

from apps.engine.evaluation.payoff import Payoff
from apps.engine.feasibility.break_even import (
    break_even_precision,
    break_even_recall,
    value_over_none,
)

PAYOFF = Payoff(right=80.0, wrong=20.0, per_month=1.0)


def test_alarms_at_the_break_even_precision_earn_nothing_at_any_recall():
    assert break_even_precision(PAYOFF) == 0.2
    for recall in (0.1, 0.9):
        assert value_over_none(
            PAYOFF, precision=0.2, recall=recall, base_rate=0.1
        ) == pytest.approx(0.0)


def test_where_an_alarm_for_everyone_loses_any_recall_pays():
    assert break_even_recall(PAYOFF, precision=0.3, base_rate=0.1) == 0.0


def test_where_an_alarm_for_everyone_earns_the_model_has_to_find_enough():
    # alarm for all: 0.4 * 80 - 0.6 * 20 = 20; at precision 0.8 a found case is worth 80 - 5
    assert break_even_recall(PAYOFF, precision=0.8, base_rate=0.4) == pytest.approx(20 / (0.4 * 75))


def test_below_the_break_even_precision_no_recall_pays():
    assert break_even_recall(PAYOFF, precision=0.1, base_rate=0.4) is None
    assert break_even_recall(PAYOFF, precision=0.3, base_rate=0.4) is None  # less than for everyone
