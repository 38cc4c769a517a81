"""Questions about the payoff: can it earn, and does the promise reach where it does?"""

from collections.abc import Iterator

from apps.engine.feasibility.break_even import break_even_precision, break_even_recall
from apps.planning.lint.finding import BLOCK, WARN, PlanProblem, Reading, share

MATRIX = ("value_right", "value_wrong", "value_missed", "value_quiet")
PRECISIONS = {"precision", "precision_at_recall", "precision_at_k"}


def _finding(rule: str, field: str, severity: str, says: str, why: str, mend: str) -> PlanProblem:
    return PlanProblem(f"money.{rule}", "objective", field, severity, f"Payoff: {says}", why, mend)


def payoff_is_whole(plan: Reading) -> Iterator[PlanProblem]:
    """A value of right and of wrong alarms, and how many decisions there are."""
    told = {name: plan.task("objective").get(name) for name in MATRIX}
    if all(value is None for value in told.values()):
        yield from _policy_without_payoff(plan)
        return
    lacking = [
        (name, says)
        for name, says in (
            ("value_right", "the value of a right alarm"),
            ("value_wrong", "the cost of a wrong alarm"),
        )
        if told[name] is None
    ]
    if lacking:
        yield _finding(
            "half",
            lacking[0][0],
            WARN,
            f"{lacking[0][1]} is missing, so no threshold can be chosen by it.",
            "One side of a trade-off is no trade-off.",
            "Enter it, 0 where it is nothing.",
        )
    if not plan.task("objective").get("decisions_per_month"):
        yield _finding(
            "volume",
            "decisions_per_month",
            WARN,
            "it is not said how many decisions there are a month.",
            "A case's worth without the number of cases gives no sum to weigh the work against.",
            "Enter the number of cases that are decided in a month.",
        )


def _policy_without_payoff(plan: Reading) -> Iterator[PlanProblem]:
    if plan.task("metrics").get("threshold_policy") == "payoff" and plan.positive:
        yield _finding(
            "policy",
            "value_right",
            WARN,
            "the payoff shall choose the decision threshold, and none is named.",
            "The threshold would stay at 0.5, which suits few costs.",
            "Enter what right and wrong alarms are worth, or fix the threshold.",
        )


def payoff_can_earn(plan: Reading) -> Iterator[PlanProblem]:
    """An alarm on a true case is worth more than none, and a false one costs something."""
    told = plan.task("objective")
    if told.get("value_right") is None or told.get("value_wrong") is None:
        return
    gain = told["value_right"] + (told.get("value_missed") or 0)
    loss = told["value_wrong"] + (told.get("value_quiet") or 0)
    if gain <= 0:
        yield _finding(
            "never_earns",
            "value_right",
            BLOCK,
            f"a right alarm adds {gain:g} over raising none, so no model can earn anything.",
            "The best decision would be never to raise an alarm.",
            "Correct the value of a right alarm or the cost of a missed case.",
        )
    elif loss <= 0:
        yield _finding(
            "no_choice",
            "value_wrong",
            BLOCK,
            f"a wrong alarm costs {loss:g}, so an alarm for everyone is best and needs no model.",
            "Somebody pays for wrong alarms, if only with time.",
            "Enter what a wrong alarm costs, with a plus sign.",
        )


def promise_pays(plan: Reading) -> Iterator[PlanProblem]:
    """At the promised precision alarms earn; at the promised recall more than an alarm for all."""
    if plan.payoff is None:
        return
    precision, recall = _promised(plan)
    even = break_even_precision(plan.payoff)
    if precision is not None and precision < even:
        yield _finding(
            "break_even_precision",
            "value_right",
            WARN,
            f"{share(even)} of the alarms have to be right to break even, and the plan promises "
            f"{share(precision)}.",
            "The promise can be kept and money lost with every alarm.",
            f"Promise a precision above {share(even)}, or check the values.",
        )
    elif precision and recall is not None and plan.base_rate is not None:
        yield from _recall_pays(plan, precision, recall)


def _recall_pays(plan: Reading, precision: float, recall: float) -> Iterator[PlanProblem]:
    assert plan.payoff is not None, "asked with a payoff only"
    assert plan.base_rate is not None, "asked with a base rate only"
    needed = break_even_recall(plan.payoff, precision=precision, base_rate=plan.base_rate)
    if needed is not None and recall >= needed:
        return
    told = f"a recall of {share(needed)}" if needed is not None else "a greater precision"
    yield _finding(
        "break_even_recall",
        "value_right",
        WARN,
        f"an alarm for everyone earns more than the promised recall of {share(recall)} at a "
        f"precision of {share(precision)}; it takes {told}.",
        "The simplest rule would beat the model that keeps its promise.",
        "Promise more, or check the values: a wrong alarm may cost more than is written here.",
    )


def _promised(plan: Reading) -> tuple[float | None, float | None]:
    """Least precision and recall that the promises together hold to."""
    precisions, recalls = [], []
    for item, measure in plan.measures:
        value, other = item.get("threshold"), measure.parameter
        if measure.of.key in PRECISIONS:
            precisions.append(value)
        if measure.of.key == "precision_at_recall":
            recalls.append(other)
        if measure.of.key == "recall_at_precision":
            precisions.append(other)
        if measure.of.key in {"recall", "recall_at_precision"}:
            recalls.append(value)
    told = [value for value in precisions if value is not None]
    found = [value for value in recalls if value is not None]
    return (min(told) if told else None), (min(found) if found else None)


MONEY_RULES = (payoff_is_whole, payoff_can_earn, promise_pays)
