"""What a plan is worth a year, computed from its own payoff. Money in the plan's currency."""

from dataclasses import dataclass
from typing import Any

MONTHS = 12


@dataclass(frozen=True)
class YearlyValue:
    """Value a year over taking no action at all, and how it comes about."""

    value: float
    says: str


def _promised(metrics: dict[str, Any], key: str) -> float | None:
    """The promised value of a metric; None where the plan promises none."""
    found = (item.get("threshold") for item in metrics.get("items", []) if item["metric"] == key)
    return next(found, None)


def _of_errors(objective: dict[str, Any], metrics: dict[str, Any]) -> YearlyValue | None:
    """Regression: what is saved when the mean error falls from today's to the promised."""
    cost, cases = objective.get("error_cost"), objective.get("decisions_per_month")
    promised, today = _promised(metrics, "mae"), metrics.get("baseline")
    if not cost or not cases or promised is None or today is None:
        return None
    primary = [item["metric"] for item in metrics["items"] if item.get("role") == "primary"]
    if primary != ["mae"]:
        return None  # today's value is of the primary metric
    return YearlyValue(
        MONTHS * cases * cost * (today - promised),
        f"if the mean error falls from {today:g} to the promised {promised:g}",
    )


def _at_promise(cases: float, gain: float, loss: float, metrics: dict[str, Any]) -> float | None:
    """Found cases and wrong alarms at the promised recall and precision."""
    recall, precision = _promised(metrics, "recall"), _promised(metrics, "precision")
    if not recall or not precision:
        return None
    found = cases * recall
    return found * gain - found * (1 - precision) / precision * loss


def yearly_value(content: dict[str, Any]) -> YearlyValue | None:
    """The value that follows from payoff, volume and share of positives; None without them.

    Beside taking no action: a right alarm earns its value and saves the cost of a missed case, a
    wrong one costs its cost and the value of a quiet case (Elkan 2001, IJCAI, section 2). With
    both recall and precision promised it is the value at the promise, else the greatest possible.
    """
    objective, metrics = content.get("objective", {}), content.get("metrics", {})
    if objective.get("error_cost"):
        return _of_errors(objective, metrics)
    right, cases = objective.get("value_right"), objective.get("decisions_per_month")
    rate = content.get("features", {}).get("base_rate")
    if right is None or not cases or not rate:
        return None
    gain = right + (objective.get("value_missed") or 0)
    loss = (objective.get("value_wrong") or 0) + (objective.get("value_quiet") or 0)
    positives = MONTHS * cases * rate
    promised = _at_promise(positives, gain, loss, metrics)
    if promised is not None:
        return YearlyValue(promised, "at the promised recall and precision")
    return YearlyValue(positives * gain, "if every case were found without a wrong alarm")


def money_at_stake(content: dict[str, Any]) -> float:
    """Money per year that hangs on the plan's decisions, by its payoff and volume; 0 if unstated.

    The larger side of the payoff: what the positive cases are worth when all are found, or what
    it costs when every decision is wrong.
    """
    objective = content.get("objective", {})
    volume = MONTHS * float(objective.get("decisions_per_month") or 0)
    rate = float(content.get("features", {}).get("base_rate") or 1)
    sums = {
        key: abs(float(objective.get(key) or 0))
        for key in ("value_right", "value_missed", "value_wrong", "value_quiet")
    }
    found = (sums["value_right"] + sums["value_missed"]) * rate
    return volume * max(found, sums["value_wrong"] + sums["value_quiet"])
