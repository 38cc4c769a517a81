"""Questions about the problem and the objective."""

import re
from collections.abc import Iterator
from datetime import timedelta

from apps.planning.lint.finding import BLOCK, WARN, PlanProblem, Reading, missing

VAGUE = re.compile(
    r"\b(best|better|optimal|optimi[sz]ed?|improved?|excellen(t|ce)|world[- ]class|"
    r"state[- ]of[- ]the[- ]art|cutting[- ]edge|as \w+ as possible|good enough)\b",
    re.IGNORECASE,
)


def problem_is_stated(plan: Reading) -> Iterator[PlanProblem]:
    """Who, which decision, today's way, and the simplest way without a model."""
    wanted = {
        "who": ("it is not said who has the problem.", "Name the person or desk that decides."),
        "decision": (
            "it is not said which decision changes.",
            "Say what they will do differently with a prediction.",
        ),
        "today": ("it is not said how it is done today.", "Describe today's rule or habit."),
        "alternative": (
            "no way without machine learning is named.",
            "Name the simplest one, as a rule or a sorted list, and what it would reach.",
        ),
    }
    for field, (says, mend) in wanted.items():
        if missing(plan.task("problem").get(field)):
            yield PlanProblem(
                f"problem.{field}",
                "problem",
                field,
                BLOCK,
                f"Problem: {says}",
                "A model is worth what it does better than the simplest other way.",
                mend,
            )


def objective_is_measurable(plan: Reading) -> Iterator[PlanProblem]:
    """A figure, a unit, today's value, a target, a date."""
    content = plan.task("objective")
    wanted = {
        "kpi": "it names no figure",
        "unit": "it has no unit",
        "today": "it has no value of today",
        "target": "it has no target value",
        "due_on": "it has no date",
    }
    lacking = {field: says for field, says in wanted.items() if missing(content.get(field))}
    if not lacking:
        return
    said = f"“{content['kpi']}”" if content.get("kpi") else "The objective"
    yield PlanProblem(
        "objective.measurable",
        "objective",
        next(iter(lacking)),
        BLOCK,
        f"Objective: {said} cannot be measured: {', '.join(lacking.values())}.",
        "What cannot be measured cannot be missed, so it cannot be reached either.",
        "Write it as: figure, unit, from today's value to a target, by a date.",
    )


def objective_is_plain(plan: Reading) -> Iterator[PlanProblem]:
    """No words that everybody reads in their own way."""
    content = plan.task("objective")
    found = VAGUE.search(str(content.get("kpi") or ""))
    if found and not any(missing(content.get(field)) for field in ("unit", "today", "target")):
        yield PlanProblem(
            "objective.vague",
            "objective",
            "kpi",
            WARN,
            f"Objective: “{found.group(0)}” in “{content['kpi']}” is no figure.",
            "Two people would count it in two ways.",
            "Name what is counted, for example “complaints per 1,000 orders”.",
        )


def objective_has_a_side(plan: Reading) -> Iterator[PlanProblem]:
    """The target lies on the side of today that the direction says."""
    content = plan.task("objective")
    today, target = content.get("today"), content.get("target")
    if today is None or target is None:
        return
    if target == today:
        yield PlanProblem(
            "objective.no_change",
            "objective",
            "target",
            BLOCK,
            f"Objective: the target equals today's value, {today:g}.",
            "Nothing would have to change to reach it.",
            "Enter the value that makes the work worth its cost.",
        )
    elif (target > today) != (content.get("direction", "up") == "up"):
        word = "rise" if content.get("direction", "up") == "up" else "fall"
        yield PlanProblem(
            "objective.wrong_side",
            "objective",
            "direction",
            BLOCK,
            f"Objective: it shall {word}, and goes from {today:g} to {target:g}.",
            "Direction and target contradict each other; one of them is not meant.",
            "Turn the direction round, or correct the target.",
        )


def objective_can_be_known_in_time(plan: Reading) -> Iterator[PlanProblem]:
    """The date lies ahead, and far enough for the truth of a prediction to be known by then."""
    due = plan.day("objective", "due_on")
    delay = plan.task("features").get("delay_days") or 0
    if due is None:
        return
    left = (due - plan.on).days
    if left < 0:
        yield PlanProblem(
            "objective.past",
            "objective",
            "due_on",
            WARN,
            f"Objective: its date, {due}, has passed.",
            "It can be reached no more by then.",
            "Set a date that lies ahead.",
        )
    elif left < delay:
        earliest = plan.on + timedelta(days=delay)
        yield PlanProblem(
            "objective.label_too_late",
            "objective",
            "due_on",
            WARN,
            f"Objective: it is due in {left} days, and the target is known after {delay:g} days.",
            "By its date not one prediction of the new model could be told right or wrong.",
            f"Set a date after {earliest}, or a target that is known sooner.",
        )


OBJECTIVE_RULES = (
    objective_is_measurable,
    objective_is_plain,
    objective_has_a_side,
    objective_can_be_known_in_time,
)
