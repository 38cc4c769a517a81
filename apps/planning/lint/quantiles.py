"""Questions about a quantile that is promised: do the promises fit together, can a test see it?"""

import math
from collections.abc import Iterator

from apps.engine.feasibility.noise import Z95, half_width
from apps.planning.lint.finding import BLOCK, WARN, PlanProblem, Reading, promise_of, share

OF_A_LEVEL = {"pinball", "coverage_error"}


def _finding(rule: str, field: str, severity: str, says: str, why: str, mend: str) -> PlanProblem:
    return PlanProblem(
        f"metrics.{rule}", "metrics", field, severity, f"Success metrics: {says}", why, mend
    )


def _level(plan: Reading) -> float | None:
    """The quantile that the models are to answer; None where the primary metric asks for none."""
    return plan.primary[1].level if plan.primary else None


def coverage_is_no_goal(plan: Reading) -> Iterator[PlanProblem]:
    """The quantile of all rows covers as many as it should, and knows nothing."""
    for item, measure in plan.measures:
        if measure.of.key == "coverage_error" and item.get("role") == "primary":
            level = measure.parameter or 0.5
            yield _finding(
                "coverage_primary",
                "metric",
                BLOCK,
                f"{measure.title} is primary, and telling every case the same {level:g} quantile "
                "reaches 0.",
                "A promise that is kept by a constant says nothing of the model.",
                f"Make the pinball loss at level {level:g} primary, and keep this as a guardrail.",
            )


def coverage_is_promised(plan: Reading) -> Iterator[PlanProblem]:
    """The pinball loss compares; whether nine in ten are kept is the coverage."""
    level = _level(plan)
    if level is None:
        return
    told = [one for _, one in plan.measures if one.of.key == "coverage_error"]
    if not told:
        yield _finding(
            "coverage_missing",
            "items",
            WARN,
            f"the {level:g} quantile is promised by its loss alone.",
            f"The loss tells the better of two models, not whether {share(level)} of the truths "
            "are at or below the answer.",
            f"Add the guardrail coverage error at level {level:g}, such as at most 0.03.",
        )


def one_quantile_is_answered(plan: Reading) -> Iterator[PlanProblem]:
    """The other promises are of the same quantile: not of another level, not of the middle."""
    level = _level(plan)
    if level is None:
        return
    for item, measure in plan.measures:
        other = measure.parameter if measure.of.key in OF_A_LEVEL else 0.5
        if item.get("role") == "primary" or not measure.is_of_numbers or other == level:
            continue
        of = f"the {other:g} quantile" if measure.of.key in OF_A_LEVEL else "the middle"
        yield _finding(
            "other_level",
            "parameter" if measure.of.key in OF_A_LEVEL else "metric",
            WARN,
            f"{measure.title} judges {of}, and the models answer the {level:g} quantile.",
            "One model answers one quantile; by any other measure it looks worse than it is.",
            f"Ask for level {level:g}, or give the other number a project of its own.",
        )


def test_sees_the_coverage(plan: Reading) -> Iterator[PlanProblem]:
    """The planned test knows the share to less than the margin that is promised."""
    if plan.test is None:
        return
    for item, measure in plan.measures:
        margin = item.get("threshold")
        if measure.of.key != "coverage_error" or margin is None or margin < 0:
            continue
        level = measure.parameter or 0.5
        width = half_width(measure, margin, plan.test) or 0.0
        if width < margin:
            continue
        needed = math.ceil(Z95**2 * level * (1 - level) / margin**2) if margin else None
        yield _finding(
            "coverage_too_fine",
            "expected_rows",
            WARN,
            f"{promise_of(item, measure)} is promised, and about {plan.test.rows:,} test rows know "
            f"the share to ±{width:.3f} only.",
            "The verdict would be “inconclusive” even for a quantile that is exactly right.",
            f"Keep about {needed:,} rows for the test, or allow more than {width:.3f}."
            if needed
            else f"Allow more than {width:.3f}.",
        )


def cost_has_two_sides(plan: Reading) -> Iterator[PlanProblem]:
    """One cost for both sides asks for the median, not for another quantile."""
    level, cost = _level(plan), plan.task("objective").get("error_cost")
    if level is None or cost is None or level == 0.5:
        return
    yield PlanProblem(
        "money.two_sides",
        "objective",
        "error_cost",
        WARN,
        f"Payoff: one unit of error costs {cost:g} on either side, and the plan aims at the "
        f"{level:g} quantile.",
        "With one cost for both sides the median is best. This level says that a unit too low "
        f"costs {level / (1 - level):.3g} times a unit too high.",
        "Clear the cost, or choose the level by the two costs: too low / (too low + too high).",
    )


QUANTILE_RULES = (coverage_is_promised, one_quantile_is_answered)
COVERAGE_RULES = (coverage_is_no_goal, test_sees_the_coverage)
