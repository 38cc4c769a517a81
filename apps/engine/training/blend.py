"""A blend of the best settings: which ones, how heavy, and what their mean answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.engine.evaluation.metrics import Predictions

MOST_MEMBERS = 6
BLENDED = 12
ROUNDS = 24


@dataclass(frozen=True)
class Tried:
    """One setting: its mean loss (lower is better), its answers on the search folds, seconds."""

    candidate: str
    params: dict[str, Any]
    loss: float
    told: list[Predictions]
    fit_s: float


type Member = tuple[Tried, float]
"""A setting and its weight in a blend; the weights sum to 1."""


def as_params(members: Sequence[Member]) -> list[dict[str, Any]]:
    """As the candidate "search" takes them."""
    return [
        {"candidate": item.candidate, "params": item.params, "weight": weight}
        for item, weight in members
    ]


def blended(
    tried: Sequence[Tried], *, loss: Callable[[list[Predictions]], float], left_s: float
) -> list[Member]:
    """The members of the best blend, the heaviest first: greedy selection with replacement.

    Parameters
    ----------
    tried : at least one setting
    loss : of the answers on each search fold, lower is better
    left_s : seconds that one fit of all members may take; the best one is taken in always

    Notes
    -----
    Source: Caruana and others (2004), ICML 21.
    """
    pool = sorted(tried, key=lambda item: item.loss)
    best_of = {item.candidate: item for item in reversed(pool)}
    pool = list({id(item): item for item in [*pool[:BLENDED], *best_of.values()]}.values())
    counts, chosen = dict.fromkeys(range(len(pool)), 0), [0]
    counts[0] = 1
    best = pool[0].loss
    for _ in range(ROUNDS):
        options = [
            (loss(_means([pool[i] for i in [*chosen, index]])), index)
            for index in range(len(pool))
            if _fits({*chosen, index}, pool, left_s)
        ]
        if not options or min(options)[0] >= best - 1e-12:
            break
        best, index = min(options)
        chosen.append(index)
        counts[index] += 1
    told = [(pool[index], count / len(chosen)) for index, count in counts.items() if count]
    return sorted(told, key=lambda member: -member[1])


def _fits(indices: set[int], pool: list[Tried], left_s: float) -> bool:
    if len(indices) > MOST_MEMBERS:
        return False
    return indices == {0} or sum(pool[index].fit_s for index in indices) <= left_s


def _means(members: list[Tried]) -> list[Predictions]:
    """Of the answers on each search fold."""
    folds = range(len(members[0].told))
    return [
        mean_of([item.told[number] for item in members], [1.0] * len(members)) for number in folds
    ]


def mean_of(told: Sequence[Predictions], weights: Sequence[float]) -> Predictions:
    """The weighted mean of several answers, digit by digit as scikit-learn's voters give it.

    Quantiles of one level may be averaged: the pinball loss is convex, so their mean loses no
    more than they do on average. Source: Lichtendahl and others (2013), Management Science 59.
    """
    first = told[0]
    if len(told) == 1:
        return first
    if first.probabilities is None:
        answers = np.asarray([item.labels for item in told]).T
        numbers = np.average(answers, axis=1, weights=list(weights))
        return Predictions(numbers, level=first.level)
    chances = np.average(
        np.asarray([item.probabilities for item in told]), axis=0, weights=list(weights)
    )
    names = np.asarray(first.classes, dtype=object)
    return Predictions(names[chances.argmax(axis=1)], chances, first.classes)
