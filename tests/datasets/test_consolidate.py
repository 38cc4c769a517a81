"""Making one table out of the sources: suggested keys, joins that fit, joins that do not."""

import numpy as np
import pandas as pd
import pytest

from apps.datasets import actions
from apps.datasets.models import Join
from apps.datasets.queries import current_table, shape_so_far
from apps.datasets.recipes import consolidate_page
from apps.projects.actions import start_cycle
from apps.projects.stages import Stage
from apps.web.refusals import Refusal
from apps.web.templatetags.ui import percent
from tests import builders

PAYMENTS = pd.DataFrame(
    {"payment": range(8), "terminal": [1, 2, 3, 4] * 2, "amount": [1.5] * 8, "city": ["a", "b"] * 4}
)
TERMINALS = pd.DataFrame({"terminal": [1, 2, 3], "kind": ["shop", "web", "shop"]})
PLACES = pd.DataFrame({"place": ["a", "b"], "amount": [7, 9]})


@pytest.fixture
def based(bring, opened, analyst):
    """Payments are the base; terminals and places wait to be joined."""
    actions.set_base(cycle=opened, source=bring("payments", PAYMENTS), by=analyst)
    return bring("terminals", TERMINALS), bring("places", PLACES)


def test_keys_are_suggested_by_name_and_by_overlap(client, at, based, opened):
    by_name = {each.source.name: each.keys[0] for each in consolidate_page(opened).candidates}
    assert (by_name["terminals"].left_on, by_name["terminals"].match_rate) == (("terminal",), 0.75)
    assert by_name["places"].left_on == ("city",)
    assert by_name["places"].right_on == ("place",)
    page = client.get(at("consolidate")).content.decode()
    assert f"{percent(0.75)} of the first rows would match" in page


def test_a_join_adds_columns_and_tells_its_match_rate_after_the_build(
    client, at, based, opened, jobs
):
    terminals, places = based
    client.post(at("add_join", terminals.pk), {"left0": "terminal", "right0": "terminal"})
    client.post(at("add_join", places.pk), {"left0": "city", "right0": "place"})
    assert shape_so_far(opened).names[-2:] == ("kind", "places_amount")
    with jobs():
        client.post(at("build"))
    table = current_table(opened)
    assert [row["rows"] for row in table.report["waterfall"]] == [8, 8, 8]
    assert [join["match_rate"] for join in table.report["joins"]] == [0.75, 1.0]
    page = client.get(at("consolidate")).content.decode()
    assert "8 → 8" in page


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"left0": "city", "right0": "terminal"}, "different kinds"),
        ({"left0": "nothing", "right0": "terminal"}, "not one of the available choices"),
        ({}, "This field is required"),
        ({"left0": "terminal", "right0": "terminal", "left1": "city"}, "Choose both sides"),
    ],
)
def test_keys_that_do_not_fit_are_refused_on_the_form(client, at, based, keys, says):
    answer = client.post(at("add_join", based[0].pk), keys)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Join.objects.exists()


def test_a_key_that_stands_twice_fails_the_build_in_one_sentence(
    client, at, based, bring, opened, jobs
):
    twice = bring("twice", pd.DataFrame({"terminal": [1, 1, 2], "x": [1, 2, 3]}))
    client.post(at("add_join", twice.pk), {"left0": "terminal", "right0": "terminal"})
    with jobs():
        client.post(at("build"))
    page = client.get(at("wrangle")).content.decode()
    assert current_table(opened) is None
    assert "is not unique in the other table" in page
    assert "would turn 8 rows into 10" in page


def test_a_source_is_joined_once_and_never_to_itself(based, opened, analyst):
    terminals, _ = based
    keys = {"left_on": ["terminal"], "right_on": ["terminal"], "by": analyst}
    actions.add_join(cycle=opened, source=terminals, **keys)
    with pytest.raises(Refusal, match="part of the table already"):
        actions.add_join(cycle=opened, source=terminals, **keys)
    with pytest.raises(Refusal, match="is joined already"):
        actions.set_base(cycle=opened, source=terminals, by=analyst)


def test_a_join_is_taken_out_again(client, at, based, opened):
    client.post(at("add_join", based[0].pk), {"left0": "terminal", "right0": "terminal"})
    client.post(at("remove_join", Join.objects.get().pk))
    assert shape_so_far(opened).names == tuple(PAYMENTS.columns)


def test_the_next_cycle_starts_from_the_joins_and_steps_of_the_last(
    client, at, based, opened, analyst, pass_gate
):
    client.post(at("add_join", based[0].pk), {"left0": "terminal", "right0": "terminal"})
    actions.add_step(
        cycle=opened, step="drop_columns", params={"columns": ["city"]}, by=analyst, reason="why"
    )
    following = start_cycle(project=opened.project, reason="drift", by=analyst)
    builders.make_plan(following, analyst)
    pass_gate(following, Stage.PLAN)
    assert "Start from cycle 1" in client.get(at("consolidate")).content.decode()
    client.post(at("carry_over"))
    assert shape_so_far(following) == shape_so_far(opened)
    assert [step.reason for step in following.steps.all()] == ["why"]
    assert client.post(at("carry_over")).status_code == 409


def test_new_rows_for_the_next_cycle_do_not_change_the_one_before(
    opened, analyst, bring, based, jobs
):
    with jobs():
        actions.build_table(cycle=opened, by=analyst)
    before = current_table(opened)
    start_cycle(project=opened.project, reason="drift", by=analyst)
    with jobs():
        # An analyst of the next cycle brings newer payments in (its plan gate is not in question).
        source = before.cycle.consolidation.base
        actions.read_again(
            version=source.versions.get(),
            cycle=opened,
            options={"kinds": {"payment": "text"}},
            by=analyst,
        )
    assert source.versions.count() == 2
    assert current_table(opened) == before


def test_there_is_no_join_without_overlap_to_suggest(bring, opened, analyst):
    numbers = np.arange(50)
    actions.set_base(
        cycle=opened,
        source=bring("one", pd.DataFrame({"a": numbers, "x": numbers / 3})),
        by=analyst,
    )
    bring("two", pd.DataFrame({"b": numbers + 1000, "x": numbers / 3}))
    (candidate,) = consolidate_page(opened).candidates
    assert candidate.keys == []
