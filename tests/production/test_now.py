"""Each page of an endpoint says what answers, since when, by whose decision, and the way back."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from apps.engine.serving.fallback import Rule
from apps.governance.inbox import waiting_for
from apps.governance.through import Facts
from apps.production import actions, canary_actions, glass_actions, release_actions
from apps.production.endpoint.standing import answering
from apps.production.models import FallbackKind
from apps.production.release.now import now_of
from apps.projects.models import Verdict
from tests.production.test_canary import TERMS

PAGES = ("deploy", "releases", "monitor", "described", "glass")


def now(release):
    return now_of(release.deployment, answering(release.deployment))


@pytest.fixture
def both(release, other, signed):
    """Release 1 and then release 2 are signed, so release 2 answers."""
    signed(release)
    signed(other)


@pytest.fixture
def bring(release, other, both, analyst, manager):
    """``bring(state)`` brings the endpoint into a state by the actions of people."""
    endpoint = release.deployment
    rule = Rule("yes", "distance", "at_least", "120", "no")

    def fall_back():
        release_actions.set_fallback(
            deployment=endpoint, kind=FallbackKind.RULE, rule=rule, by=analyst
        )
        release_actions.take_fallback(deployment=endpoint, reason="It drifts", by=analyst)

    def break_glass():
        request = glass_actions.ask(
            deployment=endpoint,
            kind=FallbackKind.RELEASE,
            release=release,
            hours=2,
            reason="All calls fail",
            by=analyst,
        )
        glass_actions.agree(request=request, by=manager)

    ways = {
        "signed": lambda: None,
        "back": lambda: release_actions.switch_release(
            release=release, reason="Too many", by=analyst
        ),
        "canary": lambda: canary_actions.start_canary(
            release=release, terms=TERMS, reason="A few", by=analyst
        ),
        "fallback": fall_back,
        "stopped": lambda: release_actions.stop(deployment=endpoint, reason="It burns", by=analyst),
        "held": lambda: release_actions.stop(deployment=endpoint, reason="It harms", by=manager),
        "glass": break_glass,
    }
    return lambda state: ways[state]()


STATES = {
    "signed": ("Release 2 answers every call.", "the signature of", "Release 1 is signed"),
    "back": ("Release 1 answers every call.", ": Too many", "it can only be stopped"),
    "canary": (
        "Release 2 answers 70 % of the keys, release 1 as a canary 30 %.",
        ": A few",
        "lets it answer all keys",
    ),
    "fallback": (
        "A rule answers in the model&#x27;s place: yes where distance is at least 120",
        ": It drifts",
        "Switch to release 2",
    ),
    "stopped": ("The endpoint is stopped: each call", ": It burns", "Switch to release 2"),
    "held": ("The endpoint is stopped: each call", ": It harms", "A manager lets the model"),
    "glass": ("Release 1 answers every call by break-glass until", " with ", "then release 2"),
}


@pytest.mark.parametrize("state", STATES)
def test_each_page_of_an_endpoint_says_what_answers_who_decided_it_and_the_way_back(
    bring, release, client, analyst, state
):
    bring(state)
    says, who, back = STATES[state]
    client.force_login(analyst)
    for name in PAGES:
        page = client.get(reverse(f"production:{name}", args=[release.deployment.project.slug]))
        shown = page.content.decode()
        assert says in shown, name
        if (name, state) not in {("monitor", "signed"), ("monitor", "back")}:  # one line only
            assert who in shown, name
            assert name == "described" or back in shown, name


@pytest.mark.parametrize(
    ("state", "person", "door"),
    [
        ("fallback", "analyst", "switch"),
        ("stopped", "analyst", "switch"),
        ("held", "manager", "let_go_on"),
        ("held", "analyst", None),
    ],
)
def test_the_page_of_releases_offers_the_way_on_to_whoever_may_take_it(
    bring, release, other, client, request, state, person, door
):
    bring(state)
    slug = release.deployment.project.slug
    client.force_login(request.getfixturevalue(person))
    shown = client.get(reverse("production:releases", args=[slug])).content.decode()
    assert ("Let the model answer again" in shown) is (door is not None)
    assert "Switch to release" not in shown or state != "held"
    if door:
        of = [slug, other.pk] if door == "switch" else [slug]
        address = reverse(f"production:{door}", args=of)
        assert f'action="{address}"' in shown
        client.post(address, {"text": "It is mended"})
        assert now(release).says == "Release 2 answers every call."
        assert now(release).why == "It is mended"


def test_a_break_glass_that_is_over_is_told_as_the_moment_since_when_it_is_as_before(
    bring, release, client, analyst
):
    bring("glass")
    until = answering(release.deployment).glass.until
    with time_machine.travel(until + timedelta(minutes=5), tick=False):
        told = now(release)
        assert (told.says, told.since) == ("Release 2 answers every call.", until)
        client.force_login(analyst)
        slug = release.deployment.project.slug
        shown = client.get(reverse("production:releases", args=[slug])).content.decode()
        assert "when the break-glass was over" in shown
        assert "Break-glass over: what answered before it answers again" in shown


def test_a_canary_that_waits_for_its_signature_changes_nothing_and_is_told_beside(
    release, other, signed, analyst
):
    signed(release)
    since = now(release).since
    canary_actions.start_canary(release=other, terms=TERMS, reason="A few", by=analyst)
    told = now(release)
    assert (told.says, told.since) == ("Release 1 answers every call.", since)
    assert told.beside == [
        "Release 2 waits for its signature to answer 30 % of the keys as a canary."
    ]
    signed(other)
    assert now(release).state == "waiting"
    assert now(release).since > since
    release_actions.set_shadow(deployment=release.deployment, release=None, by=analyst)
    signed(release, Verdict.WITHDRAW)
    signed(other, Verdict.WITHDRAW)
    assert (now(release).state, now(release).since, now(release).who) == ("locked", None, "")


def test_the_history_says_what_each_word_did_to_what_answered_before(
    bring, release, other, client, analyst
):
    for state in ("back", "fallback"):
        bring(state)
    release_actions.switch_release(release=release, reason="Mended", by=analyst)
    canary_actions.start_canary(release=other, terms=TERMS, reason="A few", by=analyst)
    release_actions.switch_release(release=release, reason="Enough", by=analyst)
    client.force_login(analyst)
    slug = release.deployment.project.slug
    page = client.get(reverse("production:releases", args=[slug]))
    told = [event.says.split(":")[0] for event in page.context["page"].events]
    assert told == [
        "ended the canary",
        "let release 2 answer 30 % of the keys as a canary",
        "let release 1 answer again",
        "put a rule in the model's place",
        "went back to release 1",
        "signed release 2",
        "signed release 1",
    ]


@pytest.mark.parametrize("is_through", [False, True])
def test_a_glass_that_waits_for_a_second_person_lies_in_the_inbox_of_whoever_may_agree(
    release, signed, analyst, manager, viewer, is_through, monkeypatch
):
    """Also beside a cycle through all its gates, as that of a live endpoint usually is."""
    monkeypatch.setattr(Facts, "is_through", is_through)
    signed(release)
    request = glass_actions.ask(
        deployment=release.deployment,
        kind=FallbackKind.STOP,
        release=None,
        hours=1,
        reason="It harms people",
        by=analyst,
    )

    def asked(person):
        return [line for line in waiting_for(person) if "break the glass" in line.asks]

    assert (len(asked(manager)), asked(analyst), asked(viewer)) == (1, [], [])
    assert "It harms people" in asked(manager)[0].says
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert asked(manager) == []
    glass_actions.agree(request=request, by=manager)
    assert asked(manager) == []


def test_a_revoked_token_stays_on_the_page_with_the_moment_since_when_it_is_refused(
    release, signed, client, analyst
):
    signed(release)
    actions.issue_token(deployment=release.deployment, name="billing", by=analyst)
    actions.revoke_token(token=release.deployment.tokens.get(), by=analyst)
    client.force_login(analyst)
    slug = release.deployment.project.slug
    shown = client.get(reverse("production:deploy", args=[slug])).content.decode()
    assert "No token is valid: nobody can call it from outside." in shown
    assert "Revoked: 1" in shown
    assert "refused since" in shown
