"""Who may sign what: the password again, four eyes, exactly what was shown, one decision."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.utils import timezone

from apps.accounts.models import User
from apps.governance.actions.passwords import WrongPassword
from apps.governance.actions.signing import EvidenceChanged, confirm_condition, decide, withdraw
from apps.governance.actions.submitting import discuss, submit_gate
from apps.governance.signers import NotIndependent
from apps.governance.state import ask
from apps.planning import actions as planning
from apps.planning.queries import signed_plan
from apps.projects.actions import set_role
from apps.projects.models import ConditionMet, Decision, Role, Verdict
from apps.projects.stages import Stage
from apps.web.refusals import Refusal
from tests import builders
from tests.conftest import PASSWORD


def state(cycle, stage=Stage.PLAN):
    return ask(cycle, stage).glance.state


def test_a_signature_says_who_what_and_on_which_evidence(submitted, sign, manager):
    shown = ask(submitted, Stage.PLAN)
    decision = sign(manager)
    assert (decision.person, decision.person_name, decision.role) == (
        manager,
        "Mo Okafor",
        "manager",
    )
    assert decision.meaning == "I have read this plan and approve its promise and its metrics."
    assert decision.evidence_hash == shown.evidence_hash
    assert decision.evidence == shown.record
    assert state(submitted) == "passed"
    event = submitted.project.events.latest("seq")
    assert (event.verb, event.facts["evidence"]) == ("gate.decided", shown.evidence_hash)


def test_a_wrong_password_signs_nothing_and_is_written_down(submitted, sign, manager):
    with pytest.raises(WrongPassword, match="not right"):
        sign(manager, password="guess")
    assert not submitted.decisions.exists()
    event = submitted.project.events.latest("seq")
    assert (event.verb, event.actor) == ("gate.password_wrong", manager)


def test_after_five_wrong_passwords_even_the_right_one_is_refused(submitted, sign, manager, join):
    for _ in range(5):
        with pytest.raises(WrongPassword, match="not right"):
            sign(manager, password="guess")
    with pytest.raises(WrongPassword, match="15 minutes"):
        sign(manager)
    assert not submitted.decisions.exists()
    assert sign(join(Role.MANAGER, name="Second Manager")).verdict == "approve"


def test_a_right_password_forgets_the_wrong_ones(submitted, sign, manager, analyst):
    for verdict in (Verdict.RETURN, Verdict.APPROVE):
        for _ in range(4):
            with pytest.raises(WrongPassword, match="not right"):
                sign(manager, password="guess")
        sign(manager, verdict=verdict)
        if verdict == Verdict.RETURN:
            submit_gate(cycle=submitted, stage=Stage.PLAN, by=analyst)
    assert state(submitted) == "passed"


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER, Role.ADMIN])
def test_only_a_manager_signs_the_plan(sign, join, role):
    with pytest.raises(PermissionDenied):
        sign(join(role))


def test_a_manager_of_another_team_signs_nothing(sign, join, stranger):
    stranger.memberships.update(role=Role.MANAGER)
    with pytest.raises(PermissionDenied):
        sign(stranger)


@pytest.fixture
def promote(team, join):
    """``promote(person)`` makes them manager; the installation's administrator too, if asked."""
    admin = join(Role.ADMIN, name="Ad Min")

    def make(person: User, *, superuser: bool = False) -> User:
        set_role(team=team, user=person, role=Role.MANAGER, by=admin)
        User.objects.filter(pk=person.pk).update(is_superuser=superuser, is_staff=superuser)
        return User.objects.get(pk=person.pk)

    return make


@pytest.mark.parametrize("superuser", [False, True])
def test_the_author_cannot_sign_not_even_as_manager_and_administrator(
    submitted, sign, promote, analyst, superuser
):
    with pytest.raises(NotIndependent):
        sign(promote(analyst, superuser=superuser))
    assert not submitted.decisions.exists()


def test_who_edited_last_cannot_sign_although_somebody_else_made_the_version(
    cycle, analyst, join, promote
):
    other = join(Role.ANALYST, name="Ed Itor")
    builders.make_plan(cycle, other)
    builders.make_plan(cycle, analyst, metrics={"baseline": 0.7})
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    assert "You wrote" in str(refusal_of(cycle, promote(other)))


def refusal_of(cycle, by, **but):
    told = {"password": PASSWORD, "verdict": Verdict.APPROVE, "reason": "Read it all", **but}
    with pytest.raises(Refusal) as refused:
        decide(cycle=cycle, stage=Stage.PLAN, by=by, seen=ask(cycle, Stage.PLAN).shown, **told)
    return refused.value


def test_who_wrote_the_first_version_cannot_sign_its_amendment(
    cycle, analyst, join, promote, manager
):
    """Most of an amended plan is still what the first author wrote."""
    builders.make_plan(cycle, analyst)
    second = join(Role.ANALYST, name="Am Ender")
    draft = planning.draft_of(cycle)
    planning.save_task(
        cycle=cycle,
        task="metrics",
        content=builders.plan_content(metrics={"baseline": 0.7})["metrics"],
        revision=draft.revision,
        by=second,
    )
    planning.submit_version(cycle=cycle, by=second, reason="The baseline was measured again")
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=second)
    for person in (analyst, second):
        assert isinstance(refusal_of(cycle, promote(person)), NotIndependent)


def test_evidence_that_changed_after_it_was_shown_is_not_signed_and_the_change_is_told(
    submitted, sign, manager, analyst
):
    seen = ask(submitted, Stage.PLAN).shown
    builders.make_plan(submitted, analyst, objective={"target": 80.0})
    with pytest.raises(EvidenceChanged) as refused:
        sign(manager, seen=seen)
    assert "Was: “Malignant samples read on the first day: from 50 to 90 percent" in str(
        refused.value
    )
    assert "Now: “Malignant samples read on the first day: from 50 to 80 percent" in str(
        refused.value
    )
    assert not submitted.decisions.exists()


def test_a_version_with_the_same_words_is_another_subject_all_the_same(
    submitted, sign, manager, analyst
):
    seen = ask(submitted, Stage.PLAN).shown
    builders.make_plan(submitted, analyst, problem={"today": "By size, since last week"})
    with pytest.raises(EvidenceChanged, match="written by Ann Lind, because again"):
        sign(manager, seen=seen)
    assert state(submitted) == "stale"


def test_a_decision_needs_a_reason(sign, manager, submitted):
    with pytest.raises(Refusal, match="Say why"):
        sign(manager, reason="  ")
    assert not submitted.decisions.exists()


def test_a_returned_plan_shows_its_findings_and_can_be_submitted_again(
    submitted, sign, manager, analyst
):
    sign(manager, verdict=Verdict.RETURN, reason="Who answers for the scanner?")
    assert state(submitted) == "returned"
    assert signed_plan(submitted) is None
    assert submitted.decisions.get().note == "Who answers for the scanner?"
    assert submitted.decisions.get().meaning == ""
    with pytest.raises(Refusal, match="Mo Okafor decided: returned with findings"):
        sign(manager)
    submit_gate(cycle=submitted, stage=Stage.PLAN, by=analyst)
    assert sign(manager).number == 2
    assert state(submitted) == "passed"


def test_a_rejected_plan_opens_nothing(submitted, sign, manager):
    sign(manager, verdict=Verdict.REJECT, reason="Not worth it")
    assert state(submitted) == "rejected"
    assert state(submitted, Stage.DATA) == "locked"
    assert signed_plan(submitted) is None


def in_days(days):
    return timezone.localdate() + timedelta(days=days)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"due_on": in_days(7)}, "Give the condition"),
        ({"condition": "The scanner's owner is named"}, "Give the condition"),
        ({"condition": "The scanner's owner is named", "due_on": in_days(-1)}, "passed already"),
    ],
)
def test_an_approval_with_conditions_has_a_condition_and_a_day_to_come(
    submitted, sign, manager, words, says
):
    with pytest.raises(Refusal, match=says):
        sign(manager, verdict=Verdict.CONDITIONS, **words)
    assert not submitted.decisions.exists()


@pytest.fixture
def conditional(submitted, sign, manager):
    return sign(
        manager,
        verdict=Verdict.CONDITIONS,
        condition="The scanner's owner is named",
        due_on=in_days(7),
    )


def test_a_condition_holds_the_gate_open_until_its_day_and_again_once_it_is_met(
    submitted, conditional, manager, time_machine
):
    assert state(submitted) == "passed"
    time_machine.move_to(timezone.now() + timedelta(days=7))
    assert state(submitted) == "passed"
    time_machine.shift(timedelta(days=1))
    assert state(submitted) == "stale"
    assert signed_plan(submitted) is None
    met = {"by": manager, "password": PASSWORD, "note": "It is Jo Vale"}
    confirm_condition(decision=conditional, **met)
    assert state(submitted) == "passed"
    assert signed_plan(submitted) is not None
    with pytest.raises(Refusal, match="no open condition"):
        confirm_condition(decision=conditional, **met)
    assert ConditionMet.objects.count() == 1


def test_a_condition_is_confirmed_by_somebody_independent_only(conditional, analyst, promote):
    with pytest.raises(PermissionDenied):
        confirm_condition(decision=conditional, by=analyst, password=PASSWORD, note="It is me")
    with pytest.raises(NotIndependent):
        confirm_condition(
            decision=conditional, by=promote(analyst), password=PASSWORD, note="It is me"
        )


def test_the_condition_of_a_withdrawn_approval_is_not_open_any_more(
    submitted, conditional, manager
):
    withdraw(cycle=submitted, stage=Stage.PLAN, by=manager, password=PASSWORD, reason="No")
    with pytest.raises(Refusal, match="no open condition"):
        confirm_condition(decision=conditional, by=manager, password=PASSWORD, note="Done")


def test_a_withdrawal_closes_the_gate_and_keeps_the_signature(submitted, sign, manager):
    first = sign(manager)
    withdraw(cycle=submitted, stage=Stage.PLAN, by=manager, password=PASSWORD, reason="No")
    assert state(submitted) == "stale"
    assert signed_plan(submitted) is None
    assert list(submitted.decisions.values_list("verdict", flat=True)) == ["approve", "withdraw"]
    first.refresh_from_db()
    assert first.verdict == "approve"
    with pytest.raises(Refusal, match="Only a passed gate"):
        withdraw(cycle=submitted, stage=Stage.PLAN, by=manager, password=PASSWORD, reason="No")


def test_an_amended_plan_makes_its_own_signature_stale(submitted, sign, manager, analyst):
    sign(manager)
    builders.make_plan(submitted, analyst, metrics={"baseline": 0.7})
    assert state(submitted) == "stale"
    assert state(submitted, Stage.DATA) == "locked"
    submit_gate(cycle=submitted, stage=Stage.PLAN, by=analyst)
    assert sign(manager).number == 2
    assert state(submitted) == "passed"


def test_a_plan_goes_to_the_gate_complete_and_once(cycle, analyst):
    with pytest.raises(Refusal, match="no version of the plan"):
        submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    builders.make_plan(cycle, analyst)
    with pytest.raises(Refusal, match="opens after the gate before"):
        submit_gate(cycle=cycle, stage=Stage.DATA, by=analyst)
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    with pytest.raises(Refusal, match="already waiting"):
        submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)


def test_an_empty_remark_is_not_kept(submitted, manager):
    with pytest.raises(Refusal, match="Write something"):
        discuss(cycle=submitted, stage=Stage.PLAN, by=manager, text=" ")
    discuss(cycle=submitted, stage=Stage.PLAN, by=manager, text=" Why so late? ")
    assert [note.text for note in submitted.notes.all()] == ["Why so late?"]


@pytest.mark.django_db(transaction=True)
def test_of_two_managers_at_once_one_decides_and_the_other_is_told(submitted, sign, manager, join):
    people = [manager, join(Role.MANAGER, name="Second Manager")]
    seen = ask(submitted, Stage.PLAN).shown
    together = threading.Barrier(len(people))
    signed, told = [], []

    def one(person):
        try:
            together.wait(timeout=10)
            signed.append(sign(person, seen=seen))
        except Refusal as refusal:
            told.append(str(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert Decision.objects.count() == 1
    assert [decision.pk for decision in signed] == [Decision.objects.get().pk]
    assert told == [
        f"This gate does not wait for a decision now. {signed[0].person_name} decided: approved."
    ]
