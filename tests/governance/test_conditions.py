"""Every condition is told at its gate, and asked of those who may confirm it, of nobody else."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from apps.governance import work
from apps.governance.actions.delegating import delegate_signing
from apps.governance.actions.signing import confirm_condition, decide
from apps.governance.actions.submitting import submit_gate
from apps.governance.inbox import waiting_for
from apps.governance.notices import notices_of, unread_count
from apps.governance.pages import shown_page
from apps.governance.queries import gate_page
from apps.governance.signers import NotIndependent
from apps.governance.state import ask
from apps.projects.actions import set_role, set_tier
from apps.projects.models import Role, Verdict
from apps.projects.rounds import Quorum, house_today
from apps.projects.stages import Stage
from apps.projects.tiers import Stakes
from tests import builders
from tests.conftest import PASSWORD


@pytest.fixture
def second(join):
    return join(Role.MANAGER, name="Noor Haddad")


@pytest.fixture
def on_condition(sign):
    """``on_condition(manager, "Name it", days=2)`` approves on a condition."""

    def make(by, condition, *, days):
        due_on = house_today() + timedelta(days=days)
        return sign(by, verdict=Verdict.CONDITIONS, condition=condition, due_on=due_on)

    return make


def told(cycle):
    """Condition and state, in the order of the page."""
    return [(one.decision.condition, one.state) for one in gate_page(cycle, Stage.PLAN).conditions]


def asks(person):
    return [line.asks for line in waiting_for(person)]


def reminded(person, kind):
    return [notice.says for notice in notices_of(person).filter(kind=kind).order_by("pk")]


def test_conditions_of_both_signatures_and_of_earlier_rounds_stand_on_the_page(
    submitted, on_condition, manager, second, analyst, sign, time_machine
):
    set_tier(project=submitted.project, stakes=Stakes(), tier=1, reason="", by=manager)
    on_condition(manager, "Name a deputy", days=2)
    builders.make_plan(submitted, analyst, metrics={"baseline": 0.7})
    submit_gate(cycle=submitted, stage=Stage.PLAN, by=analyst)
    assert told(submitted) == [("Name a deputy", "lapsed")]
    met = on_condition(manager, "Name the owner", days=2)
    on_condition(second, "Ask the lawyers", days=9)
    confirm_condition(decision=met, by=second, password=PASSWORD, note="It is Jo Vale")
    later = [("Ask the lawyers", "open"), ("Name the owner", "met"), ("Name a deputy", "lapsed")]
    assert told(submitted) == later
    page = " ".join(re.sub(r"<[^>]+>", " ", shown_page(submitted, Stage.PLAN).html).split())
    assert "Met: It is Jo Vale (Noor Haddad" in page
    assert "Nobody confirmed it before that approval stopped to count" in page
    time_machine.move_to(timezone.now() + timedelta(days=10))
    assert told(submitted) == [("Ask the lawyers", "overdue"), *later[1:]]


def test_both_conditions_of_a_round_are_told_before_they_fall_due(
    submitted, on_condition, manager, second, analyst
):
    set_tier(project=submitted.project, stakes=Stakes(), tier=1, reason="", by=manager)
    on_condition(manager, "Name the owner", days=2)
    on_condition(second, "Ask the lawyers", days=3)
    work.remind()
    assert [len(reminded(person, "condition")) for person in (manager, second, analyst)] == [2] * 3


def test_an_overdue_condition_is_asked_of_managers_without_a_hand_in_it_and_not_of_a_delegate(
    submitted, on_condition, manager, analyst, join, team, time_machine, client
):
    deputy, author = join(Role.VIEWER, name="De Puty"), join(Role.ADMIN, name="Ada Novak")
    decision = on_condition(manager, "Name the owner", days=1)
    today = house_today()
    lent = {"starts_on": today, "ends_on": today + timedelta(days=9), "reason": "On leave"}
    delegate_signing(team=team, delegate=deputy, by=manager, **lent)
    set_role(team=team, user=analyst, role=Role.MANAGER, by=author)  # who wrote the plan
    time_machine.move_to(timezone.now() + timedelta(days=2))
    assert asks(manager) == ["Confirm the condition"]
    assert (asks(deputy), asks(analyst)) == ([], [])
    with pytest.raises(PermissionDenied):
        confirm_condition(decision=decision, by=deputy, password=PASSWORD, note="It is so")
    with pytest.raises(NotIndependent, match="Another manager confirms"):
        confirm_condition(decision=decision, by=analyst, password=PASSWORD, note="It is so")
    gate = reverse("governance:gate", args=[submitted.project.slug, "plan"])
    for person, is_asked in ((manager, True), (analyst, False), (deputy, False)):
        client.force_login(person)
        page = client.get(gate).content.decode()
        assert ("Confirm that the condition was met" in page) is is_asked


def test_a_condition_at_a_gate_that_an_analyst_closes_is_confirmed_by_a_manager(
    submitted, on_condition, manager, analyst, monkeypatch
):
    """A manager may not close such a gate, and is the one who may confirm."""
    monkeypatch.setattr("apps.projects.rounds.quorum", lambda stage, tier: Quorum(1, manager=False))
    closed = on_condition(analyst, "Ask the lab", days=2)
    confirm_condition(decision=closed, by=manager, password=PASSWORD, note="The lab agrees")
    assert told(submitted) == [("Ask the lab", "met")]


def test_nobody_is_reminded_of_a_gate_that_they_have_signed(
    submitted, sign, manager, second, join, team, time_machine, settings
):
    set_tier(project=submitted.project, stakes=Stakes(), tier=1, reason="", by=manager)
    deputy, today = join(Role.VIEWER, name="De Puty"), house_today()
    lent = {"starts_on": today, "ends_on": today + timedelta(days=60), "reason": "On leave"}
    delegate_signing(team=team, delegate=deputy, by=manager, **lent)
    sign(manager)
    time_machine.move_to(timezone.now() + timedelta(days=settings.REMIND_DAYS, hours=1))
    work.remind()
    assert len(reminded(second, "reminder")) == 1
    assert reminded(manager, "reminder") == reminded(deputy, "reminder") == []
    assert asks(second) == ["Decide"]
    assert asks(manager) == asks(deputy) == []


def test_a_manager_who_wrote_the_plan_has_nothing_to_decide_in_the_inbox(
    submitted, analyst, manager, join, team
):
    set_role(team=team, user=analyst, role=Role.MANAGER, by=join(Role.ADMIN, name="Ada Novak"))
    assert (asks(manager), asks(analyst)) == (["Decide"], [])


def test_what_asked_for_a_decision_counts_as_read_once_that_person_decided(
    cycle, analyst, manager, time_machine, settings
):
    builders.make_plan(cycle, analyst)
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    time_machine.move_to(timezone.now() + timedelta(days=settings.REMIND_DAYS, hours=1))
    work.remind()
    unread = notices_of(manager).filter(read_at=None)
    assert {notice.kind for notice in unread} == {"submitted", "reminder"}
    seen = ask(cycle, Stage.PLAN).shown
    told = {"seen": seen, "verdict": Verdict.APPROVE, "reason": "Read it", "password": PASSWORD}
    decide(cycle=cycle, stage=Stage.PLAN, by=manager, **told)
    assert unread_count(manager) == 0
