"""Every limit that a plan sets and every group that it asks for, as its pages tell them.

A draft may be incomplete: what is not said yet is left open instead of left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.engine.errors import BadParameter
from apps.engine.evaluation.metrics import METRICS, measure_of
from apps.planning.catalogue import TASKS
from apps.planning.content import payoff_of

TOLD = ("threshold_policy", "threshold_value", "test_rule", "slices", "expected_rows")
"""Fields of the test that are told beside share and openings."""


@dataclass(frozen=True)
class PromiseLine:
    """One limit: ``today`` and ``over_today`` are of the primary metric, in its unit."""

    title: str
    role: str
    limit: str
    today: float | None = None
    over_today: float | None = None
    note: str = ""

    @property
    def is_primary(self) -> bool:
        """The metric that decides; the others are limits that may not be crossed."""
        return self.role == "primary"


def _limit(value: float | None, direction: str, unit: str = "") -> str:
    if value is None:
        return "no limit is set"
    return f"{'≥' if direction == 'up' else '≤'} {value:,.10g}{unit}"


def _title(item: dict[str, Any], content: dict[str, Any]) -> str:
    """The metric with its parameter; without it where the parameter is not right yet."""
    wanted = {name: item.get(name) for name in ("metric", "parameter", "averaging")}
    try:
        return measure_of({**wanted, "payoff": payoff_of(content)}).title
    except BadParameter:
        return METRICS[item["metric"]].title


def _note(item: dict[str, Any]) -> str:
    margin = item.get("margin")
    return "" if margin is None else f"less than {margin:g} over today does not count as better"


def _metrics(content: dict[str, Any]) -> Iterator[PromiseLine]:
    metrics = content.get("metrics", {})
    today = metrics.get("baseline")
    for item in sorted(metrics.get("items") or [], key=lambda item: item["role"] != "primary"):
        value, is_primary = item.get("threshold"), item["role"] == "primary"
        knows = is_primary and today is not None
        yield PromiseLine(
            title=_title(item, content),
            role=item["role"],
            limit=_limit(value, item["direction"]),
            today=today if is_primary else None,
            over_today=abs(value - today) if knows and value is not None else None,
            note=_note(item),
        )


def _limits(content: dict[str, Any]) -> Iterator[PromiseLine]:
    """The guardrails that are no metric of their own."""
    metrics = content.get("metrics", {})
    error, latency_ms = metrics.get("calibration_error"), metrics.get("latency_p95_ms")
    asked = {item["metric"] for item in metrics.get("items") or []}
    if error is not None and "calibration_error" not in asked:
        title = METRICS["calibration_error"].title
        yield PromiseLine(title, "guardrail", _limit(error, "down"))
    if latency_ms is not None:
        yield PromiseLine("Time of an answer, p95", "guardrail", _limit(latency_ms, "down", " ms"))
    column, most = metrics.get("group_column"), metrics.get("group_difference")
    if column or most is not None:
        title = f"Difference between the groups of {column or 'a column that is not named'}"
        limit = _limit(most, "down")
        yield PromiseLine(title, "guardrail", limit, note="of the primary metric")


def promise_lines(content: dict[str, Any]) -> list[PromiseLine]:
    """The metrics, primary first, then every guardrail."""
    return [*_metrics(content), *_limits(content)]


def terms_of_test(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Label and words of what else is said about the test: groups, threshold, rows."""
    metrics = content.get("metrics", {})
    return [
        (field.label, field.words(field.of(metrics)))
        for field in TASKS["metrics"].fields
        if field.key in TOLD and field.of(metrics) is not None
    ]
