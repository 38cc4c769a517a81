"""Steps that stand in each other's way, and the sentence that says which."""

import pandas as pd
import pytest

from apps.engine.reading.tables import house_types, spec_of
from apps.engine.recipe.conflicts import find_conflicts
from apps.engine.recipe.lineage import needed
from apps.engine.recipe.preview import preview, veil_preview

SPEC = spec_of(house_types(pd.DataFrame({"a": ["x"], "b": [1], "c": [2.0]})))


def drop(*names):
    return {"step": "drop_columns", "params": {"columns": list(names)}}


def rename(name, to):
    return {"step": "rename_column", "params": {"column": name, "to": to}}


def derive(to, expression):
    return {"step": "derive_column", "params": {"to": to, "expression": expression}}


TRIM = {"step": "trim_text", "params": {"columns": ["a"]}}


@pytest.mark.parametrize(
    ("steps", "on", "told"),
    [
        ([TRIM, drop("a")], [1, 1], {}),
        ([drop("a"), TRIM], [1, 1], {2: "step 1 (Leave out “a”) takes away"}),
        ([drop("a"), TRIM], [0, 1], {}),
        ([rename("a", "z"), TRIM], [1, 1], {2: "step 1 (Rename “a” to “z”) takes away"}),
        ([drop("z"), derive("z", "b + 1")], [1, 1], {1: "only step 2 makes: move it down"}),
        ([derive("z", "b + 1"), drop("z")], [0, 1], {2: "step 1 makes, and that is switched off"}),
        ([drop("q")], [1], {1: "has no such column"}),
        ([derive("b", "c + 1")], [1], {1: "blank or taken"}),
        ([{"step": "gone", "params": {}}], [1], {1: "not known"}),
        ([derive("z", "b ="), TRIM], [1, 1], {1: "cannot be read"}),
    ],
)
def test_a_conflict_says_which_step_is_the_reason(steps, on, told):
    found = {one.place: one.says for one in find_conflicts(SPEC, steps, on=[*map(bool, on)])}
    assert found.keys() == told.keys()
    assert all(words in found[place] for place, words in told.items())


def test_a_request_brings_the_columns_that_derived_features_come_from():
    raw = house_types(pd.DataFrame({"a": ["x"], "b": [1], "c": [2.0], "out": [1], "y": [1]}))
    steps = [
        rename("b", "amount"),
        derive("total", "amount * c"),
        {"step": "filter_expression", "params": {"expression": "length(a) > 0"}},
        {"step": "filter_rows", "params": {"column": "out", "operator": "is present"}},
        rename("out", "outcome"),
    ]
    assert needed(raw, ["total"], steps, target="outcome") == ["a", "b", "c"]
    assert needed(raw, ["amount"], steps[:2], target="outcome") == ["b"]


def test_a_preview_tells_values_before_and_after_and_the_target_of_lost_rows(table):
    frame = table(city=["Paris"] * 3 + ["paris"], n=[1, 2, 3, 4], y=["no", "no", "yes", "yes"])
    merge = {"step": "map_values", "params": {"column": "city", "mapping": [["paris", "Paris"]]}}
    told = preview(frame, [], merge, target="y")
    assert told["columns"] == [
        {
            "column": "city",
            "lines": [
                {"says": "Paris", "before": 3, "after": 4},
                {"says": "paris", "before": 1, "after": 0},
                {"says": "missing", "before": 0, "after": 0},
            ],
        }
    ]
    assert told["target"] == []
    keep = {"step": "filter_expression", "params": {"expression": "n > 1"}}
    lost = preview(frame, [], keep, target="y")["target"]
    assert [(one["value"], one["before"], one["after"]) for one in lost] == [
        ("no", 2, 1),
        ("yes", 2, 2),
    ]
    assert lost[1]["share_after"] == pytest.approx(2 / 3)


def test_a_preview_tells_many_numbers_by_ranges_and_a_new_column_as_new(table):
    frame = table(n=list(range(100)))
    cap = {"step": "cap_values", "params": {"column": "n", "high": "49"}}
    lines = preview(frame, [], cap)["columns"][0]["lines"]
    assert sum(line["before"] for line in lines) == sum(line["after"] for line in lines) == 100
    assert lines[-2] == {"says": "86.62 to 99", "before": 13, "after": 0}
    made = preview(frame, [], derive("double", "n * 2"))
    assert made["columns"][0]["lines"][0]["before"] is None
    first = {"row": 1, "column": "double", "before": "new column", "after": "0"}
    assert made["examples"][0] == first


def test_a_preview_shows_no_value_of_a_sensitive_column(table):
    frame = table(city=["Paris", "paris"])
    step = {"step": "normalise_text", "params": {"columns": ["city"], "case": "upper case"}}
    told = veil_preview(preview(frame, [], step), sensitive=["city"])
    assert (told["examples"], told["columns"], told["veiled"]) == ([], [], True)
    assert told["cells_changed"] == 2
