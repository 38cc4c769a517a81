"""Questions about the plan that a reviewer would ask."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from django.urls import reverse
from django.utils import timezone

from apps.engine.dates import day_text
from apps.engine.percent import percent
from apps.planning.models import Plan
from apps.planning.problems import answers_to, reading, testability
from apps.planning.queries import as_signed, current_plan
from apps.projects.evidence import Check, Evidence
from apps.projects.models import Cycle

NO_PLAN = "There is no version of the plan yet: finish the five tasks and make one."


def _link(cycle: Cycle, name: str) -> str:
    return reverse(f"planning:{name}", args=[cycle.project.slug])


def _on_plan(name: str, answer: Callable[[Plan], Evidence]) -> Callable[[Cycle], Evidence]:
    """Ask ``answer`` about the current version; without one nothing holds."""

    def run(cycle: Cycle) -> Evidence:
        plan = current_plan(cycle)
        if plan is None:
            return Evidence(ok=False, says=NO_PLAN, link=_link(cycle, name))
        return replace(answer(plan), link=_link(cycle, name))

    return run


def _asked(question: str, says: Callable[[Plan], str]) -> Callable[[Plan], Evidence]:
    """Ask the lint; ``says`` is the answer of a plan that it finds nothing in.

    A version is judged at the day it was made, so that the same version gives the same evidence on
    every day.
    """

    def answer(plan: Plan) -> Evidence:
        made_on = timezone.localdate(plan.created_at)
        found = answers_to(question, reading(plan.content, on=made_on))
        if not found:
            return Evidence(ok=True, says=says(plan))
        facts = [
            {"rule": item.rule, "severity": item.severity, "says": item.says} for item in found
        ]
        return Evidence(
            ok=False,
            warning=not any(item.blocks for item in found),
            says=f"{found[0].says} {found[0].mend}",
            facts={"findings": facts},
            more=tuple(f"{item.says} {item.mend}" for item in found[1:]),
        )

    return answer


def _exists(plan: Plan) -> Evidence:
    why = f", because {plan.reason}" if plan.reason else ""
    return Evidence(
        ok=True,
        says=f"Version {plan.number}, written by {plan.author}{why}.",
        facts={"number": plan.number, "hash": plan.content_hash},
    )


def _features(plan: Plan) -> Evidence:
    told = _asked("plan.features_are_available", _features_says)(plan)
    features = as_signed(plan).features
    if told.ok and not features:
        return Evidence(
            ok=False,
            warning=True,
            says="No candidate features are named: every column may be used.",
        )
    late = [feature.name for feature in features if not feature.is_allowed]
    facts = {**told.facts, "late": late, "count": len(features)}
    return replace(told, facts=facts)


def _features_says(plan: Plan) -> str:
    features = as_signed(plan).features
    late = [feature.name for feature in features if not feature.is_allowed]
    says = f"{len(features)} candidate features"
    return says + (
        f"; {len(late)} are known too late and excluded: {', '.join(late[:5])}." if late else "."
    )


def _problem_says(plan: Plan) -> str:
    content = plan.task("problem")
    return f"{content['who']}: {content['decision']}"


def _objective_says(plan: Plan) -> str:
    content = plan.task("objective")
    return (
        f"{content['kpi']}: from {content['today']:g} to {content['target']:g} {content['unit']} "
        f"by {day_text(content['due_on'])}."
    )


def _payoff_says(plan: Plan) -> str:
    payoff = reading(plan.content, on=plan.created_at.date()).payoff
    if payoff is None:
        return "No payoff is named: nothing is said of what a decision is worth."
    return f"{percent(payoff.break_even)} of the alarms have to be right to break even."


def _target_says(plan: Plan) -> str:
    content = plan.task("features")
    return f"{content['target']}: {content['definition']}"


def _metrics_says(plan: Plan) -> str:
    told = [
        f"{promise.title} {'≥' if promise.direction == 'up' else '≤'} {promise.threshold:g}"
        for promise in as_signed(plan).promises
    ]
    openings = plan.task("metrics").get("openings") or 1
    return f"{', '.join(told)}; {openings} opening{'s' * (openings != 1)} of the sealed test."


CHECKS = (
    Check("plan.exists", "Is there a plan to sign?", _on_plan("plan", _exists)),
    Check(
        "plan.problem_is_stated",
        "Who has the problem, which decision changes, and what is the way without a model?",
        _on_plan("problem", _asked("plan.problem_is_stated", _problem_says)),
    ),
    Check(
        "plan.objective_is_measurable",
        "Can the objective be measured, and by its date?",
        _on_plan("objective", _asked("plan.objective_is_measurable", _objective_says)),
    ),
    Check(
        "plan.payoff_can_earn",
        "Can it earn at the payoff that is named?",
        _on_plan("objective", _asked("plan.payoff_can_earn", _payoff_says)),
    ),
    Check(
        "plan.target_is_defined",
        "Is the target defined?",
        _on_plan("features", _asked("plan.target_is_defined", _target_says)),
    ),
    Check(
        "plan.features_are_available",
        "Are the features known when the decision is made?",
        _on_plan("features", _features),
    ),
    Check(
        "plan.risks_are_owned",
        "Does every risk have an owner, a tripwire and a contingency?",
        _on_plan(
            "risks",
            _asked(
                "plan.risks_are_owned",
                lambda plan: f"{len(plan.task('risks')['items'])} risks, all owned.",
            ),
        ),
    ),
    Check(
        "plan.metrics_are_fixed",
        "Are the success metrics fixed, whole, and better than today?",
        _on_plan("metrics", _asked("plan.metrics_are_fixed", _metrics_says)),
    ),
    Check(
        "plan.promise_is_in_reach",
        "Is the promise more than chance reaches, and within what the labels allow?",
        _on_plan(
            "metrics",
            _asked(
                "plan.promise_is_in_reach",
                lambda plan: "Chance does not keep it, and the labels do not forbid it.",
            ),
        ),
    ),
    Check(
        "plan.threshold_is_testable",
        "Can the test set tell the promised value from today's value?",
        _on_plan(
            "metrics",
            _asked("plan.threshold_is_testable", lambda plan: testability(plan.content).says),
        ),
    ),
)


def contributors(cycle: Cycle) -> Iterable[int]:
    """Everyone who wrote in this cycle's plan: an amendment keeps most of what stood before."""
    return {person for plan in cycle.plans.all() for person in (plan.author_id, *plan.editor_ids)}
