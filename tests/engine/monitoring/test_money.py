"""Money: each answer with its actual at the signed payoff; what is open is an interval."""

import itertools
import random
from collections import Counter

import pytest

from apps.engine.monitoring.money import against_promise, money


def booked(counts, right=80.0, wrong=4.0):
    return money(counts, positive="yes", value_right=right, value_wrong=wrong)


def test_right_alarms_earn_wrong_ones_cost_and_open_ones_widen():
    told = booked({("yes", "yes"): 3, ("yes", "no"): 5, ("yes", None): 2, ("no", "yes"): 1})
    assert told["delivered"] == 3 * 80 - 5 * 4
    assert (told["low"], told["high"]) == (220 - 8, 220 + 160)
    assert (told["at_stake"], told["missed"], told["open"]) == (4 * 80, 1, 2)


def test_no_alarm_moves_no_money():
    told = booked({("no", "no"): 100, ("no", None): 50})
    assert {told[name] for name in ("delivered", "low", "high", "at_stake")} == {0}


def test_the_interval_holds_every_outcome_of_the_open_alarms():
    counts = {("yes", "yes"): 1, ("yes", "no"): 1, ("yes", None): 3}
    told = booked(counts)
    for outcome in itertools.product(["yes", "no"], repeat=3):
        known = Counter({("yes", "yes"): 1, ("yes", "no"): 1}) + Counter(
            ("yes", actual) for actual in outcome
        )
        assert told["low"] <= booked(known)["delivered"] <= told["high"]


@pytest.mark.parametrize("seed", range(5))
def test_the_total_is_that_of_the_raw_rows(seed):
    chance = random.Random(seed)
    rows = [(chance.choice(["yes", "no"]), chance.choice(["yes", "no"])) for _ in range(500)]
    by_hand = sum(
        80.0 if actual == "yes" else -4.0 for answered, actual in rows if answered == "yes"
    )
    assert booked(Counter(rows))["delivered"] == by_hand


def test_open_rows_without_an_alarm_widen_it_where_a_missed_case_costs():
    how = {"positive": "yes", "value_right": 80.0, "value_wrong": 4.0}
    counts = {("yes", "yes"): 1, ("no", None): 10}
    told = money(counts, value_missed=20.0, value_quiet=1.0, **how)
    assert (told["low"], told["delivered"], told["high"]) == (80 - 200, 80, 80 + 10)
    assert (told["answered"], told["known"], told["open_quiet"]) == (11, 1, 10)


def test_delivered_is_held_against_what_so_many_answers_promised():
    told = booked({("yes", "yes"): 3, ("yes", "no"): 5, ("no", "no"): 92})
    month = {"value": 5_000.0, "low": 4_000.0, "high": 6_000.0}
    beside = against_promise(told, promised_a_month=month, decisions_a_month=1_000)
    assert (beside["promised"], beside["promised_low"], beside["promised_high"]) == (500, 400, 600)
    assert beside["loss_a_month"] == 5_000 - 10 * told["delivered"]
    nothing = against_promise(booked({}), promised_a_month=month, decisions_a_month=1_000)
    assert nothing["loss_a_month"] is None
