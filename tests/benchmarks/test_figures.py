"""The pure parts of the benchmarks, and how they are asked for."""

import json
import subprocess

import pytest
from django.conf import settings

from benchmarks.rig.figures import CannotMeasure, Load, bar, closing_line, percentile, spread, table
from benchmarks.rig.load import body_of, request_bytes

pytestmark = pytest.mark.once  # no database at all


@pytest.mark.parametrize(
    ("share", "expected"),
    # The nearest-rank example of Wikipedia's article "Percentile": 15, 20, 35, 40, 50.
    [(0.05, 15), (0.30, 20), (0.40, 20), (0.50, 35), (1.00, 50), (0.0, 15)],
)
def test_percentiles_are_the_published_nearest_ranks(share, expected):
    assert percentile([35, 20, 50, 15, 40], share) == expected


def test_a_percentile_of_nothing_is_no_number():
    with pytest.raises(CannotMeasure):
        percentile([], 0.5)


def test_figures_count_answers_per_second_and_keep_the_slow_ones():
    told = Load([*range(1, 100), 1000.0], took_s=2.0).figures()
    assert told == {"per_s": 50.0, "p50_ms": 50, "p95_ms": 95, "p99_ms": 99}


def test_the_spread_of_runs_tells_the_noise():
    runs = [{"per_s": 10.0}, {"per_s": 40.0}, {"per_s": 20.0}]
    assert spread(runs) == {"per_s": {"min": 10.0, "median": 20.0, "max": 40.0}}


def test_the_closing_line_is_one_line_of_json_and_holds_only_when_each_bar_does():
    def line(*values):
        bars = {str(value): bar(value, at_least=30.0) for value in values}
        told = closing_line("serving", figures={"text": "a\nb"}, bars=bars)
        assert "\n" not in told
        assert set(json.loads(told)) == {"benchmark", "figures", "bars", "held"}
        return json.loads(told)

    assert line(30.0, 31.0)["held"] is True
    assert line(29.9, 31.0)["held"] is False
    assert line()["held"] is False
    with pytest.raises(ValueError, match="JSON"):
        line(float("inf"))


def test_a_table_is_markdown_that_reads_in_a_terminal():
    assert table(["a", "of"], [["long", "1"]]) == "| a    | of |\n| ---- | -- |\n| long | 1  |"


def test_an_answer_is_taken_whole_and_only_with_status_200():
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nx: y"
    assert body_of(head) is None
    assert body_of(head + b"\r\n\r\n{}") is None
    assert body_of(head + b"\r\n\r\n{12}") == b"{12}"
    with pytest.raises(CannotMeasure, match="503 Busy: no"):
        body_of(b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno")


def test_a_request_tells_the_bytes_of_its_body():
    told = request_bytes("/p", "é".encode(), port=1, headers=[("Authorization", "Bearer t")])
    assert told.startswith(b"POST /p HTTP/1.1\r\nHost: 127.0.0.1:1\r\n")
    assert b"Content-Length: 2\r\nAuthorization: Bearer t\r\n\r\n" in told


@pytest.mark.parametrize("chosen", [[], ["B="], ["B=nothing"], ["B=rig"], ["B=__init__"]])
def test_make_bench_without_a_known_name_says_which_there_are(chosen):
    # -o: the environment that runs this test counts as built, make does not renew it.
    done = subprocess.run(
        ["make", "-o", ".venv/.stamp", "bench", *chosen],
        cwd=settings.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = sorted(path.stem for path in (settings.ROOT / "benchmarks").glob("[!_]*.py"))
    assert done.returncode != 0
    assert f"There are: {' '.join(names)}." in done.stderr
