"""Questions about what is promised: is each promise whole, and do they fit together?"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from apps.engine.errors import BadParameter
from apps.engine.evaluation.metrics import METRICS, Metric, measure_of
from apps.engine.evaluation.metrics.kinds import BINARY, ERROR_COST, NUMBERS, PAYOFF
from apps.engine.percent import percent
from apps.engine.types import Problem
from apps.planning.lint.finding import (
    BLOCK,
    WARN,
    PlanProblem,
    Reading,
    in_range,
    missing,
    promise_of,
)

MOST_OPENINGS = 2
LEAST_TEST_SHARE = 0.1


def _finding(rule: str, field: str, severity: str, says: str, why: str, mend: str) -> PlanProblem:
    return PlanProblem(
        f"metrics.{rule}", "metrics", field, severity, f"Success metrics: {says}", why, mend
    )


def one_metric_is_primary(plan: Reading) -> Iterator[PlanProblem]:
    """There is a promise, one is the primary one, and each has a value."""
    if not plan.items:
        yield _finding(
            "none",
            "items",
            BLOCK,
            "none is promised.",
            "A plan without a metric can neither succeed nor fail.",
            "Choose one primary metric and a value that it has to reach.",
        )
        return
    primary = [item for item in plan.items if item.get("role") == "primary"]
    if len(primary) != 1:
        yield _finding(
            "primary",
            "role",
            BLOCK,
            f"one metric is primary; there are {len(primary)}.",
            "With two, the better one is chosen afterwards; with none, any.",
            "Make one primary and the others guardrails.",
        )
    bare = [item for item in plan.items if item.get("threshold") is None]
    if bare:
        yield _finding(
            "threshold",
            "threshold",
            BLOCK,
            f"{METRICS[bare[0]['metric']].title} has no promised value.",
            "Whatever comes out would be called enough.",
            "Enter the least value that is worth the work.",
        )


def parameters_are_given(plan: Reading) -> Iterator[PlanProblem]:
    """A metric with a parameter is another metric for each value of it."""
    for item in plan.items:
        metric = METRICS[item["metric"]]
        if metric.parameter is not None and item.get("parameter") is None:
            yield _finding(
                "parameter_missing",
                "parameter",
                BLOCK,
                f"{metric.title} is promised without its {metric.parameter.name}.",
                "The same model scores differently for each value of it.",
                f"{metric.parameter.says} {metric.parameter.default:g} is usual.",
            )
            continue
        try:
            measure_of({name: item.get(name) for name in ("metric", "parameter", "averaging")})
        except BadParameter as error:
            yield _finding(
                "parameter",
                "parameter",
                BLOCK,
                str(error),
                "It could not be computed.",
                "Correct the value.",
            )


def thresholds_lie_in_range(plan: Reading) -> Iterator[PlanProblem]:
    """Each value is one that the metric can take, and on the side that is better."""
    for item, measure in plan.measures:
        value, (low, high) = item.get("threshold"), measure.bounds
        if value is None:
            continue
        if not in_range(measure, value):
            reach = f"between {low:g} and {high:g}" if high is not None else f"at least {low:g}"
            yield _finding(
                "range",
                "threshold",
                BLOCK,
                f"{measure.title} is {reach}; {value:g} is promised.",
                "No model can keep it.",
                "Correct the value; a share is written 0.6, not 60.",
            )
        if item.get("direction", measure.direction) != measure.direction:
            word = "rise" if measure.direction == "up" else "fall"
            yield _finding(
                "direction",
                "direction",
                BLOCK,
                f"{measure.title} gets better as it shall {word}; the plan says the opposite.",
                "The worst model would keep the promise.",
                "Turn the direction round.",
            )


def nothing_is_promised_twice(plan: Reading) -> Iterator[PlanProblem]:
    """One value for one measure."""
    counts = Counter(measure.key for _, measure in plan.measures)
    for key, count in counts.items():
        if count < 2:
            continue
        told = [promise_of(item, measure) for item, measure in plan.measures if measure.key == key]
        yield _finding(
            "twice",
            "items",
            BLOCK,
            f"the same metric is promised twice: {' and '.join(told)}.",
            "Afterwards each side points at the one that suits it.",
            "Keep one of them.",
        )


def metrics_fit_the_target(plan: Reading) -> Iterator[PlanProblem]:
    """Classes are not judged by errors, nor quantities by hit rates."""
    for item in plan.items:
        told = _misfit(METRICS[item["metric"]], plan)
        if told:
            yield _finding(
                "problem_type",
                "metric",
                BLOCK,
                f"{METRICS[item['metric']].title} {told}.",
                "It could not be computed on this target.",
                "Choose a metric for this kind of target, or correct what is said of the target.",
            )
    numbers = {METRICS[item["metric"]].problems == NUMBERS for item in plan.items}
    if not plan.positive and len(numbers) > 1:
        yield _finding(
            "problem_type",
            "metric",
            BLOCK,
            "some are for classes and some for quantities.",
            "The target is one or the other.",
            "Keep the kind that fits the target.",
        )
    yield from _averages(plan)


def _misfit(metric: Metric, plan: Reading) -> str:
    if plan.sets and Problem.MULTILABEL not in metric.problems:
        return "is not for sets of labels, and a case of this target may have several labels"
    if plan.positive and metric.problems == NUMBERS:
        return f"is for quantities; the target has the positive class “{plan.positive}”"
    if not plan.positive and metric.problems == BINARY:
        return "needs a positive class, and the target names none"
    objective = plan.task("objective")
    if metric.money == PAYOFF and plan.payoff is None:
        return "is computed with the payoff, and the objective names none that is whole"
    if metric.money == ERROR_COST and objective.get("error_cost") is None:
        return "is computed with the cost of one unit of error, and the objective names none"
    return ""


def _averages(plan: Reading) -> Iterator[PlanProblem]:
    told = [item for item in plan.items if item.get("averaging") not in (None, "", "macro")]
    if plan.positive and told:
        yield _finding(
            "averaging",
            "averaging",
            WARN,
            f"{METRICS[told[0]['metric']].title} is averaged {told[0]['averaging']}, and there is "
            f"one positive class, “{plan.positive}”.",
            "With two classes it is the positive one's value; nothing is averaged.",
            "Leave the averaging empty.",
        )


def promise_beats_today(plan: Reading) -> Iterator[PlanProblem]:
    """There is a value of today, and the promise is better by at least the margin."""
    baseline = plan.task("metrics").get("baseline")
    if baseline is None:
        yield _finding(
            "baseline",
            "baseline",
            BLOCK,
            "today's value of the primary metric is missing.",
            "Without it nobody knows whether the model is any better.",
            "Let today's rule answer old cases and score it; the least is what guessing reaches.",
        )
        return
    if plan.primary is None:
        return
    item, measure = plan.primary
    gap = (
        item["threshold"] - baseline if measure.direction == "up" else baseline - item["threshold"]
    )
    if gap <= 0:
        yield _finding(
            "no_better",
            "threshold",
            BLOCK,
            f"{promise_of(item, measure)} is no better than today's {baseline:g}.",
            "It would be kept by leaving everything as it is.",
            f"Promise {'more' if measure.direction == 'up' else 'less'} than {baseline:g}.",
        )
    elif (item.get("margin") or 0) > gap * (1 + 1e-9):
        yield _finding(
            "margin",
            "margin",
            WARN,
            f"the margin of {item['margin']:g} is larger than the gap of {gap:g} between today's "
            f"{baseline:g} and the promise of {item['threshold']:g}.",
            "A result can keep the promise and still miss the margin.",
            f"Promise {_at(item, measure.direction, baseline):g}, or ask for less margin.",
        )


def _at(item: dict[str, Any], direction: str, baseline: float) -> float:
    return baseline + item["margin"] if direction == "up" else baseline - item["margin"]


def test_is_looked_at_once(plan: Reading) -> Iterator[PlanProblem]:
    """Few openings, and a share that is left to test on."""
    metrics = plan.task("metrics")
    openings, part = metrics.get("openings") or 1, metrics.get("test_share")
    if openings > MOST_OPENINGS:
        yield _finding(
            "openings",
            "openings",
            WARN,
            f"the sealed test may be opened {openings} times.",
            f"The best of {openings} looks is flattered: it was chosen for being the best.",
            "One is the honest number; a second look costs an amended plan.",
        )
    if part is not None and part < LEAST_TEST_SHARE:
        yield _finding(
            "test_share",
            "test_share",
            WARN,
            f"{percent(part, None)} of the rows are kept for the sealed test.",
            "So few rows give a wide interval and a verdict that cannot tell.",
            "Keep 20 %, or 10 % where there are very many rows.",
        )


def guardrails_are_whole(plan: Reading) -> Iterator[PlanProblem]:
    """A threshold that is fixed has a value; a difference between groups has its column."""
    metrics = plan.task("metrics")
    if metrics.get("threshold_policy") == "fixed" and metrics.get("threshold_value") is None:
        yield _finding(
            "threshold_value",
            "threshold_value",
            BLOCK,
            "the decision threshold is fixed, and its value is missing.",
            "Somebody would choose it after seeing the results.",
            "Enter a probability between 0 and 1, or let the payoff choose.",
        )
    column, limit = metrics.get("group_column"), metrics.get("group_difference")
    if missing(column) != missing(limit):
        lacks = "column" if missing(column) else "greatest difference"
        yield _finding(
            "group",
            "group_column" if missing(column) else "group_difference",
            BLOCK,
            f"the difference between groups has no {lacks}.",
            "Half of a guardrail guards nothing.",
            f"Enter the {lacks}, or clear both.",
        )
    if metrics.get("threshold_policy") == "payoff" and plan.sets:
        yield _finding(
            "payoff_of_sets",
            "threshold_policy",
            BLOCK,
            "the payoff shall choose the threshold, and a case may have several labels.",
            "One payoff says nothing of what each of the labels is worth.",
            "Choose one half, or a fixed value: it counts for each label.",
        )
    if metrics.get("calibration_error") is not None and not plan.positive:
        yield _finding(
            "calibration",
            "calibration_error",
            BLOCK,
            "a calibration error is promised, and the target names no positive class.",
            "It is measured on the probability of the positive class.",
            "Name the positive class, or clear the calibration error.",
        )


PROMISE_RULES = (
    one_metric_is_primary,
    parameters_are_given,
    thresholds_lie_in_range,
    nothing_is_promised_twice,
    metrics_fit_the_target,
    promise_beats_today,
    test_is_looked_at_once,
    guardrails_are_whole,
)
