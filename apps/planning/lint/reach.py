"""Questions about the reach of a promise: more than guessing, allowed by the labels, testable."""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.engine.errors import BadParameter
from apps.engine.evaluation.metrics import Measure
from apps.engine.feasibility.label_noise import NoisyLabels, ceiling
from apps.engine.feasibility.noise import half_width
from apps.engine.feasibility.size import rows_needed
from apps.planning.lint.finding import (
    BLOCK,
    WARN,
    PlanProblem,
    Reading,
    missing,
    promise_of,
    share,
)

LOPSIDED = 0.2
GUARDS_RECALL = {
    "precision",
    "precision_at_recall",
    "precision_at_k",
    "average_precision",
    "f1",
    "f_beta",
    "mcc",
    "balanced_accuracy",
    "value_per_decision",
}


def _finding(rule: str, field: str, severity: str, says: str, why: str, mend: str) -> PlanProblem:
    return PlanProblem(
        f"metrics.{rule}", "metrics", field, severity, f"Success metrics: {says}", why, mend
    )


def _is_reached(measure: Measure, threshold: float, value: float) -> bool:
    return value >= threshold if measure.direction == "up" else value <= threshold


def _guess(measure: Measure, base_rate: float, value: float) -> str:
    if measure.of.key == "accuracy":
        word = "no" if base_rate < 0.5 else "yes"
        return f"predicting “{word}” always would reach {share(value)}"
    return f"guessing would reach {value:.3g} ({measure.of.guess_says})"


def promise_is_more_than_guessing(plan: Reading) -> Iterator[PlanProblem]:
    """A model that learnt nothing does not keep the promise."""
    rate = plan.label_share if plan.sets else plan.base_rate
    if rate is None:
        return
    for item, measure in plan.measures:
        guessed = measure.guessed(rate)
        if item.get("threshold") is None or guessed is None:
            continue
        if _is_reached(measure, item["threshold"], guessed):
            yield _finding(
                "guessed",
                "threshold",
                BLOCK if item.get("role") == "primary" else WARN,
                f"{promise_of(item, measure)} is promised, and at a base rate of "
                f"{share(rate)} {_guess(measure, rate, guessed)}.",
                "A promise that is kept by guessing says nothing of the model.",
                "Promise more than that, or average precision, whose guess is the base rate.",
            )
        elif measure.of.key == "accuracy" and item.get("role") == "primary":
            yield from _lopsided(rate, guessed)


def _lopsided(base_rate: float, guessed: float) -> Iterator[PlanProblem]:
    if LOPSIDED <= base_rate <= 1 - LOPSIDED:
        return
    word = "no" if base_rate < 0.5 else "yes"
    yield _finding(
        "unsuitable",
        "metric",
        WARN,
        f"accuracy at a base rate of {share(base_rate)}: predicting “{word}” always would reach "
        f"{share(guessed)}.",
        "All the difference that counts lies in the last digits.",
        "Make average precision, recall at a fixed precision or F1 the primary metric.",
    )


def recall_has_a_price(plan: Reading) -> Iterator[PlanProblem]:
    """Recall alone is reached by an alarm for everyone."""
    if plan.primary is None or plan.primary[1].of.key != "recall" or not plan.positive:
        return
    by_money = plan.payoff is not None and plan.task("metrics").get("threshold_policy") in (
        None,
        "",
        "payoff",
    )
    if by_money or any(measure.of.key in GUARDS_RECALL for _, measure in plan.measures):
        return
    yield _finding(
        "recall_alone",
        "metric",
        WARN,
        "recall is promised, and nothing limits the false alarms.",
        "An alarm for everyone reaches a recall of 1.",
        "Add a precision, promise recall at a fixed precision, or let a payoff set the threshold.",
    )


def labels_allow_the_promise(plan: Reading) -> Iterator[PlanProblem]:
    """Wrong labels bound what even a perfect model can score."""
    noise = plan.task("features").get("label_noise")
    if not noise or plan.base_rate is None:
        return
    try:
        labels = NoisyLabels(plan.base_rate, noise)
    except BadParameter:
        return  # features.label_noise tells it
    for item, measure in plan.measures:
        best = ceiling(measure, labels)
        if best is None or item.get("threshold") is None:
            continue
        if not _is_reached(measure, item["threshold"], best):
            word = "more" if measure.direction == "up" else "less"
            yield _finding(
                "label_noise",
                "threshold",
                BLOCK,
                f"{promise_of(item, measure)} is promised, and with {share(noise)} of the labels "
                f"wrong even a model that knows the truth scores no {word} than {best:.3f}.",
                "No model can keep it, however good it is.",
                "Have labels checked by a second person, or promise what the labels allow.",
            )


@dataclass(frozen=True)
class Testability:
    """Whether the planned test can tell the promised value from today's.

    ``half_width`` of the interval that it will give, ``needed`` test rows that would do; None
    where that is not known before there is data.
    """

    known: bool
    ok: bool
    says: str
    half_width: float | None = None
    needed: int | None = None


def testability_of(plan: Reading) -> Testability:
    """Half-width of the planned test's interval beside the gap between promise and today."""
    baseline = plan.task("metrics").get("baseline")
    if plan.primary is None or baseline is None:
        return Testability(False, False, "Nothing to tell apart: no promise, or no value of today.")
    item, measure = plan.primary
    if plan.test is None:
        says = "It is not known how many rows there will be: give a number in the plan."
        return Testability(False, False, says)
    width = half_width(measure, item["threshold"], plan.test)
    if width is None:
        return Testability(
            False,
            False,
            f"How well a test knows {measure.title} is not known before there is data.",
        )
    gap = abs(item["threshold"] - baseline)
    needed = rows_needed(
        measure, promised=item["threshold"], today=baseline, base_rate=plan.base_rate
    )
    counted = f"about {plan.test.rows:,} test rows"
    if plan.test.positives is not None:
        counted += f", {plan.test.positives:,} of them positive"
    says = (
        f"On {counted}, {measure.title} is known to ±{width:.3f}; the plan claims {gap:.3g} over "
        f"today's {baseline:g}."
    )
    if width >= gap and needed:
        says += f" It takes about {needed:,} test rows."
    return Testability(True, width < gap, says, width, needed)


def test_can_tell(plan: Reading) -> Iterator[PlanProblem]:
    """The planned test is large enough to tell the promise from today."""
    told = testability_of(plan)
    if plan.primary is None or plan.task("metrics").get("baseline") is None:
        return
    if missing(plan.task("metrics").get("expected_rows")):
        yield _finding(
            "rows_unknown",
            "expected_rows",
            WARN,
            "it is not said how many rows there will be.",
            "Nobody can tell whether the test will be large enough to judge the promise.",
            "Enter the number of rows that you expect, a rough one is enough.",
        )
    elif told.known and not told.ok and _claims_more(plan):
        mend = "Promise more, or collect more rows."
        if told.needed and plan.test is not None:
            mend = f"Keep about {told.needed:,} rows for the test, or promise more."
        yield _finding(
            "test_too_small",
            "expected_rows",
            BLOCK,
            f"the test cannot tell the promise from today. {told.says}",
            "The verdict would be “inconclusive” even for a model that keeps its promise.",
            mend,
        )


def _claims_more(plan: Reading) -> bool:
    """False where the promise is no better than today: metrics.no_better tells that."""
    assert plan.primary is not None, "asked for plans with a primary promise only"
    item, measure = plan.primary
    gap = item["threshold"] - plan.task("metrics")["baseline"]
    return gap > 0 if measure.direction == "up" else gap < 0


REACH_RULES = (promise_is_more_than_guessing, recall_has_a_price, labels_allow_the_promise)
