"""What waits for whom, counted on every page at a price that does not grow with the projects."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.governance.actions.submitting import submit_gate
from apps.governance.finding_actions import answer_finding, close_finding
from apps.governance.inbox import waiting_for
from apps.planning.models import Plan
from apps.projects import actions
from apps.projects.models import Role, Team, Verdict
from apps.projects.stages import Stage
from tests import builders


def asks(person):
    return [(line.asks, str(line.stage)) for line in waiting_for(person)]


def test_a_submitted_gate_waits_for_managers_of_the_team_only(
    submitted, manager, analyst, viewer, join
):
    elsewhere = join(Role.MANAGER, name="Else Where", into=Team.objects.create(name="Elsewhere"))
    assert asks(manager) == [("Decide", "plan")]
    assert [asks(person) for person in (analyst, viewer, elsewhere)] == [[], [], []]


def test_the_count_follows_each_step(submitted, sign, manager, analyst, time_machine):
    sign(manager, verdict=Verdict.RETURN)
    assert asks(manager) == []
    assert asks(analyst) == [("Answer finding 1", "plan"), ("Submit again", "plan")]
    finding = submitted.gate_findings.get()
    answer_finding(finding=finding, text="The report of May", by=analyst)
    assert asks(analyst) == [("Submit again", "plan")]
    assert asks(manager) == [("Close finding 1", "plan")]
    close_finding(finding=finding, by=manager)
    submit_gate(cycle=submitted, stage=Stage.PLAN, by=analyst)
    assert (asks(manager), asks(analyst)) == ([("Decide", "plan")], [])
    due_on = timezone.localdate() + timedelta(days=3)
    sign(manager, verdict=Verdict.CONDITIONS, condition="Name the owner", due_on=due_on)
    assert (asks(manager), asks(analyst)) == ([], [])
    builders.make_plan(submitted, analyst, metrics={"baseline": 0.7})
    assert asks(analyst) == [("Submit again", "plan")]
    submit_gate(cycle=submitted, stage=Stage.PLAN, by=analyst)
    sign(manager, verdict=Verdict.CONDITIONS, condition="Name the owner", due_on=due_on)
    assert asks(analyst) == []
    time_machine.move_to(timezone.now() + timedelta(days=4))
    assert asks(manager) == [("Confirm the condition", "plan")]
    assert asks(analyst) == [("Submit again", "plan")]


def test_an_archived_project_waits_for_nobody(submitted, manager):
    submitted.project.archived_at = timezone.now()
    submitted.project.save()
    assert waiting_for(manager) == []


@pytest.fixture
def fifty(team, analyst):
    """Fifty projects whose plan waits for a signature."""
    for number in range(50):
        cycle = actions.start_project(team=team, name=f"Project {number}", by=analyst).cycle
        content = builders.plan_content()
        Plan.objects.create(cycle=cycle, number=1, content=content, content_hash="", author=analyst)
        submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)


def test_any_page_counts_fifty_projects_with_a_handful_of_queries(client, manager, fifty):
    client.force_login(manager)
    page = reverse("governance:help")
    assert '<span class="count">50</span>' in client.get(page).content.decode()
    with CaptureQueriesContext(connection) as asked:
        client.get(page)
    assert len(asked) <= 13
