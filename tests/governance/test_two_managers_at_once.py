"""Two managers press the button at the same moment: one decision for each signature needed.

``SIGNING_ROUNDS=200 pytest tests/governance/test_two_managers_at_once.py`` races that often.
"""

import os
import threading

import pytest
from django.db import connections

from apps.governance.actions.signing import decide
from apps.governance.actions.submitting import submit_gate
from apps.governance.finding_actions import NewFinding
from apps.governance.state import ask
from apps.projects.actions import set_tier
from apps.projects.models import Decision, Role, Verdict
from apps.projects.stages import Stage
from apps.projects.tiers import Stakes
from apps.projects.verifying import verify
from apps.web.refusals import Refusal
from tests import builders
from tests.conftest import PASSWORD

ROUNDS = int(os.environ.get("SIGNING_ROUNDS", "20"))

pytestmark = pytest.mark.django_db(transaction=True)  # real commits, a connection for each thread


@pytest.fixture
def three(join):
    return [join(Role.MANAGER, name=name) for name in ("Mo Okafor", "Noor Haddad", "Pia Roth")]


def race(cycle, people, verdict):
    """All sign at once on the same page; names of those who signed, words told to the others."""
    seen = ask(cycle, Stage.PLAN).shown
    together = threading.Barrier(len(people))
    signed, told, broken = [], [], []

    def one(person):
        try:
            together.wait(timeout=30)
            decide(
                cycle=type(cycle).objects.get(pk=cycle.pk),
                stage=Stage.PLAN,
                by=person,
                password=PASSWORD,
                verdict=verdict,
                seen=seen,
                reason="Read it all",
                findings=[NewFinding("Name the source")] if verdict == Verdict.RETURN else [],
            )
            signed.append(person.name)
        except Refusal as refusal:
            told.append(str(refusal))
        except Exception as error:  # noqa: BLE001  (a thread's error would be lost)
            broken.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert broken == []
    return signed, told


@pytest.mark.parametrize(("tier", "needed"), [(2, 1), (1, 2)])
def test_there_is_one_decision_for_each_signature_needed_and_the_others_are_told(
    cycle, analyst, three, tier, needed
):
    builders.make_plan(cycle, analyst)
    stakes = Stakes(decisions_per_month=1000)
    set_tier(project=cycle.project, stakes=stakes, tier=tier, reason="", by=three[0])
    people = three[: needed + 1]
    for number in range(ROUNDS):
        submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
        signed, told = race(cycle, people, Verdict.APPROVE)
        rows = Decision.objects.filter(cycle=cycle, verdict=Verdict.APPROVE).order_by("-number")
        assert rows.count() == (number + 1) * needed
        assert sorted(signed) == sorted(row.person_name for row in rows[:needed])
        last = rows[0].person_name
        assert told == [f"This gate does not wait for a decision now. {last} decided: approved."]
        assert ask(cycle, Stage.PLAN).glance.state == "passed"
        take_back(cycle, three[0])
    assert verify(cycle.project.team.chain).faults == []


def take_back(cycle, manager):
    """So that the gate can be submitted again."""
    from apps.projects.actions import withdraw_gate

    withdraw_gate(cycle=cycle, stage=Stage.PLAN, by=manager, reason="Once more")


def test_one_person_in_two_windows_signs_once(cycle, analyst, three):
    builders.make_plan(cycle, analyst)
    set_tier(project=cycle.project, stakes=Stakes(), tier=1, reason="", by=three[0])
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    signed, told = race(cycle, [three[0], three[0]], Verdict.APPROVE)
    assert (signed, Decision.objects.count()) == (["Mo Okafor"], 1)
    assert told[0].startswith("You have signed this already")


def test_who_is_returned_to_and_who_is_approved_never_both(cycle, analyst, three):
    """A return ends the round: whoever comes second is told, whichever they wanted."""
    builders.make_plan(cycle, analyst)
    for number in range(3):
        submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
        signed, told = race(cycle, three[:2], Verdict.RETURN)
        assert (len(signed), len(told)) == (1, 1)
        assert Decision.objects.count() == number + 1
