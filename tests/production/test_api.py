"""The edges of the JSON doors: whatever comes, one clear JSON error with its place and status."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone

from apps.engine.errors import BadParameter
from apps.production import actions
from apps.production.endpoint import serving
from apps.production.log import actuals
from apps.production.models import Call, Deployment
from apps.production.refusals import ApiRefusal
from tests.production.conftest import one, told


@pytest.mark.once  # tokens are looked for on every database below
@pytest.mark.parametrize("door", ["predict", "actuals"])
@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": ""}, 401, "no_token"),
        ({"Authorization": "Basic abc"}, 401, "no_token"),
        ({"Authorization": "Bearer "}, 401, "no_token"),
        ({"Authorization": "Bearer mlc_wrong"}, 401, "bad_token"),
        ({"Authorization": "Bearer ÿ\x80"}, 401, "bad_token"),
        ({"Content_Type": "text/csv"}, 415, "content_type"),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415, "content_type"),
        ({"Content_Type": ""}, 415, "content_type"),
        ({"Content_Encoding": "gzip"}, 415, "encoding"),
        ({"Content_Encoding": "nonsense"}, 415, "encoding"),
    ],
)
def test_wrong_headers_are_told_before_the_body_is_looked_at(door, headers, status, code, caller):
    answer = caller.post(door, b"{", **headers)
    assert told(answer) == (status, code, None, None)
    assert (answer.get("WWW-Authenticate") == "Bearer") == (status == 401)


def test_a_revoked_an_expired_and_a_foreign_token_open_nothing(
    caller, token, row, analyst, release, join
):
    assert caller.post("predict", one(row)).status_code == 200
    token.expires_at = timezone.now() - timedelta(seconds=1)
    token.save()
    serving.KNOWN.forget()
    assert told(caller.post("predict", one(row)))[:2] == (401, "bad_token")
    token.expires_at = None
    token.save()
    actions.revoke_token(token=token, by=analyst)
    serving.KNOWN.forget()
    assert told(caller.post("predict", one(row)))[:2] == (401, "bad_token")
    other = Deployment.objects.create(
        project=release.deployment.project, slug="other", created_by=analyst
    )
    secret = actions.issue_token(deployment=other, name="other", by=analyst)
    answer = caller.post("predict", one(row), Authorization=f"Bearer {secret}")
    assert told(answer)[:2] == (404, "no_endpoint")


class Endless:
    """A body without an end that remembers how much of it was taken."""

    def __init__(self):
        self.taken = 0

    def read(self, size=-1):
        assert size >= 0, "the whole body was asked for"
        self.taken += size
        return b" " * size


@pytest.mark.parametrize("length", [None, "2000000"])
def test_a_body_above_the_limit_is_refused_before_it_is_read(
    length, caller, rf, settings, monkeypatch
):
    from apps.production import api

    settings.PREDICT_BYTES = 1024**2
    body = Endless()
    request = rf.generic("POST", "/", b"{}", content_type="application/json")
    request.environ["wsgi.input"] = body
    request.META.pop("CONTENT_LENGTH", None)
    request.META["HTTP_TRANSFER_ENCODING"] = "chunked"
    if length:
        request.META["CONTENT_LENGTH"] = length
    request.META["HTTP_AUTHORIZATION"] = f"Bearer {caller.secret}"
    answer = api.predict(request, slug=caller.slug)
    assert (answer.status_code, json.loads(answer.content)["error"]["code"]) == (413, "too_large")
    assert body.taken <= 1024**2 + 1
    assert (body.taken == 0) == (length is not None)


def test_a_body_in_chunks_is_answered_like_one_with_a_length(caller, rf, row):
    import io

    from apps.production import api

    request = rf.generic("POST", "/", b"{}", content_type="application/json")
    request.META.pop("CONTENT_LENGTH", None)
    request.META["HTTP_TRANSFER_ENCODING"] = "chunked"
    request.environ["wsgi.input"] = io.BytesIO(json.dumps(one(row)).encode())
    request.META["HTTP_AUTHORIZATION"] = f"Bearer {caller.secret}"
    assert api.predict(request, slug=caller.slug).status_code == 200


def test_an_unknown_category_and_a_number_out_of_range_are_answered_with_a_warning(caller, row):
    answer = caller.post("predict", one(row, desk="moon", distance=1e6))
    assert answer.status_code == 200
    warnings = answer.json()["warnings"]
    assert [(note["row"], note["field"], note["code"]) for note in warnings] == [
        (1, "distance", "out_of_training_range"),
        (1, "desk", "unknown_category"),
    ]


@pytest.mark.parametrize(
    "but",
    [{"distance": -0.0}, {"distance": 5e-324}, {"distance": None}, {"stops": 2.0}, {"desk": ""}],
    ids=str,
)
def test_the_smallest_numbers_whole_floats_and_allowed_nulls_are_answered(but, caller, row):
    answer = caller.post("predict", one(row, **but))
    assert answer.status_code == 200, answer.content


def test_as_many_rows_as_are_taken_are_answered(caller, row, settings):
    settings.PREDICT_ROWS = 200
    answer = caller.post("predict", {"rows": [row] * 200})
    assert answer.status_code == 200
    assert len({answered["id"] for answered in answer.json()["predictions"]}) == 200
    assert told(caller.post("predict", {"rows": [row] * 201}))[:2] == (413, "too_many_rows")


def test_a_token_in_the_address_is_not_looked_at(caller, client, row):
    address = reverse("api:predict", args=[caller.slug]) + f"?token={caller.secret}"
    answer = client.post(address, one(row), content_type="application/json")
    assert told(answer)[:2] == (401, "no_token")


def test_a_retired_endpoint_is_as_if_it_had_never_been(caller, release, row):
    release.deployment.retired_at = timezone.now()
    release.deployment.save()
    serving.KNOWN.forget()
    assert told(caller.post("predict", one(row)))[:2] == (404, "no_endpoint")


def test_too_many_calls_of_one_token_wait_and_others_do_not(
    caller, release, analyst, row, settings
):
    settings.PREDICT_CALLS_PER_MINUTE = 3
    for _ in range(3):
        assert caller.post("predict", one(row)).status_code == 200
    late = caller.post("predict", one(row))
    assert told(late)[:2] == (429, "too_many_calls")
    assert 1 <= int(late["Retry-After"]) <= 61
    other = actions.issue_token(deployment=release.deployment, name="other", by=analyst)
    answer = caller.post("predict", one(row), Authorization=f"Bearer {other}")
    assert answer.status_code == 200


def test_rows_of_one_token_wait_when_a_minute_has_its_rows_and_others_do_not(
    caller, release, analyst, row, settings
):
    settings.PREDICT_ROWS_PER_MINUTE = 5
    assert caller.post("predict", {"rows": [row] * 4}).status_code == 200
    late = caller.post("predict", {"rows": [row] * 2})
    assert told(late)[:2] == (429, "rows_a_minute")
    assert 1 <= int(late["Retry-After"]) <= 61
    assert caller.post("predict", one(row)).status_code == 200  # the refused ones do not count
    large = actions.issue_token(
        deployment=release.deployment, name="large", by=analyst, rows_per_minute=50
    )
    many = {"rows": [row] * 50}
    assert caller.post("predict", many, Authorization=f"Bearer {large}").status_code == 200
    slow = actions.issue_token(
        deployment=release.deployment, name="slow", by=analyst, calls_per_minute=1
    )
    answers = [caller.post("predict", one(row), Authorization=f"Bearer {slow}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    alone = actions.issue_token(deployment=release.deployment, name="alone", by=analyst)
    answer = caller.post("predict", {"rows": [row] * 9}, Authorization=f"Bearer {alone}")
    assert answer.status_code == 200  # else it would wait for ever


def test_of_200_calls_at_once_just_as_many_are_let_in_as_a_minute_has(token, settings):
    settings.PREDICT_CALLS_PER_MINUTE = 150

    def call(_):
        try:
            serving._limit(("calls", token.pk), 1, settings.PREDICT_CALLS_PER_MINUTE, "No.")
        except ApiRefusal as refusal:
            return refusal.status
        return 200

    with ThreadPoolExecutor(32) as pool:
        answered = list(pool.map(call, range(200)))
    assert (answered.count(200), answered.count(429)) == (150, 50)


def test_the_form_the_endpoint_and_scikit_learn_give_the_same_answer(caller, release, row):
    answered = caller.post("predict", one(row)).json()["predictions"][0]["probabilities"]
    scorer = serving.scorer_for(release)
    offline, _ = scorer.by_pipeline(serving.checked_rows(release, [row]).rows)
    assert answered == pytest.approx(offline[0]["probabilities"], abs=1e-12)
    tried = serving.answer(release, [row]).predictions[0]["probabilities"]
    assert tried == answered


def test_columns_in_another_order_get_the_same_answer(caller, row):
    one_way = caller.post("predict", {"rows": [row]}).json()["predictions"][0]
    other = caller.post("predict", {"rows": [dict(reversed(row.items()))]}).json()["predictions"][0]
    assert one_way["probabilities"] == other["probabilities"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_another_method_is_told_the_right_one(method, caller, client):
    answer = client.generic(method, reverse("api:predict", args=[caller.slug]))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/v1/deployments/", "/api/v1/deployments/É/predict/"]
)
def test_every_other_address_answers_json(path, caller, client):
    assert told(client.get(path))[:2] == (401, "no_token")
    answer = client.get(path, headers={"Authorization": f"Bearer {caller.secret}"})
    assert told(answer)[:2] == (404, "no_address")


def test_a_recipe_that_cannot_take_a_row_is_told_not_thrown(caller, row, monkeypatch):
    def refuse(self, rows):
        raise BadParameter("The feature holds 1e39.")

    monkeypatch.setattr(serving.Scorer, "predict", refuse)
    assert told(caller.post("predict", one(row)))[:2] == (422, "step")


def test_a_database_that_does_not_work_is_told_as_json(caller, monkeypatch):
    def broken(*args):
        raise OperationalError("database is locked")

    monkeypatch.setattr(actuals, "_predictions", broken)
    answer = caller.post("actuals", {"rows": [{"prediction_id": "x", "value": "yes"}]})
    assert told(answer)[:2] == (503, "busy")
    assert answer["Retry-After"] == "2"


def test_every_call_whose_token_was_good_is_logged_with_its_error(caller, row):
    caller.post("predict", one(row))
    caller.post("predict", one(row, distance="12"))
    caller.post("predict", one(row), Authorization="Bearer mlc_wrong")
    assert list(Call.objects.order_by("at").values_list("status", "error", "rows")) == [
        (200, "", 1),
        (422, "wrong_type", 0),
    ]
