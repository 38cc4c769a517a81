"""Columns shared out to forked processes: the same results, and nobody waits for the dead."""

import json
import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from apps.engine.profile import helpers, table
from apps.engine.profile.explore import explore_table
from apps.engine.profile.helpers import aside, shared_out
from apps.engine.reading.tables import write_table
from apps.engine.types import silent


@dataclass(frozen=True)
class Told:
    """What is told of a number."""

    number: int
    rows: NDArray[np.float64] | None
    by: int


def tell(number):
    rows = None if number == 3 else np.arange(number, dtype=np.float64)
    return Told(number, rows, os.getpid())


def told(call, items, *, helpers=2):
    return shared_out(call, items, helpers=helpers, shelf_bytes=1_000_000, types={"Told": Told})


def test_results_come_in_the_order_of_the_items_whoever_made_them():
    found = list(told(tell, list(range(10))))
    assert [one.number for one in found] == list(range(10))
    assert len({one.by for one in found}) == 3
    assert found[3].rows is None
    assert found[8].rows.tolist() == list(range(8))


def test_a_helper_that_dies_is_a_lack_of_memory_and_no_wait_without_end():
    def die(number):
        if number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return tell(number)

    with pytest.raises(MemoryError, match="died"):
        list(told(die, [0, 1, 2]))


def test_what_a_helper_raises_is_raised_here():
    def fail(number):
        if number == 1:
            raise ValueError("of one")
        if number == 2:
            raise MemoryError
        return tell(number)

    with pytest.raises(RuntimeError, match="of one"):
        list(told(fail, [0, 1]))
    with pytest.raises(MemoryError):
        list(told(fail, [0, 3, 2]))


def children():
    """Process ids of this process's children; those of other tests' are among them."""
    threads = Path("/proc/self/task").glob("*/children")
    return {int(pid) for file in threads for pid in file.read_text().split()}


def test_helpers_end_when_their_results_are_no_longer_wanted():
    waits = threading.Event()

    def endless(number):
        if number:
            waits.wait()
        return tell(number)

    before = children()
    found = told(endless, [0, 1, 2])
    assert next(found).number == 0
    assert len(children() - before) == 2
    found.close()
    assert children() <= before


def test_a_call_aside_is_waited_for_when_its_result_is_asked_for():
    with aside(os.getpid, helps=True) as other, aside(os.getpid, helps=False) as mine:
        assert other() != mine() == os.getpid()


@pytest.mark.parametrize("constants", [(), ("mine",), ("mine", "other")])
def test_columns_that_say_the_same_in_two_processes_do_not_make_rows_equal(
    constants, tmp_path, monkeypatch
):
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 50, 900), rng.integers(0, 50, 900)
    frame = pd.DataFrame({"a": first, "a too": first, "b": second, "b too": second})
    frame = frame.assign(**dict.fromkeys(constants, 1))
    path = tmp_path / "table.parquet"
    write_table(frame, path)
    monkeypatch.setattr(table, "LEAST_CELLS", 0)
    monkeypatch.setattr(table, "HELPERS", 1)
    told = explore_table(table=str(path), target=None, report=silent)
    assert told["profile"]["duplicate_rows"] == frame.duplicated().sum() > 0


def test_a_profile_is_the_same_with_and_without_helpers(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    rows = 3_000
    frame = pd.DataFrame({f"n{place}": rng.normal(size=rows) for place in range(4)})
    frame.loc[::7, "n1"] = np.nan
    frame.loc[5, "n2"] = np.inf
    frame["text"] = pd.Series(rng.choice(["a", "b", "N/A"], rows), dtype="string")
    frame["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, rows), "D")
    frame["target"] = frame["n0"] + rng.normal(size=rows) > 0
    frame = pd.concat([frame, frame.head(40)], ignore_index=True)
    path = tmp_path / "table.parquet"
    write_table(frame.astype({"day": "datetime64[us]"}), path)
    alone = explore_table(table=str(path), target="target", report=silent)
    monkeypatch.setattr(table, "LEAST_CELLS", 0)
    monkeypatch.setattr(table, "HELPERS", 2)
    forked = []
    start = helpers.os.fork

    def fork():
        forked.append(start())
        return forked[-1]

    monkeypatch.setattr(helpers.os, "fork", fork)
    shared = explore_table(table=str(path), target="target", report=silent)
    assert len(forked) == 3
    assert alone["profile"]["duplicate_rows"] >= 40
    assert json.dumps(shared) == json.dumps(alone)
