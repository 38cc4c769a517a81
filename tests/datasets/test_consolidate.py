"""Making one table out of the sources: looked at first, joined, changed, taken out and put back."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from apps.datasets import actions, join_actions
from apps.datasets.joins import computed, default_prefix, veiled
from apps.datasets.models import Join, JoinPreview, JoinResult
from apps.datasets.queries import current_table, shape_so_far, source_inputs
from apps.jobs import runner
from apps.projects.actions import start_cycle
from apps.projects.stages import Stage
from apps.web.refusals import Refusal
from apps.web.templatetags.ui import percent
from tests import builders

TWICE = pd.DataFrame({"terminal": [1, 1, 2], "x": [1, 2, 3]})


def test_keys_are_suggested_by_name_and_by_overlap(client, at, based, look):
    first, second = (look(source).report["suggestions"][0] for source in based)
    assert (first["left_on"], first["match_rate"], first["is_unique"]) == (["terminal"], 0.75, True)
    assert (second["left_on"], second["right_on"]) == (["city"], ["place"])


def test_what_a_join_would_do_is_shown_before_anything_is_joined(client, at, based, look):
    preview = look(based[0])
    page = client.get(at("join_preview", preview.pk)).content.decode()
    assert not Join.objects.exists()
    for says in (
        "n:1",
        "8 → 8",
        percent(0.75),
        "2 rows without a match",
        "Most frequent keys: 4 (2)",
    ):
        assert says in page
    clash = look(based[1]).report["clashes"]
    assert clash == [{"name": "amount", "called": "places_amount", "agrees": 0.0, "means": "other"}]


def test_rows_without_a_match_are_downloaded_and_run_nothing_in_a_spreadsheet(
    client, at, bring, based, look
):
    names = pd.DataFrame({"city": ["a", "=cmd()"], "=note": ["x", "+1+1"], "n": [-5, -6]})
    preview = look(bring("cities", names))
    answer = client.get(at("unmatched", preview.pk, "right"))
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert rows == [["city", "'=note", "n"], ["'=cmd()", "'+1+1", "-6"]]
    assert "attachment" in answer["Content-Disposition"]
    assert client.get(at("unmatched", preview.pk, "up")).status_code == 404


def test_a_join_adds_columns_and_tells_its_match_rate_after_the_build(
    client, at, based, opened, jobs, join_by
):
    for source in based:
        join_by(source)
    assert shape_so_far(opened).names[-2:] == ("kind", "places_amount")
    with jobs():
        client.post(at("build"))
    table = current_table(opened)
    assert [row["rows"] for row in table.report["waterfall"]] == [8, 8, 8]
    assert [row["says"] for row in table.report["waterfall"][1:]] == [
        "Join “terminals”",
        "Join “places”",
    ]
    assert [join["match_rate"] for join in table.report["joins"]] == [0.75, 1.0]
    assert "8 → 8" in client.get(at("consolidate")).content.decode()


def test_the_same_look_and_the_same_join_are_computed_once(
    client, at, based, opened, jobs, join_by, look, monkeypatch
):
    calls = []
    child = runner.Desk.child
    monkeypatch.setattr(
        runner.Desk,
        "child",
        lambda self, call, **more: calls.append(call) or child(self, call, **more),
    )
    first = join_by(based[0])
    join_by(based[1])
    assert look(based[0], left0="terminal", right0="terminal").pk != first.pk
    with jobs():
        client.post(at("compute_joins"))
        client.post(at("build"))
    join = "apps.engine.joining.run:join_tables"
    assert calls.count(join) == 2
    before = len(calls)
    look(based[0], left0="terminal", right0="terminal")
    assert len(calls) == before
    client.post(at("change_join", first.pk), {"does": "down"})
    with jobs():
        client.post(at("compute_joins"))
    assert calls.count(join) == 4
    client.post(at("change_join", first.pk), {"does": "up"})
    assert None not in computed(opened.project, source_inputs(opened))


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"left0": "nothing", "right0": "terminal"}, "not one of the available choices"),
        ({"left0": ""}, "This field is required"),
        ({"left0": "terminal", "right0": "terminal", "left1": "city"}, "Choose both sides"),
        (
            {"left0": "terminal", "right0": "terminal", "left1": "terminal", "right1": "kind"},
            "chosen twice",
        ),
    ],
)
def test_keys_that_do_not_fit_are_refused_on_the_form(client, at, based, look, keys, says):
    preview = look(based[0])
    answer = client.post(at("join_preview", preview.pk), {"compare": "exact", **keys})
    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_text_against_number_is_seen_and_can_be_compared_as_numbers(
    client, at, bring, based, look, opened, join_by
):
    padded = bring("padded", b"terminal,owner\n001,x\n002,y\n00A,z\n")
    preview = look(padded, left0="terminal", right0="terminal")
    assert "different kinds" in preview.report["refused"]
    page = client.get(at("join_preview", preview.pk)).content.decode()
    assert "4 rows (50.0 %) would match if the keys were compared as numbers" in page
    client.post(at("apply_preview", preview.pk))
    assert not Join.objects.exists()
    (suggested,) = look(padded).report["suggestions"]
    assert (suggested["compare"], suggested["match_rate"]) == ("number", 0.5)
    assert join_by(padded).options == {"compare": "number"}


def test_rows_multiply_only_after_a_yes_to_their_number(
    client, at, based, bring, opened, jobs, look
):
    preview = look(bring("twice", TWICE), left0="terminal", right0="terminal")
    assert (preview.report["cardinality"], preview.report["rows_after"]) == ("n:m", 10)
    page = client.get(at("join_preview", preview.pk)).content.decode()
    assert "Yes: turn 8 rows into 10." in page
    answer = client.post(at("apply_preview", preview.pk), follow=True)
    assert "This turns 8 rows into 10: say yes" in answer.content.decode()
    client.post(at("apply_preview", preview.pk), {"agreed": "yes"})
    assert Join.objects.get().options == {"agreed_rows": 10}
    with jobs():
        client.post(at("build"))
    assert current_table(opened).rows == 10


def test_a_join_that_multiplies_by_another_door_fails_the_build_in_one_sentence(
    client, at, based, bring, opened, analyst, jobs
):
    keys = {"left_on": ["terminal"], "right_on": ["terminal"], "by": analyst}
    join_actions.add_join(cycle=opened, source=bring("twice", TWICE), **keys)
    with jobs():
        client.post(at("build"))
    page = client.get(at("wrangle")).content.decode()
    assert current_table(opened) is None
    assert "is not unique in the other table" in page
    assert "would turn 8 rows into 10" in page


def test_what_changed_since_the_look_is_not_joined_unseen(client, at, based, bring, look, opened):
    preview = look(based[0])
    client.post(at("apply_preview", look(based[1]).pk))
    answer = client.post(at("apply_preview", preview.pk), follow=True)
    assert "changed since this was looked at" in answer.content.decode()
    assert Join.objects.count() == 1


def test_a_source_is_joined_once_in_a_way_and_to_itself_only_aggregated(based, opened, analyst):
    terminals, _ = based
    keys = {"left_on": ["terminal"], "right_on": ["terminal"], "by": analyst}
    join_actions.add_join(cycle=opened, source=terminals, **keys)
    with pytest.raises(Refusal, match="already in this way"):
        join_actions.add_join(cycle=opened, source=terminals, **keys)
    join_actions.add_join(cycle=opened, source=terminals, **(keys | {"left_on": ["payment"]}))
    assert [join.prefix for join in Join.objects.all()] == ["terminals_", "terminals2_"]
    assert default_prefix(opened, terminals) == "terminals3_"
    with pytest.raises(Refusal, match="is joined already"):
        actions.set_base(cycle=opened, source=terminals, by=analyst)
    base = opened.consolidation.base
    with pytest.raises(Refusal, match="only aggregated"):
        join_actions.add_join(cycle=opened, source=base, **keys)


TIMES = {"left_time": "payment", "right_time": "terminal"}
KINDS = [
    ("inner", {}, 6, ["kind"]),
    ("right", {}, 6, ["kind"]),
    ("outer", {}, 8, ["kind"]),
    ("semi", {}, 6, []),
    ("anti", {}, 2, []),
    ("group", {"column0": "*"}, 8, ["terminals_rows"]),
    (
        "nearest",
        TIMES | {"direction": "forward", "tolerance": "1", "tolerance_unit": "1"},
        8,
        ["kind"],
    ),
    (
        "window",
        TIMES | {"column0": "terminal", "function0": "max", "window_unit": "1", "delay_unit": "1"},
        8,
        ["terminals_terminal_max"],
    ),
]


def test_each_kind_is_looked_at_and_made_by_its_form(
    client, at, based, opened, jobs, look, subtests
):
    for kind, fields, rows, columns in KINDS:
        with subtests.test(kind):
            more = {f"function{place}": "count" for place in range(6)} | fields
            preview = look(based[0], kind=kind, left0="terminal", right0="terminal", **more)
            page = client.get(at("join_preview", preview.pk)).content.decode()
            assert ("That is a leak" in page) == (kind == "nearest")
            assert preview.report["rows_after"] == rows
            assert [column["name"] for column in preview.report["added"]] == columns
            client.post(at("apply_preview", preview.pk))
            join = Join.objects.get(removed_at=None)
            assert join.kind == kind
            with jobs():
                client.post(at("compute_joins"))
            assert JoinResult.objects.last().rows == rows
            client.post(at("change_join", join.pk), {"does": "out"})


def test_a_union_matches_columns_and_tells_of_rows_that_stand_there_already(
    client, at, based, bring, opened, jobs, join_by
):
    more = bring("more", pd.DataFrame({"Payment": [7, 8], "city": ["b", "c"], "tip": [1, 2]}))
    fields = {"match0": "payment", "match1": "city", "match2": "+", "origin": "came from"}
    join_by(more, kind="union", **fields)
    told = JoinPreview.objects.last().report
    assert (told["rows_after"], told["in_both"], told["only_right"]) == (10, 1, ["tip"])
    with jobs():
        client.post(at("build"))
    assert current_table(opened).table_spec.names[-2:] == ("tip", "came from")


def test_values_that_the_plan_marks_as_sensitive_are_not_shown():
    found = {"total": 1, "columns": ["k", "n"], "rows": [["x", "1"]], "keys": [{"key": "x"}]}
    told = {"how": {"left_on": ["k"]}, "unmatched_left": found}
    assert veiled(told, hidden={"other"})["unmatched_left"] == found
    seen = veiled(told, hidden={"k"})["unmatched_left"]
    assert (seen["rows"], seen["keys"]) == ([["hidden", "1"]], [])
    assert veiled(told, hidden={"n"})["unmatched_left"]["rows"] == [["x", "hidden"]]
    assert found["rows"] == [["x", "1"]]


def test_previews_of_another_project_and_for_viewers_are_not_there(
    client, at, based, look, stranger, viewer, project
):
    preview = look(based[0])
    address = at("join_preview", preview.pk)
    client.force_login(viewer)
    assert client.get(address).status_code == 403
    client.force_login(stranger)
    assert client.get(address).status_code == 404


def test_a_table_before_there_were_kinds_keeps_the_hash_of_its_inputs(based, opened, analyst):
    join_actions.add_join(
        cycle=opened, source=based[0], left_on=["terminal"], right_on=["terminal"], by=analyst
    )
    (join,) = source_inputs(opened)["joins"]
    assert set(join) == {"name", "parquet", "left_on", "right_on", "prefix"}


def test_a_join_that_leaves_no_row_is_told_by_its_name(client, at, based, bring, jobs, join_by):
    join_by(
        bring("none", pd.DataFrame({"terminal": [77]})),
        kind="semi",
        left0="terminal",
        right0="terminal",
    )
    with jobs():
        client.post(at("build"))
    assert "No row is left after Semi join: “none”" in client.get(at("wrangle")).content.decode()


def test_the_next_cycle_starts_from_the_joins_and_steps_of_the_last(
    client, at, based, opened, analyst, pass_gate, join_by
):
    join_by(based[0])
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


def test_there_is_no_join_without_overlap_to_suggest(client, at, bring, opened, analyst, look):
    numbers = np.arange(50)
    actions.set_base(
        cycle=opened,
        source=bring("one", pd.DataFrame({"a": numbers, "x": numbers / 3})),
        by=analyst,
    )
    two = bring("two", pd.DataFrame({"b": numbers + 1000, "x": numbers / 3}))
    preview = look(two)
    assert (preview.report["suggestions"], preview.report["how"]) == ([], None)
    assert "No key suggests itself" in client.get(at("join_preview", preview.pk)).content.decode()
