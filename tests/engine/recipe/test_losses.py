"""What the rows that were left out had as target."""

import pandas as pd
import pytest

from apps.engine.reading.tables import write_table
from apps.engine.recipe.losses import count_losses
from apps.engine.types import silent


@pytest.fixture
def count(tmp_path):
    def run(before, after):
        paths = []
        for name, values in (("before", before), ("after", after)):
            paths.append(str(tmp_path / name))
            write_table(pd.DataFrame(values), paths[-1])
        return count_losses(base=paths[0], kept=paths[1], target="y", report=silent)

    return run


def test_classes_are_counted_before_and_after(count):
    found = count({"y": ["no"] * 5 + ["yes"] * 3}, {"y": ["no"] * 5})
    assert found == {
        "rows_before": 8,
        "rows_after": 5,
        "classes": [
            {"value": "no", "before": 5, "after": 5},
            {"value": "yes", "before": 3, "after": 0},
        ],
    }


def test_a_quantity_an_empty_or_an_absent_target_has_no_classes(count):
    assert count({"y": [0.5, 1.5]}, {"y": [0.5]})["classes"] == []
    assert count({"y": pd.Series([None, None], dtype="string")}, {"y": ["a"]})["classes"] == []
    assert count({"x": [1]}, {"y": ["a"]})["classes"] == []
