"""What a signature says of the signer's account, session and reading; what an old form can do."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from apps.governance.actions.passwords import WrongPassword
from apps.governance.actions.signing import EvidenceChanged, withdraw
from apps.governance.actions.submitting import submit_gate
from apps.governance.forms import as_seen
from apps.governance.gates import gate_of
from apps.governance.models import EvidenceView, PasswordCount
from apps.governance.state import ask
from apps.projects.actions import set_role
from apps.projects.models import Membership, Role, Verdict
from apps.projects.stages import Stage
from tests.conftest import PASSWORD


@pytest.fixture
def gate(submitted, client, manager):
    client.force_login(manager)
    return lambda name="gate": reverse(f"governance:{name}", args=[submitted.project.slug, "plan"])


def filled(client, gate, **but):
    shown = client.get(gate()).context["form"].initial
    rows = {"finding-TOTAL_FORMS": "0", "finding-INITIAL_FORMS": "0"}
    said = {"verdict": "approve", "reason": "Read", "password": PASSWORD}
    return {"seen": shown["seen"], "page": shown["page"], **rows, **said, **but}


def test_a_signature_holds_name_role_time_meaning_session_and_method(
    client, gate, submitted, manager
):
    client.post(gate("decide"), filled(client, gate))
    row = submitted.decisions.get()
    assert (row.person_name, row.role, row.auth_method) == ("Mo Okafor", "manager", "password")
    assert len(row.session_hash) == 64
    assert client.session.session_key not in (row.session_hash, "")
    page = client.get(gate()).content.decode()
    for told in ("by Mo Okafor, manager", "UTC", row.meaning, "password", row.session_hash[:8]):
        assert told in page


def test_a_second_factor_at_sign_in_is_named(client, gate, submitted):
    session = client.session
    session["account_authentication_methods"] = [{"method": "password"}, {"method": "mfa"}]
    session.save()
    client.post(gate("decide"), filled(client, gate))
    assert submitted.decisions.get().auth_method == "password, after a second factor at sign-in"


def test_what_was_opened_since_the_submission_stands_beside_the_signature(
    client, gate, submitted, sign, manager, analyst
):
    asked = len(gate_of(Stage.PLAN).checks)
    answer = client.post(gate("show"), {"check": "plan.exists"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/p/{submitted.project.slug}/")
    client.post(gate("show"), {"check": "plan.exists"})
    client.post(gate("show"), {"check": "plan.risks_are_owned"})
    assert f"You have opened 2 of {asked} items" in client.get(gate()).content.decode()
    decision = sign(manager, verdict=Verdict.RETURN)
    viewed = {"opened": ["plan.exists", "plan.risks_are_owned"], "of": asked}
    assert decision.viewed == viewed
    assert submitted.project.events.latest("seq").facts["viewed"] == viewed
    assert f"Signed after viewing 2 of {asked} items." in client.get(gate()).content.decode()
    submit_gate(cycle=submitted, stage=Stage.PLAN, by=analyst)
    assert sign(manager).viewed == {"opened": [], "of": asked}


@pytest.mark.parametrize("check", ["", "plan.nothing", "https://example.org/"])
def test_showing_leads_nowhere_but_to_the_checks_own_page(client, gate, check):
    answer = client.post(gate("show"), {"check": check, "next": "https://example.org/"})
    assert answer.status_code == 409
    assert not EvidenceView.objects.exists()
    assert client.get(gate("show")).status_code == 405


def test_who_does_not_decide_sees_the_source_and_is_not_noted(client, gate, analyst):
    client.force_login(analyst)
    assert client.post(gate("show"), {"check": "plan.exists"}).status_code == 302
    assert not EvidenceView.objects.exists()


def test_a_form_sent_again_does_nothing_even_after_the_next_submission(
    client, gate, submitted, analyst
):
    form = filled(client, gate, verdict="reject")
    assert client.post(gate("decide"), form).status_code == 302
    assert client.post(gate("decide"), form).status_code == 409
    submit_gate(cycle=submitted, stage=Stage.PLAN, by=analyst)
    answer = client.post(gate("decide"), form)
    assert answer.status_code == 409
    assert "submitted anew since you opened the page" in answer.content.decode()
    assert submitted.decisions.count() == 1


def test_the_evidence_of_another_gate_does_not_sign_this_one(client, gate, submitted):
    other = as_seen(ask(submitted, Stage.DATA).shown)
    assert client.post(gate("decide"), filled(client, gate, seen=other)).status_code == 409
    assert not submitted.decisions.exists()


def test_a_swapped_hash_signs_nothing(submitted, sign, manager):
    shown = ask(submitted, Stage.PLAN).shown
    for swapped in (
        {**shown, "record": {**shown["record"], "subject": "0" * 64}},
        {**shown, "asked": None},
    ):
        with pytest.raises(EvidenceChanged):
            sign(manager, seen=swapped)
    assert not submitted.decisions.exists()


def test_a_role_that_was_taken_or_an_account_that_was_closed_meanwhile_signs_nothing(
    client, gate, submitted, manager, sign, join, team
):
    form, admin = filled(client, gate), join(Role.ADMIN)
    set_role(team=team, user=manager, role=Role.VIEWER, by=admin)
    assert client.post(gate("decide"), form).status_code == 403
    set_role(team=team, user=manager, role=Role.MANAGER, by=admin)
    type(manager).objects.filter(pk=manager.pk).update(is_active=False)
    assert manager.is_active  # as it was loaded before
    with pytest.raises(PermissionDenied):
        sign(manager)
    assert client.post(gate("decide"), form)["Location"].startswith("/accounts/login/")
    Membership.objects.filter(user=manager).delete()
    with pytest.raises(PermissionDenied):
        sign(manager)
    assert not submitted.decisions.exists()


def test_who_submitted_cannot_sign_although_they_wrote_nothing(cycle, analyst, join, team, sign):
    """``sign`` has submitted for the analyst; a plan of theirs is submitted by somebody else."""
    other = join(Role.ANALYST, name="Su Bmitter")
    sign(join(Role.MANAGER), verdict=Verdict.RETURN)
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=other)
    set_role(team=team, user=other, role=Role.MANAGER, by=join(Role.ADMIN))
    with pytest.raises(Exception, match="submitted part of what this gate is about"):
        sign(other)


def test_wrong_passwords_are_counted_in_a_row_that_all_processes_see(
    sign, manager, time_machine, submitted
):
    for number in range(1, 6):
        with pytest.raises(WrongPassword, match="not right"):
            sign(manager, password="guess")
        assert PasswordCount.objects.get(person=manager).wrong == number
    time_machine.move_to(timezone.now() + timedelta(minutes=14))
    with pytest.raises(WrongPassword, match="15 minutes"):
        sign(manager)
    assert not submitted.decisions.exists()
    time_machine.shift(timedelta(minutes=2))
    assert sign(manager).verdict == "approve"
    assert PasswordCount.objects.get(person=manager).wrong == 0


def test_a_withdrawal_is_an_event_of_its_own_with_a_reason_by_somebody_entitled(
    submitted, sign, manager, analyst
):
    sign(manager)
    told = {"cycle": submitted, "stage": Stage.PLAN, "password": PASSWORD}
    with pytest.raises(PermissionDenied):
        withdraw(by=analyst, reason="No", **told)
    with pytest.raises(Exception, match="Say why"):
        withdraw(by=manager, reason=" ", **told)
    with pytest.raises(WrongPassword):
        withdraw(by=manager, reason="No", **{**told, "password": "guess"})
    row = withdraw(by=manager, reason="The scanner is gone", **told)
    event = submitted.project.events.latest("seq")
    assert (event.verb, event.facts["verdict"]) == ("gate.decided", "withdraw")
    assert (row.note, row.meaning, row.submission) == ("The scanner is gone", "", row.submission)
    assert ask(submitted, Stage.DATA).glance.state == "locked"
