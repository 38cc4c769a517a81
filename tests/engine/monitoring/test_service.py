"""Service figures from the log of calls."""

from datetime import UTC, datetime, timedelta

from apps.engine.monitoring.service import MOST_PERIODS, service

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DAY = timedelta(hours=24)


def test_percentiles_errors_and_volume_are_counted():
    calls = [(NOW - timedelta(minutes=n), 200, float(n + 1), 2) for n in range(100)]
    calls += [(NOW, 500, 900.0, 0)] * 4 + [(NOW, 422, 0.5, 0)] * 6
    seen = service(calls, now=NOW, window=DAY)
    assert (seen["calls"], seen["rows"], seen["errors"], seen["refused"]) == (110, 200, 4, 6)
    assert seen["error_rate"] == 4 / 110
    # Of 1, 2 ... 100 ms, with linear interpolation; refused and failed calls are no latency.
    assert {name: round(value, 2) for name, value in seen["latency_ms"].items()} == {
        "p50": 50.5,
        "p95": 95.05,
        "p99": 99.01,
    }


def test_calls_outside_of_the_window_are_left_out():
    calls = [(NOW - DAY, 200, 1.0, 1), (NOW + timedelta(seconds=1), 200, 1.0, 1)]
    seen = service(calls, now=NOW, window=DAY)
    assert (seen["calls"], seen["error_rate"], seen["latency_ms"]) == (0, 0.0, None)
    assert seen["periods"] == []


def test_each_call_is_in_one_period_in_time_order():
    step = DAY / MOST_PERIODS
    calls = [(NOW - DAY + place * step / 4, 200, 1.0, 1) for place in range(1, 4 * 48 + 1)]
    calls.reverse()
    periods = service(calls, now=NOW, window=DAY)["periods"]
    assert [period["calls"] for period in periods] == [4] * MOST_PERIODS
    starts = [datetime.fromisoformat(period["start"]) for period in periods]
    assert starts[0] == NOW - DAY
    assert starts == sorted(starts)
    assert starts[-1] == NOW - step
