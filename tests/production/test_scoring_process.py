"""The scoring process answers as the web does: at once what is at hand, the rest by a thread."""

import json
import time

import pytest
from django.db import DatabaseError, connection

from apps.production import actions
from apps.production.endpoint import serving
from apps.production.endpoint.at_hand import MOST_ROWS, SHORT_BYTES
from apps.production.endpoint.replies import Reply
from apps.production.log import taking
from apps.production.models import Call
from mlcycle_site import scoring
from mlcycle_site.connections import Request


@pytest.fixture
def process(monkeypatch):
    """What the scoring process asks of a request, without its threads."""
    # As Django's test client does: a test's connection is in the middle of its transaction.
    monkeypatch.setattr(scoring, "close_old_connections", lambda: None)
    return scoring.Scoring(pool=None)


@pytest.fixture
def asked(caller):
    def ask(body, *, target=None, method="POST", **headers):
        told = {
            "HTTP_AUTHORIZATION": f"Bearer {caller.secret}",
            "CONTENT_TYPE": "application/json",
            **headers,
        }
        address = target or f"/api/v1/deployments/{caller.slug}/predict"
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Request(method, address.encode(), told, body)

    return ask


@pytest.fixture
def later(process):
    """What is replied, by a thread where it needs one."""

    def answer(request):
        found = process.at_once(request)
        return found if isinstance(found, Reply) else found()

    return answer


def waits(found):
    """Is it what a thread has to do, and no reply?"""
    return callable(found)


def test_the_first_call_is_for_a_thread_and_those_after_it_ask_the_database_nothing(
    process, asked, later, row, django_assert_num_queries
):
    call = asked({"rows": [row]})
    assert waits(process.at_once(call))
    first = later(call)
    with django_assert_num_queries(0):
        again = process.at_once(call)
    assert (first.status, again.status) == (200, 200)
    one, other = json.loads(first.body), json.loads(again.body)
    assert one["predictions"][0].pop("id") != other["predictions"][0].pop("id")
    assert one == other


@pytest.mark.parametrize("body", [b"", b"{", b"[]", {"rows": []}, {"rows": [{}]}, {"row": 1}])
def test_bad_calls_are_answered_at_once_as_the_web_answers_them(
    body, process, asked, later, caller, row
):
    later(asked({"rows": [row]}))
    mine, viewed = process.at_once(asked(body)), caller.post("predict", asked(body).body)
    assert (mine.status, json.loads(mine.body)) == (viewed.status_code, viewed.json())


def test_what_takes_long_or_is_looked_up_is_for_a_thread(process, asked, later, row, settings):
    later(asked({"rows": [row]}))
    few, many = [row] * MOST_ROWS, [row] * (MOST_ROWS + 1)
    assert process.at_once(asked({"rows": few})).status == 200
    for body in (
        {"rows": many},
        {"rows": [row], "ids": ["2f1b2a53-7f3a-4e0b-9d6c-5a3b8a3f1c11"]},
        {"row": row, "id": "2f1b2a53-7f3a-4e0b-9d6c-5a3b8a3f1c12"},
        {"rows": [row], "reasons": True},
        json.dumps({"rows": [row]}).encode() + b" " * SHORT_BYTES,
    ):
        assert waits(process.at_once(asked(body)))
        assert later(asked(body)).status == 200
    settings.CALL_LOG_FSYNC = True
    assert waits(process.at_once(asked({"rows": [row]})))


def test_a_model_without_a_plain_form_never_answers_where_all_wait(
    process, asked, later, release, row
):
    later(asked({"rows": [row]}))
    scorer = serving.KNOWN.models.at_hand(release)
    scorer.compiled = None
    assert waits(process.at_once(asked({"rows": [row]})))


def test_one_thread_looks_anew_while_calls_are_answered_with_what_is_known(
    process, asked, later, row, monkeypatch
):
    call = asked({"rows": [row]})
    later(call)
    now, statuses, really = time.monotonic(), [], serving._find_token

    def find(sha256):
        statuses.append(process.at_once(call).status)
        return really(sha256)

    monkeypatch.setattr(serving, "_find_token", find)
    for key, (_, value) in serving.KNOWN.seen.items():
        age_s = 3.5 if key[0] == "token" else 0.0
        serving.KNOWN.seen[key] = (now - age_s, value)
    assert waits(process.at_once(call))  # for the thread that looks anew
    assert later(call).status == 200
    assert statuses == [200]
    assert process.at_once(call).status == 200


def test_what_is_nearly_too_old_is_not_used_even_while_somebody_looks_anew():
    known = serving.Known()
    known.renewing.add("a")
    for age_s, is_used in ((0.0, True), (2.9, True), (3.9, True), (4.1, False)):
        known.seen["a"] = (time.monotonic() - age_s, 1)
        assert known.has("a") == is_used
    known.renewing.clear()
    known.seen["a"] = (time.monotonic() - 3.1, 1)
    assert not known.has("a")
    assert not known.has("b")


def test_a_revoked_token_is_refused_at_once(process, asked, later, row, token, analyst):
    call = asked({"rows": [row]})
    later(call)
    actions.revoke_token(token=token, by=analyst)
    serving.KNOWN.seen.clear()
    assert waits(process.at_once(call))
    assert later(call).status == 401
    assert process.at_once(call).status == 401  # and asks the database no more for it


def test_callers_without_a_token_or_with_another_method_are_refused_at_once(process, asked, row):
    body = {"rows": [row]}
    assert process.at_once(asked(body, HTTP_AUTHORIZATION="")).status == 401
    reply = process.at_once(asked(body, method="GET", HTTP_AUTHORIZATION=""))
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")


def test_other_addresses_are_told_where_everything_else_is(process, asked, settings):
    settings.SITE_URL = "https://ml.example.org"
    reply = scoring.Scoring(pool=None).at_once(asked(b"", target="/projects/"))
    assert reply.status == 404
    assert "https://ml.example.org" in json.loads(reply.body)["error"]["message"]
    assert process.at_once(asked(b"", target="/healthz", method="GET")).status == 200


def test_a_thread_asks_whether_calls_can_be_answered_and_logged(
    process, asked, monkeypatch, settings, tmp_path
):
    ready = asked(b"", target="/readyz", method="GET", HTTP_AUTHORIZATION="")
    assert waits(process.at_once(ready))
    reply = process.at_once(ready)()
    assert (reply.status, json.loads(reply.body)) == (200, {"database": True, "calls": True})
    (tmp_path / "file").touch()
    settings.CALL_LOG = tmp_path / "file"
    reply = process.at_once(ready)()
    assert (reply.status, json.loads(reply.body)) == (503, {"database": True, "calls": False})

    def gone():
        raise DatabaseError("gone")

    with monkeypatch.context() as without:
        without.setattr(connection, "ensure_connection", gone)
        assert json.loads(process.at_once(ready)().body) == {"database": False, "calls": False}


def test_with_tls_a_plain_call_is_refused_and_its_token_not_looked_at(
    process, asked, later, row, settings
):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    call = asked({"rows": [row]})
    assert process.at_once(call).status == 403
    assert b"x-forwarded-proto" in process.doors().headers
    call.headers["HTTP_X_FORWARDED_PROTO"] = "https"
    assert waits(process.at_once(call))
    later(call)
    assert process.at_once(call).status == 200


def test_a_body_that_was_not_read_is_refused_and_logged(asked, later, caller):
    call = asked(b"")
    call.is_whole, call.headers["CONTENT_LENGTH"] = False, str(10**9)
    assert later(call).status == 413
    taking.take_up()
    assert Call.objects.get().error == "too_large"
