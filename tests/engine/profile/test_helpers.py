"""Columns shared out to forked processes: the same results, and nobody waits for the dead."""

import contextlib
import json
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from apps.engine.profile import helpers, table
from apps.engine.profile.explore import explore_table
from apps.engine.profile.helpers import Crew
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


@pytest.fixture
def crew():
    """``crew(call, aside)``: two helpers, ended with the test."""
    with contextlib.ExitStack() as ends:

        def made(call, aside=len, **other):
            told = Crew(
                call, aside=aside, helpers=2, shelf_bytes=1_000_000, types={"Told": Told}, **other
            )
            return ends.enter_context(told)

        yield made


def in_a_helper(call):
    """``call`` in a helper; here the first item waits until helpers have had the others."""
    here = os.getpid()

    def made(number):
        if os.getpid() != here:
            return call(number)
        time.sleep(0.5)
        return tell(number)

    return made


def test_results_come_in_the_order_of_the_items_whoever_made_them(crew):
    def slowly(number):
        time.sleep(0.02)
        return tell(number)

    found = list(crew(slowly).results(list(range(12))))
    assert [one.number for one in found] == list(range(12))
    assert len({one.by for one in found}) == 3
    assert found[3].rows is None
    assert found[8].rows.tolist() == list(range(8))


def test_who_is_free_takes_the_next_item(crew):
    found = list(crew(in_a_helper(tell)).results(list(range(12))))
    assert sum(one.by == os.getpid() for one in found) <= 1


def test_a_helper_that_dies_is_a_lack_of_memory_and_no_wait_without_end(crew):
    def die(number):
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(MemoryError, match="died"):
        list(crew(in_a_helper(die)).results([0, 1, 2]))


def test_what_a_helper_raises_is_raised_here(crew):
    def fail(number):
        raise ValueError("of one")

    def lack(number):
        raise MemoryError

    with pytest.raises(RuntimeError, match="of one"):
        list(crew(in_a_helper(fail)).results([0, 1, 2]))
    with pytest.raises(MemoryError):
        list(crew(in_a_helper(lack)).results([0, 1, 2]))


def children():
    """Process ids of this process's children; those of other tests' are among them."""
    threads = Path("/proc/self/task").glob("*/children")
    return {int(pid) for file in threads for pid in file.read_text().split()}


def test_helpers_end_when_their_results_are_no_longer_wanted():
    before, waits, here = children(), threading.Event(), os.getpid()

    def endless(number):
        if number > 9 and os.getpid() != here:
            waits.wait()
        return Told(number, None, os.getpid())

    with Crew(endless, aside=len, helpers=2, shelf_bytes=9_999, types={"Told": Told}) as crew:
        next(crew.results(list(range(1_000))))
        assert len(children() - before) == 2
    assert children() <= before


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_helpers_end_with_the_one_whom_they_help(tmp_path):
    """Also while nobody asks them anything."""
    told = tmp_path / "helpers"
    one = os.fork()
    if not one:
        try:
            crew = Crew(tell, aside=len, helpers=2, shelf_bytes=1_000_000, types={"Told": Told})
            list(crew.results([1, 2, 3]))
            told.write_text(" ".join(map(str, children())))
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(one, 0)
    for helper in told.read_text().split():
        ends = time.monotonic() + 10
        while Path(f"/proc/{helper}").exists() and "Z" not in state_of(helper):
            assert time.monotonic() < ends, "a helper waits for the dead"
            time.sleep(0.02)


def state_of(pid):
    """Letter of the state of a process; "Z" also when it is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def test_a_helper_answers_what_is_asked_after_the_items(crew):
    def added_up(asked):
        return [os.getpid(), sum(one.rows.sum() for one in asked)]

    asked = [Told(3, np.arange(3.0), 0), Told(4, np.arange(4.0), 0)]
    shared = crew(tell, added_up, gather=lambda _: None)
    list(shared.results([1, 2]))
    by, total = shared.ask(asked)()
    assert by != os.getpid()
    assert total == 9
    with Crew(tell, aside=added_up, helpers=0, shelf_bytes=0, types={}) as alone:
        list(alone.results([1]))
        assert alone.ask(asked)() == [os.getpid(), 9]


def test_a_helper_that_dies_before_it_is_asked_is_a_lack_of_memory(crew):
    shared = crew(tell, len)
    before = children()
    list(shared.results([1, 2]))
    for helper in children() - before:
        os.kill(helper, signal.SIGKILL)
    time.sleep(0.1)
    with pytest.raises(MemoryError, match="died"):
        shared.ask([1])()


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
    assert len(forked) == 2
    assert alone["profile"]["duplicate_rows"] >= 40
    assert json.dumps(shared) == json.dumps(alone)
