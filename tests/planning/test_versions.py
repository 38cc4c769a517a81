"""Versions and amendments: a reason, a difference, a second signature; on paper and in the list."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.planning import actions
from apps.planning.queries import plan_summary, signed_version
from apps.projects.stages import Stage
from apps.web.refusals import Refusal
from tests import builders


@pytest.fixture
def page(client, analyst, project):
    def get(name, *args):
        client.force_login(analyst)
        answer = client.get(reverse(f"planning:{name}", args=[project.slug, *args]))
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def change(cycle, by, **but):
    """Write in the draft without making a version."""
    draft = actions.draft_of(cycle)
    for task, content in builders.plan_content(**but).items():
        draft = actions.save_task(
            cycle=cycle, task=task, content=content, revision=draft.revision, by=by
        )
    return draft


def test_a_project_without_any_version_has_an_empty_list_and_no_error(page):
    assert "No version yet" in page("versions")


def test_an_amendment_without_a_reason_is_refused(draft, cycle, analyst):
    change(cycle, analyst, objective={"target": 80.0})
    for reason in ("", "   "):
        with pytest.raises(Refusal, match="Say why the plan is amended"):
            actions.submit_version(cycle=cycle, by=analyst, reason=reason)
    made = actions.submit_version(cycle=cycle, by=analyst, reason="The budget was cut")
    assert (made.number, made.reason) == (2, "The budget was cut")


def test_a_version_that_changes_nothing_is_refused(draft, cycle, analyst):
    with pytest.raises(Refusal, match="Nothing changed since version 1"):
        actions.submit_version(cycle=cycle, by=analyst, reason="Again")


def test_a_version_is_made_of_what_its_author_has_seen(draft, cycle, analyst):
    seen = cycle.draft.revision
    change(cycle, analyst, objective={"target": 80.0})
    with pytest.raises(Refusal, match="Ann Lind saved the draft after you opened this page"):
        actions.submit_version(cycle=cycle, by=analyst, reason="So", revision=seen)


def test_the_signed_version_stays_known_while_its_amendment_waits(draft, cycle, analyst, pass_gate):
    assert signed_version(cycle) is None
    pass_gate(cycle, Stage.PLAN)
    builders.make_plan(cycle, analyst, objective={"owner": "Dr Who"})
    assert signed_version(cycle).number == 1
    summary = plan_summary(cycle)
    assert [change.field for change in summary.changes] == ["Objective: Who owns the objective?"]
    assert not summary.moves_foundation
    builders.make_plan(cycle, analyst, objective={"value_right": 9.0})
    assert plan_summary(cycle).moves_foundation
    pass_gate(cycle, Stage.PLAN)
    assert signed_version(cycle).number == 3
    assert plan_summary(cycle).changes == ()


def test_the_gate_shows_the_second_signer_what_changed(
    draft, cycle, analyst, manager, pass_gate, client, project
):
    pass_gate(cycle, Stage.PLAN)
    builders.make_plan(cycle, analyst, objective={"owner": "Dr Who"})
    client.force_login(manager)
    address = reverse("governance:gate", args=[project.slug, "plan"])
    told = client.get(address).content.decode()
    assert "1 change since version 1, which was signed" in told
    assert "gates that are passed stay passed" in told
    assert "Dr Who" in told


def test_the_plan_page_says_which_gates_an_amendment_touches(
    draft, cycle, analyst, pass_gate, page
):
    pass_gate(cycle, Stage.PLAN)
    assert "that version is signed" in page("plan")
    change(cycle, analyst, objective={"owner": "Dr Who"})
    told = page("plan")
    assert "later gates stay" in told
    assert "Objective: Who owns the objective?" in told
    change(cycle, analyst, metrics={"baseline": 0.7})
    assert "later gates become stale" in page("plan")


def test_the_plan_page_leads_from_an_empty_draft_to_the_gate(page, cycle, analyst):
    assert "Start with the problem" in page("plan")
    actions.save_task(
        cycle=cycle, task="problem", content={"who": "The desk"}, revision=0, by=analyst
    )
    told = page("plan")
    assert "What is missing" in told
    assert "For the desk, predict …, to change a decision: …." in told
    assert "1 of 4 said" in told
    builders.make_plan(cycle, analyst)
    assert "Waits for its signature" in page("plan")


def test_a_version_on_paper_says_everything_that_it_holds(cycle, analyst, page):
    columns = [
        {"name": "refund", "known": "after", "owner": "Desk <3", "lag_days": 4.0},
        {"name": "radius", "known": "before"},
    ]
    builders.make_plan(cycle, analyst, features={"columns": columns, "label_noise": 0.02})
    told = page("version", 1, 1)
    for words in ("Dr", "label_noise"):
        assert f"<dd>{words}" not in told
    for words in (
        "Share of labels believed wrong",
        "0.02",
        "Desk &lt;3",
        "Known only after the decision, and so excluded: refund.",
        "Only one clinic.",
        "drift of a feature (PSI)",
        "Area under the ROC curve",
        "50,000",
        "none yet",
    ):
        assert words in told


def test_a_version_names_who_signed_it(draft, cycle, pass_gate, page):
    pass_gate(cycle, Stage.PLAN)
    assert "Approved by Mo Okafor, manager" in page("version", 1, 1)
    assert "signed</span>" in page("versions")


def test_the_number_of_queries_does_not_grow_with_the_versions(
    draft, cycle, analyst, client, project, django_assert_num_queries
):
    client.force_login(analyst)
    for name in ("plan", "versions"):
        address = reverse(f"planning:{name}", args=[project.slug])
        builders.make_plan(cycle, analyst, objective={"target": 81.0})
        client.get(address)
        with CaptureQueriesContext(connection) as few:
            client.get(address)
        count = len(few)
        for number in range(4):
            builders.make_plan(cycle, analyst, objective={"target": 82.0 + number})
        client.get(address)
        with django_assert_num_queries(count):
            client.get(address)
