"""Plan page and planning gate show every limit, every planned group and every warning."""

import re

import pytest
from django.urls import reverse

from apps.governance.actions.submitting import submit_gate
from apps.governance.pages import shown_page
from apps.planning.problems import problems_of
from apps.planning.promised import promise_lines, terms_of_test
from apps.projects.stages import Stage
from tests import builders

LIMITS = {
    "latency_p95_ms": 40,
    "calibration_error": 0.05,
    "group_column": "sex",
    "group_difference": 0.1,
    "slices": ["desk", "scanner"],
    "threshold_policy": "payoff",
}
SHOWN = (
    "ROC AUC",
    "≥ 0.9",
    "Brier score",
    "≤ 0.2",
    "Expected calibration error",
    "≤ 0.05",
    "Time of an answer, p95",
    "≤ 40 ms",
    "Difference between the groups of sex",
    "≤ 0.1",
    "desk, scanner",
    "earns most at the payoff",
)


def words_of(page):
    """What is read, without the marks between it."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def gate(cycle, analyst):
    builders.make_plan(cycle, analyst, metrics=LIMITS | {"openings": 5})
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    return words_of(shown_page(cycle, Stage.PLAN).html)


def test_the_gate_shows_every_limit_and_every_planned_group(gate):
    assert [words for words in SHOWN if words not in gate] == []


def test_the_plan_page_shows_a_manager_the_same(gate, client, manager, project):
    client.force_login(manager)
    page = words_of(client.get(reverse("planning:plan", args=[project.slug])).content.decode())
    assert [words for words in SHOWN if words not in page] == []


def test_the_gate_shows_every_warning_and_not_the_first_of_each_question(
    cycle, analyst, client, manager
):
    plan = builders.make_plan(
        cycle, analyst, metrics={"openings": 5, "test_share": 0.06, "expected_rows": 5000}
    )
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    warned = [words_of(gap.says) for gap in problems_of(plan.content) if not gap.blocks]
    client.force_login(manager)
    address = reverse("governance:gate", args=[cycle.project.slug, "plan"])
    page = words_of(client.get(address).content.decode())
    assert [says for says in warned if "opened 5 times" in says or "6 % of the rows" in says]
    # To be weighed, and again where it can be accepted.
    assert {says: page.count(says) for says in warned} == dict.fromkeys(warned, 2)


def test_what_a_draft_does_not_say_yet_is_left_open():
    items = [
        {"metric": "recall_at_k", "direction": "up", "role": "guardrail"},
        {"metric": "roc_auc", "direction": "up", "role": "primary", "margin": 0.05},
    ]
    first, second, groups = promise_lines({"metrics": {"items": items, "group_column": "sex"}})
    assert (first.is_primary, first.limit, first.today) == (True, "no limit is set", None)
    assert "less than 0.05 over today" in first.note
    assert second.title.startswith("Recall at k")
    assert (groups.title, groups.limit) == (
        "Difference between the groups of sex",
        "no limit is set",
    )
    assert (promise_lines({}), terms_of_test({})) == ([], [])
