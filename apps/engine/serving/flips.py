"""What would change: logged cases of one release answered by another, by segment and in money."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from apps.engine.evaluation.metrics.quantities import covered, pinball_losses
from apps.engine.labels import joined
from apps.engine.monitoring.keeping import is_mark, marked
from apps.engine.serving.contract import Contract, check_rows
from apps.engine.serving.score import Scorer
from apps.engine.training.files import load_model
from apps.engine.types import Problem, Report

MOVED_BY = 0.05
"""A number counts as another answer when it differs by more than this share of the one before."""
MOST_LISTED = 50
MOST_SEGMENTS = 12
LEAST_ROWS = 10

Case = dict[str, Any]


def compare_releases(
    *,
    model: str,
    sha256: str,
    contract: dict[str, Any],
    steps: list[dict[str, Any]],
    features: list[dict[str, Any]],
    problem: str,
    positive: str | None,
    threshold: float,
    cases: str,
    segments: list[str],
    payoff: dict[str, float] | None,
    report: Report,
    level: float | None = None,
) -> dict[str, Any]:
    """Answer logged cases anew and tell what is different. O(cases).

    Parameters
    ----------
    cases : path of a JSON file: [{"id", "row", "prediction", "probabilities", "actual"}]
    segments : columns of a request by whose values the changes are counted
    payoff : ``right``, ``wrong``, ``missed``, ``quiet`` in money per case (costs as a plus), or
        ``error_cost`` per unit of absolute error; None: the plan names none
    level : the quantile that the numbers are, None for the mean and for classes

    Returns
    -------
    dict
        ``cases`` compared, ``unanswered`` (refused by the other release's contract or recipe, with
        ``unanswered_says``), ``unkept`` (not replayed, because the log does not keep a value that
        the other release asks for, with ``unkept_says``), ``flips``, ``share`` of them, ``into``
        (counts by "old → new"),
        ``change`` (median and largest, of the probability of the positive class or of the number),
        ``segments``, ``money``, ``listed``: the largest changes; of a quantile ``kept`` (see
        ``_kept``), None for others.
    """
    scorer = Scorer(
        load_model(model, sha256=sha256),
        contract=Contract.from_dict(contract),
        steps=steps,
        features=features,
        problem=Problem(problem),
        positive=positive,
        threshold=threshold,
    )
    asked: list[Case] = json.loads(Path(cases).read_text())
    report(0, len(asked), "Answering logged cases")
    whole, unkept = _whole(asked, scorer.contract)
    kept, rows, refused = _checked(whole, scorer.contract)
    told, _ = scorer.predict(rows) if rows else ([], [])
    compared = [_compared(case, new, positive) for case, new in zip(kept, told, strict=True)]
    report(len(asked), len(asked), "Counting what changed")
    flips = [case for case in compared if case["flipped"]]
    changes = [case["change"] for case in compared]
    return {
        "cases": len(compared),
        "unanswered": len(refused),
        "unanswered_says": refused[0] if refused else "",
        "unkept": len(asked) - len(whole),
        "unkept_says": unkept,
        "flips": len(flips),
        "share": len(flips) / len(compared) if compared else 0.0,
        "into": _into(flips) if scorer.problem != Problem.REGRESSION else [],
        "change": {
            "median": statistics.median(changes) if changes else 0.0,
            "largest": max(changes, default=0.0),
        },
        "segments": _segments(compared, segments),
        "money": _money(compared, payoff, positive),
        "kept": None if level is None else _kept(compared, level),
        "listed": [
            {key: case[key] for key in ("id", "before", "after", "change", "actual")}
            for case in sorted(flips, key=lambda case: -case["change"])[:MOST_LISTED]
        ],
    }


def _whole(cases: Sequence[Case], contract: Contract) -> tuple[list[Case], str]:
    """Cases whose row is kept as far as the contract asks for it, and why the others are not."""
    names = set(contract.names)
    whole = [case for case in cases if case["row"] and not names & set(marked([case["row"]]))]
    if len(whole) == len(cases):
        return whole, ""
    lacking = sorted(names & set(marked(case["row"] for case in cases)))
    if lacking:
        return whole, f"The log does not keep the values of {', '.join(lacking)}: sensitive."
    return whole, "The inputs of these cases were removed from the log at the end of their time."


def _checked(
    cases: Sequence[Case], contract: Contract
) -> tuple[list[Case], list[dict[str, Any]], list[str]]:
    """Cases that fit the contract with their rows, and why the others do not."""
    kept, rows, refused = [], [], []
    names = set(contract.names)
    for case in cases:
        row = {name: value for name, value in case["row"].items() if name in names}
        checked = check_rows([row], contract)
        if checked.errors:
            refused.append(str(checked.errors[0]["message"]))
        else:
            kept.append(case)
            rows += checked.rows
    return kept, rows, refused


def _compared(case: Case, new: Mapping[str, Any], positive: str | None) -> Case:
    old_chances, new_chances = case["probabilities"], new["probabilities"]
    before, after = case["prediction"], new["prediction"]
    if isinstance(after, list):  # a set of labels: that which moved most
        old = old_chances or {}
        change = max(abs(chance - old.get(name, 0.0)) for name, chance in new_chances.items())
        before, after = joined(before), joined(after)
        told = {"before": before, "after": after, "actual": _plain(case["actual"])}
        return {**case, **told, "change": change, "flipped": after != before}
    if new_chances is None:
        change = abs(float(after) - float(before))
        flipped = change > MOVED_BY * abs(float(before))
    else:
        name = positive if positive in new_chances else after
        change = abs(new_chances[name] - (old_chances or {}).get(name, 0.0))
        flipped = str(after) != str(before)
    return {**case, "before": before, "after": after, "change": change, "flipped": flipped}


def _plain(actual: Any) -> Any:
    return joined(actual) if isinstance(actual, list) else actual


def _into(flips: Iterable[Case]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], int] = {}
    for case in flips:
        pair = (str(case["before"]), str(case["after"]))
        counts[pair] = counts.get(pair, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"before": old, "after": new, "rows": rows} for (old, new), rows in ordered]


def _segments(cases: Sequence[Case], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Groups of at least LEAST_ROWS cases, those with the largest share of changes first."""
    counts: dict[tuple[str, str], list[int]] = {}
    for case in cases:
        for column in columns:
            value = case["row"].get(column)
            if is_mark(value):
                continue
            group = counts.setdefault((column, "missing" if value is None else str(value)), [0, 0])
            group[0] += 1
            group[1] += case["flipped"]
    found: list[dict[str, Any]] = [
        {"column": column, "value": value, "rows": rows, "flips": flips, "share": flips / rows}
        for (column, value), (rows, flips) in counts.items()
        if rows >= LEAST_ROWS
    ]
    return sorted(found, key=lambda row: (-row["share"], -row["rows"]))[:MOST_SEGMENTS]


def _money(
    cases: Sequence[Case], payoff: Mapping[str, float] | None, positive: str | None
) -> dict[str, Any] | None:
    """What the changes are worth: sure where the truth is known, an interval where it is not."""
    if not payoff:
        return None
    known = [case for case in cases if case["actual"] is not None]
    if "error_cost" in payoff:
        cost = payoff["error_cost"]
        sure = sum(
            cost * (abs(case["before"] - case["actual"]) - abs(case["after"] - case["actual"]))
            for case in known
        )
        return {"known": len(known), "sure": sure, "open": 0, "low": sure, "high": sure}
    if positive is None:
        return None
    gains = {
        is_positive: [
            _gain(case, payoff, positive, is_positive=is_positive)
            for case in cases
            if case["flipped"] and case["actual"] is None
        ]
        for is_positive in (True, False)
    }
    sure = sum(
        _gain(case, payoff, positive, is_positive=str(case["actual"]) == positive)
        for case in known
        if case["flipped"]
    )
    pairs = list(zip(gains[True], gains[False], strict=True))
    return {
        "known": len(known),
        "sure": sure,
        "open": len(pairs),
        "low": sure + sum(map(min, pairs)),
        "high": sure + sum(map(max, pairs)),
    }


def _kept(cases: Sequence[Case], level: float) -> dict[str, Any] | None:
    """Pinball loss and share at or below of both, where the truth is known; None without one."""
    known = [case for case in cases if case["actual"] is not None]
    if not known:
        return None
    truth = np.array([float(case["actual"]) for case in known])
    told: dict[str, Any] = {"level": level, "known": len(known)}
    for name in ("before", "after"):
        said = np.array([float(case[name]) for case in known])
        told[f"loss_{name}"] = float(np.mean(pinball_losses(truth, said, level=level)))
        told[f"share_{name}"] = float(np.mean(covered(truth, said)))
    return told


def _gain(case: Case, payoff: Mapping[str, float], positive: str, *, is_positive: bool) -> float:
    """Money of the new decision less that of the old one, if the case is (not) positive."""

    def worth(answer: Any) -> float:
        if str(answer) == positive:
            return payoff["right"] if is_positive else -payoff["wrong"]
        return -payoff["missed"] if is_positive else payoff["quiet"]

    return worth(case["after"]) - worth(case["before"])
