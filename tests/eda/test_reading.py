"""Explore and the split advice read the target as the signed plan says."""

import pytest
from django.urls import reverse

from apps.datasets import actions as data
from apps.datasets import wrangling
from apps.datasets.examining import issues_view
from apps.datasets.grids import split_advice
from apps.eda.actions import start_profile
from apps.eda.queries import current_profile, raw_result
from apps.projects.stages import Stage
from tests import builders

SETS = {
    "items": [{"metric": "jaccard", "direction": "up", "threshold": 0.4, "role": "primary"}],
    "baseline": 0.2,
}
NUMBERS = {
    "items": [{"metric": "rmse", "direction": "down", "threshold": 1.2, "role": "primary"}],
    "baseline": 2.0,
}
CLASSES = {key: builders.PLAN["metrics"][key] for key in ("items", "baseline")}


@pytest.fixture
def explored(cycle, analyst, pass_gate, run_jobs, tmp_path):
    """``explored(plan, text)``: a signed plan and its table, built and profiled, not split."""

    def made(text, **plan):
        builders.make_plan(cycle, analyst, **plan)
        pass_gate(cycle, Stage.PLAN)
        with run_jobs():
            version = builders.upload(cycle, analyst, text.encode(), tmp_path=tmp_path)
        data.set_base(cycle=cycle, source=version.source, by=analyst)
        with run_jobs():
            data.build_table(cycle=cycle, by=analyst)
        with run_jobs():
            start_profile(cycle=cycle, by=analyst)
        return cycle

    return made


def tickets():
    kinds = ("billing", "billing|outage", "outage", "access|billing", "(none)")
    lines = [f"{n * 7 % 50 + (n % 5) * 9},{n % 3},{kinds[n % 5]}" for n in range(300)]
    return "\n".join(["minutes,desk,tags", *lines]) + "\n"


def test_a_set_is_told_label_by_label_before_and_after_the_split(
    client, analyst, explored, at, run_jobs
):
    features = {"target": "tags", "positive": "", "columns": []}
    cycle = explored(tickets(), features=features, metrics=SETS)
    assert split_advice(cycle)["why"].startswith("Rows are dealt within the rarest label")
    client.force_login(analyst)
    before = client.get(at("target")).content.decode()
    assert "of 3 labels on average" in before
    builders.sealed_split(cycle, analyst, run_jobs)
    with run_jobs():
        start_profile(cycle=cycle, by=analyst)
    page = client.get(at("target")).content.decode()
    assert "The rarest, “access”" in page
    table = client.get(at("column_figure", 3, "labels")).json()["table"]
    assert [row[0] for row in table["rows"]] == ["billing", "outage", "access"]
    groups = client.get(at("column_figure", 1, "relation")).json()["table"]
    assert {row[2] for row in groups["rows"]} == {"billing", "outage", "access"}
    assert "It tells “" in client.get(at("column", 1)).content.decode()
    in_a_slice = client.get(f"{at('target')}?slice=%5B%22is%22%2C%22desk%22%2C%221%22%5D")
    assert "of 3 labels on average" in in_a_slice.content.decode()
    assert "chart-labels" in in_a_slice.content.decode()


def test_few_whole_numbers_are_a_quantity_where_the_plan_promises_one(
    client, analyst, explored, at, cycle, pass_gate, run_jobs
):
    body = (f"{n % 5 + n * 7 % 3},{n % 5 * 10 + n % 3},{n % 5 + 1}" for n in range(200))
    stars = "\n".join(["size,echo,stars", *body])
    features = {"target": "stars", "positive": "", "columns": []}
    explored(f"{stars}\n", features=features, metrics=NUMBERS)
    assert split_advice(cycle)["method"] == "random"
    assert raw_result(current_profile(cycle))["target"]["kind"] == "numbers"
    with run_jobs():
        wrangling.examine(cycle=cycle, by=analyst)
    issues = issues_view(cycle, spec=None)
    assert any("It goes with “stars”" in line.issue["says"] for line in issues.lines)
    client.force_login(analyst)
    assert "rarest class" not in client.get(at("target")).content.decode()
    builders.make_plan(cycle, analyst, features={**features, "positive": "1"}, metrics=CLASSES)
    pass_gate(cycle, Stage.PLAN)
    assert current_profile(cycle) is None  # read as classes now: it is profiled anew
    assert not issues_view(cycle, spec=None).is_current
    assert split_advice(cycle)["method"] == "stratified"
    with run_jobs():
        start_profile(cycle=cycle, by=analyst)
    assert raw_result(current_profile(cycle))["target"]["kind"] == "classes"


def test_another_positive_class_or_mark_of_the_plan_leaves_nothing_old_on_the_pages(
    client, analyst, explored, at, cycle, pass_gate, run_jobs
):
    body = (f"{n % 7},{n % 3},{'yes' if n % 7 > 4 else 'no'}" for n in range(210))
    features = {"target": "left", "positive": "yes", "columns": []}
    explored("\n".join(["age,code,left", *body]) + "\n", features=features)
    with run_jobs():
        wrangling.examine(cycle=cycle, by=analyst)
    assert current_profile(cycle).positive == "yes"
    assert issues_view(cycle, spec=None).is_current

    builders.make_plan(cycle, analyst, features={**features, "positive": "no"})
    pass_gate(cycle, Stage.PLAN)
    assert current_profile(cycle) is None
    assert not issues_view(cycle, spec=None).is_current
    with run_jobs():
        start_profile(cycle=cycle, by=analyst)
        wrangling.examine(cycle=cycle, by=analyst)
    assert raw_result(current_profile(cycle))["target"]["shown"] == ["no"]
    assert issues_view(cycle, spec=None).is_current

    marked = [{"name": "age", "known": "before"}, {"name": "code", "known": "after"}]
    builders.make_plan(cycle, analyst, features={**features, "positive": "no", "columns": marked})
    pass_gate(cycle, Stage.PLAN)
    kept = issues_view(cycle, spec=None)
    assert (kept.is_current, bool(kept.examination)) == (False, True)
    client.force_login(analyst)
    page = " ".join(
        client.get(reverse("datasets:wrangle", args=[cycle.project.slug])).content.decode().split()
    )
    assert (
        "Out of date: the recipe, or what the plan says of target and columns, has changed" in page
    )
    assert "Look again" in page
    with run_jobs():
        wrangling.examine(cycle=cycle, by=analyst)
    found = {(one.issue["key"], one.issue["column"]) for one in issues_view(cycle, spec=None).lines}
    assert ("leak_known_later", "code") in found
