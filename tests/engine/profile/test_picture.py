"""Charts that people build: every number is the one that pandas counts, and each group is told."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.charts.pictures import picture_chart
from apps.engine.charts.table import as_table
from apps.engine.charts.theme import MOST_MARKS
from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.profile.cells import Columns
from apps.engine.profile.picture import KINDS, MEASURES, Picture, picture_of
from apps.engine.profile.slices import Condition, sliced
from apps.engine.reading.tables import write_table

ROWS = 600


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "pay": np.where(rng.random(ROWS) < 0.1, np.nan, rng.normal(50, 9, ROWS).round(2)),
            "age": rng.integers(18, 25, ROWS),
            "town": pd.array(rng.choice(["Bern", "Oslo", "Rome", None], ROWS), dtype="string"),
            "many": pd.array([f"v{n % 90}" for n in range(ROWS)], dtype="string"),
            "day": pd.to_datetime("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 200, ROWS), "D").astype("timedelta64[us]"),
            "left": pd.array(rng.random(ROWS) < 0.3, dtype="boolean"),
            "endless": np.where(rng.random(ROWS) < 0.1, np.inf, rng.random(ROWS)),
        }
    )


@pytest.fixture(scope="module")
def file(frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("picture") / "table.parquet"
    write_table(frame, path)
    return str(path)


@pytest.fixture
def drawn(file):
    return lambda **asked: picture_of(Columns(file), Picture(**asked))


@pytest.mark.parametrize("measure", [name for name in MEASURES if name != "rows"])
def test_each_measure_of_each_group_is_the_one_of_pandas(frame, drawn, measure):
    told = drawn(kind="bar", x="town", measure=measure, of="pay")
    by = frame.dropna(subset=["pay"]).fillna({"town": "missing"}).groupby("town")["pay"]
    expected = by.agg(measure)
    found = {told["xs"][one["x"]]: one["value"] for one in told["groups"]}
    assert found == pytest.approx(expected.to_dict())
    assert told["rows"] == frame["pay"].notna().sum()
    assert told["left_out"] == frame["pay"].isna().sum()


def test_a_mean_of_yes_and_no_is_a_share(frame, drawn):
    told = drawn(kind="line", x="age", measure="mean", of="left")
    found = {told["xs"][one["x"]]: one["value"] for one in told["groups"]}
    expected = frame.groupby("age")["left"].mean()
    assert found == pytest.approx({str(age): share for age, share in expected.items()})


@pytest.mark.parametrize("kind", ["bar", "line", "histogram"])
@pytest.mark.parametrize("x", ["pay", "day", "age", "endless", "many", "town"])
def test_the_rows_of_each_group_are_those_that_fulfil_its_condition(file, drawn, kind, x):
    if kind == "histogram" and x in {"many", "town"}:
        with pytest.raises(BadParameter, match="choose bars"):
            drawn(kind=kind, x=x)
        return
    told = drawn(kind=kind, x=x, colour="town", facet="left")
    assert sum(one["rows"] for one in told["groups"]) == told["rows"] == ROWS - told["left_out"]
    asked = told["conditions"]
    for one in told["groups"][::9]:
        parts = [asked["panels"][one["panel"]], asked["colours"][one["colour"]], asked["xs"][one["x"]]]  # fmt: skip # noqa: E501
        if all(parts):
            where = [Condition.from_list(part) for part in parts]
            assert sliced(file, where=where).rows == one["rows"]


def test_boxes_hold_the_quartiles(frame, drawn):
    told = drawn(kind="box", x="town", y="pay")
    oslo = next(one for one in told["groups"] if told["xs"][one["x"]] == "Oslo")
    values = frame.loc[(frame["town"] == "Oslo").fillna(False), "pay"].dropna()
    expected = values.quantile([0.25, 0.5, 0.75]).tolist()
    assert [oslo["lower"], oslo["middle"], oslo["upper"]] == pytest.approx(expected)


def test_few_points_are_drawn_and_many_are_counted(frame, file, tmp_path):
    told = picture_of(Columns(file), Picture("scatter", "pay", "age", colour="town"))
    assert len(told["points"]["x"]) == frame["pay"].notna().sum()
    large = tmp_path / "large.parquet"
    rng = np.random.default_rng(1)
    wide = pd.DataFrame({"a": rng.random(6_000), "b": rng.random(6_000), "g": rng.random(6_000)})
    write_table(wide, large)
    told = picture_of(Columns(large), Picture("scatter", "a", "b", facet="g"))
    assert len(told["panels"]) == 4
    counted = sum(sum(map(sum, part)) for part in told["cells"])
    assert counted + told["far_out"] == told["rows"] == 6_000
    picture_chart(told)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("facet", ["", "many"])
def test_every_chart_has_its_numbers_as_a_table_and_few_enough_marks(drawn, kind, facet):
    x = "town" if kind in {"bar", "box", "heatmap"} else "pay"
    y = "many" if kind == "heatmap" else "age"
    figure = picture_chart(drawn(kind=kind, x=x, y=y, colour="many", facet=facet))
    table = as_table(figure)
    assert table["rows"]
    assert {len(row) for row in table["rows"]} == {len(table["columns"])}
    assert bool(facet) == (table["columns"][0] == facet)
    told = [trace["name"] for trace in figure["data"] if trace.get("showlegend")]
    assert len(told) == len(set(told))  # a colour stands in the legend once, not once a panel
    axes = [axis for key, axis in figure["layout"].items() if key.startswith("yaxis")]
    if len(axes) > 1:  # those that match each other would all keep the range of an empty one
        assert all("range" in axis or axis["autorange"] for axis in axes)
    assert all(axis["ticks"] == "" for axis in axes)  # every panel has the look of the first
    assert len(figure["data"]) < 40
    assert MOST_MARKS == 5_000


def test_hostile_names_and_values_stay_text(tmp_path):
    names = ["__proto__", "<img src=x onerror=alert(1)>", "\u202eright", "🦊" * 60]
    frame = pd.DataFrame({name: pd.array([*names, None] * 4, dtype="string") for name in names})
    frame["n"] = range(len(frame))
    path = tmp_path / "hostile.parquet"
    write_table(frame, path)
    for name in names:
        for asked in (
            Picture("bar", name, measure="mean", of="n", colour=names[1], facet=names[0]),
            Picture("box", name, "n", facet=names[1]),
            Picture("heatmap", name, names[1]),
            Picture("scatter", "n", "n", colour=name, facet=names[1]),
        ):
            figure = picture_chart(picture_of(Columns(path), asked))
            layout = {key: value for key, value in figure["layout"].items() if key != "meta"}
            assert "<img" not in str([figure["data"], layout])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"kind": "pie", "x": "age"}, "no such chart"),
        ({"kind": "bar", "x": ""}, "horizontal axis"),
        ({"kind": "box", "x": "town"}, "vertical axis"),
        ({"kind": "bar", "x": "town", "measure": "mean"}, "whose mean is told"),
        ({"kind": "bar", "x": "town", "measure": "mean", "of": "many"}, "no numbers"),
        ({"kind": "scatter", "x": "town", "y": "age"}, "holds texts"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(drawn, asked, says):
    with pytest.raises(BadParameter, match=says):
        drawn(**asked)


def test_no_row_with_what_it_needs_is_said(tmp_path):
    path = tmp_path / "empty.parquet"
    write_table(pd.DataFrame({"a": [np.nan, np.nan], "b": [1.0, 2.0]}), path)
    with pytest.raises(NotEnoughData):
        picture_of(Columns(path), Picture("scatter", "a", "b"))


def test_a_chart_over_dates_says_which_step_of_time_a_mark_is(drawn):
    told = drawn(kind="line", x="day", colour="town")
    assert told["steps"] == {"x": "week"}
    figure = picture_chart(told)
    assert figure["layout"]["xaxis"]["title"]["text"] == "week of day"
    assert figure["layout"]["xaxis"]["ticktext"][0] == "1 Jan 2024"
    assert as_table(figure)["columns"][:2] == ["town", "week of day"]
    assert as_table(figure)["rows"][0][1] == "2024-01-01"
    assert drawn(kind="line", x="age")["steps"] == {}
    by_day = picture_chart(drawn(kind="bar", x="age", facet="day"))
    assert by_day["layout"]["annotations"][0]["text"].startswith("week of day: 1 Jan 2024")


def test_every_category_of_a_chart_has_its_name(tmp_path):
    path = tmp_path / "many.parquet"
    write_table(pd.DataFrame({"town": [f"town {n:02}" for n in range(16)] * 3}), path)
    axis = picture_chart(picture_of(Columns(path), Picture("bar", "town")))["layout"]["xaxis"]
    assert len(axis["ticktext"]) == len(axis["tickvals"]) == 16
    assert axis["tickangle"] == -90
