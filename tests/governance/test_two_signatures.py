"""Tier 1: two different managers, each on exactly the same subject, before anything opens."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.governance.actions.signing import confirm_condition, withdraw
from apps.governance.actions.submitting import submit_gate
from apps.governance.inbox import waiting_for
from apps.governance.rail import rail_of
from apps.governance.state import ask, glances, heads_of
from apps.governance.through import facts_of
from apps.planning.queries import require_signed_plan, signed_plan
from apps.projects.actions import set_role, set_tier
from apps.projects.models import Cycle, Role, Verdict
from apps.projects.queries import GateClosed
from apps.projects.rounds import house_today
from apps.projects.stages import Stage
from apps.projects.tiers import Stakes
from apps.web.refusals import Refusal
from tests import builders
from tests.conftest import PASSWORD


def state(cycle, stage=Stage.PLAN):
    plan = ask(cycle, Stage.PLAN).glance.state
    assert glances([cycle])[0][0].state == plan
    facts = facts_of(heads_of(Cycle.objects.filter(pk=cycle.pk)))[cycle.pk]
    assert (facts.signed[0] == facts.subjects[0] != "") == (plan == "passed")
    return ask(cycle, stage).glance.state


def put(cycle, tier, by, reason="It is so"):
    set_tier(project=cycle.project, stakes=Stakes(), tier=tier, reason=reason, by=by)


@pytest.fixture
def second(join):
    return join(Role.MANAGER, name="Noor Haddad")


@pytest.fixture
def strict(submitted, manager):
    """A plan of tier 1 that waits for two signatures."""
    put(submitted, 1, manager)
    return submitted


def asks(person):
    return [(line.asks, str(line.stage)) for line in waiting_for(person)]


def test_the_first_signature_opens_nothing_and_the_second_does(strict, sign, manager, second):
    sign(manager)
    assert state(strict) == "waiting"
    assert signed_plan(strict) is None
    with pytest.raises(GateClosed, match="has 1 of 2 signatures"):
        require_signed_plan(strict)
    sign(second)
    assert state(strict) == "passed"
    assert signed_plan(strict) is not None
    assert list(strict.decisions.values_list("number", "needed")) == [(1, 2), (2, 2)]
    facts = [
        event.facts["signature"] for event in strict.project.events.filter(verb="gate.decided")
    ]
    assert sorted(facts) == [[1, 2], [2, 2]]


def test_rail_inbox_and_page_count_and_the_first_signer_is_not_asked_again(
    strict, sign, manager, second, client
):
    sign(manager)
    assert asks(manager) == []
    assert asks(second) == [("Decide", "plan")]
    assert rail_of(strict, path="/")[0].gate.says == "1 of 2 signatures"
    client.force_login(second)
    assert "1 of 2 signatures" in client.get(reverse("governance:inbox")).content.decode()
    gate = reverse("governance:gate", args=[strict.project.slug, "plan"])
    assert "1 of 2 signatures" in client.get(gate).content.decode()
    client.force_login(manager)
    assert "You have signed this already" in client.get(gate).content.decode()


def test_nobody_signs_twice(strict, sign, manager):
    sign(manager)
    with pytest.raises(Refusal, match=r"You have signed this already.*1 of 2 signatures"):
        sign(manager)
    assert strict.decisions.count() == 1


@pytest.mark.parametrize(
    ("verdict", "after"), [(Verdict.RETURN, "returned"), (Verdict.REJECT, "rejected")]
)
def test_a_return_by_the_second_ends_the_round_and_the_first_signs_anew(
    strict, sign, manager, second, analyst, verdict, after
):
    sign(manager)
    sign(second, verdict=verdict)
    assert state(strict) == after
    submit_gate(cycle=strict, stage=Stage.PLAN, by=analyst)
    sign(second)
    assert state(strict) == "waiting"
    sign(manager)
    assert state(strict) == "passed"


def test_signatures_on_two_versions_are_not_two_signatures(strict, sign, manager, second, analyst):
    sign(manager)
    builders.make_plan(strict, analyst, metrics={"baseline": 0.7})
    assert state(strict) == "stale"
    submit_gate(cycle=strict, stage=Stage.PLAN, by=analyst)
    sign(second)
    assert state(strict) == "waiting"
    assert ask(strict, Stage.PLAN).glance.round.count == "1 of 2 signatures"


def test_a_higher_tier_asks_for_another_signature_at_a_gate_already_passed(
    submitted, sign, manager, second
):
    sign(manager)
    assert state(submitted) == "passed"
    put(submitted, 1, manager)
    assert state(submitted) == "waiting"
    assert signed_plan(submitted) is None
    sign(second)
    assert state(submitted) == "passed"


def test_who_signed_first_cannot_lower_the_tier_to_be_the_only_one(strict, sign, manager, second):
    sign(manager)
    put(strict, 3, manager)
    assert state(strict) == "waiting"
    sign(second)
    assert state(strict) == "passed"


def test_a_first_signature_is_taken_back_before_the_second(strict, sign, manager, second):
    sign(manager)
    withdraw(cycle=strict, stage=Stage.PLAN, by=manager, password=PASSWORD, reason="Misread")
    assert state(strict) == "stale"
    with pytest.raises(Refusal, match="does not wait for a decision"):
        sign(second)


def test_the_condition_of_the_first_signature_stops_the_gate_when_it_is_overdue(
    strict, sign, manager, second, time_machine
):
    due_on = house_today() + timedelta(days=2)
    first = sign(manager, verdict=Verdict.CONDITIONS, condition="Name it", due_on=due_on)
    sign(second)
    assert state(strict) == "passed"
    time_machine.move_to(timezone.now() + timedelta(days=3))
    assert state(strict) == "stale"
    with pytest.raises(GateClosed, match="fell due on"):
        require_signed_plan(strict)
    confirm_condition(decision=first, by=second, password=PASSWORD, note="It is Jo Vale")
    assert state(strict) == "passed"


def test_a_team_with_one_manager_is_told_how_to_get_another(strict, sign, manager, client, join):
    admin = join(Role.ADMIN, name="Ada Novak")
    sign(manager)
    assert asks(admin) == [("Find a signer", "plan")]
    client.force_login(admin)
    gate = reverse("governance:gate", args=[strict.project.slug, "plan"])
    page = client.get(gate).content.decode()
    assert "This gate needs 2 different managers; nobody in the team can still sign." in page
    assert "Open the team&#x27;s page" in page or "Open the team's page" in page
    team = client.get(reverse("governance:team", args=[strict.project.team_id])).content.decode()
    assert "projects of tier 1, which need two different managers" in team
    join(Role.MANAGER, name="Pia Roth")
    assert asks(admin) == []
    assert "This gate needs" not in client.get(gate).content.decode()


def test_a_manager_who_wrote_the_plan_is_no_signer_for_it(submitted, analyst, manager, join, team):
    admin = join(Role.ADMIN, name="Ada Novak")
    set_role(team=team, user=manager, role=Role.VIEWER, by=admin)
    set_role(team=team, user=analyst, role=Role.MANAGER, by=admin)
    assert asks(admin) == [("Find a signer", "plan")]
