"""The edges of the door for actuals: all of a request is taken, or nothing of it."""

import pytest

from apps.production.models import Actual
from tests.production.conftest import told


@pytest.fixture
def answered(caller, row):
    """Ids of three predictions."""
    answer = caller.post("predict", {"rows": [row] * 3})
    return [told["id"] for told in answer.json()["predictions"]]


def actual(key, value="yes"):
    return {"prediction_id": key, "value": value}


BAD_ACTUALS = {
    "none": (lambda ids: [], 422, "rows", None, None),
    "10,001": (lambda ids: [actual(ids[0])] * 10_001, 413, "too_many_rows", None, None),
    "no object": (lambda ids: ["yes"], 422, "bad_row", None, 1),
    "another name": (lambda ids: [{"id": ids[0], "value": "yes"}], 422, "bad_row", None, 1),
    "no id": (lambda ids: [actual("x")], 422, "unknown_prediction", "prediction_id", 1),
    "a list as id": (lambda ids: [actual([1])], 422, "unknown_prediction", "prediction_id", 1),
    "one id twice": (
        lambda ids: [actual(ids[0]), actual(ids[1]), actual(ids[0], "no")],
        422,
        "twice",
        "prediction_id",
        3,
    ),
    "one id twice, written otherwise": (
        lambda ids: [actual(ids[0]), actual(ids[0].upper())],
        422,
        "twice",
        "prediction_id",
        2,
    ),
    "another class": (
        lambda ids: [actual(ids[0]), actual(ids[1], "maybe")],
        422,
        "unknown_class",
        "value",
        2,
    ),
    "null": (lambda ids: [actual(ids[0], None)], 422, "unknown_class", "value", 1),
    "a list": (lambda ids: [actual(ids[0], ["yes"])], 422, "unknown_class", "value", 1),
}


@pytest.mark.parametrize("name", BAD_ACTUALS)
def test_bad_actuals_are_one_clear_error_and_nothing_of_them_is_kept(name, caller, answered):
    make, *expected = BAD_ACTUALS[name]
    assert told(caller.post("actuals", {"rows": make(answered)})) == tuple(expected)
    assert not Actual.objects.exists()


def test_the_same_actual_again_is_harmless_and_another_one_is_a_conflict(caller, answered):
    sent = {"rows": [actual(key) for key in answered]}
    assert caller.post("actuals", sent).json() == {"accepted": 3, "known_before": 0}
    sent["rows"][0]["prediction_id"] = answered[0].upper()
    assert caller.post("actuals", sent).json() == {"accepted": 0, "known_before": 3}
    answer = caller.post("actuals", {"rows": [actual(answered[1], "no")]})
    assert told(answer) == (422, "conflict", "value", 1)
    assert Actual.objects.filter(value="yes").count() == 3


@pytest.mark.parametrize(
    ("value", "code"),
    [("12", "wrong_type"), (True, "wrong_type"), (None, "wrong_type"), (10**400, "bad_json")],
)
def test_an_actual_of_a_quantity_is_a_number(value, code, caller, answered, release):
    release.served_with["problem"] = "regression"
    release.save()
    answer = caller.post("actuals", {"rows": [actual(answered[0], value)]})
    assert told(answer)[1] == code
    infinite = b'{"rows": [{"prediction_id": "%s", "value": 1e999}]}' % answered[0].encode()
    assert told(caller.post("actuals", infinite))[:2] == (422, "not_finite")
