"""The gate's page: nothing typed is lost, and what changed is told where it is read."""

import pytest
from django.urls import reverse

from apps.governance.state import ask
from apps.projects.models import Role
from apps.projects.stages import Stage
from tests import builders
from tests.conftest import PASSWORD


@pytest.fixture
def gate(submitted, client, manager):
    """``gate("decide")`` is an address of the plan's gate; the manager is signed in."""
    client.force_login(manager)
    return lambda name="gate": reverse(f"governance:{name}", args=[submitted.project.slug, "plan"])


@pytest.fixture
def filled(client, gate):
    """What the form holds after the manager opened the page and wrote."""
    form = client.get(gate()).context["form"]
    typed = {"verdict": "approve", "reason": "I read every line", "password": PASSWORD}
    return {**form.initial, **typed}


def test_a_signature_is_given_without_a_script(client, gate, filled, submitted):
    assert client.post(gate("decide"), filled).status_code == 302
    page = client.get(gate()).content.decode()
    assert "Signed: approved." in page
    assert "“I have read this plan and approve its promise and its metrics.”" in page
    assert ask(submitted, Stage.PLAN).glance.state == "passed"


def test_a_wrong_password_is_told_at_its_field_and_keeps_the_reason(
    client, gate, filled, submitted
):
    answer = client.post(gate("decide"), {**filled, "password": "not-the-password-9"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert answer.context["form"].errors == {
        "password": ["The password is not right. Nothing was signed."]
    }
    assert "I read every line" in page
    assert "not-the-password-9" not in page
    again = filled | {key: answer.context["form"][key].value() for key in ("seen", "page")}
    assert client.post(gate("decide"), again).status_code == 302


def test_a_change_after_the_page_was_opened_is_told_on_the_page(
    client, gate, filled, submitted, analyst
):
    builders.make_plan(submitted, analyst, objective={"target": 80.0})
    answer = client.post(gate("decide"), filled)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "The evidence changed since you opened this page; nothing was signed." in page
    assert "from 50 to 80 percent" in page
    assert not submitted.decisions.exists()


def test_who_decides_second_reads_who_was_first(client, gate, filled, submitted, sign, join):
    sign(join(Role.MANAGER, name="Quick Manager"))
    answer = client.post(gate("decide"), filled)
    assert answer.status_code == 409
    assert "Quick Manager decided: approved." in answer.content.decode()
    assert submitted.decisions.count() == 1


@pytest.mark.parametrize("seen", ["", "e30:forged"])
def test_a_form_without_the_evidence_it_showed_signs_nothing(client, gate, filled, submitted, seen):
    assert client.post(gate("decide"), {**filled, "seen": seen}).status_code == 422
    assert not submitted.decisions.exists()


def test_an_approval_with_conditions_asks_for_both_fields(client, gate, filled):
    answer = client.post(gate("decide"), {**filled, "verdict": "conditions"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"condition", "due_on"}


def test_the_decision_has_one_heading(client, gate):
    page = client.get(gate()).content.decode()
    assert page.count("Your decision") == 1


def test_who_wrote_the_plan_reads_who_decides_and_sees_no_form(client, gate, submitted, analyst):
    client.force_login(analyst)
    page = client.get(gate()).content.decode()
    assert "A manager decides here." in page
    assert "Sign the decision" not in page


def test_a_data_gate_that_an_analyst_closed_does_not_wait_for_a_submission(
    client, cycle, manager, pass_gate
):
    client.force_login(manager)
    address = reverse("governance:gate", args=[cycle.project.slug, "data"])
    before = " ".join(client.get(address).content.decode().split())
    assert "an analyst closes it when nothing blocks, without a submission" in before
    pass_gate(cycle, Stage.PLAN)
    decision = pass_gate(cycle, Stage.DATA)
    page = " ".join(client.get(address).content.decode().split())
    assert f"decided by {decision.person_name}" in page
    assert "this tier asks for no submission" in page
    assert "ot submitted yet" not in page
