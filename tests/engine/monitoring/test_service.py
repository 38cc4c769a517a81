"""Service figures from sums of the log of calls."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from apps.engine.monitoring.service import (
    GROWTH,
    MOST_KINDS,
    PERIOD,
    Tally,
    bin_of,
    percentile_ms,
    period_of,
    service,
    summary,
)

pytestmark = pytest.mark.once
NOW = datetime(2026, 1, 2, 0, 10, tzinfo=UTC)
DAY = timedelta(hours=24)


def tally(*calls: tuple[int, float, int], error: str = "x") -> Tally:
    found = Tally()
    for status, latency_ms, rows in calls:
        found.add(status=status, error=error, latency_ms=latency_ms, rows=rows)
    return found


def test_percentiles_errors_and_volume_are_counted():
    calls = [(200, float(n + 1), 2) for n in range(100)] + [(500, 900.0, 0)] * 4
    seen = tally(*calls, *[(422, 0.5, 0)] * 6).told()
    assert (seen["calls"], seen["rows"], seen["errors"], seen["refused"]) == (110, 200, 4, 6)
    assert seen["error_rate"] == 4 / 110
    # Of 1, 2 ... 100 ms; refused and failed calls are no latency.
    assert seen["latency_ms"] == pytest.approx({"p50": 50, "p95": 95, "p99": 99}, rel=0.01)
    exact = summary([(NOW, *call) for call in calls])["latency_ms"]
    assert exact == pytest.approx({"p50": 50.5, "p95": 95.05, "p99": 99.01})


def test_a_percentile_of_the_bins_is_off_by_one_percent_at_most():
    latencies = np.sort(np.random.default_rng(1).lognormal(1, 1.5, 5_000))
    found = Tally()
    for value in latencies:
        found.add(status=200, error="", latency_ms=value, rows=1)
    for share in (0.01, 0.5, 0.95, 0.99, 1.0):
        exact = latencies[max(0, int(np.ceil(share * 5_000)) - 1)]
        assert abs(percentile_ms(found.latency, share) / exact - 1) <= (GROWTH - 1) / 2
    assert bin_of(0.0) == bin_of(1e-9)  # a clock that did not move is no error


def test_half_hours_outside_of_the_window_are_left_out_and_the_first_is_whole():
    first = datetime(2026, 1, 1, 0, 0, tzinfo=UTC)
    seen = service(
        [
            (first - PERIOD, tally((200, 1.0, 1))),
            (first, tally((200, 1.0, 1))),
            (NOW + PERIOD, tally((200, 1.0, 1))),
        ],
        now=NOW,
        window=DAY,
    )
    assert (seen["calls"], seen["since"]) == (1, first.isoformat())
    assert seen["span_days"] == pytest.approx(1 + 10 / 1440)
    assert service([], now=NOW, window=DAY)["latency_ms"] is None


def test_sums_of_one_half_hour_are_added_and_told_in_the_order_of_time():
    later, sooner = period_of(NOW), period_of(NOW) - 2 * PERIOD
    told = [(later, tally((200, 2.0, 1))), (sooner, tally((503, 1.0, 0))), (later, tally())]
    told.append((later, tally((200, 4.0, 1), (429, 1.0, 0), error="rate")))
    seen = service(told, now=NOW, window=DAY)
    assert [(each["start"], each["calls"]) for each in seen["periods"]] == [
        (sooner.isoformat(), 1),
        (later.isoformat(), 3),
    ]
    assert seen["kinds"] == {"x": 1, "rate": 1}


def test_a_half_hour_begins_alike_in_every_zone_and_kinds_are_bounded():
    india = timezone(timedelta(hours=5, minutes=45))
    assert period_of(NOW.astimezone(india)) == datetime(2026, 1, 2, tzinfo=UTC)
    found = Tally()
    for number in range(2 * MOST_KINDS):
        found.add(status=400, error=f"code {number}", latency_ms=1.0, rows=0)
    assert (found.refused, len(found.kinds)) == (2 * MOST_KINDS, MOST_KINDS)
