"""A canary that is worse is told; one that is not survives a look every minute."""

import numpy as np
import pytest

from apps.engine.monitoring.guard import HOLDS, UNKNOWN, WORSE, Bounds, Side, guard

BOUNDS = Bounds(failed=1.0, latency=2.0, metric=0.05)
METRIC = {"title": "Recall", "direction": "up"}


def side(*, calls=400, failed=0, scale=1.0, verdict=None, seed=0):
    times = np.random.default_rng(seed).gamma(2.0, scale, calls - failed)
    return Side(calls, failed, times.tolist(), verdict)


def states(canary, release=None):
    return [line["state"] for line in guard(canary, release or side(seed=9), BOUNDS)]


@pytest.mark.parametrize(
    ("canary", "expected"),
    [
        (side(), [HOLDS, HOLDS, UNKNOWN]),
        (side(failed=40), [WORSE, HOLDS, UNKNOWN]),
        (side(failed=3), [HOLDS, HOLDS, UNKNOWN]),
        (side(scale=5.0), [HOLDS, WORSE, UNKNOWN]),
        (side(scale=1.7), [HOLDS, HOLDS, UNKNOWN]),
        (side(calls=19), [UNKNOWN, UNKNOWN, UNKNOWN]),
    ],
)
def test_failed_and_slow_calls_beyond_their_bound_are_told(canary, expected):
    assert states(canary) == expected


@pytest.mark.parametrize(
    ("result", "direction", "expected"),
    [(0.60, "up", WORSE), (0.72, "up", HOLDS), (0.99, "up", HOLDS), (0.99, "down", WORSE)],
)
def test_the_metric_is_worse_only_with_its_whole_interval(result, direction, expected):
    def told(value):
        near = {"result": value, "low": value - 0.04, "high": value + 0.04}
        return {**METRIC, **near, "direction": direction}

    assert states(side(verdict=told(result)), side(verdict=told(0.75)))[2] == expected


def test_a_good_canary_survives_being_looked_at_again_and_again():
    """Eight streams of 4,000 calls of which 1 % fail on both sides, looked at 60 times each."""
    random = np.random.default_rng(3)
    ended = 0
    for _ in range(8):
        failed = random.random(4_000) < 0.01
        times = random.gamma(2.0, 1.0, 4_000)
        release = Side(36_000, 360, random.gamma(2.0, 1.0, 5_000).tolist())
        for seen in np.linspace(20, 4_000, 60, dtype=int):
            ok = times[:seen][~failed[:seen]]
            canary = Side(int(seen), int(failed[:seen].sum()), ok.tolist())
            if WORSE in [line["state"] for line in guard(canary, release, BOUNDS)]:
                ended += 1
                break
    assert ended == 0
