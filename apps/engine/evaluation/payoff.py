"""What alarms are worth, and the threshold from which raising one pays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.engine.errors import BadParameter

MOST_POINTS = 120
Z95 = 1.959964


@dataclass(frozen=True)
class Payoff:
    """The plan's payoff: what each of the four kinds of decision is worth, and decisions a month.

    ``right``: money per true alarm. ``wrong``: cost of a false alarm, ``missed``: cost of a case
    without an alarm, both with a plus sign. ``quiet``: money per case rightly left alone.
    """

    right: float
    wrong: float
    per_month: float
    missed: float = 0.0
    quiet: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what gives no trade-off to choose by."""
        if self.per_month <= 0:
            raise BadParameter("A payoff needs a number of decisions a month above 0.")
        if self.gain <= 0:
            raise BadParameter(
                "An alarm on a true case must be worth more than no alarm: value of a right alarm "
                f"and cost of a missed case together are {self.gain:g}."
            )
        if self.loss <= 0:
            raise BadParameter(
                "A false alarm must cost something: cost of a wrong alarm and value of a quiet "
                f"case together are {self.loss:g}."
            )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Payoff":
        """Rebuild from ``asdict``; ``missed`` and ``quiet`` are 0 where they are not given."""
        return cls(
            float(data["right"]),
            float(data["wrong"]),
            float(data["per_month"]),
            float(data.get("missed") or 0.0),
            float(data.get("quiet") or 0.0),
        )

    @property
    def gain(self) -> float:
        """What an alarm adds on a true case, against no alarm there."""
        return self.right + self.missed

    @property
    def loss(self) -> float:
        """What an alarm takes on a case that is none, against no alarm there."""
        return self.wrong + self.quiet

    @property
    def break_even(self) -> float:
        """Share of right alarms at which alarms earn nothing: loss / (gain + loss).

        It is also the best threshold of a perfectly calibrated model: Elkan (2001), The
        foundations of cost-sensitive learning, IJCAI 17, 973-978, equation 2 with the costs
        c10 = wrong, c00 = -quiet, c01 = missed and c11 = -right.
        """
        return self.loss / (self.gain + self.loss)

    def for_none(self, base_rate: float) -> float:
        """Money per decision when no alarm is ever raised."""
        return (1 - base_rate) * self.quiet - base_rate * self.missed

    def for_all(self, base_rate: float) -> float:
        """Money per decision when everyone gets an alarm."""
        return base_rate * self.right - (1 - base_rate) * self.wrong

    def of_rows(self, is_positive: Any, alarm: Any) -> Any:
        """(n,) money of each decision. Both arguments are (n,) bool."""
        with_alarm = np.where(is_positive, self.right, -self.wrong)
        return np.where(alarm, with_alarm, np.where(is_positive, -self.missed, self.quiet))


def _steps(is_positive: Any, scores: Any) -> tuple[Any, Any, Any]:
    """Distinct scores, highest first, with right and wrong alarms from each score on upwards."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.asarray(is_positive, dtype=bool)[order]
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    right = np.cumsum(hits)[last]
    return ranked[last], right, last + 1 - right


def best_threshold(is_positive: Any, scores: Any, *, payoff: Payoff) -> float:
    """The threshold with the greatest value on these rows; an alarm is raised from it on.

    Parameters
    ----------
    is_positive : (n,) bool; scores : (n,) probability of the positive class, 0 to 1

    Returns
    -------
    float in [0, 1]
        Halfway between the last score with an alarm and the next one, so that it does not hang
        on one row. 1 when no alarm at all is best, 0 when an alarm for everyone is.

    Notes
    -----
    O(n log n). Rows must not have trained the model that scored them. Source: Sheng and Ling
    (2006), Thresholding for making classifiers cost-sensitive, AAAI 21, 476-481.
    """
    levels, right, wrong = _steps(is_positive, np.asarray(scores, dtype="float64"))
    value = payoff.gain * right - payoff.loss * wrong  # over raising no alarm at all
    best = int(np.argmax(value))
    if value[best] <= 0:
        return 1.0
    if best == len(levels) - 1:
        return 0.0
    return float((levels[best] + levels[best + 1]) / 2)


def value_at(is_positive: Any, scores: Any, *, payoff: Payoff, threshold: float) -> dict[str, Any]:
    """Money and cases a month when alarms are raised from ``threshold`` on.

    Returns ``threshold``, ``value`` with ``low`` and ``high`` (95 %, money a month), the cases a
    month ``found``, ``missed``, ``false_alarms``, ``left_alone``, ``precision`` (None without an
    alarm), ``recall``, ``all`` and ``none`` (value of an alarm for everyone and for nobody),
    ``best_possible``.

    Notes
    -----
    The interval is the mean's over rows (central limit theorem) and holds for the share of
    positives among these rows; it does not know that next month may differ.
    """
    truth, alarm = np.asarray(is_positive, dtype=bool), np.asarray(scores) >= threshold
    worth = payoff.of_rows(truth, alarm)
    n, month = len(truth), payoff.per_month
    half = Z95 * float(np.std(worth, ddof=1)) / np.sqrt(n) if n > 1 else float("inf")
    found, alarms, positives = int(np.sum(alarm & truth)), int(alarm.sum()), int(truth.sum())
    mean, rate = float(np.mean(worth)), positives / n
    return {
        "threshold": float(threshold),
        "value": month * mean,
        "low": float(month * (mean - half)),
        "high": float(month * (mean + half)),
        "found": month * found / n,
        "missed": month * (positives - found) / n,
        "false_alarms": month * (alarms - found) / n,
        "left_alone": month * (n - positives - alarms + found) / n,
        "precision": found / alarms if alarms else None,
        "recall": found / positives if positives else None,
        "all": month * payoff.for_all(rate),
        "none": month * payoff.for_none(rate),
        "best_possible": month * (rate * payoff.right + (1 - rate) * payoff.quiet),
    }


def value_curve(is_positive: Any, scores: Any, *, payoff: Payoff) -> dict[str, list[float]]:
    """Value a month against the threshold, at most MOST_POINTS thresholds: the best is among them.

    The thresholds lie evenly among the distinct scores, not among the numbers from 0 to 1, where a
    rare class leaves most of the axis empty. ``right`` and ``wrong``: alarms a month.
    """
    levels, right, wrong = _steps(is_positive, np.asarray(scores, dtype="float64"))
    base = payoff.for_none(float(np.mean(is_positive)))
    gained = (payoff.gain * right - payoff.loss * wrong) / len(scores)
    value = payoff.per_month * (base + gained)
    keep = np.linspace(0, len(levels) - 1, min(len(levels), MOST_POINTS)).astype(int)
    keep = np.unique(np.append(keep, int(np.argmax(value))))[::-1]
    month = payoff.per_month / len(scores)
    return {
        "threshold": levels[keep].tolist(),
        "value": value[keep].astype(float).tolist(),
        "right": (month * right[keep]).tolist(),
        "wrong": (month * wrong[keep]).tolist(),
    }
