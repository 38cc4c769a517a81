"""What the signer read is what is kept and what is shown for ever: equal to the byte."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from apps.governance.actions.signing import EvidenceChanged, withdraw
from apps.governance.bodies import ANCHORS
from apps.governance.finding_actions import NewFinding, raise_findings
from apps.governance.gates import GATES
from apps.governance.models import SignedPage
from apps.governance.pages import shown_page, signed_page
from apps.projects.stages import Stage
from tests import builders
from tests.conftest import PASSWORD


def part_of(page):
    """The part of an answer that a signature covers, as bytes."""
    found = re.search(
        rb'<article class="gate-page".*?What an approval says.*?</article>', page, re.S
    )
    return found.group(0)


@pytest.fixture
def gate(submitted):
    return reverse("governance:gate", args=[submitted.project.slug, "plan"])


@pytest.fixture
def signed(client, gate, submitted, manager):
    """What the manager was sent before signing, and the decision signed on it."""
    client.force_login(manager)
    answer = client.get(gate)
    typed = {"verdict": "approve", "reason": "I read every line", "password": PASSWORD}
    assert client.post(gate + "decide/", answer.context["form"].initial | typed).status_code == 302
    return part_of(answer.content), submitted.decisions.get()


def test_shown_kept_and_served_are_the_same_bytes(client, gate, signed):
    shown, decision = signed
    assert signed_page(decision) == shown
    assert shown in client.get(gate + "decisions/1/").content


def test_the_ledger_holds_the_hash_of_the_page(signed, submitted):
    shown, decision = signed
    sha256 = hashlib.sha256(shown).hexdigest()
    assert SignedPage.objects.get(decision=decision).sha256 == sha256
    event = submitted.project.events.filter(verb="gate.decided").latest("seq")
    assert event.facts["page"] == sha256


def test_it_stays_as_it_was_when_everything_moves_on(
    client, gate, signed, submitted, analyst, time_machine
):
    shown, _ = signed
    builders.make_plan(submitted, analyst, objective={"target": 80.0})
    submitted.project.name = "Another name"
    submitted.project.save()
    time_machine.move_to(timezone.now() + timedelta(days=2), tick=False)
    client.force_login(analyst)
    page = client.get(gate + "decisions/1/").content
    assert shown in page
    assert b"As it was signed on" in page
    assert shown not in client.get(gate).content


def test_the_page_is_the_same_for_everybody_and_at_any_time(
    client, gate, submitted, manager, analyst, viewer, time_machine
):
    raise_findings(cycle=submitted, stage=Stage.PLAN, new=[NewFinding("Why now?")], by=manager)
    first = shown_page(submitted, Stage.PLAN).content
    time_machine.move_to(timezone.now() + timedelta(hours=5))
    for person in (manager, analyst, viewer):
        client.force_login(person)
        assert part_of(client.get(gate).content) == first
    with timezone.override("Asia/Tokyo"):
        assert shown_page(submitted, Stage.PLAN).content == first


def test_a_finding_raised_meanwhile_is_told_and_nothing_is_signed(submitted, sign, manager):
    read = shown_page(submitted, Stage.PLAN).sha256
    raise_findings(
        cycle=submitted, stage=Stage.PLAN, new=[NewFinding("Wait", severity="low")], by=manager
    )
    with pytest.raises(EvidenceChanged, match="nothing was signed"):
        sign(manager, page=read)
    assert not submitted.decisions.exists()


def test_an_acceptance_alone_changes_what_is_signed(submitted, sign, manager):
    with pytest.raises(EvidenceChanged, match="Something on this page changed"):
        sign(manager, page="0" * 64)
    assert sign(manager, page=shown_page(submitted, Stage.PLAN).sha256).number == 1


def test_taking_an_approval_back_keeps_its_page_too(submitted, sign, manager):
    sign(manager)
    told = withdraw(
        cycle=submitted, stage=Stage.PLAN, by=manager, password=PASSWORD, reason="A new law"
    )
    assert b"Planning gate" in signed_page(told)


def test_a_decision_that_does_not_exist_has_no_page(client, gate, signed, stranger):
    assert client.get(gate + "decisions/2/").status_code == 404
    assert client.get(gate + "decisions/1/?cycle=7").status_code == 404
    assert client.get(gate + "decisions/1/?cycle=1").status_code == 200
    client.force_login(stranger)
    assert client.get(gate + "decisions/1/").status_code == 404


INCLUDE = re.compile(r'{%-?\s*include "([^"]+)"')
ROOT = Path(settings.ROOT) / "templates"
BODIES = (
    "governance/gate/_page.html",
    "governance/gate/_plan.html",
    "datasets/_data.html",
    "governance/gate/_model.html",
    "production/_release.html",
)


def pieces(name, found):
    """The template and all that it includes."""
    if name not in found:
        found.add(name)
        for inner in INCLUDE.findall((ROOT / name).read_text()):
            pieces(inner, found)
    return found


@pytest.mark.parametrize("body", BODIES)
def test_nothing_that_is_signed_depends_on_the_reader_or_the_clock(body):
    moving = re.compile(r"\|ago|{% now|csrf_token|\bframe\.|\brequest\.|\bmay\.|\|timesince")
    wrong = {
        name: moving.findall(text)
        for name in pieces(body, set())
        if moving.search(text := (ROOT / name).read_text())
    }
    assert wrong == {}


def test_icons_stand_under_an_address_that_outlives_a_version(submitted):
    page = shown_page(submitted, Stage.PLAN).html
    assert set(re.findall(r'href="([^"#]*icons[^"#]*)#', page)) == {"/static/icons.svg"}


def test_every_place_that_a_question_leads_to_is_on_its_page():
    asked = {check.key for gate in GATES for check in gate.checks}
    assert set(ANCHORS) <= asked
    text = "".join((ROOT / name).read_text() for body in BODIES for name in pieces(body, set()))
    assert {place for place in ANCHORS.values() if f'id="{place}"' not in text} == set()
