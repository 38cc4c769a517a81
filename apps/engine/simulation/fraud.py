"""Card payments with three kinds of fraud, after the published design of a simulator.

Design: Le Borgne, Siblini, Lebichot, Bontempi (2022), Reproducible Machine Learning for Credit
Card Fraud Detection, chapter 3. Scenario 1: amounts above a limit. Scenario 2: a terminal is
compromised for four weeks. Scenario 3: a card is leaked for two weeks and spends five-fold.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from apps.engine.errors import BadParameter

LIMIT_AMOUNT = 220.0
COMPROMISED_DAYS = 28
LEAKED_DAYS = 14
LABEL_DELAY_DAYS = 7
WINDOWS_DAYS = (1, 7, 30)


@dataclass(frozen=True)
class Fraud:
    """Three tables: customers, terminals, payments. ``payments.fraud`` is "yes" or "no"."""

    customers: pd.DataFrame
    terminals: pd.DataFrame
    payments: pd.DataFrame


def simulate_fraud(
    *,
    customers: int = 300,
    terminals: int = 200,
    days: int = 90,
    seed: int = 0,
    start: str = "2025-01-01",
    inflation: float = 1.0,
    intensity: float = 1.0,
) -> Fraud:
    """Simulate payments of ``days`` days. 90,000 payments take about a second.

    Parameters
    ----------
    customers, terminals : int
        How many of each; each customer pays at terminals near home, 0 to 4 times a day.
    inflation : float
        Amounts are multiplied by it: above 1 the world drifts away from what was learnt.
    intensity : float, 0 to 1
        Share of the attempted frauds that happens: 1 makes about 4 of 100 payments fraud, 0.25
        about 1. Attempts rise over the days.

    Returns
    -------
    Fraud
        Payments carry what an authorisation system would deliver with them: the customer's count
        and mean amount of the last 1, 7 and 30 days, and the terminal's count and fraud share of
        the same windows, known with a delay of seven days. The scenario is not delivered.
    """
    if not 0 <= intensity <= 1:
        raise BadParameter(f"The intensity must lie between 0 and 1, got {intensity}.")
    generator = np.random.default_rng(seed)
    people = _customers(customers, generator)
    places = _terminals(terminals, generator)
    paid = _payments(people, places, days=days, start=start, generator=generator)
    paid["amount"] = (paid["amount"] * inflation).round(2)
    # Whether an attempt happens has its own chance, so that all else stays as it was.
    happens = np.random.default_rng([seed, 1]).random((days, 3)) < intensity
    paid = _frauds(paid, happens, customers=customers, terminals=terminals, generator=generator)
    return Fraud(people, places, _with_history(paid))


def _customers(count: int, generator: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": np.arange(count),
            "customer_x": generator.uniform(0, 100, count).round(2),
            "customer_y": generator.uniform(0, 100, count).round(2),
            "mean_amount": generator.uniform(5, 100, count).round(2),
            "payments_per_day": generator.uniform(0, 4, count).round(2),
            "segment": generator.choice(
                ["private", "business", "student"], count, p=[0.7, 0.2, 0.1]
            ),
        }
    )


def _terminals(count: int, generator: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "terminal_id": np.arange(count),
            "terminal_x": generator.uniform(0, 100, count).round(2),
            "terminal_y": generator.uniform(0, 100, count).round(2),
            "branch": generator.choice(["grocery", "travel", "online", "fuel"], count),
        }
    )


def _payments(
    people: pd.DataFrame,
    places: pd.DataFrame,
    *,
    days: int,
    start: str,
    generator: np.random.Generator,
) -> pd.DataFrame:
    far = np.hypot(
        people["customer_x"].to_numpy()[:, None] - places["terminal_x"].to_numpy(),
        people["customer_y"].to_numpy()[:, None] - places["terminal_y"].to_numpy(),
    )
    near = np.argsort(far, axis=1)[:, :15]
    counts = generator.poisson(people["payments_per_day"].to_numpy()[:, None], (len(people), days))
    customer, day = np.nonzero(counts)
    repeats = counts[customer, day]
    customer, day = np.repeat(customer, repeats), np.repeat(day, repeats)
    seconds = np.clip(generator.normal(43_200, 20_000, len(customer)), 0, 86_399)
    mean = people["mean_amount"].to_numpy()[customer]
    amount = np.abs(generator.normal(mean, mean / 2))
    at = pd.Timestamp(start) + pd.to_timedelta(day * 86_400 + seconds.astype(int), unit="s")
    paid = pd.DataFrame(
        {
            "at": at,
            "day": day,
            "customer_id": customer,
            "terminal_id": near[customer, generator.integers(0, near.shape[1], len(customer))],
            "amount": amount.round(2),
        }
    )
    return paid.sort_values("at", kind="stable", ignore_index=True)


def _frauds(
    paid: pd.DataFrame,
    happens: "np.ndarray",
    *,
    customers: int,
    terminals: int,
    generator: np.random.Generator,
) -> pd.DataFrame:
    """Payments with their frauds. ``happens`` (days, 3): which attempts of a day are made.

    The first of a day is at a terminal, the others with cards.
    """
    fraud = paid["amount"].to_numpy() > LIMIT_AMOUNT
    amount = paid["amount"].to_numpy().copy()
    day, place = paid["day"].to_numpy(), paid["terminal_id"].to_numpy()
    who = paid["customer_id"].to_numpy()
    for today, (at_terminal, *with_card) in enumerate(happens):
        # More is attempted as time goes by: one terminal a week, later three; one card a day,
        # later two.
        if generator.random() < 0.15 + 0.25 * today / len(happens):
            hit = generator.integers(terminals)
            during = (day >= today) & (day < today + COMPROMISED_DAYS)
            fraud |= at_terminal & (place == hit) & during
        cards = generator.integers(0, customers, 1 + today * 2 // len(happens))
        for hit, is_made in zip(cards, with_card, strict=False):
            leaked = is_made & (who == hit) & (day >= today) & (day < today + LEAKED_DAYS)
            chosen = leaked & (generator.random(len(paid)) < 1 / 3)
            amount[chosen] *= 5
            fraud |= chosen
    return paid.assign(amount=amount.round(2), is_fraud=fraud)


def _with_history(paid: pd.DataFrame) -> pd.DataFrame:
    told = paid.assign(
        during_weekend=(paid["at"].dt.day_of_week >= 5),
        during_night=(paid["at"].dt.hour <= 6),
    )
    for window in WINDOWS_DAYS:
        count, total = _rolled(told, "customer_id", "amount", window, delay=0)
        told[f"customer_payments_{window}d"] = count
        told[f"customer_mean_amount_{window}d"] = (total / np.maximum(count, 1)).round(2)
    for window in WINDOWS_DAYS:
        count, frauds = _rolled(told, "terminal_id", "is_fraud", window, delay=LABEL_DELAY_DAYS)
        told[f"terminal_payments_{window}d"] = count
        told[f"terminal_risk_{window}d"] = (frauds / np.maximum(count, 1)).round(4)
    told.insert(0, "payment_id", np.arange(len(told)))
    told["fraud"] = np.where(told.pop("is_fraud"), "yes", "no")
    return told.drop(columns="day")


def _rolled(
    paid: pd.DataFrame, key: str, value: str, window_days: int, *, delay: int
) -> tuple["np.ndarray", "np.ndarray"]:
    """Count and sum of ``value`` per key in the window that ended ``delay`` days before each row.

    The row itself counts when there is no delay. Rows are in time order.
    """
    second = 1_000_000_000
    at = paid["at"].to_numpy(dtype="datetime64[ns]").astype("int64")
    values = paid[value].to_numpy(dtype="float64")
    count, total = np.zeros(len(paid), dtype="int64"), np.zeros(len(paid))
    for rows in paid.groupby(key, sort=False).indices.values():
        times, sums = at[rows], np.concatenate([[0.0], np.cumsum(values[rows])])
        end = np.searchsorted(times, times - delay * 86_400 * second, side="right")
        begin = np.searchsorted(
            times, times - (delay + window_days) * 86_400 * second, side="right"
        )
        count[rows], total[rows] = end - begin, sums[end] - sums[begin]
    return count, total
