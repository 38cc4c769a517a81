"""Scoring many rows by a token: the same batch as from the page, and only the token's own."""

import pytest
from django.urls import reverse

from apps.jobs import pulse
from apps.production import actions
from apps.production.batch import removal, scores
from apps.production.endpoint import caps
from apps.production.endpoint.standing import Standing
from apps.production.models import ApiToken, Scores, Scoring
from apps.projects.models import Event, Membership, Role
from tests.production.conftest import told
from tests.production.test_scoring import ROWS, lines, rows

TO = "/api/v1/deployments/late-trips/batches"


@pytest.fixture(autouse=True)
def _answers(release, monkeypatch, request):
    monkeypatch.setattr(scores, "answering", lambda deployment: Standing(release))
    if "without_broker" not in request.fixturenames:
        request.getfixturevalue("broker")


@pytest.fixture
def without_broker():
    """Nothing answers at the broker's address."""


@pytest.fixture
def ask(client, caller):
    def send(method, address, body=b"", kind="application/octet-stream", secret=caller.secret):
        return client.generic(
            method, address, body, content_type=kind, headers={"Authorization": f"Bearer {secret}"}
        )

    return send


@pytest.fixture
def body():
    return rows().to_csv(index=False).encode()


def test_a_file_is_sent_followed_and_fetched(ask, body, token, run_jobs):
    with run_jobs():
        sent = ask("POST", f"{TO}?filename=trips.csv", body)
    assert sent.status_code == 202
    assert (sent.json()["batch"], sent.json()["state"]) == (1, "waiting")
    made = Scoring.objects.get()
    assert (made.token, made.person, made.filename) == (token, token.created_by, "trips.csv")
    assert "with the token “test”" in Event.objects.get(verb="production.scoring_asked").says
    seen = ask("GET", sent.json()["address"]).json()
    assert (seen["state"], seen["rows"], seen["answered"], seen["refused"]) == (
        "done",
        ROWS,
        ROWS - 1,
        1,
    )
    assert len(seen["reasons"]) == 1
    answers = lines(ask("GET", seen["answers"]["csv"]))
    assert len(answers) == ROWS
    parquet = b"".join(ask("GET", seen["answers"]["parquet"]).streaming_content)
    assert parquet[:4] == parquet[-4:] == b"PAR1"
    made = Scoring.objects.get()
    removal.remove_batch(scoring=made, reason="Done with", by=token.created_by)
    assert ask("GET", sent.json()["address"]).json()["state"] == "removed"
    assert told(ask("GET", seen["answers"]["csv"]))[:2] == (409, "no_answers")


def test_all_or_nothing_is_asked_for_in_the_address(ask, body, run_jobs):
    with run_jobs():
        ask("POST", f"{TO}?filename=trips.csv&all_or_nothing=1", body)
    assert Scoring.objects.get().all_or_nothing
    assert told(ask("POST", f"{TO}?filename=a.csv&all_or_nothing=yes", body))[:2] == (
        422,
        "bad_choice",
    )


def test_a_token_sees_only_what_it_started(ask, body, release, analyst, client):
    ask("POST", f"{TO}?filename=trips.csv", body)
    other = actions.issue_token(deployment=release.deployment, name="other", by=analyst)
    address = reverse("api:batch", args=["late-trips", 1])
    assert ask("GET", address).status_code == 200
    assert told(ask("GET", address, secret=other))[:2] == (404, "no_batch")
    assert told(ask("GET", f"{address}.csv", secret=other))[:2] == (404, "no_batch")
    assert told(ask("GET", f"{address}.csv"))[:2] == (409, "no_answers")  # nobody has worked
    assert told(client.get(address))[:2] == (401, "no_token")
    assert ask("POST", address).status_code == 405
    assert told(ask("GET", f"{address}.xlsx"))[:2] == (404, "no_address")


def test_what_cannot_be_scored_is_refused_in_one_sentence(ask, settings, monkeypatch, release):
    assert told(ask("POST", f"{TO}?filename=trips.csv"))[:2] == (400, "empty")
    settings.UPLOAD_BYTES = 10
    assert told(ask("POST", f"{TO}?filename=trips.csv", b"x" * 11))[:2] == (413, "too_large")
    asked = b'{"source": "claims", "version": 1}'
    assert told(ask("POST", TO, asked, "application/json"))[:2] == (422, "unknown_version")
    assert told(ask("POST", TO, b"[1", "application/json"))[:2] == (400, "bad_json")
    assert told(ask("POST", TO, b"a,b", "text/csv"))[:2] == (415, "content_type")
    monkeypatch.setattr(scores, "answering", lambda one: Standing(release, stopped="It harms"))
    assert told(ask("POST", f"{TO}?filename=a.csv", b"a"))[:2] == (409, "not_scored")
    assert not Scoring.objects.exists()


def test_a_token_works_only_while_its_person_may(ask, body, run_jobs, token):
    with run_jobs():
        ask("POST", f"{TO}?filename=trips.csv", body)
    Membership.objects.filter(user=token.created_by).update(role=Role.VIEWER)
    assert told(ask("POST", f"{TO}?filename=trips.csv", body))[:2] == (403, "not_allowed")
    assert told(ask("GET", f"{TO}/1.csv"))[:2] == (403, "not_allowed")
    assert Scores.objects.count() == 1


def test_batches_of_a_token_are_counted_over_all_processes(ask, body, monkeypatch):
    monkeypatch.setattr(caps.time, "time", lambda: 1_000_000.0)
    with pulse.broker() as client:  # what another process counted
        client.set(f"mlcycle:batches:{ApiToken.objects.get().pk}:16666", caps.BATCHES_A_MINUTE - 1)
    assert ask("POST", f"{TO}?filename=trips.csv", body).status_code == 202
    refused = ask("POST", f"{TO}?filename=trips.csv", body)
    assert told(refused)[:2] == (429, "too_many_batches")
    assert 1 <= int(refused["Retry-After"]) <= 61


def test_without_a_broker_no_batch_begins(ask, body, without_broker):
    refused = ask("POST", f"{TO}?filename=trips.csv", body)
    assert told(refused)[:2] == (503, "no_broker")
    assert not Scoring.objects.exists()
