"""The hot path answers as the site does, and asks the database nothing once it is warm."""

import json
import os
import time

import pytest
from django.db import OperationalError
from django.urls import reverse

from apps.production import actions, api
from apps.production.endpoint import serving
from apps.production.endpoint.ids import DRAWN, new_id, new_ids
from apps.production.log import taking
from apps.production.models import Call, Release
from mlcycle_site.hot import PredictFirst


class Sent(Exception):
    """The site was asked."""


def site(environ, start_response):
    raise Sent


@pytest.fixture
def hot(caller, monkeypatch):
    """Send a request to the hot path: status, headers, body."""
    # As Django's test client does: a test's connection is in the middle of its transaction.
    monkeypatch.setattr("mlcycle_site.hot.close_old_connections", lambda: None)
    first = PredictFirst(site)

    def send(body=b"{}", **but):
        told = {}

        def start_response(status, headers):
            told["status"], told["headers"] = int(status[:3]), dict(headers)

        (sent,) = first({**caller.environ(body), **but}, start_response)
        return told["status"], told["headers"], sent

    return send


def test_the_hot_path_and_the_view_send_the_same_reply(hot, caller, row):
    body = json.dumps({"rows": [row]}).encode()
    status, headers, sent = hot(body)
    viewed = caller.post("predict", body)
    assert (status, headers["Content-Type"]) == (200, viewed["Content-Type"])
    one, other = json.loads(sent), viewed.json()
    assert one["predictions"][0].pop("id") != other["predictions"][0].pop("id")
    assert one == other
    for bad in (b"", b"[]", b"{"):
        status, _, sent = hot(bad)
        viewed = caller.post("predict", bad)
        assert (status, json.loads(sent)) == (viewed.status_code, viewed.json())


def test_a_warm_process_answers_without_a_single_query(
    hot, row, django_assert_num_queries, monkeypatch
):
    body = json.dumps({"rows": [row]}).encode()
    assert hot(body)[0] == 200
    with django_assert_num_queries(0):
        for _ in range(3):
            assert hot(body)[0] == 200
        assert hot(b"{}")[0] == 422


def test_strict_headers_stay(hot, row, settings):
    _, headers, body = hot(json.dumps({"rows": [row]}).encode())
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Length"] == str(len(body))
    assert "Strict-Transport-Security" not in headers
    settings.SECURE_HSTS_SECONDS = 60
    assert hot()[1]["Strict-Transport-Security"] == "max-age=60"


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/deployments/x/actuals", "/api/v1/deployments/x/predict/", "/É"]
)
def test_every_other_address_goes_on_to_the_site(path, hot):
    with pytest.raises(Sent):
        hot(PATH_INFO=path)


def test_with_tls_a_plain_request_is_left_to_the_site_which_redirects_it(hot, row, settings):
    settings.SECURE_SSL_REDIRECT = True
    body = json.dumps({"rows": [row]}).encode()
    with pytest.raises(Sent):
        hot(body)
    assert hot(body, **{"wsgi.url_scheme": "https"})[0] == 200
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert hot(body, HTTP_X_FORWARDED_PROTO="https")[0] == 200
    with pytest.raises(Sent):
        hot(body, HTTP_X_FORWARDED_PROTO="http")


def test_other_methods_and_callers_are_refused_here_too(hot):
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        status, headers, body = hot(REQUEST_METHOD=method)
        assert (status, headers["Allow"]) == (405, "POST")
        assert bool(body) == (method != "HEAD")
    assert hot(HTTP_AUTHORIZATION="")[0] == 401
    assert hot(HTTP_AUTHORIZATION="Bearer mlc_wrong")[0] == 401


def test_an_address_that_is_not_declared_for_tokens_is_not_served(monkeypatch):
    monkeypatch.setattr(api.predict, "access", "public")
    with pytest.raises(RuntimeError, match="not declared"):
        PredictFirst(site)


def test_what_is_known_is_renewed_in_time_and_kept_while_the_database_is_away(
    hot, row, token, analyst, monkeypatch
):
    body = json.dumps({"rows": [row]}).encode()
    assert hot(body)[0] == 200
    now = time.monotonic()

    def broken(*args, **how):
        raise OperationalError("away")

    with monkeypatch.context() as away:
        away.setattr(serving, "_find_token", broken)
        away.setattr(time, "monotonic", lambda: now + 4)
        assert hot(body)[0] == 200
        away.setattr(time, "monotonic", lambda: now + 6)
        assert hot(body)[0] == 503
    actions.revoke_token(token=token, by=analyst)
    monkeypatch.setattr(time, "monotonic", lambda: now + 5.01)
    assert hot(body)[0] == 401


def test_one_request_looks_anew_while_the_others_go_on():
    known = serving.Known()
    assert known.fresh("a", lambda: 1) == 1
    at, value = known.seen["a"]
    known.seen["a"] = (at - 3.5, value)

    def slow():
        assert known.fresh("a", pytest.fail) == 1  # another request, meanwhile
        return 2

    assert known.fresh("a", slow) == 2
    assert known.fresh("a", pytest.fail) == 2


def test_a_release_is_served_compiled_and_its_record_says_so(hot, row, release):
    told = Release.objects.get().report
    assert (told["engine"], told["compiled"]["serves"]) == ("compiled", True)
    assert told["compiled"]["largest_difference"] <= 1e-9
    assert told["compiled"]["compared"] >= 300
    assert hot(json.dumps({"rows": [row]}).encode())[0] == 200
    scorer = serving.scorer_for(release)
    assert scorer.compiled is not None
    assert scorer.compiled_rows == told["compiled"]["rows_up_to"]


def test_a_release_that_is_not_proven_is_served_by_scikit_learn(hot, row, release):
    release.report = {**release.report, "engine": "scikit-learn"}
    assert hot(json.dumps({"rows": [row]}).encode())[0] == 200
    assert serving.scorer_for(release).compiled is None


def test_ids_are_uuids_of_version_4():
    import uuid

    made = [
        uuid.UUID(key) for key in (*(new_id() for _ in range(DRAWN)), *new_ids(3), *new_ids(100))
    ]
    assert {(key.version, key.variant) for key in made} == {(4, uuid.RFC_4122)}
    assert len(set(made)) == DRAWN + 103
    assert reverse("api:predict", args=["a"]) == "/api/v1/deployments/a/predict"


def test_a_fork_draws_ids_of_its_own():
    new_id()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, " ".join(new_ids(5)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert not set(os.read(reader, 4096).decode().split()) & set(new_ids(DRAWN))
    os.close(reader)
    os.close(writer)


def test_what_nobody_thought_of_is_our_json_with_a_reference_and_a_call_in_the_log(
    hot, row, monkeypatch, caplog
):
    def fail(*args, **how):
        raise ZeroDivisionError("not foreseen")

    body = json.dumps({"rows": [row]}).encode()
    with monkeypatch.context() as broken:
        broken.setattr(serving.Scorer, "predict", fail)
        status, headers, sent = hot(body)
    error = json.loads(sent)["error"]
    assert (status, error["code"], headers["Content-Type"]) == (500, "internal", "application/json")
    reference = error["message"].split()[-1].rstrip(".")
    assert f"({reference})" in caplog.text
    assert "ZeroDivisionError: not foreseen" in caplog.text
    assert "ZeroDivisionError" not in sent.decode()
    taking.take_up()
    assert list(Call.objects.values_list("status", "error")) == [(500, "internal")]
    with monkeypatch.context() as broken:
        broken.setattr(serving, "authenticate", fail)
        assert hot(body)[0] == 500
    assert hot(body)[0] == 200
