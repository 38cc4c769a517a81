"""The value a year that follows from the payoff."""

import pytest

from apps.planning.value import yearly_value
from tests import builders

pytestmark = pytest.mark.once  # no database at all


def value(**but):
    return yearly_value(builders.plan_content(**but))


def test_without_recall_and_precision_it_is_the_greatest_possible():
    told = value(objective={"value_missed": 50.0})
    assert told.value == pytest.approx(12 * 400 * 0.37 * (100 + 50))
    assert told.says == "if every case were found without a wrong alarm"


def test_at_the_promised_recall_and_precision_wrong_alarms_are_paid():
    items = [
        {"metric": "recall", "threshold": 0.5, "role": "primary", "direction": "up"},
        {"metric": "precision", "threshold": 0.25, "role": "guardrail", "direction": "up"},
    ]
    told = value(metrics={"items": items}, objective={"value_wrong": 5.0, "value_quiet": 1.0})
    found = 12 * 400 * 0.37 * 0.5
    assert told.value == pytest.approx(found * 100 - 3 * found * 6)
    assert told.says == "at the promised recall and precision"


def test_a_regression_saves_the_fall_of_its_mean_error():
    items = [{"metric": "mae", "threshold": 48.0, "role": "primary", "direction": "down"}]
    told = value(
        objective={"error_cost": 2.0, "decisions_per_month": 40.0},
        metrics={"items": items, "baseline": 65.0},
    )
    assert told.value == pytest.approx(12 * 40 * 2 * 17)


@pytest.mark.parametrize(
    "but",
    [
        {"objective": {"value_right": None}},
        {"objective": {"decisions_per_month": None}},
        {"features": {"base_rate": None}},
        {"objective": {"error_cost": 2.0}},  # the primary metric is no error
    ],
)
def test_where_a_number_is_missing_nothing_is_computed(but):
    assert value(**but) is None


def test_an_empty_draft_has_no_value():
    assert yearly_value({}) is None
