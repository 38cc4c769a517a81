"""Raising and answering findings, and what they do to the data gate."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied

from apps.eda.actions import MOST_ANSWER, answer_finding, raise_finding, start_profile
from apps.eda.models import Finding
from apps.governance.state import GateState, ask, glance
from apps.projects.actions import start_project
from apps.projects.models import Event, Verdict
from apps.projects.queries import latest_decision
from apps.projects.stages import Stage
from apps.web.refusals import Refusal

SAYS = "The desk is written after the reading."


def state_of(cycle, stage):
    return next(item.state for item in glance(cycle) if item.stage == stage)


def asked(cycle, key):
    gate = ask(cycle, Stage.DATA)
    return next(item.evidence for item in gate.asked if item.check.key == key)


def high(cycle, by, **but):
    told = {"says": SAYS, "severity": "high", "owner": by, "column": "desk"} | but
    return raise_finding(cycle=cycle, by=by, **told)


def test_a_hint_of_the_profile_is_raised_with_one_form(client, analyst, manager, profiled, at):
    client.force_login(analyst)
    page = client.get(at("overview"))
    hint = page.context["result"]["first"][0]
    filled = client.get(
        at("overview"), {"says": hint.says, "column": hint.column, "severity": hint.severity}
    ).context["form"]
    typed = {name: filled[name].value() or "" for name in ("says", "column", "severity")}
    due = datetime.date(2027, 1, 31)
    answer = client.post(
        at("raise_finding"), {**typed, "owner": manager.pk, "due_on": due.isoformat()}
    )
    assert answer.status_code == 302
    finding = Finding.objects.get()
    assert (finding.says, finding.column) == (hint.says, hint.column)
    severity = "low" if hint.severity == "fact" else hint.severity
    assert (finding.severity, finding.owner, finding.due_on) == (severity, manager, due)
    assert finding.raised_by == analyst
    assert client.get(at("overview")).context["result"]["first"][0].is_raised
    event = Event.objects.get(verb="data.finding_raised")
    assert event.facts["finding"] == finding.pk


def test_a_finding_without_words_comes_back_with_the_form_open(client, analyst, profiled, at):
    client.force_login(analyst)
    answer = client.post(at("raise_finding"), {"says": "", "severity": "low", "owner": analyst.pk})
    assert answer.status_code == 422
    assert 'id="raise" open' in answer.content.decode()
    assert not Finding.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"), [("column", "no such column"), ("severity", "grave"), ("due_on", "soon")]
)
def test_what_the_form_does_not_offer_is_refused(client, analyst, profiled, at, field, value):
    client.force_login(analyst)
    typed = {"says": SAYS, "severity": "low", "owner": analyst.pk, "column": "desk", field: value}
    answer = client.post(at("raise_finding"), typed)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Finding.objects.exists()


def test_nobody_of_another_team_can_be_made_to_answer(client, analyst, stranger, profiled, at):
    client.force_login(analyst)
    typed = {"says": SAYS, "severity": "low", "owner": stranger.pk}
    assert "owner" in client.post(at("raise_finding"), typed).context["form"].errors
    with pytest.raises(Refusal, match="member of the team"):
        high(profiled, analyst, owner=stranger)
    assert not Finding.objects.exists()


def test_there_is_nothing_to_find_before_the_table(cycle, analyst):
    with pytest.raises(Refusal, match="Build the table first"):
        high(cycle, analyst)


def test_a_viewer_reads_findings_and_can_neither_raise_nor_answer(
    client, viewer, analyst, profiled, at
):
    finding = high(profiled, analyst)
    client.force_login(viewer)
    page = client.get(at("overview")).content.decode()
    assert SAYS in page
    assert "Answer it" not in page
    assert "Raise it" not in page
    typed = {"says": "Mine", "severity": "low", "owner": analyst.pk}
    assert client.post(at("raise_finding"), typed).status_code == 403
    answered = client.post(at("answer_finding", finding.pk), {"answer": "Fine"})
    assert answered.status_code == 403
    with pytest.raises(PermissionDenied):
        answer_finding(finding=finding, answer="Fine", by=viewer)
    finding.refresh_from_db()
    assert finding.is_open
    assert Finding.objects.count() == 1


def test_a_finding_is_answered_once_and_the_gate_shows_the_answer(client, analyst, profiled, at):
    finding = high(profiled, analyst)
    client.force_login(analyst)
    url = at("answer_finding", finding.pk)
    assert client.post(url, {"answer": "It is left out of the features."}).status_code == 302
    finding.refresh_from_db()
    assert (finding.is_open, finding.closed_by) == (False, analyst)
    evidence = asked(profiled, "eda.findings_are_answered")
    assert evidence.ok
    assert evidence.facts["answered"] == [
        {"says": f"“desk”: {SAYS}", "answer": "It is left out of the features."}
    ]
    again = client.post(url, {"answer": "Something else"})
    assert again.status_code == 409
    finding.refresh_from_db()
    assert finding.answer == "It is left out of the features."


@pytest.mark.parametrize("answer", ["", "  \n ", "x" * (MOST_ANSWER + 1)])
def test_an_empty_or_endless_answer_closes_nothing(client, analyst, profiled, at, answer):
    finding = high(profiled, analyst)
    client.force_login(analyst)
    assert client.post(at("answer_finding", finding.pk), {"answer": answer}).status_code == 409
    finding.refresh_from_db()
    assert finding.is_open


def test_a_finding_of_another_project_is_not_found_under_this_one(
    client, analyst, team, profiled, at
):
    finding = high(profiled, analyst)
    other = start_project(team=team, name="Other", by=analyst)
    client.force_login(analyst)
    url = at("answer_finding", finding.pk).replace(profiled.project.slug, other.slug)
    assert client.post(url, {"answer": "Fine"}).status_code == 404
    finding.refresh_from_db()
    assert finding.is_open


def test_the_gate_wants_the_development_rows_profiled(built, profiled):
    evidence = asked(profiled, "eda.was_explored")
    assert evidence.ok
    assert "development rows in 10 columns are profiled" in evidence.says
    profiled.profiles.update(study="")
    assert asked(profiled, "eda.was_explored").state == "block"


def test_a_profile_of_all_rows_is_not_enough_for_the_gate(built, analyst, run_jobs):
    with run_jobs():
        start_profile(cycle=built, by=analyst)
    evidence = asked(built, "eda.was_explored")
    assert evidence.state == "block"
    assert "Draw the split first" in evidence.says


@pytest.mark.parametrize(
    ("severity", "state"), [("high", "block"), ("medium", "warn"), ("low", "warn")]
)
def test_only_an_open_high_finding_blocks_the_gate(profiled, analyst, severity, state):
    assert asked(profiled, "eda.findings_are_answered").state == "pass"
    finding = high(profiled, analyst, severity=severity)
    evidence = asked(profiled, "eda.findings_are_answered")
    assert evidence.state == state
    assert f"“desk”: {SAYS}" in evidence.says
    answer_finding(finding=finding, answer="Accepted", by=analyst)
    assert asked(profiled, "eda.findings_are_answered").state == "pass"


def test_the_gravest_open_finding_is_named(profiled, analyst):
    high(profiled, analyst, severity="low", says="Small")
    high(profiled, analyst, says="Grave")
    evidence = asked(profiled, "eda.findings_are_answered")
    assert evidence.says == "2 of 2 findings wait for an answer: “desk”: Grave"


def test_evidence_is_the_same_each_time_it_is_asked(profiled, analyst):
    high(profiled, analyst)
    assert ask(profiled, Stage.DATA).evidence_hash == ask(profiled, Stage.DATA).evidence_hash


def test_a_high_finding_takes_back_the_approval_of_the_data_gate(
    client, profiled, analyst, pass_gate, at
):
    signed = pass_gate(profiled, Stage.DATA)
    assert state_of(profiled, Stage.DATA) == GateState.PASSED
    client.force_login(analyst)
    assert b"takes its approval back" in client.get(at("overview")).content
    high(profiled, analyst, severity="medium")
    assert latest_decision(profiled, Stage.DATA) == signed
    high(profiled, analyst)
    last = latest_decision(profiled, Stage.DATA)
    assert (last.verdict, last.number) == (Verdict.WITHDRAW, signed.number + 1)
    assert (last.subject, last.person) == (signed.subject, analyst)
    assert SAYS in last.note
    assert state_of(profiled, Stage.DATA) == GateState.STALE
    assert state_of(profiled, Stage.MODEL) == GateState.LOCKED
    assert Event.objects.filter(verb="gate.withdrawn").count() == 1


def test_a_second_high_finding_has_no_approval_left_to_take_back(profiled, analyst, pass_gate):
    pass_gate(profiled, Stage.DATA)
    high(profiled, analyst)
    high(profiled, analyst, says="Another")
    assert profiled.decisions.filter(stage=Stage.DATA).count() == 2


def test_without_an_approval_a_high_finding_only_blocks(profiled, analyst):
    high(profiled, analyst)
    assert not profiled.decisions.filter(stage=Stage.DATA).exists()
