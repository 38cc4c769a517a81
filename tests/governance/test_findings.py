"""Findings at a gate: numbered, answered in a thread, closed by the right person, in the way."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from apps.governance.actions.signing import accept
from apps.governance.actions.submitting import submit_gate
from apps.governance.finding_actions import (
    NewFinding,
    answer_finding,
    close_finding,
    raise_findings,
)
from apps.governance.findings import FindingState, threads
from apps.governance.queries import gate_page
from apps.governance.state import ask
from apps.projects.models import Role, Verdict
from apps.projects.stages import Stage
from apps.web.refusals import Refusal
from tests import builders
from tests.conftest import PASSWORD


@pytest.fixture
def found(submitted, manager):
    """``found("high")`` raises a finding of this weight at the plan gate."""

    def make(severity="medium", **but):
        new = NewFinding("Who owns the scanner?", severity=severity, **but)
        return raise_findings(cycle=submitted, stage=Stage.PLAN, new=[new], by=manager)[0]

    return make


def states(cycle):
    return [thread.state for thread in threads(cycle, Stage.PLAN)]


def check(cycle):
    asked = ask(cycle, Stage.PLAN).asked
    return next(item for item in asked if item.check.key == "plan.findings_are_closed").evidence


def test_findings_are_numbered_within_their_gate_and_owned_by_who_submitted(
    submitted, found, analyst
):
    assert [(found().number, found().number)] == [(1, 2)]
    assert {thread.finding.owner for thread in threads(submitted, Stage.PLAN)} == {analyst}


def test_a_thread_goes_from_open_to_answered_and_back_and_ends_closed(
    submitted, found, analyst, manager
):
    finding = found()
    assert states(submitted) == [FindingState.OPEN]
    answer_finding(finding=finding, text="Ann does", by=analyst)
    assert states(submitted) == [FindingState.ANSWERED]
    answer_finding(finding=finding, text="And her deputy?", by=manager)
    assert states(submitted) == [FindingState.OPEN]
    answer_finding(finding=finding, text="Bo does", by=analyst)
    close_finding(finding=finding, by=manager, note="Both are named")
    assert states(submitted) == [FindingState.CLOSED]
    with pytest.raises(Refusal, match="closed"):
        answer_finding(finding=finding, text="One more thing", by=analyst)
    with pytest.raises(Refusal, match="closed already"):
        close_finding(finding=finding, by=manager)


def test_only_who_raised_it_or_a_manager_closes_it(found, submitted, analyst, join):
    finding = found()
    with pytest.raises(PermissionDenied):
        close_finding(finding=finding, by=analyst)
    close_finding(finding=finding, by=join(Role.MANAGER, name="Second Manager"))
    own = raise_findings(
        cycle=submitted, stage=Stage.PLAN, new=[NewFinding("A typing error")], by=analyst
    )[0]
    close_finding(finding=own, by=analyst)
    assert states(submitted) == [FindingState.CLOSED, FindingState.CLOSED]


def test_viewers_raise_and_answer_nothing(found, submitted, viewer):
    with pytest.raises(PermissionDenied):
        raise_findings(cycle=submitted, stage=Stage.PLAN, new=[NewFinding("Why?")], by=viewer)
    with pytest.raises(PermissionDenied):
        answer_finding(finding=found(), text="Because", by=viewer)


def test_a_stranger_cannot_be_made_to_answer(found, stranger):
    with pytest.raises(Refusal, match="no member of the team"):
        found(owner=stranger)


def test_an_open_high_finding_blocks_and_an_answered_one_is_to_be_weighed(
    submitted, found, sign, analyst, manager
):
    finding = found("high")
    assert check(submitted).state == "block"
    with pytest.raises(Refusal, match="It cannot be approved: 1 raised: 1 open"):
        sign(manager)
    answer_finding(finding=finding, text="Ann does", by=analyst)
    assert check(submitted).state == "warn"
    close_finding(finding=finding, by=manager)
    assert check(submitted).state == "pass"
    assert sign(manager).verdict == Verdict.APPROVE


@pytest.mark.parametrize("severity", ["medium", "low"])
def test_an_open_finding_that_is_not_high_is_weighed(submitted, found, severity):
    found(severity)
    assert check(submitted).state == "warn"


def test_returning_needs_a_finding_to_work_on(submitted, sign, found, manager):
    with pytest.raises(Refusal, match="Write at least one finding"):
        sign(manager, verdict=Verdict.RETURN, findings=[])
    assert not submitted.decisions.exists()
    found()
    assert sign(manager, verdict=Verdict.RETURN, findings=[]).verdict == Verdict.RETURN


def test_findings_of_a_refused_decision_are_not_raised(submitted, sign, manager):
    with pytest.raises(Refusal):
        sign(manager, verdict=Verdict.RETURN, page="0" * 64)
    assert not submitted.gate_findings.exists()


def test_the_form_returns_with_several_findings_at_once_without_a_script(
    client, submitted, manager
):
    client.force_login(manager)
    gate = reverse("governance:gate", args=[submitted.project.slug, "plan"])
    form = client.get(gate).context["form"]
    rows = {
        "finding-TOTAL_FORMS": "3",
        "finding-INITIAL_FORMS": "0",
        "finding-0-says": "Where does 0.8 come from?",
        "finding-0-severity": "high",
        "finding-0-about": "field:metrics.baseline",
        "finding-1-says": "Name a deputy",
        "finding-1-severity": "low",
        "finding-2-severity": "medium",
    }
    typed = {"verdict": "return", "reason": "Two open points", "password": PASSWORD}
    answer = client.post(gate + "decide/", {**form.initial, **typed, **rows})
    assert answer.status_code == 302
    assert [
        (item.number, item.severity, item.about_title) for item in submitted.gate_findings.all()
    ] == [(1, "high", "Success metrics: Today's value of the primary metric"), (2, "low", "")]


def test_a_row_with_a_mistake_keeps_what_was_typed(client, submitted, manager):
    client.force_login(manager)
    gate = reverse("governance:gate", args=[submitted.project.slug, "plan"])
    form = client.get(gate).context["form"]
    rows = {
        "finding-TOTAL_FORMS": "1",
        "finding-INITIAL_FORMS": "0",
        "finding-0-says": "Where does 0.8 come from?",
        "finding-0-severity": "grave",
    }
    typed = {"verdict": "return", "reason": "An open point", "password": PASSWORD}
    answer = client.post(gate + "decide/", {**form.initial, **typed, **rows})
    assert answer.status_code == 422
    assert "Where does 0.8 come from?" in answer.content.decode()
    assert not submitted.decisions.exists()


@pytest.mark.parametrize(
    ("about", "shown_on"),
    [
        ("field:metrics.baseline", {"metrics"}),
        ("task:risks", {"risks"}),
        ("", {"problem", "metrics", "risks"}),
    ],
)
def test_the_analyst_reads_a_finding_on_the_page_it_is_about(
    client, submitted, found, analyst, about, shown_on
):
    found(about=about)
    client.force_login(analyst)
    seen = {
        task
        for task in ("problem", "metrics", "risks")
        if "Who owns the scanner?"
        in client.get(reverse(f"planning:{task}", args=[submitted.project.slug])).content.decode()
    }
    assert seen == shown_on


def test_a_finding_about_a_field_leads_to_the_field_and_to_its_thread(
    client, submitted, found, analyst
):
    found(about="field:metrics.baseline")
    client.force_login(analyst)
    page = client.get(reverse("planning:metrics", args=[submitted.project.slug])).content.decode()
    assert 'href="#id_baseline"' in page
    assert 'id="id_baseline"' in page
    assert f'href="/p/{submitted.project.slug}/gates/plan/#finding-1"' in page


def test_answers_and_closings_come_through_the_page(client, submitted, found, analyst, manager):
    found()
    base = reverse("governance:gate", args=[submitted.project.slug, "plan"]) + "findings/"
    client.force_login(analyst)
    assert client.post(base + "1/answer/", {"text": "Ann does"}).status_code == 302
    assert client.post(base + "1/answer/", {"text": " "}).status_code == 409
    assert client.post(base + "1/close/").status_code == 403
    assert client.post(base + "2/answer/", {"text": "Who?"}).status_code == 404
    client.force_login(manager)
    assert client.post(base + "1/close/", {"text": "Good"}).status_code == 302
    page = client.get(base.removesuffix("findings/")).content.decode()
    assert "Ann does" in page
    assert "Closed by Mo Okafor" in page


@pytest.fixture
def weighed(cycle, analyst):
    """A submitted plan with one warning: nobody knows how many rows there will be."""
    builders.make_plan(cycle, analyst, metrics={"expected_rows": None})
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    return cycle


TESTABLE = "plan.threshold_is_testable"


def strip(cycle):
    page = gate_page(cycle, Stage.PLAN)
    return len(page.warnings), len(page.accepted_warnings)


def take(cycle, by, *, key=TESTABLE, note="The pilot will tell"):
    accept(cycle=cycle, stage=Stage.PLAN, by=by, check_key=key, note=note)


def test_a_warning_accepted_by_who_decides_counts_as_accepted(weighed, manager):
    before, _ = strip(weighed)
    take(weighed, manager)
    assert strip(weighed) == (before - 1, 1)
    event = weighed.project.events.latest("seq")
    assert (event.verb, event.facts["check"]) == ("gate.warning_accepted", TESTABLE)


def test_an_accepted_warning_is_weighed_again_when_its_answer_changes(weighed, manager, analyst):
    take(weighed, manager)
    builders.make_plan(weighed, analyst, metrics={"expected_rows": 40_000})
    assert strip(weighed)[1] == 0


def test_who_may_not_decide_accepts_nothing(weighed, analyst, viewer):
    for person in (analyst, viewer):
        with pytest.raises((PermissionDenied, Refusal)):
            take(weighed, person)
    assert strip(weighed)[1] == 0


@pytest.mark.parametrize(
    ("but", "says"),
    [
        ({"key": "plan.exists"}, "Only a warning"),
        ({"key": "plan.nothing"}, "does not ask"),
        ({"note": " "}, "Write something"),
    ],
)
def test_only_a_warning_is_accepted_and_only_with_a_reason(weighed, manager, but, says):
    with pytest.raises(Refusal, match=says):
        take(weighed, manager, **but)


def test_a_warning_is_accepted_once(weighed, manager):
    take(weighed, manager)
    with pytest.raises(Refusal, match="already"):
        take(weighed, manager)
