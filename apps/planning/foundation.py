"""The part of a plan that later rooms rest on. Data, modeling and production are stale when it
changes, and only then; see docs/decisions/0007."""

from typing import Any

OBJECTIVE = (
    "value_right",
    "value_wrong",
    "value_missed",
    "value_quiet",
    "error_cost",
    "decisions_per_month",
)
TARGET = ("target", "definition", "positive", "label_sign")
COLUMN = ("name", "known", "lag_days", "sensitive")
PROMISE = ("metric", "direction", "threshold", "role", "averaging", "parameter", "margin")
TEST = (
    "baseline",
    "test_share",
    "test_rule",
    "threshold_policy",
    "threshold_value",
    "slices",
    "latency_p95_ms",
    "calibration_error",
    "group_column",
    "group_difference",
)
"""Not among them: how many rows are expected, and how often the test may be opened. The first is
known by the time of the data gate; the second is asked for at each opening."""


def _said(content: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """What is said of these keys: null, empty and absent are the same."""
    told = {key: content.get(key) for key in keys}
    return {
        key: value
        for key, value in told.items()
        if value is not False and value not in (None, "", [])
    }


def foundation_of(content: dict[str, Any]) -> dict[str, Any]:
    """What later work rests on, JSON-ready. The order of features, promises and slices is left
    out: it says nothing."""
    features, metrics = content.get("features", {}), content.get("metrics", {})
    columns = [_said(row, COLUMN) for row in features.get("columns", [])]
    promises = [_said(row, PROMISE) for row in metrics.get("items", [])]
    test = _said(metrics, TEST)
    if "slices" in test:
        test["slices"] = sorted(test["slices"])
    return {
        "payoff": _said(content.get("objective", {}), OBJECTIVE),
        "target": _said(features, TARGET),
        "columns": sorted(columns, key=lambda row: str(row.get("name"))),
        "promises": sorted(
            promises, key=lambda row: (str(row.get("metric")), str(row.get("parameter")))
        ),
        "test": test,
    }
