"""Job function of the sealed test: one look, judged against the locked metrics."""

import time
from dataclasses import asdict
from typing import Any

from apps.engine.evaluation.calibration import calibration
from apps.engine.evaluation.coverage import coverage
from apps.engine.evaluation.curves import binary_curves, confusion, regression_points
from apps.engine.evaluation.guardrails import group_verdict, latency_verdict
from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.payoff import Payoff, value_at
from apps.engine.evaluation.per_label import labels_told
from apps.engine.evaluation.slices import slices_of
from apps.engine.evaluation.verdict import Promise, Sure, Verdict, judge
from apps.engine.training.files import load_model
from apps.engine.training.rows import Rows, load_rows, predict, specs
from apps.engine.types import Problem, Report

LATENCY_ROWS = 201


def evaluate_sealed(
    *,
    model: str,
    sha256: str,
    test: str,
    target: str,
    features: list[dict[str, Any]],
    problem: str,
    positive: str | None,
    promises: list[dict[str, Any]],
    baseline_model: str | None,
    baseline_sha256: str | None,
    slices: list[str],
    seed: int,
    report: Report,
    threshold: float = 0.5,
    payoff: dict[str, Any] | None = None,
    guardrails: dict[str, Any] | None = None,
    group: str | None = None,
    looks: int = 1,
    level: float | None = None,
) -> dict[str, Any]:
    """Judge a frozen model on the sealed test rows, its baseline beside it. Job function.

    The labels of two classes follow the frozen ``threshold``; nothing is chosen on these rows.
    ``guardrails``: ``today`` (the plan's value of the primary metric, for its margin),
    ``planned_slices`` (True: the plan names the slices, so each is shown), and each as far as it
    is promised ``latency_p95_ms``, ``group_column`` with ``group_difference``. ``group``: the
    column that the split kept apart, whose rows hang together; ``looks``: how often these rows
    have been looked at, with this one. Both make the intervals of promises wider (verdict.Sure).

    Returns verdicts (promises, primary first, with the paired gain over the baseline; margins;
    guardrails), number of rows, curves, confusion counts (of sets ``by_label``, see per_label),
    slices of the primary metric, calibration, and with a payoff ``money``. ``level``: of a
    predicted quantile, whose ``coverage`` (see coverage.coverage) is then told, of each slice too.
    """
    kind = Problem(problem)
    binary = positive if kind == Problem.BINARY else None
    report(0, 4, "Reading the sealed rows")
    rows = load_rows(test, target=target, spec=specs(features), problem=kind)
    limits = guardrails or {}
    fitted = load_model(model, sha256=sha256)
    how: dict[str, Any] = {"threshold": threshold, "level": level}
    told = predict(fitted, rows.features, problem=kind, positive=positive, **how)
    told = told.covering(rows.target)
    kept = [Promise.from_dict(promise) for promise in promises]
    report(1, 4, "Testing the baseline")
    usual = _usual(baseline_model, baseline_sha256, rows, kind=kind, positive=positive)
    report(2, 4, "Judging the locked metrics")
    verdicts = judge(
        kept,
        rows.target,
        told,
        positive=binary,
        seed=seed,
        baseline=usual,
        today=limits.get("today"),
        sure=Sure.after(looks, _entities(rows, group)),
    )
    verdicts += _guarded(rows, told, fitted, kept[0], limits, kind=kind, positive=binary, seed=seed)
    report(3, 4, "Looking at groups of rows")
    found = _sliced(rows, told, kept[0], slices, limits, positive=binary, seed=seed)
    report(4, 4, "Done")
    return {
        "verdicts": [verdict.as_dict() for verdict in verdicts],
        "rows": len(rows.target),
        "slices": found,
        "threshold": threshold if binary or told.sets else None,
        **{"looks": looks, "group": group},
        **_pictures(rows, told, kind=kind, positive=binary, threshold=threshold),
        **_money(rows, told, positive=binary, threshold=threshold, payoff=payoff),
    }


def _entities(rows: Rows, group: str | None) -> Any:
    """The entity of each row, as text; None where the rows are independent."""
    if not group or group not in rows.table.columns:
        return None
    return rows.table[group].astype("string").fillna("").to_numpy(dtype="U")


def _usual(
    model: str | None, sha256: str | None, rows: Rows, *, kind: Problem, positive: str | None
) -> Predictions | None:
    """What the baseline answers of the sealed rows."""
    if not model or not sha256:
        return None
    baseline = load_model(model, sha256=sha256)
    return predict(baseline, rows.features, problem=kind, positive=positive)


def _sliced(
    rows: Rows,
    told: Predictions,
    primary: Promise,
    columns: list[str],
    limits: dict[str, Any],
    *,
    positive: str | None,
    seed: int,
) -> list[dict[str, Any]]:
    return slices_of(
        rows.table,
        columns,
        metric=primary.measure,
        truth=rows.target,
        predictions=told,
        positive=positive,
        seed=seed,
        fold=bool(limits.get("planned_slices")),
    )


def _guarded(
    rows: Rows,
    told: Predictions,
    fitted: Any,
    primary: Promise,
    limits: dict[str, Any],
    *,
    kind: Problem,
    positive: str | None,
    seed: int,
) -> list[Verdict]:
    """Lines for the guardrails that are promised."""
    found = []
    if limits.get("latency_p95_ms") is not None:
        samples = _latencies(fitted, rows, kind=kind, positive=positive)
        found.append(latency_verdict(samples, limit_ms=limits["latency_p95_ms"]))
    if limits.get("group_column") and limits.get("group_difference") is not None:
        found.append(
            group_verdict(
                rows.table,
                limits["group_column"],
                metric=primary.measure,
                limit=limits["group_difference"],
                truth=rows.target,
                predictions=told,
                positive=positive,
                seed=seed,
            )
        )
    return found


def _latencies(fitted: Any, rows: Rows, *, kind: Problem, positive: str | None) -> list[float]:
    """Milliseconds of answers of one row each, after one that warms up."""
    found = []
    for number in range(min(LATENCY_ROWS, len(rows.target))):
        began = time.perf_counter()
        predict(fitted, rows.features.iloc[[number]], problem=kind, positive=positive)
        found.append(1000 * (time.perf_counter() - began))
    return found[1:] or found


def _pictures(
    rows: Rows, told: Predictions, *, kind: Problem, positive: str | None, threshold: float
) -> dict[str, Any]:
    if kind == Problem.REGRESSION:
        points = regression_points(rows.target, told.labels, level=told.level)
        if told.level is None:
            return {"points": points}
        return {"points": points, "coverage": coverage(rows.target, told)}
    if told.sets:
        return {"by_label": labels_told(rows.target, told, threshold=threshold)}
    result: dict[str, Any] = {
        "confusion": confusion(rows.target, told.labels, classes=told.classes)
    }
    if positive is not None and told.probabilities is not None:
        scores = told.probabilities[:, told.classes.index(positive)]
        result["curves"] = binary_curves(rows.target == positive, scores)
        result["calibration"] = calibration(rows.target == positive, scores)
    return result


def _money(
    rows: Rows,
    told: Predictions,
    *,
    positive: str | None,
    threshold: float,
    payoff: dict[str, Any] | None,
) -> dict[str, Any]:
    if payoff is None or positive is None or told.probabilities is None:
        return {}
    worth = Payoff.from_dict(payoff)
    scores = told.probabilities[:, told.classes.index(positive)]
    money = value_at(rows.target == positive, scores, payoff=worth, threshold=threshold)
    return {"money": money, "payoff": asdict(worth), "break_even": worth.break_even}
