"""Axes write numbers and dates as the page beside them does."""

import plotly.graph_objects as go
import pytest

from apps.engine.charts import columns, periods
from apps.engine.charts.axes import HOVERED, may_be_years
from apps.engine.charts.theme import build
from apps.engine.profile.datetime import UNITS


def axes_of(*traces, **layout):
    """Both axes of a figure of these traces."""
    drawn = build(list(traces), columns=[], rows=[], layout=layout)["layout"]
    return drawn["xaxis"], drawn["yaxis"]


def test_thousands_are_parted_on_every_axis_and_years_are_not():
    amounts, years = [120.0, 5_000.0], [2011, 2013]
    x, y = axes_of(go.Scatter(x=years, y=amounts))
    assert (x["separatethousands"], y["separatethousands"]) == (False, True)
    x, y = axes_of(go.Scatter(x=amounts, y=[None, 1990.5]))
    assert (x["separatethousands"], y["separatethousands"]) == (True, False)


def test_bars_begin_at_nothing_so_their_heights_are_no_years():
    x, y = axes_of(go.Bar(x=[2011, 2012], y=[1_900, 2_100]))
    assert (x["separatethousands"], y["separatethousands"]) == (False, True)
    x, y = axes_of(go.Bar(x=[1_900, 2_100], y=[0, 1], orientation="h"))
    assert (x["separatethousands"], y["separatethousands"]) == (True, True)


def test_each_panel_asks_for_its_own_marks():
    first, second = go.Scatter(x=[1, 2], y=[3, 4]), go.Scatter(x=[2011], y=[9_000])
    second.xaxis, second.yaxis = "x2", "y2"
    drawn = build(
        [first, second],
        columns=[],
        rows=[],
        layout={"xaxis2": {"anchor": "y2"}, "yaxis2": {"anchor": "x2"}},
    )
    parted = {key: drawn["layout"][key]["separatethousands"] for key in ("xaxis", "xaxis2")}
    assert parted == {"xaxis": True, "xaxis2": False}
    assert drawn["layout"]["yaxis2"]["separatethousands"]


def test_millions_are_written_out_and_only_what_is_longer_is_named():
    x, _ = axes_of(go.Scatter(x=[1_000_000, 9_000_000], y=[1, 2]))
    assert (x["exponentformat"], x["minexponent"]) == ("B", 6)


def test_a_box_that_stands_upright_tells_years_by_its_quartiles():
    ends = {
        "lowerfence": [2001],
        "q1": [2003],
        "median": [2005],
        "q3": [2008],
        "upperfence": [2013],
    }
    assert not axes_of(go.Box(x=[0], **ends))[1]["separatethousands"]
    assert axes_of(go.Box(x=[0], **{**ends, "upperfence": [9000]}))[1]["separatethousands"]


def test_a_date_axis_says_no_more_than_its_step_and_the_day_before_the_month():
    x, _ = axes_of(go.Scatter(x=["2013-01-01"], y=[1]), xaxis={"type": "date"})
    values = [stop["value"] for stop in x["tickformatstops"]]
    assert values == ["%H:%M\n%-d %b %Y", "%-d %b\n%Y", "%b\n%Y", "%Y"]
    assert "separatethousands" not in x
    own = axes_of(go.Scatter(x=[1], y=[1]), xaxis={"type": "date", "tickformat": "%H:%M"})[0]
    assert "tickformatstops" not in own


def test_a_chart_may_say_otherwise():
    x, _ = axes_of(go.Scatter(x=[9_000], y=[1]), xaxis={"separatethousands": False})
    assert not x["separatethousands"]


def test_every_step_that_a_profile_knows_has_a_name_on_the_axis():
    assert set(HOVERED) == {name for name, *_ in UNITS}


def test_nothing_is_no_year():
    assert not may_be_years([])


def test_months_along_time_have_no_day_on_the_axis_and_keep_it_in_the_table():
    starts = ["2013-01-01", "2013-02-01"]
    figure = periods.period_rows({"step": "month", "starts": starts, "rows": [9, 8]})
    assert figure["layout"]["xaxis"]["ticktext"] == ["Jan 2013", "Feb 2013"]
    assert figure["data"][0]["text"] == ["Jan 2013", "Feb 2013"]
    assert [row[0] for row in figure["layout"]["meta"]["rows"]] == starts


def test_a_mark_over_dates_is_called_by_its_step():
    over = {"step": "month", "starts": ["2013-01-01T00:00:00"], "counts": [3]}
    figure = columns.time_counts({"name": "at", "over_time": over})
    assert figure["layout"]["xaxis"]["hoverformat"] == "%b %Y"


@pytest.mark.parametrize(
    ("low", "high", "names", "parted"),
    [
        (2011, 2013, ["2011", "2012", "2013"], False),
        (2999, 3001, ["2,999", "3,000", "3,001"], True),
    ],
)
def test_bars_of_years_are_years_in_picture_and_table(low, high, names, parted):
    edges = [low - 0.5 + place for place in range(4)]
    column = {
        **{"name": "n", "kind": "integer", "minimum": low, "maximum": high},
        "histogram": {"edges": edges, "counts": [1, 2, 3], "below": 0, "above": 0},
    }
    figure = columns.histogram(column)
    axis = figure["layout"]["xaxis"]
    assert [row[0] for row in figure["layout"]["meta"]["rows"]] == names
    assert axis["tickformat"] == (",d" if parted else "d")


def test_a_legend_is_held_where_a_resize_leaves_it_above_the_plot():
    figure = build([go.Bar(x=[1], y=[1])], columns=["x"], rows=[], layout={"showlegend": True})
    assert figure["layout"]["legend"]["yref"] == "container"


def test_a_cell_of_drift_names_its_column_and_its_time():
    drift = [{"name": "amount", "psi": [0.0, 0.3], "most": 0.3}]
    told = {"step": "month", "starts": ["2013-01-01", "2013-02-01"], "drift": drift}
    (heat,) = periods.period_drift(told)["data"]
    assert heat["text"] == [["amount, Jan 2013", "amount, Feb 2013"]]
    assert heat["colorbar"]["orientation"] == "h"
