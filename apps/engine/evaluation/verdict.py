"""Verdicts: what a promise says, beside what the test rows show."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from apps.engine.evaluation.comparison import gain_over_rows
from apps.engine.evaluation.intervals import interval_and_method
from apps.engine.evaluation.metrics import Measure, Predictions, measure_of, score
from apps.engine.evaluation.payoff import Payoff

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
PRIMARY, GUARDRAIL = "primary", "guardrail"
CHANCE_OF_ERROR = 0.05


@dataclass(frozen=True)
class Sure:
    """How an interval is drawn: ``confidence`` (0 to 1), and which rows hang together.

    ``groups``: (n,) the entity of each row, None where rows are independent.
    """

    confidence: float = 1 - CHANCE_OF_ERROR
    groups: Any = None

    @classmethod
    def after(cls, looks: int, groups: Any = None) -> "Sure":
        """At the ``looks``-th look at the same rows each interval is wider.

        Who may look k times finds a lucky result more easily. 1 - 0.05/k (Bonferroni; Dunn 1961,
        JASA 56, 52-64): k such intervals hold the truth all at once in 95 of 100 tests.
        """
        return cls(1 - CHANCE_OF_ERROR / max(1, looks), groups)


USUAL = Sure()


@dataclass(frozen=True)
class Promise:
    """A locked metric: at least (``up``) or at most (``down``) this threshold.

    ``parameter`` and ``averaging`` as ``measure_of`` takes them. ``margin``: least gain over what
    is reached today, in the metric's unit. ``payoff`` and ``error_cost``: the plan's money, for
    the metrics that are computed with it.
    """

    metric: str
    threshold: float
    direction: str
    role: str
    parameter: float | None = None
    averaging: str = ""
    margin: float | None = None
    payoff: Payoff | None = None
    error_cost: float | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Promise":
        """Rebuild from ``asdict``; other keys are left out."""
        payoff = data.get("payoff")
        return cls(
            data["metric"],
            float(data["threshold"]),
            str(data["direction"]),
            str(data["role"]),
            data.get("parameter"),
            data.get("averaging") or "",
            data.get("margin"),
            Payoff.from_dict(payoff) if payoff else None,
            data.get("error_cost"),
        )

    @property
    def measure(self) -> Measure:
        """The metric with everything it is computed with. Raises what ``measure_of`` raises."""
        return measure_of(
            {
                "metric": self.metric,
                "parameter": self.parameter,
                "averaging": self.averaging,
                "payoff": asdict(self.payoff) if self.payoff else None,
                "error_cost": self.error_cost,
            }
        )

    @property
    def key(self) -> str:
        """Name of the measure among the scores of a trial: "f_beta:2"."""
        return self.measure.key

    @property
    def title(self) -> str:
        """Name of the measure for a person: "F2"."""
        return self.measure.title


@dataclass(frozen=True)
class Verdict:
    """One line of the verdict. ``low`` and ``high`` bound the result at ``confidence``.

    ``metric`` is the key of the measure, or names the line. ``baseline`` is the baseline's score
    on the same rows, ``gain`` (comparison.Gain as JSON) how much better the result is, paired row
    by row. ``by`` names the method of the interval. ``reason`` says in a sentence why the outcome
    is what it is. ``result`` is None where nothing could be measured; the outcome is then
    inconclusive.
    """

    metric: str
    title: str
    role: str
    direction: str
    threshold: float
    result: float | None
    low: float | None
    high: float | None
    outcome: str
    rows: int
    baseline: float | None = None
    gain: dict[str, Any] | None = None
    reason: str = ""
    by: str = ""
    confidence: float = 1 - CHANCE_OF_ERROR

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


def outcome_of(promise: Promise, *, low: float, high: float) -> str:
    """``pass`` when the whole interval keeps the promise, ``fail`` when none of it does.

    A bound that lies exactly on the threshold keeps it ("at least 0.80" is kept by 0.80).
    Everything between is ``inconclusive``: these rows cannot tell.
    """
    return outcome_at(promise.threshold, promise.direction, low=low, high=high)


def outcome_at(threshold: float, direction: str, *, low: float, high: float) -> str:
    """The same for a plain threshold."""
    if direction == "up":
        kept, broken = low >= threshold, high < threshold
    else:
        kept, broken = high <= threshold, low > threshold
    return PASS if kept else FAIL if broken else INCONCLUSIVE


def reason_of(outcome: str, rows: int) -> str:
    """Why an interval led to its outcome."""
    return {
        PASS: "The whole interval keeps it.",
        FAIL: "The whole interval breaks it.",
        INCONCLUSIVE: f"The interval lies on both sides: {rows:,} rows cannot tell.",
    }[outcome]


def judge(
    promises: Sequence[Promise],
    truth: Any,
    predictions: Predictions,
    *,
    positive: str | None = None,
    seed: int = 0,
    baseline: Predictions | None = None,
    today: float | None = None,
    sure: Sure = USUAL,
) -> list[Verdict]:
    """Judge every promise on the same rows, each with its interval; then every margin.

    ``truth`` is (n,) class names or numbers; ``positive`` None for multi-class and regression;
    ``baseline`` what the baseline answered of these rows; ``today`` the plan's value of the
    primary metric, which its margin is measured from; ``sure`` how wide intervals are. Raises
    what ``metrics.score`` raises.
    """
    verdicts = [
        _judged(
            promise,
            truth,
            predictions,
            positive=positive,
            seed=seed,
            baseline=baseline,
            sure=sure,
        )
        for promise in promises
    ]
    margins = [
        _margin(promise, verdict, today=today if promise.role == PRIMARY else None)
        for promise, verdict in zip(promises, verdicts, strict=True)
        if promise.margin is not None
    ]
    return [*verdicts, *margins]


def _judged(
    promise: Promise,
    truth: Any,
    predictions: Predictions,
    *,
    positive: str | None,
    seed: int,
    baseline: Predictions | None,
    sure: Sure,
) -> Verdict:
    measure, usual, gain = promise.measure, None, None
    how: dict[str, Any] = {"positive": positive, "seed": seed, **vars(sure)}
    if baseline is not None:
        usual = score(measure, truth, baseline, positive=positive)
        gain = gain_over_rows(measure, truth, predictions, baseline, **how).as_dict()
    (low, high), by = interval_and_method(measure, truth, predictions, **how)
    outcome = outcome_of(promise, low=low, high=high)
    return Verdict(
        metric=measure.key,
        title=measure.title,
        role=promise.role,
        direction=promise.direction,
        threshold=promise.threshold,
        result=score(measure, truth, predictions, positive=positive),
        low=low,
        high=high,
        outcome=outcome,
        rows=len(truth),
        baseline=usual,
        gain=gain,
        reason=reason_of(outcome, len(truth)),
        by=by,
        confidence=sure.confidence,
    )


def _margin(promise: Promise, verdict: Verdict, *, today: float | None) -> Verdict:
    """The gain over today, or over the baseline model, beside the least gain that counts."""
    assert promise.margin is not None, "asked for promises with a margin only"
    against, gained = _gained(promise, verdict, today)
    result, low, high = gained or (None, None, None)
    outcome, reason = INCONCLUSIVE, f"Nothing tells {against}, so the gain is not known."
    if low is not None and high is not None:
        outcome = outcome_at(promise.margin, "up", low=low, high=high)
        reason = f"Measured from {against}. {reason_of(outcome, verdict.rows)}"
    return Verdict(
        metric=f"{verdict.metric}.margin",
        title=f"Gain in {verdict.title}",
        role=GUARDRAIL,
        direction="up",
        threshold=promise.margin,
        result=result,
        low=low,
        high=high,
        outcome=outcome,
        rows=verdict.rows,
        reason=reason,
        confidence=verdict.confidence,
    )


def _gained(
    promise: Promise, verdict: Verdict, today: float | None
) -> tuple[str, tuple[float | None, float | None, float | None] | None]:
    """What the gain is measured from, and the gain with its interval."""
    if today is not None:
        sign = 1.0 if promise.direction == "up" else -1.0
        assert verdict.result is not None, "a judged promise has a result"
        ends = [sign * ((end or 0.0) - today) for end in (verdict.low, verdict.high)]
        return f"today's {today:g}", (sign * (verdict.result - today), min(ends), max(ends))
    against = "what the baseline reaches on the same rows"
    if verdict.gain is None:
        return against, None
    return against, (verdict.gain["mean"], verdict.gain["low"], verdict.gain["high"])
