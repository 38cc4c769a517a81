"""The memory of a join is told before it is read, and what does not fit is refused in words."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import TooLarge
from apps.engine.joining import preview, run
from apps.engine.joining.how import JoinHow, JoinKind
from apps.engine.joining.room import bytes_needed, columns_read, refuse_without_room
from apps.engine.reading.tables import write_table
from apps.engine.types import silent

KEYS = {"left_on": ["id"], "right_on": ["id"]}


@pytest.fixture
def tables(tmp_path):
    rows = 50_000
    write_table(
        pd.DataFrame({"id": np.arange(rows), "x": np.ones(rows)}), tmp_path / "left.parquet"
    )
    write_table(
        pd.DataFrame({"id": np.arange(rows), "told": ["a text " * 5] * rows, "y": np.ones(rows)}),
        tmp_path / "right.parquet",
    )
    return {side: str(tmp_path / f"{side}.parquet") for side in ("left", "right")}


def test_only_the_columns_that_a_join_needs_are_read(tables):
    kinds = {
        JoinKind.LEFT: ["id", "told", "y"],
        JoinKind.SEMI: ["id"],
    }
    for kind, names in kinds.items():
        how = JoinHow(kind, ("id",), ("id",))
        assert columns_read(tables["right"], how) == names
    without = JoinHow(JoinKind.LEFT, ("id",), ("id",), leave_out=("told",))
    assert columns_read(tables["right"], without) == ["id", "y"]


def test_the_estimate_counts_both_tables_and_the_result(tables):
    whole = bytes_needed(**tables, how=JoinHow(JoinKind.LEFT, ("id",), ("id",)))
    without = JoinHow(JoinKind.LEFT, ("id",), ("id",), leave_out=("told",))
    texts = 50_000 * len("a text " * 5)
    assert whole - bytes_needed(**tables, how=without) == pytest.approx(2 * texts, rel=0.2)
    cells = 50_000 * 8 * (2 + 3 + 4)
    assert whole > cells + texts


def test_a_join_without_room_is_refused_before_it_is_read(tables, tmp_path, monkeypatch):
    how = JoinHow.from_dict(KEYS)
    refuse_without_room(**tables, how=how, room=None)
    refuse_without_room(**tables, how=how, room=10**9)
    for module in (run, preview):
        monkeypatch.setattr(module, "room_bytes", lambda: 2_000_000)
    target = tmp_path / "joined.parquet"
    with pytest.raises(TooLarge, match=r"^Join with 'visits': It would take about \d+ MB"):
        run.join_tables(**tables, how=KEYS, name="visits", target=str(target), report=silent)
    assert not target.exists()
    told = preview.preview_join(
        **tables,
        how=KEYS,
        unmatched_left=str(tmp_path / "l.csv"),
        unmatched_right=str(tmp_path / "r.csv"),
        report=silent,
    )
    assert "Leave columns of the joined table out" in told["refused"]
    assert told["rows_after"] == 50_000
