"""The tier follows from purpose and exposure; a person may raise it, a manager may lower it."""

import pytest
from django.core.exceptions import PermissionDenied

from apps.projects.actions import set_tier, start_project
from apps.projects.models import Purpose
from apps.projects.rounds import quorum
from apps.projects.stages import Stage
from apps.projects.tiers import Stakes, stakes_of, weigh
from apps.web.refusals import Refusal
from tests import builders

SMALL, MEDIUM, LARGE = {}, {"decisions_per_month": 1_000.0}, {"people_affected": 10_000}


@pytest.mark.parametrize(
    ("purpose", "tiers"),
    [
        (Purpose.ADVICE, (3, 3, 2)),
        (Purpose.OPERATIONS, (3, 2, 1)),
        (Purpose.ACCESS, (2, 1, 1)),
    ],
)
def test_the_tier_follows_from_purpose_and_the_largest_exposure(purpose, tiers):
    exposures = (SMALL, MEDIUM, LARGE)
    assert tuple(weigh(Stakes(purpose, **one)).tier for one in exposures) == tiers


@pytest.mark.parametrize(
    ("field", "below", "from_here"),
    [
        ("money_per_year", 999_999.99, 1_000_000.0),
        ("decisions_per_month", 99_999.0, 100_000.0),
        ("people_affected", 9_999, 10_000),
    ],
)
def test_an_exposure_is_large_from_its_step_on(field, below, from_here):
    assert weigh(Stakes(**{field: below})).tier == 2
    assert weigh(Stakes(**{field: from_here})).tier == 1


def test_why_is_one_sentence_with_the_figure_that_decides():
    stakes = Stakes(Purpose.ACCESS, money_per_year=5_000, people_affected=25_000)
    assert weigh(stakes).why == (
        "Tier 1: it affects a person's access to money, work, health or law, and a large exposure "
        "(25,000 people affected)."
    )
    assert weigh(Stakes()).why.endswith("and a small exposure (no exposure stated yet).")


def test_tier_1_asks_for_two_managers_and_for_a_manager_at_the_data_gate():
    asked = {
        (stage, tier): (quorum(stage, tier).count, quorum(stage, tier).manager)
        for stage in Stage
        for tier in (1, 2, 3)
    }
    for stage in (Stage.PLAN, Stage.MODEL, Stage.PRODUCTION):
        assert [asked[stage, tier] for tier in (1, 2, 3)] == [(2, True), (1, True), (1, True)]
    assert [asked[Stage.DATA, tier] for tier in (1, 2, 3)] == [(1, True), (1, False), (1, False)]


def test_a_project_starts_with_the_computed_tier_and_may_be_raised_not_lowered(team, analyst):
    stakes = Stakes(Purpose.OPERATIONS, decisions_per_month=2_000)
    assert start_project(team=team, name="A", by=analyst, stakes=stakes).tier == 2
    assert start_project(team=team, name="B", by=analyst, stakes=stakes, tier=1).tier == 1
    with pytest.raises(Refusal, match="Only a manager sets it lower"):
        start_project(team=team, name="C", by=analyst, stakes=stakes, tier=3)


def test_a_manager_lowers_it_with_a_reason_which_stands_in_the_ledger(project, manager, analyst):
    stakes = Stakes(decisions_per_month=2_000)
    told = {"project": project, "stakes": stakes, "tier": 3}
    with pytest.raises(Refusal, match="say why"):
        set_tier(by=manager, reason=" ", **told)
    with pytest.raises(PermissionDenied):
        set_tier(by=analyst, reason="It is only a trial", **told)
    set_tier(by=manager, reason="It is only a trial", **told)
    project.refresh_from_db()
    event = project.events.latest("seq")
    assert (project.tier, event.verb) == (3, "project.tier_set")
    assert event.facts["computed"] == 2
    assert event.facts["reason"] == "It is only a trial"
    assert "It is only a trial" in event.says


def test_a_plan_that_puts_more_at_stake_raises_the_tier_and_one_with_less_does_not_lower_it(
    cycle, analyst
):
    assert cycle.project.tier == 3
    builders.make_plan(cycle, analyst)  # 100 × 0.37 × 400 × 12: 177,600 a year
    cycle.project.refresh_from_db()
    assert cycle.project.tier == 2
    last = cycle.project.tierings.last()
    assert stakes_of(last).money_per_year == pytest.approx(177_600)
    assert cycle.project.events.latest("seq").verb == "project.tier_set"
    builders.make_plan(cycle, analyst, objective={"value_right": 1.0, "value_wrong": 1.0})
    cycle.project.refresh_from_db()
    assert cycle.project.tier == 2
    assert cycle.project.events.latest("seq").verb == "plan.versioned"


def test_a_tier_that_a_manager_lowered_stands_until_the_plan_asks_for_more(cycle, analyst, manager):
    builders.make_plan(cycle, analyst)
    stakes = stakes_of(cycle.project.tierings.last())
    set_tier(project=cycle.project, stakes=stakes, tier=3, reason="A trial", by=manager)
    builders.make_plan(cycle, analyst, metrics={"baseline": 0.7})
    cycle.project.refresh_from_db()
    assert cycle.project.tier == 3
    builders.make_plan(cycle, analyst, objective={"value_right": 1_000.0})
    cycle.project.refresh_from_db()
    assert cycle.project.tier == 1
