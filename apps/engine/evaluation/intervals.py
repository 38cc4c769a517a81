"""Intervals: of a rate, of any metric on a test set, and of a mean over folds."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy import stats

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.evaluation.delong import auc_interval
from apps.engine.evaluation.metrics import Measure, Predictions, measure_of, score
from apps.engine.evaluation.metrics.quantities import covered, level_of
from apps.engine.evaluation.resampled import recomputer
from apps.engine.labels import rarest_label
from apps.engine.types import Interval

ROUNDS = 1000
LEAST_ROUNDS = 200
MOST_RESAMPLED_ROWS = 100_000_000


def rate_interval(hits: int, trials: int, *, confidence: float = 0.95) -> Interval:
    """Interval for a rate seen as ``hits`` out of ``trials`` (Wilson score).

    Parameters
    ----------
    hits : int, 0 <= hits <= trials
        Rows on which the event happened (for recall: true positives).
    trials : int, > 0
        Rows on which it could have happened (for recall: positive rows).
    confidence : float in (0, 1), unitless, default 0.95

    Returns
    -------
    Interval
        Bounds of the rate, unitless, always inside [0, 1].

    Raises
    ------
    BadParameter
        If ``trials`` is not positive, ``hits`` is outside [0, trials], or ``confidence`` is
        outside (0, 1).

    Notes
    -----
    O(1). Rows must be independent; repeated rows of one customer make the true interval wider.
    Source: Wilson (1927), JASA 22(158), 209-212; chosen over the Wald interval because its
    coverage holds near 0 and 1: Brown, Cai, DasGupta (2001), Statistical Science 16(2), 101-133.

    Examples
    --------
    >>> low, high = rate_interval(80, 100)
    >>> round(low, 4), round(high, 4)
    (0.7112, 0.8666)
    """
    if trials <= 0:
        raise BadParameter(f"A rate needs at least one trial, got {trials}.")
    if not 0 <= hits <= trials:
        raise BadParameter(f"The hits must lie between 0 and {trials}, got {hits}.")
    if not 0 < confidence < 1:
        raise BadParameter(f"The confidence must lie between 0 and 1, got {confidence}.")
    z = _deviations(confidence)
    rate = hits / trials
    scale = 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / scale
    half = z * sqrt(rate * (1 - rate) / trials + z * z / (4 * trials**2)) / scale
    low = 0.0 if hits == 0 else max(0.0, centre - half)  # exact, not 1e-17 beside it
    high = 1.0 if hits == trials else min(1.0, centre + half)
    return Interval(low, high)


@lru_cache(maxsize=16)
def _deviations(confidence: float) -> float:
    """Standard deviations on either side of a normal distribution's mean that hold this share."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def mean_interval(
    values: Sequence[float], *, train_rows: float, test_rows: float, confidence: float = 0.95
) -> Interval:
    """Interval for the mean of fold scores, widened for the overlap of their training rows.

    The variance is s² (1/k + test_rows/train_rows), with k folds and k - 1 degrees of freedom:
    Nadeau and Bengio (2003), Machine Learning 52, 239-281. One fold gives an unbounded interval.
    """
    k = len(values)
    if k < 2:
        return Interval(float("-inf"), float("inf"))
    variance = corrected_variance(values, train_rows=train_rows, test_rows=test_rows)
    half = float(stats.t.ppf(0.5 + confidence / 2, k - 1)) * float(np.sqrt(variance))
    mean = float(np.mean(values))
    return Interval(mean - half, mean + half)


def corrected_variance(values: Any, *, train_rows: float, test_rows: float) -> float:
    """Variance of a mean over k >= 2 folds, s² (1/k + test_rows/train_rows); see mean_interval."""
    return float(np.var(values, ddof=1)) * (1 / len(values) + test_rows / train_rows)


WILSON, OF_RATES, DELONG, STUDENTISED = "Wilson", "Wilson, added", "DeLong", "bootstrap-t"
BOOTSTRAP, BY_GROUP = "bootstrap", "bootstrap by group"
LEAST_STUDENTISED_ROWS = 30


def metric_interval(
    metric: str | Mapping[str, Any] | Measure, truth: Any, predictions: Predictions, **how: Any
) -> Interval:
    """The interval of any metric on a test set, by the best method: see ``interval_and_method``."""
    return interval_and_method(metric, truth, predictions, **how)[0]


def interval_and_method(
    metric: str | Mapping[str, Any] | Measure,
    truth: Any,
    predictions: Predictions,
    *,
    positive: str | None = None,
    seed: int = 0,
    rounds: int = ROUNDS,
    confidence: float = 0.95,
    groups: Any = None,
) -> tuple[Interval, str]:
    """The interval of any metric on a test set, and the method it is by.

    Accuracy, the share within a tolerance, and precision and recall of a positive class are plain
    rates: WILSON (``rate_interval``), and the error of a coverage follows from the interval of its
    share. Balanced accuracy is a mean of rates: OF_RATES (``mean_of_rates_interval``). The area
    under the ROC curve of two classes: DELONG (``delong.auc_interval``). These are right in small
    samples and need no chance. The root of a mean square: STUDENTISED
    (``root_mean_square_interval``). All others: BOOTSTRAP (``bootstrap_interval``). Where rows of
    one entity hang together, ``groups`` (n,) names it, and every metric is resampled
    by whole entities: BY_GROUP. Raises what these raise.
    """
    measure, values = measure_of(metric), np.asarray(truth)
    if groups is not None and len(np.unique(groups)) > 1:
        method = BY_GROUP
    else:
        method, groups = BOOTSTRAP, None
        known = _without_chance(measure, values, predictions, positive, confidence=confidence)
        if known is None and measure.of.key == "rmse":
            squares = (values - predictions.labels) ** 2
            found = root_mean_square_interval(
                squares, seed=seed, rounds=rounds, confidence=confidence
            )
            known = None if found is None else (found, STUDENTISED)
        if known is not None:
            return known
    drawn = bootstrap_interval(
        measure,
        values,
        predictions,
        positive=positive,
        seed=seed,
        rounds=rounds,
        confidence=confidence,
        groups=groups,
    )
    return drawn, method


def _without_chance(
    measure: Measure,
    truth: Any,
    told: Predictions,
    positive: str | None,
    *,
    confidence: float,
) -> tuple[Interval, str] | None:
    """The interval and its method where one is known that needs no resampling."""
    if measure.of.key == "coverage_error":
        share = coverage_interval(truth, told.labels, confidence=confidence)
        return coverage_gap(share, level=level_of(measure)), WILSON
    counted = _as_rate(measure, truth, told, positive)
    if counted is not None and counted[1] > 0:
        return rate_interval(*counted, confidence=confidence), WILSON
    if measure.of.key == "balanced_accuracy" and len(truth):
        of_class = [truth == name for name in np.unique(truth)]
        rates = [(int(np.sum(told.labels[of] == truth[of])), int(of.sum())) for of in of_class]
        return mean_of_rates_interval(rates, confidence=confidence), OF_RATES
    if measure.of.key == "roc_auc" and positive is not None and len(np.unique(truth)) > 1:
        found = auc_interval(truth == positive, told.chance_of(positive), confidence=confidence)
        return found, DELONG
    return None


def mean_of_rates_interval(
    counts: Sequence[tuple[int, int]], *, confidence: float = 0.95
) -> Interval:
    """Interval of the plain mean of independent rates, each (hits, trials > 0), inside [0, 1].

    The distances from each rate to the ends of its own interval (Wilson) are added as variances
    are, each side by itself: the method of variance estimates recovery, Zou and Donner (2008),
    Statistics in Medicine 27, 1693-1702. Raises what ``rate_interval`` raises.
    """
    rates = np.array([hits / trials for hits, trials in counts])
    ends = np.array([rate_interval(*each, confidence=confidence) for each in counts])
    below, above = np.sqrt(np.sum((ends.T - rates) ** 2, axis=1)) / len(rates)
    mean = float(np.mean(rates))
    return Interval(max(0.0, mean - float(below)), min(1.0, mean + float(above)))


def root_mean_square_interval(
    squares: Any, *, seed: int = 0, rounds: int = ROUNDS, confidence: float = 0.95
) -> Interval | None:
    """Interval of the root of the mean of ``squares`` (n,), by resampling Student's t of the mean.

    A few large squares make up most of such a mean, and where a table lacks them, its mean and the
    spread of its mean are both too small: t is lopsided, and its own percentiles make up for it
    (bootstrap-t, Hall 1988, Annals of Statistics 16, 927-953; on the logarithm, which keeps the
    ends above zero). None under LEAST_STUDENTISED_ROWS rows, and where so many squares are equal
    that a resampling may show no spread: t tells nothing then. O(rounds x rows).
    """
    values = np.asarray(squares, dtype="float64")
    n, generator = len(values), np.random.default_rng(seed)
    mean = float(np.mean(values)) if n else 0.0
    if n < LEAST_STUDENTISED_ROWS or mean == 0.0:
        return None
    error = float(np.std(values)) / mean / n**0.5
    found = []
    for _ in range(_affordable(rounds, rows=n)):
        drawn = values[generator.integers(0, n, n)]
        spread = float(np.std(drawn))
        if spread == 0.0:
            return None
        found.append(np.log(np.mean(drawn) / mean) * np.mean(drawn) * n**0.5 / spread)
    tail = 50 * (1 - confidence)
    low, high = np.percentile(found, [tail, 100 - tail])
    ends = np.sqrt(mean * np.exp(-error * np.array([high, low])))
    return Interval(float(ends[0]), float(ends[1]))


def _affordable(rounds: int, *, rows: int) -> int:
    """Fewer rounds where there are many rows."""
    return min(rounds, max(LEAST_ROUNDS, MOST_RESAMPLED_ROWS // rows))


def coverage_interval(truth: Any, told: Any, *, confidence: float = 0.95) -> Interval:
    """The interval (Wilson) of the share of truths at or below the answer; one row or more."""
    under = covered(truth, told)
    return rate_interval(int(under.sum()), len(under), confidence=confidence)


def coverage_gap(share: Interval, *, level: float) -> Interval:
    """Least and greatest distance from the level of a share that lies in this interval."""
    ends = [abs(end - level) for end in share]
    return Interval(0.0 if share.low <= level <= share.high else min(ends), max(ends))


def _as_rate(
    measure: Measure, truth: Any, told: Predictions, positive: str | None
) -> tuple[int, int] | None:
    """Hits and trials of a metric that is a rate, else None."""
    metric = measure.of.key
    if metric in {"accuracy", "subset_accuracy"}:
        return int(np.sum(truth == told.labels)), len(truth)
    if metric == "within_tolerance":
        return round(len(truth) * score(measure, truth, told)), len(truth)
    if metric not in {"precision", "recall"} or positive is None:
        return None
    rows = (told.labels if metric == "precision" else truth) == positive
    return int(np.sum(rows & (truth == told.labels))), int(np.sum(rows))


def bootstrap_interval(
    metric: str | Mapping[str, Any] | Measure,
    truth: Any,
    predictions: Predictions,
    *,
    positive: str | None = None,
    seed: int = 0,
    rounds: int = ROUNDS,
    confidence: float = 0.95,
    groups: Any = None,
) -> Interval:
    """Percentile interval of a metric over resampled rows (Efron 1979, Annals of Statistics 7).

    Rows are drawn as the table itself was: how many of each class is left to chance, but a rare
    class never vanishes. With the counts held fixed, intervals of what hangs on them (log loss,
    precision, accuracy) were too short: ``benchmarks/coverage.py``. The percentiles lie a little
    further out, as Student's t does, by the rows of the rarest class, or the groups: resampled rows
    vary less than new ones would (Hesterberg 2015, The American Statistician 69, 371-386).
    The interval always holds the metric's value on the rows themselves. Where that value is the
    best one possible, resampling sees no error and has no width; the interval is then widened by
    the rate of errors that so many rows can miss (Wilson, 0 of the rarest class).

    Rows must be independent, or ``groups`` (n,) say which are not: then whole groups are drawn
    (Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.8).
    O(rounds x rows); fewer rounds above 100,000 rows, never less than 200. 20,000 rows take about
    a second.

    Raises
    ------
    NotEnoughData
        Fewer than 2 rows, or the metric needs a class that is not there.
    """
    values = np.asarray(truth)
    if len(values) < 2:
        raise NotEnoughData("An interval needs at least 2 rows.")
    measure = measure_of(metric)
    if measure.needs == "probabilities":
        predictions = predictions.covering(values)
    result = score(measure, values, predictions, positive=positive)
    compute = recomputer(measure, values, predictions, positive=positive)
    drawn = resamples(
        measure, values, seed=seed, rounds=rounds, groups=groups, sets=predictions.sets
    )
    found = [compute(rows) for rows in drawn]
    rarest = min(len(part) for part in _strata(measure, values, sets=predictions.sets))
    tail = 100 * _tail(confidence, rarest if groups is None else len(np.unique(groups)))
    low, high = np.percentile(found, [tail, 100 - tail])
    slack = _unseen(measure, result, rows=rarest, confidence=confidence)
    up = measure.direction == "up"
    return Interval(
        min(float(low), result - (slack if up else 0.0)),
        max(float(high), result + (0.0 if up else slack)),
    )


def _tail(confidence: float, count: int) -> float:
    """Share of resamplings beyond each end, expanded for ``count`` independent things."""
    if count < 2:
        return 0.0
    t = float(stats.t.ppf(0.5 + confidence / 2, count - 1))
    return NormalDist().cdf(-t * (count / (count - 1)) ** 0.5)


def resamples(
    measure: Measure,
    truth: Any,
    *,
    seed: int,
    rounds: int,
    groups: Any = None,
    sets: bool = False,
) -> Iterator[Any]:
    """Row positions of each bootstrap round: the rows of each class drawn apart, at least one.

    Of ``sets`` of labels: the rows with the same rarest label. With ``groups`` (n,) whole groups
    are drawn instead. ``rounds`` are fewer when there are many rows: MOST_RESAMPLED_ROWS in all, at
    least LEAST_ROUNDS rounds.
    """
    strata, generator = _strata(measure, truth, sets=sets), np.random.default_rng(seed)
    rounds = _affordable(rounds, rows=len(truth))
    if groups is not None:
        yield from _whole_groups(groups, strata, generator, rounds=rounds)
        return
    sizes = np.array([len(part) for part in strata])
    for _ in range(rounds):
        counts = _counts(sizes, generator)
        yield np.concatenate(
            [
                part[generator.integers(0, len(part), count)]
                for part, count in zip(strata, counts, strict=True)
            ]
        )


def _whole_groups(
    groups: Any, strata: list[Any], generator: np.random.Generator, *, rounds: int
) -> Iterator[Any]:
    """As many groups as there are, with repeats; a class that was missed gets one more."""
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    rows = np.arange(len(codes))
    for _ in range(rounds):
        times = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names))
        for part in strata:
            if not times[codes[part]].any():
                times[codes[generator.choice(part)]] += 1
        yield np.repeat(rows, times[codes])


def _counts(sizes: Any, generator: np.random.Generator) -> Any:
    """Rows of each class in one round: as many in all, one at least."""
    counts = np.maximum(1, generator.multinomial(sizes.sum(), sizes / sizes.sum()))
    counts[np.argmax(counts)] -= counts.sum() - sizes.sum()
    return counts


def _strata(measure: Measure, truth: Any, *, sets: bool) -> list[Any]:
    """Row positions that are resampled apart: those of each class, or all of a quantity."""
    if measure.is_of_numbers:
        return [np.arange(len(truth))]
    if sets:
        truth = rarest_label(truth)
    return [np.flatnonzero(truth == name) for name in np.unique(truth)]


def _unseen(measure: Measure, result: float, *, rows: int, confidence: float) -> float:
    """How far a perfect result of a bounded metric may be from the truth; 0 for other results."""
    low, high = measure.bounds
    best = high if measure.direction == "up" else low
    if high is None or measure.is_of_numbers or result != best:
        return 0.0
    return (1 - rate_interval(rows, rows, confidence=confidence).low) * (high - low)
