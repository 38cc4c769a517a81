"""The simulated card payments: same seed same bytes, the stated frauds, honest histories."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import BadParameter
from apps.engine.monitoring.drift import drift
from apps.engine.monitoring.sketch import sketch_of
from apps.engine.simulation.fraud import LIMIT_AMOUNT, Fraud, simulate_fraud


@pytest.fixture(scope="module")
def made() -> Fraud:
    return simulate_fraud(customers=120, terminals=60, days=60, seed=3)


def test_the_same_seed_makes_the_same_tables_and_another_makes_others(made):
    again = simulate_fraud(customers=120, terminals=60, days=60, seed=3)
    for name in ("customers", "terminals", "payments"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(made, name))
    other = simulate_fraud(customers=120, terminals=60, days=60, seed=4)
    assert not other.payments["amount"].equals(made.payments["amount"])


def test_payments_are_in_time_order_and_belong_to_the_other_tables(made):
    paid = made.payments
    assert paid["at"].is_monotonic_increasing
    assert paid["payment_id"].is_unique
    assert paid["at"].iloc[-1] - paid["at"].iloc[0] < pd.Timedelta(days=60)
    assert set(paid["customer_id"]) <= set(made.customers["customer_id"])
    assert set(paid["terminal_id"]) <= set(made.terminals["terminal_id"])
    assert not paid.isna().to_numpy().any()


def test_customers_pay_near_home_as_much_and_as_often_as_they_do():
    calm = simulate_fraud(customers=120, terminals=60, days=60, seed=3, intensity=0)
    paid = calm.payments.merge(calm.customers, on="customer_id").merge(
        calm.terminals, on="terminal_id"
    )
    far = np.hypot(paid["customer_x"] - paid["terminal_x"], paid["customer_y"] - paid["terminal_y"])
    assert far.mean() < 30  # two points of the square at random lie 52 apart
    each = paid.groupby("customer_id").agg(
        count=("amount", "size"), amount=("amount", "mean"), usual=("mean_amount", "first")
    )
    rate = calm.customers.set_index("customer_id")["payments_per_day"][each.index]
    assert (each["count"] / 60).corr(rate) > 0.98
    assert each["amount"].corr(each["usual"]) > 0.95


def test_without_attempts_only_amounts_above_the_limit_are_fraud():
    calm = simulate_fraud(customers=300, days=40, seed=1, intensity=0, inflation=1.5).payments
    assert ((calm["amount"] > LIMIT_AMOUNT) == (calm["fraud"] == "yes")).all()
    assert (calm["fraud"] == "yes").sum() > 0


def test_leaked_cards_spend_five_fold_and_terminals_are_hit_for_weeks(made):
    calm = simulate_fraud(customers=120, terminals=60, days=60, seed=3, intensity=0).payments
    paid = made.payments
    raised = paid["amount"] > calm["amount"]
    assert (paid.loc[raised, "fraud"] == "yes").all()
    times = paid.loc[raised, "amount"] / calm.loc[raised, "amount"].clip(lower=0.01)
    assert times.median() == pytest.approx(5, abs=0.01)
    hit = paid[(paid["fraud"] == "yes") & ~raised & (paid["amount"] <= LIMIT_AMOUNT)]
    lasted = hit.groupby("terminal_id")["at"].agg(lambda at: at.max() - at.min())
    assert lasted.max() > pd.Timedelta(days=14)


def test_fraud_is_rare_rises_and_can_be_made_rarer():
    paid = simulate_fraud(customers=500, terminals=300, days=90, seed=1, intensity=0.25).payments
    assert 0.005 < (paid["fraud"] == "yes").mean() < 0.02
    full = simulate_fraud(customers=500, terminals=300, days=90, seed=1).payments
    rate = (full["fraud"] == "yes").groupby(full["at"].dt.month).mean()
    assert rate.iloc[-1] > rate.iloc[0] > 0.01
    with pytest.raises(BadParameter, match="between 0 and 1"):
        simulate_fraud(days=1, intensity=2)


def test_customer_histories_count_the_window_that_ends_with_the_payment(made):
    paid = made.payments
    for at in np.random.default_rng(0).integers(0, len(paid), 60):
        row = paid.iloc[at]
        for days in (1, 7, 30):
            began = row["at"] - pd.Timedelta(days=days)
            same = paid[(paid["customer_id"] == row["customer_id"])]
            inside = same[(same["at"] > began) & (same["at"] <= row["at"])]
            assert row[f"customer_payments_{days}d"] == len(inside)
            assert row[f"customer_mean_amount_{days}d"] == pytest.approx(
                inside["amount"].mean(), abs=0.006
            )


def test_terminal_histories_know_no_label_younger_than_a_week(made):
    paid = made.payments
    for at in np.random.default_rng(1).integers(0, len(paid), 60):
        row = paid.iloc[at]
        ended = row["at"] - pd.Timedelta(days=7)
        for days in (1, 7, 30):
            same = paid[(paid["terminal_id"] == row["terminal_id"])]
            inside = same[(same["at"] > ended - pd.Timedelta(days=days)) & (same["at"] <= ended)]
            assert row[f"terminal_payments_{days}d"] == len(inside)
            share = (inside["fraud"] == "yes").mean() if len(inside) else 0.0
            assert row[f"terminal_risk_{days}d"] == pytest.approx(share, abs=1e-4)


def test_no_column_tells_the_scenario(made):
    paid = made.payments
    assert not {"scenario", "is_fraud", "day", "leaked"} & set(paid.columns)
    numbers = paid.select_dtypes(["number", "bool"]).astype(float)
    told = numbers.corrwith((paid["fraud"] == "yes").astype(float)).abs()
    assert told.max() < 0.8


def test_a_dearer_world_drifts_and_the_same_world_does_not():
    names = ["amount", "customer_mean_amount_7d", "during_night"]
    reference = simulate_fraud(days=60, seed=1).payments
    sketch = sketch_of(reference[names], prediction=pd.Series([0.0, 1.0]))
    same, dearer = (
        simulate_fraud(days=20, seed=1, inflation=factor).payments for factor in (1.0, 1.7)
    )
    state = {row["feature"]: row["state"] for row in drift(sketch, dearer[names])}
    assert state["amount"] in {"drifting", "drifted"}
    assert state["during_night"] == "stable"
    assert {row["state"] for row in drift(sketch, same[["amount", "during_night"]])} == {"stable"}
