"""Alarms: broken promises first, tripped wires with their action, none by chance."""

import pytest

from apps.engine.monitoring.alarms import FEW_CALLS, alarms_of, wires_of

QUIET = {"calls": 100, "error_rate": 0.0, "latency_ms": {"p50": 1.0, "p95": 5.0, "p99": 9.0}}
ROW = {
    "feature": "amount",
    "psi": 0.3,
    "psi_by_chance": 0.02,
    "missing_rate": 0.0,
    "state": "drifted",
    "says": "PSI 0.30 on 900 rows.",
}


def wire(metric: str, threshold: float | None) -> dict[str, object]:
    return {"metric": metric, "threshold": threshold, "says": "Inputs", "action": "Call the desk"}


def alarms(*wires: dict[str, object], service=QUIET, drift=(), verdicts=()):
    return alarms_of(
        service=service, drift=drift, performance={"verdicts": list(verdicts)}, tripwires=wires
    )


def verdict(**but: object) -> dict[str, object]:
    return {
        "metric": "recall",
        "title": "Recall",
        "role": "primary",
        "direction": "up",
        "threshold": 0.8,
        "result": 0.61,
        "rows": 1200,
        "kept": "broken",
        **but,
    }


def test_a_broken_promise_is_a_high_alarm_with_the_agreed_action():
    found = alarms(wire("promise", None), verdicts=[verdict()])
    assert found == [
        {
            "key": "promise:recall",
            "severity": "high",
            "says": "Recall is 0.610 on 1,200 rows; promised was at least 0.8.",
            "action": "Call the desk",
            "risk": "Inputs",
            "window_days": 7,
        }
    ]


def test_a_broken_guardrail_is_less_and_one_that_cannot_be_told_is_nothing():
    broken = verdict(role="guardrail", direction="down", metric="mae", title="MAE")
    found = alarms(verdicts=[broken, verdict(kept="cannot tell yet"), verdict(kept="kept")])
    assert [(alarm["key"], alarm["severity"]) for alarm in found] == [("promise:mae", "medium")]
    assert "at most 0.8" in found[0]["says"]


def test_drift_trips_its_wire_and_names_the_column():
    found = alarms(wire("psi", 0.25), drift=[ROW, {**ROW, "feature": "b", "psi": 0.25}])
    assert [alarm["key"] for alarm in found] == ["tripwire:psi:0.25"]
    assert found[0]["says"] == "Inputs: amount: PSI 0.30 on 900 rows."


def test_many_columns_beyond_one_wire_are_one_alarm_that_names_the_farthest():
    psis = {"a": 1, "b": 3, "c": 2, "d": 4, "e": 0}
    drift = [{**ROW, "feature": name, "psi": psi} for name, psi in psis.items()]
    found = alarms(wire("psi", 0.25), drift=drift)
    assert [alarm["says"] for alarm in found] == [
        "Inputs: 4 columns have PSI above 0.25: d (4.00), b (3.00), c (2.00) and 1 more."
    ]
    missing = [{**ROW, "feature": name, "missing_rate": 0.4} for name in "ab"]
    found = alarms(wire("missing_rate", 0.1), drift=missing)
    assert "2 columns have missing above 0.1: a (40.0 %), b (40.0 %)." in found[0]["says"]


def test_drift_by_chance_or_on_too_few_rows_trips_nothing():
    by_chance = {**ROW, "psi_by_chance": 0.35, "state": "stable"}
    few = {**ROW, "state": "too few rows", "missing_rate": 1.0}
    assert alarms(wire("psi", 0.25), wire("missing_rate", 0.1), drift=[by_chance, few]) == []


def test_missing_values_trip_their_wire():
    found = alarms(wire("missing_rate", 0.1), drift=[{**ROW, "missing_rate": 0.4}])
    assert [alarm["key"] for alarm in found] == ["tripwire:missing_rate:0.1"]


@pytest.mark.parametrize(
    ("metric", "threshold", "service", "says"),
    [
        ("error_rate", 0.01, {**QUIET, "error_rate": 0.05}, "Share of failed calls is 0.05"),
        ("latency_p95_ms", 4.0, QUIET, "Latency p95 in ms is 5, above 4."),
    ],
)
def test_service_trips_its_wires_once_there_are_enough_calls(metric, threshold, service, says):
    found = alarms(wire(metric, threshold), service=service)
    assert [alarm["key"] for alarm in found] == [f"tripwire:{metric}:{threshold:g}"]
    assert says in found[0]["says"]
    few = {**service, "calls": FEW_CALLS - 1}
    assert alarms(wire(metric, threshold), service=few) == []


def test_all_calls_refused_have_no_latency_and_trip_nothing():
    assert alarms(wire("latency_p95_ms", 4.0), service={**QUIET, "latency_ms": None}) == []


def test_a_date_moves_on_and_trips_nothing():
    assert alarms(wire("psi", 0.25), drift=[{**ROW, "is_date": True}]) == []


def test_a_wire_below_trips_where_a_value_is_too_small_and_says_so():
    low = {**wire("positive_share", 0.1), "operator": "<"}
    seen = {"positive_share": {"value": 0.02, "low": 0.01, "high": 0.04}, "verdicts": []}
    look = {"service": QUIET, "drift": [], "performance": seen}
    read = wires_of([low, {**low, "operator": ">"}], look)
    assert [item["state"] for item in read] == ["tripped", "quiet"]
    found = alarms_of(**look, tripwires=[low], wires=read)
    assert [alarm["key"] for alarm in found] == ["tripwire:positive_share:0.1:below"]
    assert found[0]["says"] == "Inputs: Share of positive answers is 0.02, below 0.1."


def test_each_wire_is_read_within_its_own_days():
    look = {"drift": [], "performance": {}, "days": 1, "full": True}
    day = {**look, "service": {**QUIET, "calls": 30}}
    week = {**look, "service": {**QUIET, "calls": 7_000}, "days": 7}
    few = {**wire("calls_a_day", 100), "operator": "<"}
    read = wires_of([few, {**few, "window_days": 7}], day, {7: week})
    assert [(item["value"], item["state"]) for item in read] == [(30, "tripped"), (1_000, "quiet")]
    young = wires_of([few], {**day, "full": False})
    assert young[0]["state"] == "cannot tell yet"


def test_an_estimate_trips_only_with_its_whole_interval_and_its_known_error():
    line = {"value": 0.7, "low": 0.68, "high": 0.72, "error": 0.05}
    wires = [{**wire("estimated", limit), "operator": "<"} for limit in (0.75, 0.8)]
    seen = {"estimate": {"metrics": [line]}, "verdicts": []}
    read = wires_of(wires, {"service": QUIET, "drift": [], "performance": seen})
    assert [item["state"] for item in read] == ["quiet", "tripped"]


def test_money_and_coverage_are_watched_once_enough_is_known():
    seen = {
        "money": {"delivered": 100.0, "low": 80.0, "high": 120.0, "known": 60},
        "due": 100,
        "due_known": 40,
    }
    look = {"service": QUIET, "drift": [], "performance": seen}
    wires = [{**wire("money", 130), "operator": "<"}, {**wire("coverage", 0.5), "operator": "<"}]
    assert [item["state"] for item in wires_of(wires, look)] == ["tripped", "tripped"]
    few = {"money": {**seen["money"], "known": 9}, "due": 9, "due_known": 1}
    read = wires_of(wires, {**look, "performance": few})
    assert {item["state"] for item in read} == {"cannot tell yet"}
