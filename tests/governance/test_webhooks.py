"""What leaves the house: to listed hosts only, signed, tried again, written down."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.governance import outgoing, webhooks
from apps.governance.actions import alerting
from apps.governance.incident_notices import tell_of_incidents
from apps.governance.models import Delivery, Webhook
from apps.governance.webhooks import NotAllowed
from apps.jobs.models import JobState
from apps.planning.models import Plan
from apps.production import incident_actions
from apps.production.models import Incident
from apps.projects.canonical import canonical
from apps.projects.models import Event
from apps.web.refusals import Refusal
from tests.rows import Rows

HOSTS = ["hooks.example.org", "127.0.0.1", "10.1.0.0/16", "inside.example.org"]


class Receiver:
    """A server on this machine that keeps what it gets and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict, bytes]] = []
        self.status = 204
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, dict(self.headers), body))
                self.send_response(outer.status)
                if outer.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/in?key=1"


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_HOSTS = HOSTS
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def incident(project, analyst):
    Rows(project, analyst).prediction_and_alarm(0)
    made = Incident.objects.get()
    made.due_at = timezone.now() + timedelta(days=1)
    made.cause = cause_in("amount")
    made.save()
    return made


def cause_in(column):
    """As the watch keeps it, with what the ledger says beside it."""
    says = f"60% of {column} are missing, 0% before"
    told = {"kind": "column", "name": column, "says": says, "share": 0.71, "of_loss": True}
    return {**told, "sentence": f"Likely: {says}, 2 hours after: Ann Lind brought in crm v14."}


@pytest.mark.once
def test_the_signature_is_that_of_standard_webhooks():
    """The example of https://docs.svix.com/receiving/verifying-payloads/how-manual"""
    told = webhooks.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at_s=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.once
@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://evil.example/", "not among the hosts"),
        ("https://hooks.example.org.evil.example/", "not among the hosts"),
        ("https://127.0.0.2/", "not among the hosts"),
        ("https://2130706433/", "not among the hosts"),
        ("https://user@hooks.example.org/", "Leave name"),
        ("https://hooks.example.org/#x", "Leave name"),
        ("https://hooks.example.org/a b", "a space"),
        ("https://hooks.example.org/\r\nX: y", "a space"),
        ("ftp://hooks.example.org/", "begins with https"),
        ("//hooks.example.org/", "begins with https"),
        ("https://hooks.example.org:99999/", "no address"),
        ("", "begins with https"),
    ],
)
def test_an_address_that_is_not_listed_is_refused_in_words(url, says):
    with pytest.raises(NotAllowed, match=says):
        webhooks.check(url, listed=HOSTS)


@pytest.mark.once
def test_nothing_is_allowed_until_a_host_is_listed():
    with pytest.raises(NotAllowed, match="MLCYCLE_WEBHOOK_HOSTS"):
        webhooks.check("https://hooks.example.org/", listed=[])


@pytest.mark.once
@pytest.mark.parametrize(
    ("at", "url", "says"),
    [
        ("8.8.8.8", "https://hooks.example.org/", None),
        ("10.1.2.3", "https://inside.example.org/", None),
        ("10.1.2.3", "http://inside.example.org/", None),
        ("8.8.8.8", "http://hooks.example.org/", "only https"),
        ("10.2.0.1", "https://hooks.example.org/", "private address"),
        ("169.254.169.254", "https://hooks.example.org/", "private address"),
        ("::1", "https://hooks.example.org/", "private address"),
        ("::ffff:192.168.0.1", "https://hooks.example.org/", "private address"),
        ("64:ff9b::a00:1", "https://hooks.example.org/", "private address"),
        ("2002:0a00:0001::", "https://hooks.example.org/", "private address"),
        ("224.0.0.1", "https://hooks.example.org/", "private address"),
        ("100.64.0.1", "https://hooks.example.org/", "private address"),
    ],
)
def test_a_name_that_leads_to_a_private_address_is_refused(monkeypatch, at, url, says):
    told = [(0, 0, 0, "", ("8.8.4.4", 443)), (0, 0, 0, "", (at, 443))]
    monkeypatch.setattr(webhooks.socket, "getaddrinfo", lambda *args, **named: told[1:])
    parts = webhooks.check(url, listed=HOSTS)
    if says is None:
        assert webhooks.addresses_of(parts, listed=HOSTS) == [at]
        return
    with pytest.raises(NotAllowed, match=says):
        webhooks.addresses_of(parts, listed=HOSTS)
    if url.startswith("https"):  # one of two is enough
        monkeypatch.setattr(webhooks.socket, "getaddrinfo", lambda *args, **named: told)
        with pytest.raises(NotAllowed, match=says):
            webhooks.addresses_of(parts, listed=HOSTS)


@pytest.mark.once
def test_a_receiver_that_never_ends_is_cut_off(settings, monkeypatch):
    """It sends a header a moment before each read would time out."""
    import socket

    monkeypatch.setattr(webhooks, "WHOLE_TIMEOUT_S", 0.4)
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip():
        taken, _ = server.accept()
        with taken:
            taken.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.05):
                try:
                    taken.sendall(b"X: y\r\n")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    told = webhooks.post(url, secret="whsec_AAAA", message="m", body=b"{}", listed=HOSTS)
    over.set()
    thread.join()
    server.close()
    assert (told.status, told.is_ok) == (None, False)
    assert "longer than 0.4 s" in told.says


def test_an_incident_is_sent_once_signed_in_canonical_json_and_so_is_its_end(
    receiver, incident, manager, team, run_jobs
):
    secret = alerting.set_webhook(team=team, url=receiver.url, by=manager)
    with run_jobs():
        tell_of_incidents()
        tell_of_incidents()
    [(path, headers, body)] = receiver.got
    told = json.loads(body)
    assert path == "/in?key=1"
    assert body == canonical(told)
    assert (told["type"], told["data"]["cause"]) == (
        "incident.raised",
        "Likely: 60% of amount are missing, 0% before, 71 % of the additional loss.",
    )
    assert told["data"]["link"].endswith("/p/card-fraud/production/incidents/1/")
    assert "Ann Lind" not in body.decode()
    assert headers["webhook-signature"] == webhooks.signature(
        secret,
        message=headers["webhook-id"],
        at_s=int(headers["webhook-timestamp"]),
        body=body,
    )
    made = Delivery.objects.get()
    assert (made.state, made.tries, made.job.state) == ("delivered", 1, JobState.DONE)
    assert made.last["says"] == "Taken (204)."
    incident_actions.close(incident=incident, outcome="true", resolution="Secret", by=manager)
    with run_jobs():
        tell_of_incidents()
        tell_of_incidents()
    assert len(receiver.got) == 2
    assert json.loads(receiver.got[1][2])["data"]["outcome"] == "true"
    assert b"Secret" not in receiver.got[1][2]


def test_what_is_refused_is_tried_again_later_and_given_up_at_last(
    receiver, manager, team, run_jobs, time_machine
):
    receiver.status = 503
    alerting.set_webhook(team=team, url=receiver.url, by=manager)
    with run_jobs():
        alerting.send_test(team=team, by=manager)
    made = Delivery.objects.get()
    assert (made.state, made.job.state) == ("waiting", JobState.FAILED)
    assert made.job.problem.startswith("It was refused (503). The next attempt is at ")
    assert outgoing.deliver_due() == 0
    for tries in range(2, outgoing.MOST_TRIES + 1):
        made.refresh_from_db()
        time_machine.move_to(made.due_at + timedelta(seconds=1), tick=False)
        with run_jobs():
            assert outgoing.deliver_due() == 1
        assert len(receiver.got) == tries
    made.refresh_from_db()
    assert (made.state, made.due_at, len(made.attempts)) == ("given_up", None, 6)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    time_machine.shift(timedelta(days=9))
    assert outgoing.deliver_due() == 0


def test_a_redirect_is_not_followed(receiver, manager, team, run_jobs):
    receiver.status = 302
    alerting.set_webhook(team=team, url=receiver.url, by=manager)
    with run_jobs():
        made = alerting.send_test(team=team, by=manager)
    made.refresh_from_db()
    assert [path for path, _, _ in receiver.got] == ["/in?key=1"]
    assert "points elsewhere (302)" in made.last["says"]


def test_a_host_taken_from_the_list_gets_nothing_more(receiver, manager, team, run_jobs, settings):
    alerting.set_webhook(team=team, url=receiver.url, by=manager)
    settings.WEBHOOK_HOSTS = []
    with run_jobs():
        made = alerting.send_test(team=team, by=manager)
    made.refresh_from_db()
    assert receiver.got == []
    assert "not among the hosts" in made.last["says"]


def test_an_address_that_was_ended_gets_nothing_more(receiver, manager, team, run_jobs):
    alerting.set_webhook(team=team, url=receiver.url, by=manager)
    with run_jobs():
        made = alerting.send_test(team=team, by=manager)
        alerting.end_webhook(team=team, by=manager)
    made.refresh_from_db()
    assert receiver.got == []
    assert made.state == "given_up"
    with pytest.raises(Refusal, match="Set an address first"):
        alerting.send_test(team=team, by=manager)


def test_what_is_said_of_a_sensitive_column_does_not_leave_the_house(project, analyst, monkeypatch):
    features = {"columns": [{"name": "amount", "sensitive": True}, {"name": "hour"}]}
    monkeypatch.setattr(Plan, "task", lambda plan, name: features if name == "features" else {})
    Rows(project, analyst).prediction_and_alarm(0)
    made = Incident.objects.get()
    made.cause = cause_in("amount")
    told = outgoing.told_of(made)
    assert (told["says"], told["cause"]) == (outgoing.VEILED, "")
    made.cause = cause_in("hour")
    assert outgoing.told_of(made)["cause"].startswith("Likely: 60% of hour are missing")


def test_a_manager_sets_it_on_the_page_and_sees_the_secret_once(
    receiver, client, manager, analyst, team, incident
):
    client.force_login(manager)
    page = reverse("governance:alerts", args=[team.pk])
    refused = client.post(f"{page}webhook/", {"url": "https://evil.example/"})
    assert refused.status_code == 422
    assert "evil.example is not among the hosts" in refused.content.decode()
    shown = client.post(f"{page}webhook/", {"url": receiver.url}).content.decode()
    secret = webhooks.secret_of(Webhook.objects.get().salt)
    assert secret in shown
    assert secret not in client.get(page).content.decode()
    assert receiver.url in client.get(page).content.decode()
    event = Event.objects.get(verb="team.webhook_set")
    assert (event.facts["host"], "key=1" in event.says) == ("127.0.0.1", False)
    assert client.post(f"{page}budget/", {"a_week": "-1"}).status_code == 422
    assert client.post(f"{page}budget/", {"a_week": "3"}).status_code == 302
    assert client.post(f"{page}webhook/test/").status_code == 302
    assert "budget of a week is <strong>3</strong>" in client.get(page).content.decode()
    client.force_login(analyst)
    seen = client.get(page).content.decode()
    assert receiver.url not in seen
    for door in ("webhook/", "webhook/end/", "webhook/test/", "budget/"):
        asked = {"url": receiver.url, "a_week": "1"}
        assert client.post(f"{page}{door}", asked).status_code == 403


def test_a_strangers_team_is_not_there(client, stranger, team):
    client.force_login(stranger)
    assert client.get(reverse("governance:alerts", args=[team.pk])).status_code == 404
