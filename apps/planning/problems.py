"""Can this plan fail? The questions that a reviewer would ask, answered before they are asked.

The rules stand in ``apps.planning.lint``, one file for each kind of question; the statistics
behind them in ``apps.engine.feasibility``. A rule reads the content of a plan and gives findings,
each with its numbers and the smallest change that mends it.
"""

from datetime import date
from typing import Any

from django.utils import timezone

from apps.planning.content import TASK_KEYS
from apps.planning.lint.features import (
    features_are_known_in_time,
    labels_can_be_right,
    sets_have_a_sign,
    target_is_defined,
    target_is_no_feature,
)
from apps.planning.lint.finding import PlanProblem, Reading, Rule
from apps.planning.lint.money import MONEY_RULES
from apps.planning.lint.objective import OBJECTIVE_RULES, problem_is_stated
from apps.planning.lint.promises import PROMISE_RULES
from apps.planning.lint.quantiles import COVERAGE_RULES, QUANTILE_RULES, cost_has_two_sides
from apps.planning.lint.reach import (
    REACH_RULES,
    Testability,
    test_can_tell,
    testability_of,
)
from apps.planning.lint.risks import risks_are_owned, sensitive_features_are_a_risk

QUESTIONS: dict[str, tuple[Rule, ...]] = {
    "plan.problem_is_stated": (problem_is_stated,),
    "plan.objective_is_measurable": OBJECTIVE_RULES,
    "plan.payoff_can_earn": (*MONEY_RULES, cost_has_two_sides),
    "plan.target_is_defined": (
        target_is_defined,
        target_is_no_feature,
        labels_can_be_right,
        sets_have_a_sign,
    ),
    "plan.features_are_available": (features_are_known_in_time,),
    "plan.risks_are_owned": (risks_are_owned, sensitive_features_are_a_risk),
    "plan.metrics_are_fixed": (*PROMISE_RULES, *QUANTILE_RULES),
    "plan.promise_is_in_reach": (*REACH_RULES, *COVERAGE_RULES),
    "plan.threshold_is_testable": (test_can_tell,),
}
"""Key of the gate's check -> the rules behind it."""


def reading(content: dict[str, Any], *, on: date | None = None) -> Reading:
    """The content as the rules read it, judged at ``on``: today, or the day a version was made."""
    return Reading(content, on or timezone.localdate())


def answers_to(question: str, plan: Reading) -> list[PlanProblem]:
    """Findings of one question of the gate, those that block first."""
    found = [finding for rule in QUESTIONS[question] for finding in rule(plan)]
    return sorted(found, key=lambda finding: not finding.blocks)


def problems_of(content: dict[str, Any], *, on: date | None = None) -> list[PlanProblem]:
    """Every finding, in the order of the tasks, within each those that block first."""
    plan = reading(content, on=on)
    found = [finding for question in QUESTIONS for finding in answers_to(question, plan)]
    return sorted(found, key=lambda item: (TASK_KEYS.index(item.task), not item.blocks))


def testability(content: dict[str, Any]) -> Testability:
    """Whether the planned test can tell the promised value from today's, in numbers."""
    return testability_of(reading(content))
