"""What a profile tells while it goes on."""

import json

import numpy as np
import pandas as pd

from apps.engine.profile import so_far
from apps.engine.profile.explore import explore_table
from apps.engine.reading.tables import write_table


def _explored(tmp_path, *, file=None):
    """The whole result, and what the file held whenever progress was told."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"number {place}": rng.normal(size=60) for place in range(5)})
    frame["same"] = 1
    frame["target"] = rng.random(60) < 0.3
    write_table(frame, tmp_path / "table.parquet")
    seen = []

    def report(done, total, says):
        if file is not None and file.exists():
            seen.append(json.loads(file.read_text()))

    whole = explore_table(
        table=str(tmp_path / "table.parquet"),
        target="target",
        report=report,
        so_far=str(file) if file else None,
    )
    return whole["profile"], seen


def test_what_is_told_on_the_way_stays_true(tmp_path, monkeypatch):
    monkeypatch.setattr(so_far, "FIRST_S", 0.0)
    whole, seen = _explored(tmp_path, file=tmp_path / "so_far.json")
    assert [len(part["columns"]) for part in seen] == [1, 2, 3, 4, 5, 6, 7, 7]
    for part in seen:
        columns = whole["columns"][: len(part["columns"])]
        assert part["columns"] == json.loads(json.dumps(columns))
        assert (part["rows"], part["column_count"]) == (60, 7)
        assert all(finding in whole["findings"] for finding in part["findings"])
    assert any(finding["column"] == "same" for finding in seen[-1]["findings"])


def test_a_short_profile_tells_nothing_on_the_way_and_the_result_is_the_same(tmp_path):
    quiet, _ = _explored(tmp_path)
    told, seen = _explored(tmp_path, file=tmp_path / "so_far.json")
    assert told == quiet
    assert not seen
    assert not (tmp_path / "so_far.json").exists()


def test_each_time_it_is_due_after_twice_as_long(tmp_path, monkeypatch):
    now = 100.0
    monkeypatch.setattr(so_far.time, "monotonic", lambda: now)
    known = so_far.SoFar(tmp_path / "so_far.json")
    told_at = []
    for now in np.arange(100.0, 116.0, 0.5):
        if known.is_due:
            known.tell({"at": float(now)})
            told_at.append(float(now))
    assert told_at == [101.0, 103.0, 107.0, 115.0]
    assert json.loads((tmp_path / "so_far.json").read_text()) == {"at": 115.0}
