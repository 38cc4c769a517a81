"""The shape of a plan's content: one object per planning task. JSON in the row, types here.

Absent or null means: not said. ``fields`` holds the same as a catalogue with labels and bounds;
this is what it means to the rooms that read it.

problem:   who, decision, today, alternative, alternative_result, if_nothing, evidence,
           evidence_source (text)
objective: kpi, unit, direction "up"|"down", today, today_source, target, due_on (ISO date), owner,
           value_right, value_wrong, value_missed, value_quiet (the payoff, money per case; costs
           are positive), error_cost (money per unit of absolute error and case),
           decisions_per_month, value_low, value_high, do_nothing (money a year)
features:  target, definition, positive (class; empty for numbers), label_sign (between the
           labels of a case, where it may have several), labelled_by, delay_days, base_rate,
           label_noise (share of wrong labels),
           columns: [{name, meaning, source, owner, type, known "before"|"at"|"after"|"unknown",
                      lag_days, sensitive, cost}]
risks:     limitations,
           items: [{says, category, likelihood 1-3, impact 1-3, owner, contingency,
                    tripwire: {metric, operator, threshold, window_days}}]
metrics:   items: [{metric (key of engine METRICS), direction, threshold, role
                    "primary"|"guardrail", averaging, parameter, margin}],
           baseline, expected_rows, test_share, test_rule "random"|"group"|"time", openings,
           threshold_policy "payoff"|"half"|"fixed", threshold_value, slices, latency_p95_ms,
           calibration_error, group_column, group_difference
"""

from dataclasses import dataclass
from typing import Any

from apps.engine.errors import BadParameter
from apps.engine.evaluation.metrics import METRICS
from apps.engine.evaluation.metrics.kinds import ERROR_COST, PAYOFF, SETS
from apps.engine.evaluation.payoff import Payoff
from apps.engine.evaluation.verdict import Promise

TASK_KEYS = ("problem", "objective", "features", "risks", "metrics")


@dataclass(frozen=True)
class Feature:
    """One candidate feature as the plan describes it."""

    name: str
    meaning: str
    source: str
    known: str
    sensitive: bool

    @property
    def is_allowed(self) -> bool:
        """Known before or at the moment of the decision."""
        return self.known in {"before", "at"}


def features_of(content: dict[str, Any]) -> tuple[Feature, ...]:
    """Candidate features; those known only after the decision are among them, marked."""
    return tuple(
        Feature(
            row["name"],
            row.get("meaning", ""),
            row.get("source", ""),
            row.get("known", "unknown"),
            bool(row.get("sensitive")),
        )
        for row in content.get("features", {}).get("columns", [])
    )


def promises_of(content: dict[str, Any]) -> tuple[Promise, ...]:
    """The locked metrics, primary first; a greatest calibration error is one of them."""
    items = content.get("metrics", {}).get("items", [])
    ordered = sorted(items, key=lambda item: item["role"] != "primary")
    promises = [_promise(item, content) for item in ordered]
    limit = content.get("metrics", {}).get("calibration_error")
    if limit is not None and all(item["metric"] != "calibration_error" for item in items):
        promises.append(Promise("calibration_error", float(limit), "down", "guardrail"))
    return tuple(promises)


def _promise(item: dict[str, Any], content: dict[str, Any]) -> Promise:
    money = METRICS[item["metric"]].money
    payoff = payoff_of(content) if money == PAYOFF else None
    return Promise(
        metric=item["metric"],
        threshold=float(item["threshold"]),
        direction=item["direction"],
        role=item["role"],
        parameter=item.get("parameter"),
        averaging=item.get("averaging") or "",
        margin=item.get("margin"),
        payoff=Payoff.from_dict(payoff) if payoff else None,
        error_cost=content.get("objective", {}).get("error_cost") if money == ERROR_COST else None,
    )


def payoff_of(content: dict[str, Any]) -> dict[str, float] | None:
    """The plan's payoff as the engine takes it; None where it is not whole or gives no choice."""
    objective = content.get("objective", {})
    told = {
        "right": objective.get("value_right"),
        "wrong": objective.get("value_wrong"),
        "per_month": objective.get("decisions_per_month"),
    }
    if any(value is None for value in told.values()):
        return None
    found = {
        **told,
        "missed": objective.get("value_missed") or 0.0,
        "quiet": objective.get("value_quiet") or 0.0,
    }
    try:
        Payoff.from_dict(found)
    except BadParameter:
        return None
    return found


def label_sign_of(content: dict[str, Any]) -> str:
    """The sign that the plan says stands between the labels of a case; "" where it says none."""
    return str(content.get("features", {}).get("label_sign") or "").strip()


def has_sets(content: dict[str, Any]) -> bool:
    """The target holds sets of labels: the plan names their sign, or promises a metric of sets."""
    items = content.get("metrics", {}).get("items") or []
    asked = [METRICS[item["metric"]] for item in items if item.get("metric") in METRICS]
    return bool(label_sign_of(content)) or any(metric.problems == SETS for metric in asked)


def fixed_threshold_of(content: dict[str, Any]) -> float | None:
    """The decision threshold that the plan sets itself; None where the payoff chooses it."""
    metrics = content.get("metrics", {})
    if metrics.get("threshold_policy") == "half":
        return 0.5
    if metrics.get("threshold_policy") == "fixed":
        return metrics.get("threshold_value")
    return None


def guardrails_of(content: dict[str, Any]) -> dict[str, Any]:
    """What the sealed test judges besides metrics, as the engine's ``evaluate_sealed`` takes it."""
    metrics = content.get("metrics", {})
    wanted = ("latency_p95_ms", "group_column", "group_difference")
    return {"today": metrics.get("baseline"), **{name: metrics.get(name) for name in wanted}}


def is_blank(content: dict[str, Any]) -> bool:
    """Nobody has written anything in it yet."""
    return not any(content.get(task) for task in TASK_KEYS)
