"""Planted faults are found, at their time; nothing is suspected where nothing happened."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.monitoring.cause import Recent, causes, sentence_of, surplus_of
from apps.engine.monitoring.since import change_point
from apps.engine.monitoring.sketch import sketch_of
from tests.engine.monitoring.faults import BEGINS, FAULTS, planted, suspects, world

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def sound():
    return world()


def test_nine_of_ten_planted_faults_are_suspected_first(sound):
    right = []
    for fault, name in FAULTS.items():
        for seed in range(4):
            found = suspects(planted(fault, seed=seed), sound)
            right.append(bool(found) and found[0]["name"] == name)
    assert sum(right) >= 0.9 * len(right)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_change_is_dated(fault, sound):
    recent = planted(fault, seed=9)
    first = suspects(recent, sound)[0]
    assert first["name"] == FAULTS[fault]
    assert abs(first["since"] - BEGINS * len(recent.loss)) < 60


@pytest.mark.parametrize("fault", ["null spike", "unit change", "renamed category"])
def test_a_broken_column_is_suspected_before_any_truth_is_known(fault, sound):
    first = suspects(planted(fault, seed=5, known=False), sound)[0]
    assert (first["name"], first["of_loss"]) == (FAULTS[fault], False)


def test_the_important_one_of_two_moved_columns_is_told_first(sound):
    recent = planted("unit change", seed=6, known=False)
    recent.frame["visits"] += 50
    weigh = {"age": 0.001, "visits": 0.2}
    found = causes(recent, sketch=sound.sketch, importance=weigh)
    assert [item["name"] for item in found[:2]] == ["visits", "age"]


def test_nobody_is_suspected_where_nothing_happened(sound):
    assert [suspects(planted("none", seed=seed), sound) for seed in range(8)] == [[]] * 8


def test_a_date_that_moved_on_is_no_suspect(sound):
    recent = planted("none", seed=3)
    days = pd.Series(pd.date_range("2026-01-01", periods=len(recent.loss), freq="h"))
    before = sketch_of(days.to_frame("day"), prediction=days)
    recent.frame["day"] = days + pd.Timedelta(days=900)
    found = causes(recent, sketch=sound.sketch | before, reference=sound.reference)
    assert [item["name"] for item in found] == []


def test_the_sum_of_the_surplus_is_the_total_variation_distance(sound):
    recent = planted("renamed category", seed=7)
    told = sound.sketch["region"]
    surplus = surplus_of(recent.frame["region"], told)
    actual = recent.frame["region"].value_counts(normalize=True)
    names = [*told["values"], "North"]
    expected = dict(zip(names, [*told["shares"][:-1], 0.0], strict=True))
    distance = 0.5 * sum(abs(actual.get(name, 0.0) - expected[name]) for name in names)
    assert surplus.mean() == pytest.approx(distance)
    assert set(surplus[recent.frame["region"] == "North"]) == {1.0}


def test_a_truth_that_is_higher_everywhere_is_a_matter_of_level(sound):
    recent = planted("none", seed=8)
    loss = recent.loss + 1.0
    found = causes(
        Recent(recent.frame, loss, recent.loss, recent.is_due),
        sketch=sound.sketch,
        reference=sound.reference,
    )
    assert found[0]["kind"] == "level"
    assert found[0]["share"] > 0.9


def test_a_change_of_the_mean_is_found_where_it_is_and_chance_is_not():
    random = np.random.default_rng(1)
    level = np.where(np.arange(600) < 400, 0.0, 1.0)
    assert abs(change_point(random.normal(level, 1)) - 400) < 15
    quiet = [change_point(random.normal(0, 1, 300)) for _ in range(200)]
    assert sum(place is not None for place in quiet) <= 2
    assert change_point(np.repeat([0.0, 1.0], 50)) == 50
    assert change_point(np.zeros(100)) is None
    assert change_point(np.arange(10)) is None


def test_the_sentence_says_who_how_much_and_since_when():
    cause = {
        "kind": "column",
        "says": "60 % of amount are missing, 0 % before",
        "share": 0.71,
        "of_loss": True,
    }
    assert sentence_of(cause, source="payments", since="since 3 May") == (
        "Likely: 60 % of amount are missing, 0 % before, from payments, 71 % of the additional "
        "loss, since 3 May."
    )
    level = {**cause, "kind": "level", "says": "the level moved", "of_loss": False}
    assert sentence_of(level, source="payments") == "Likely: the level moved."
