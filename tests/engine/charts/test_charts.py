import json
import re

import numpy as np
import pandas as pd
import pytest

from apps.engine.charts import (
    columns,
    gaps,
    monitors,
    pairs,
    periods,
    rankings,
    relations,
    scores,
    splits,
)
from apps.engine.charts.labels import label, shares, short, thinned
from apps.engine.charts.table import answer, as_table
from apps.engine.charts.theme import DARK, MOST_MARKS, SERIES, build, theme
from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.evaluation.gains import errors_by_size, gain_curve, score_bins
from apps.engine.profile.cells import Columns
from apps.engine.profile.explore import explore_table
from apps.engine.profile.pairs import pair_of
from apps.engine.reading.tables import write_table
from apps.engine.types import silent

HOSTILE = ["<b>bold</b>", '<a href="javascript:alert(1)">x</a>', "__proto__", "%{y}", "a<br>b"]


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    rng = np.random.default_rng(0)
    n = 300
    frame = pd.DataFrame(
        {
            "amount": rng.normal(50, 9, n),
            "<i>age</i>": np.where(rng.random(n) < 0.2, np.nan, rng.integers(18, 90, n)),
            "constructor": pd.Series(rng.choice(HOSTILE, n), dtype="string"),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 40, n), unit="D"),
            "kind": pd.Series(rng.choice(["<u>a</u>", "b", "c"], n), dtype="string"),
        }
    )
    file = tmp_path_factory.mktemp("charts") / "table.parquet"
    write_table(frame, file)
    both = explore_table(table=str(file), target="kind", report=silent)
    told = {**both["profile"], "study": both["study"]}
    told["pairs"] = {
        f"pair {a} {b} {third}": pair_of(Columns(file), a=a, b=b, third=third)
        for a, b, third in (
            ("amount", "<i>age</i>", "constructor"),
            ("amount", "day", "<i>age</i>"),
            ("amount", "constructor", ""),
            ("kind", "constructor", ""),
        )
    }
    return told


PERIODS = [
    {"at": "2024-01-01", "value": 0.8, "low": 0.7, "high": 0.9, "rows": 40},
    {"at": "2024-01-08", "value": None, "low": None, "high": None, "rows": 0},
    {"at": "2024-01-15", "value": 0.7, "low": 0.6, "high": 0.8, "rows": 50},
]
FEATURES = [
    {"feature": "__proto__", "psi": 0.05, "state": "stable"},
    {"feature": "<b>amount</b>", "psi": 0.4, "state": "drifted"},
    {"feature": "new", "psi": None, "state": "too few rows"},
]
RANKED = gain_curve(np.arange(40) % 4 == 0, np.linspace(0, 1, 40))
SPREAD = score_bins(np.arange(40) % 4 == 0, np.linspace(0, 1, 40))
SIZES = errors_by_size(np.linspace(0, 9, 40), np.linspace(0, 10, 40))
LEARNT = [{"rows": 10.0 * n, "score": 0.6 + 0.1 * n, "low": 0.5, "high": 0.9} for n in (1, 2)]
STEPS = [{"at": f"2024-01-01T{n:02}:00:00", "p50": 1.0, "p95": 2.0, "p99": 3.0} for n in range(9)]


@pytest.fixture
def figures(profile):
    drawn = {f"column {entry['name']}": columns.column_chart(entry) for entry in profile["columns"]}
    drawn |= {
        f"relation {entry['name']}": relations.target_relation(entry["relation"])
        for entry in profile["columns"]
        if "relation" in entry
    }
    return drawn | {
        "associations": relations.relation_matrix(profile["study"]["relations"]),
        "linear": relations.relation_matrix(profile["study"]["relations"], measure="linear"),
        "patterns": gaps.gap_patterns(profile["study"]["gaps"]),
        "effects": gaps.gap_effects(profile["study"]["gaps"]["columns"]),
        "rows": periods.period_rows(profile["study"]["time"][0]),
        "target": periods.period_target(profile["study"]["time"][0]),
        "moved": periods.period_drift(profile["study"]["time"][0]),
        "season": periods.season(profile["study"]["time"][0]["seasons"][0]),
        **{name: pairs.pair_chart(told) for name, told in profile["pairs"].items()},
        "split": splits.split_strip(test_rows=20, fold_rows=[40, 40], method="stratified"),
        "confusion": scores.confusion_matrix([[5, 1], [2, 8]], classes=["<b>no</b>", "yes"]),
        "roc": scores.roc_curve([(0, 0), (0.2, 0.9), (1, 1)], name="<b>m</b>"),
        "pr": scores.precision_recall_curve([(0, 1), (1, 0.3)], name="m", positive_share=0.3),
        "calibration": scores.calibration_curve([(0.1, 0.2), (0.9, 0.8)], name="m"),
        "gain": rankings.cumulative_gain(RANKED, positive="<b>yes</b>"),
        "lift": rankings.lift(RANKED, positive="<b>yes</b>"),
        "spread": rankings.score_distribution(SPREAD, positive="<b>yes</b>", chosen=0.4),
        "sizes": rankings.error_sizes(SIZES),
        "learning": rankings.learning(LEARNT, scale="ROC AUC", guess=0.5),
        "latency": monitors.latency_over_time(STEPS),
        "drift": monitors.drift_bars(FEATURES),
        "metric": monitors.metric_over_time(PERIODS, title="<b>recall</b>", threshold=0.75),
    }


def walk(part, path=()):
    """Every (path, value) of nested JSON, and every key as a value of its own."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield (*path, "key"), key
            yield from walk(value, (*path, key))
    elif isinstance(part, list):
        for value in part:
            yield from walk(value, path)
    else:
        yield path, part


def test_every_figure_is_strict_json_with_numbers_beside_it(figures):
    assert len(figures) == 34
    for name, figure in figures.items():
        answered = json.loads(json.dumps(answer(figure), allow_nan=False))
        assert set(answered["figure"]) == {"data", "layout", "config"}, name
        assert answered["figure"]["data"], name
        table = answered["table"]
        assert table["rows"], name
        assert {len(row) for row in table["rows"]} == {len(table["columns"])}, name
        assert answered["figure"]["config"]["displayModeBar"] is False
        assert answered["figure"]["layout"]["paper_bgcolor"] == "rgba(0,0,0,0)"
        assert "template" not in answered["figure"]["layout"]


def test_no_text_of_a_user_is_markup_a_template_or_a_key(figures):
    for name, figure in figures.items():
        for path, value in walk(answer(figure)["figure"]):
            if not isinstance(value, str):
                continue
            if path[-1] == "key":
                assert value not in {"__proto__", "constructor", *HOSTILE}, (name, path)
            elif path[-1] in {"hovertemplate", "texttemplate"}:
                assert re.sub(r"<extra>\w*</extra>", "", value).count("<") == 0, (name, value)
                assert not any(text in value for text in HOSTILE if text != "%{y}")
            else:
                assert "<" not in value, (name, path, value)


def test_names_are_shown_as_the_user_wrote_them(figures):
    ticks = figures["column constructor"]["layout"]["yaxis"]["ticktext"]
    assert "&lt;b&gt;bold&lt;/b&gt;" in ticks
    told = {row[0] for row in as_table(figures["column constructor"])["rows"]}
    assert told == set(HOSTILE)


def test_names_that_are_cut_alike_stay_two_bars():
    top = [{"value": "x" * 60 + end, "rows": 5} for end in "ab"]
    column = {"top": top, "rest": {"values": 0, "rows": 0}, "count": 10, "kind": "text"}
    bars = columns.categories(column)["data"][0]
    assert (bars["y"], bars["x"]) == ([0, 1], [5, 5])


def test_a_label_is_text_on_one_line_and_short():
    assert label("a <b>&amp;</b>\n b") == "a &lt;b&gt;&amp;amp;&lt;/b&gt; b"
    assert label("  ") == "(blank)"
    assert len(label("x" * 500)) == 32
    short_names = {label(f"customer_mean_amount_{days}d", longest=20) for days in (1, 7, 30)}
    assert len(short_names) == 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (0.123456, "0.1235"),
        (0.01, "0.01"),
        (2013.0, "2,013"),
        (1234.56, "1,235"),
        (12345.6, "12,346"),
        (45978, "45,978"),
        (3.2e9, "3.2e+09"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_numbers_are_written_short(value, text):
    assert short(value) == text


def test_nothing_parts_the_thousands_of_a_year():
    assert (short(2013, years=True), short(2013.46, years=True)) == ("2013", "2013")


@pytest.mark.parametrize(
    ("values", "low", "ticks"),
    [
        ((1,), 0.0, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        ((0.004, None), 0.0, ["0 %", "0.1 %", "0.2 %", "0.3 %", "0.4 %"]),
        ((-0.12, 0.3), 0.0, ["\N{MINUS SIGN}10 %", "0 %", "10 %", "20 %", "30 %"]),
        ((0.95,), 0.83, ["84 %", "86 %", "88 %", "90 %", "92 %", "94 %"]),
        ((), 0.0, ["0 %"]),
    ],
)
def test_ticks_of_shares_are_written_as_texts_write_a_share(values, low, ticks):
    told = shares(values, low=low)
    assert told["ticktext"] == [tick.replace(" %", "\N{NARROW NO-BREAK SPACE}%") for tick in ticks]
    assert len(told["tickvals"]) == len(ticks)


def test_histogram_bars_stand_on_their_bins_and_far_rows_are_told():
    shape = {"edges": [0.0, 1.0, 3.0], "counts": [4, 6], "below": 0, "above": 2}
    figure = columns.histogram({"name": "x", "histogram": shape})
    bars = figure["data"][0]
    assert (bars["x"], bars["width"], bars["y"]) == ([0.5, 2.0], [1.0, 2.0], [4, 6])
    assert as_table(figure)["rows"][-1] == ["above 3", 2]
    assert "2 far-out rows not drawn" in figure["layout"]["xaxis"]["title"]["text"]
    with pytest.raises(NotEnoughData, match="holds no number"):
        columns.histogram({"name": "x", "histogram": None})


def test_few_whole_numbers_are_bars_apart_named_by_their_value():
    shape = {"edges": [-0.5, 0.5, 1.5], "counts": [4, 6], "below": 0, "above": 0}
    figure = columns.histogram({"name": "x", "kind": "integer", "histogram": shape})
    assert as_table(figure)["rows"] == [["0", 4], ["1", 6]]
    assert figure["data"][0]["width"] == [0.85, 0.85]
    assert figure["layout"]["xaxis"]["dtick"] == 1
    wide = {**shape, "edges": [-0.5, 4.5, 9.5]}
    figure = columns.histogram({"name": "x", "kind": "integer", "histogram": wide})
    assert as_table(figure)["rows"] == [["0 to 4", 4], ["5 to 9", 6]]
    assert "dtick" not in figure["layout"]["xaxis"]
    halves = columns.histogram({"name": "x", "kind": "number", "histogram": shape})
    assert as_table(halves)["rows"][0] == ["-0.5 to 0.5", 4]


def test_whiskers_reach_from_the_value_to_its_bounds():
    relation = {
        "target": "y",
        "kind": "rate",
        "labels": ["a", "b"],
        "rows": [10, 0],
        "series": [
            {
                "name": "yes",
                "points": [
                    {"value": 0.5, "low": 0.25, "high": 0.875},
                    {"value": None, "low": None, "high": None},
                ],
            }
        ],
    }
    trace = relations.target_relation(relation)["data"][0]
    assert trace["y"] == [0.5]
    assert trace["error_y"]["array"] == [0.375]
    assert trace["error_y"]["arrayminus"] == [0.25]


def test_a_time_split_shows_what_a_fold_does_not_use():
    figure = splits.split_strip(test_rows=20, fold_rows=[30, 40], train_only_rows=10, method="time")
    assert as_table(figure)["rows"] == [["Fold 1", 10, 30, 20], ["Fold 2", 40, 40, 20]]
    assert sum(trace["x"][0] for trace in figure["data"]) == 100
    later = figure["data"][2]
    assert later["text"] == ["not used", "validates"]


def test_the_promise_is_a_dashed_line_at_the_threshold(figures):
    up = figures["metric"]["layout"]["shapes"][0]
    assert (up["y0"], up["y1"], up["line"]["dash"]) == (0.75, 0.75, "dash")
    low, high = figures["metric"]["layout"]["yaxis"]["range"]
    assert low < 0.6 < 0.9 < high


def test_a_period_without_outcomes_has_no_point_and_no_interval(figures):
    line = figures["metric"]["data"][0]
    assert line["y"] == [0.8, None, 0.7]
    assert line["error_y"]["array"] == [pytest.approx(0.1), None, pytest.approx(0.1)]


def test_confusion_shares_are_of_the_true_class(figures):
    assert as_table(figures["confusion"])["rows"][1] == ["<b>no</b>", "yes", 1, 0.166667]
    with pytest.raises(BadParameter, match="21 classes; at most 20"):
        scores.confusion_matrix([[0] * 21] * 21, classes=[str(n) for n in range(21)])


def test_the_most_drifted_feature_comes_first(figures):
    states = [row[2] for row in as_table(figures["drift"])["rows"]]
    assert figures["drift"]["layout"]["yaxis2"]["ticktext"] == states
    assert [row[0] for row in as_table(figures["drift"])["rows"]] == [
        "<b>amount</b>",
        "__proto__",
        "new",
    ]


def test_many_steps_are_thinned_and_peaks_stay():
    steps = [{"at": f"t{n}", "p50": 1.0, "p95": 2.0, "p99": 3.0} for n in range(20_000)]
    steps[777] |= {"p99": 900.0}
    figure = monitors.latency_over_time(steps)
    assert len(figure["data"][2]["y"]) == monitors.MOST_STEPS
    assert max(figure["data"][2]["y"]) == 900
    assert thinned(list(range(10)), most=3) == [0, 3, 9]


def test_a_chart_with_too_many_marks_or_an_unknown_property_is_refused():
    too_many = [{"type": "scatter", "x": [0] * (MOST_MARKS + 1), "y": [0] * (MOST_MARKS + 1)}]
    with pytest.raises(BadParameter, match="5001 marks"):
        build(too_many, columns=[], rows=[])
    with pytest.raises(BadParameter, match="cannot be drawn"):
        build([{"type": "scatter", "colour": "red"}], columns=[], rows=[])


def test_dark_and_light_are_the_same_figure_in_other_colours(figures):
    for figure in figures.values():
        dark = theme(figure, dark=True)
        assert dark != figure
        assert theme(dark, dark=False) == figure
        assert as_table(dark) == as_table(figure)


def test_a_text_that_looks_like_a_colour_stays():
    drift = [{"feature": "#2f5bd7", "psi": 0.4, "state": "drifted"}]
    dark = theme(monitors.drift_bars(drift), dark=True)
    assert dark["layout"]["yaxis"]["ticktext"] == ["#2f5bd7"]


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", SERIES)
def test_every_series_colour_stands_out_from_both_grounds(colour):
    """WCAG 2.2, 1.4.11: graphics need a contrast of 3 to 1."""
    assert contrast(colour, "#ffffff") >= 3
    assert contrast(DARK[colour], "#161b22") >= 3


def test_a_strip_of_folds_names_each_of_its_colours_once():
    told = splits.split_strip(test_rows=20, fold_rows=[40, 40], train_only_rows=30, method="time")
    key = [trace for trace in told["data"] if trace.get("showlegend") is not False]
    assert [trace["name"] for trace in key] == ["trains", "validates", "not used", "sealed test"]
    assert all(trace["x"] == [0] for trace in key), "nothing is drawn for the legend"
    assert told["layout"]["legend"]["traceorder"] == "normal"
    random = splits.split_strip(test_rows=0, fold_rows=[40, 40], method="random")
    assert {trace.get("name") for trace in random["data"]} == {None, "trains", "validates"}
