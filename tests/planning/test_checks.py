"""The gate asks the lint, and gets the same evidence on every day."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.planning import actions
from apps.planning.checks import CHECKS
from apps.planning.problems import QUESTIONS
from apps.web.refusals import Refusal
from tests import builders
from tests.planning.plans import CHURN

MADE = datetime(2026, 11, 25, 12, tzinfo=UTC)


def planned(cycle, by, content):
    draft = actions.draft_of(cycle)
    for task, told in content.items():
        draft = actions.save_task(
            cycle=cycle, task=task, content=told, revision=draft.revision, by=by
        )
    return actions.submit_version(cycle=cycle, by=by)


def evidence(cycle):
    return {check.key: check.run(cycle) for check in CHECKS}


def test_every_question_of_the_lint_is_a_check_of_the_gate():
    assert set(QUESTIONS) == {check.key for check in CHECKS} - {"plan.exists"}


def test_a_good_plan_answers_every_question(project, analyst):
    with time_machine.travel(MADE):
        planned(project.cycle, analyst, CHURN)
    told = evidence(project.cycle)
    assert all(answer.ok for answer in told.values()), told
    assert "Recall at k = 0.1 ≥ 0.45" in told["plan.metrics_are_fixed"].says
    assert "560 of them positive" in told["plan.threshold_is_testable"].says


def test_the_evidence_of_a_version_is_the_same_on_every_day(project, analyst):
    with time_machine.travel(MADE):
        planned(project.cycle, analyst, CHURN)
        first = evidence(project.cycle)
    with time_machine.travel(MADE + timedelta(days=400)):
        assert evidence(project.cycle) == first


def test_a_warning_is_weighed_at_the_gate_and_does_not_hinder_a_version(project, analyst):
    content = CHURN | {"metrics": CHURN["metrics"] | {"openings": 3}}
    with time_machine.travel(MADE):
        planned(project.cycle, analyst, content)
    told = evidence(project.cycle)["plan.metrics_are_fixed"]
    assert (told.ok, told.warning) == (False, True)
    assert told.facts["findings"][0]["rule"] == "metrics.openings"


def test_a_finding_that_blocks_hinders_a_version_and_says_how_to_mend_it(project, analyst):
    content = CHURN | {"metrics": CHURN["metrics"] | {"baseline": None}}
    with pytest.raises(Refusal, match="today's value of the primary metric is missing") as told:
        planned(project.cycle, analyst, content)
    assert "score it" in str(told.value)


def test_no_candidate_feature_is_a_warning(project, analyst):
    builders.make_plan(project.cycle, analyst)
    told = evidence(project.cycle)["plan.features_are_available"]
    assert (told.ok, told.warning) == (False, True)
