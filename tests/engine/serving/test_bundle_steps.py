"""The steps of a bundle do to a row what the recipe does, for whatever is drawn, or refuse."""

import ast
import json
from collections import Counter
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings

from apps.engine.errors import EngineError
from apps.engine.reading.tables import spec_of
from apps.engine.recipe.registry import STEPS, step_from
from apps.engine.recipe.run import check_recipe
from apps.engine.serving.take_home import steps as bundled
from apps.engine.serving.take_home.build import steps_file
from apps.engine.serving.take_home.told import TELLERS, CannotTakeHome, is_alike, told
from tests.engine.recipe.drawn import RECIPES, ROWS, as_row, one_row, outcome


def carried(step):
    """A step as data, once through JSON."""
    return json.loads(json.dumps(told(step)))


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(RECIPES, ROWS)
def test_each_step_gives_the_same_row(recipe, row):
    frame = one_row(row)
    try:
        check_recipe(spec_of(frame), recipe)
    except EngineError:
        return
    mine = theirs = as_row(frame)
    for step in recipe:
        if step["step"] == "pseudonymise":
            return
        made = step_from(step)
        try:
            data = carried(step)
        except CannotTakeHome:
            assert step["step"] == "replace_text"
            return
        theirs = outcome(lambda made=made, row=theirs: made.replay(row))
        try:
            mine = bundled.STEPS[data["step"]](mine, data)
        except bundled.Refused:
            assert isinstance(theirs, type), (step, theirs)
            return
        assert (mine, list(map(type, mine.values()))) == (
            theirs,
            list(map(type, theirs.values())),
        ), step


def test_every_row_wise_step_but_pseudonyms_can_be_taken_home():
    row_wise = {key for key, step in STEPS.items() if step.row_wise and not step.drops_rows}
    assert row_wise - set(TELLERS) == {"pseudonymise"}
    assert set(TELLERS) == set(bundled.STEPS)


def test_a_pseudonym_stays_in_the_house():
    with pytest.raises(CannotTakeHome, match="Pseudonymise “name”"):
        told({"step": "pseudonymise", "params": {"columns": ["name"]}})


@pytest.mark.parametrize(
    ("pattern", "to", "alike"),
    [
        ("([0-9]+) kg", r"\1", True),
        (r"^0+\.", "", True),
        ("a{2,3}|b", r"\0\0", True),
        (r"\d+ ?kg", "kg", True),
        ("x$", "", False),  # Python fits before a last line break too
        ("(?i)x", "", False),
        (r"\s+", " ", False),
        (r"\bx", "", False),
        ("[[:alpha:]]", "", False),
        ("x*", "y", False),
        ("(a|b)*c", r"\1", False),
        (r"\pL", "", False),
        ("a*+b", "", False),
    ],
)
def test_a_pattern_is_taken_home_only_where_both_readers_agree(pattern, to, alike):
    assert is_alike(pattern, to) is alike


@pytest.mark.parametrize(
    ("pattern", "to"),
    [("([0-9]+) kg", r"<\1>"), ("a{2,3}|b", r"\0\0"), (r"\d+ ?kg", r"\\"), ("[^a-c ]+", "")],
)
@pytest.mark.parametrize("cell", ["12 kg", "aaab b", "3kg 4 kg", "äb\n12 kg", "٣ kg", "abc"])
def test_a_pattern_that_is_taken_home_gives_the_same(pattern, to, cell):
    params = {"columns": ["word"], "find": pattern, "to": to, "how": "a pattern"}
    step = {"step": "replace_text", "params": params}
    expected = step_from(step).replay({"word": cell})
    assert bundled.replace_text({"word": cell}, carried(step)) == expected


TIMES = """2024-05-31|2024-05-31 17:00|2024-05-31T17:00:01.5|2024-02-30|31.5.2024|31.05.2024|now|x
2024-05-31T23:00:00+02:00|2024-05-31T23:00:00Z|0000-01-01|31/05/2024|-1|2024-05-31 24:00|2024-5-3
2024-05-31 17:00:60|5/31/2024|31/5/2024|20240531""".replace("\n", "|").split("|")
FORMATS = ["", "%d/%m/%Y", "%Y-%m-%d", "%Y-%m-%d %H:%M", "%d.%m.%Y", "%Y%m%d"]


@pytest.mark.parametrize("date_format", FORMATS)
def test_a_time_is_read_alike_or_refused(date_format):
    params = {"column": "at", "kind": "datetime", "date_format": date_format}
    step = {"step": "parse_type", "params": {**params, "on_failure": "set missing"}}
    data, read = carried(step), 0
    for cell in TIMES:
        expected = step_from(step).replay({"at": cell})
        try:
            assert bundled.parse_type({"at": cell}, data) == expected, cell
        except bundled.Refused:
            continue
        read += expected["at"] is not None
    assert read >= 1


@pytest.mark.parametrize("date_format", ["%d %b %Y", "%d/%m/%y", "%Y-%m", "%Y-%m-%d %z", "%"])
def test_a_format_that_readers_differ_about_is_refused(date_format):
    params = {"column": "at", "kind": "datetime", "date_format": date_format}
    with pytest.raises(CannotTakeHome, match="reads times as"):
        told({"step": "parse_type", "params": params})


def test_one_moment_compares_with_another():
    step = {"step": "cap_values", "params": {"column": "at", "high": "2020-01-01"}}
    at = {"at": datetime(2024, 5, 31)}
    assert bundled.cap_values(at, carried(step)) == {"at": datetime(2020, 1, 1)}


def test_no_name_stands_twice_in_the_file_of_the_bundle():
    """The functions of expressions stand in it: none may hide a step, nor a step one of them."""
    names = Counter(
        name
        for node in ast.parse(steps_file()).body
        for name in (
            [node.name]
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            else [each.id for each in getattr(node, "targets", []) if isinstance(each, ast.Name)]
        )
    )
    assert len(names) > 60
    assert [name for name, times in names.items() if times > 1] == []
    assert "apps" not in steps_file().replace("apps as", "")
