"""Two people break the glass for some hours; everybody sees it, and somebody has to answer."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from apps.production import glass_actions, incident_actions, release_actions
from apps.production.endpoint import serving
from apps.production.endpoint.standing import answering
from apps.production.models import FallbackKind, Incident
from apps.production.release import glass
from apps.projects.models import Role
from apps.web.refusals import Refusal
from tests.production.test_releases import check

HOW = {"kind": FallbackKind.RELEASE, "hours": 4, "reason": "The partner's calls all fail"}


@pytest.fixture
def ask(release, other, analyst):
    def asked(**but):
        told = {"deployment": release.deployment, "release": other, "by": analyst, **HOW, **but}
        return glass_actions.ask(**told)

    return asked


def now(release):
    return answering(release.deployment)


def test_two_people_let_an_unsigned_release_answer_and_it_ends_by_itself(
    release, other, signed, ask, caller, row, manager
):
    signed(release)
    request = ask()
    assert now(release).release == release, "one person changes nothing"
    made = glass_actions.agree(request=request, by=manager)
    assert (now(release).release, now(release).glass) == (other, made)
    serving.KNOWN.forget()
    assert caller.post("predict", {"rows": [row]}).json()["release"] == 2
    assert made.until - made.at == pytest.approx(timedelta(hours=4), abs=timedelta(seconds=5))
    with time_machine.travel(timezone.now() + timedelta(hours=4, seconds=1), tick=False):
        assert (now(release).release, now(release).glass) == (release, None)
    assert [
        event.verb for event in release.cycle.project.events.filter(verb__contains="glass")
    ] == ["production.glass_asked"]
    facts = release.cycle.project.events.get(verb="production.switched").facts
    assert (facts["until"], facts["row"]["model"]) == (made.until.isoformat(), "production.switch")


def test_without_any_signature_it_answers_too_and_then_nothing_does(
    release, other, signed, ask, manager
):
    assert not now(release).answers
    glass_actions.agree(request=ask(), by=manager)
    assert now(release).release == other
    with time_machine.travel(timezone.now() + timedelta(hours=5), tick=False):
        assert not now(release).answers


@pytest.mark.parametrize(
    ("but", "says"),
    [
        ({"hours": 25}, "1 to 24 hours"),
        ({"reason": " "}, "Say why"),
        ({"release": None}, "Choose a release"),
        ({"kind": FallbackKind.RULE}, "No rule is set"),
    ],
)
def test_what_is_asked_for_is_possible_and_has_a_reason(release, signed, ask, but, says):
    signed(release)
    with pytest.raises(Refusal, match=says):
        ask(**but)


def test_the_second_person_is_another_one_in_time_and_one_of_both_a_manager(
    release, signed, ask, analyst, manager, join
):
    signed(release)
    request = ask()
    with pytest.raises(Refusal, match="takes a second person"):
        glass_actions.agree(request=request, by=analyst)
    second = join(Role.ANALYST, name="Ann Other")
    with pytest.raises(Refusal, match="has to be a manager"):
        glass_actions.agree(request=request, by=second)
    with (
        time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False),
        pytest.raises(Refusal, match="more than an hour ago"),
    ):
        glass_actions.agree(request=request, by=manager)
    of_manager = ask(by=manager)
    glass_actions.agree(request=of_manager, by=second)
    with pytest.raises(Refusal, match="agreed to this already"):
        glass_actions.agree(request=of_manager, by=analyst)
    with pytest.raises(Refusal, match="The glass is broken already"):
        glass_actions.agree(request=request, by=manager)


def test_it_opens_an_incident_and_the_gate_stays_closed_until_that_is_answered(
    release, signed, ask, manager, analyst
):
    signed(release)
    assert check("production.glass_is_answered", release.cycle).state == "pass"
    glass_actions.agree(request=ask(), by=manager)
    incident = Incident.objects.get()
    assert (incident.severity, "broke the glass for 4 h" in incident.says) == ("high", True)
    assert check("production.glass_is_answered", release.cycle).state == "block"
    incident_actions.close(incident=incident, outcome="true", resolution="Mended", by=analyst)
    assert check("production.glass_is_answered", release.cycle).state == "pass"


def test_a_later_signature_ends_it_and_an_analyst_cannot_use_it_to_undo_a_managers_stop(
    release, other, signed, ask, manager, analyst
):
    signed(release)
    release_actions.stop(deployment=release.deployment, reason="It harms", by=manager)
    glass_actions.agree(request=ask(), by=manager)
    with pytest.raises(Refusal, match="stopped this endpoint as a manager"):
        release_actions.switch_release(release=release, reason="Go on", by=analyst)
    with time_machine.travel(timezone.now() + timedelta(hours=5), tick=False):
        assert now(release).stopped == "It harms"
    signed(release)
    assert (now(release).release, now(release).glass) == (release, None)


def test_everybody_sees_it_on_each_page_of_the_project_and_in_the_portfolio(
    release, other, signed, ask, manager, analyst, viewer, client
):
    slug = release.deployment.project.slug
    signed(release)
    address = reverse("production:glass", args=[slug])
    client.force_login(viewer)
    assert client.get(address).status_code == 200
    ask_it = reverse("production:ask_glass", args=[slug])
    assert client.post(ask_it).status_code == 403
    client.force_login(analyst)
    told = {"kind": "release", "release": other.pk, "hours": 4, "text": HOW["reason"]}
    assert client.post(ask_it, {**told, "hours": 48}).status_code == 422
    assert client.post(ask_it, told).status_code == 302
    assert "Agree: break the glass" not in client.get(address).content.decode()
    client.force_login(manager)
    assert "Agree: break the glass" in client.get(address).content.decode()
    request = release.deployment.glass_requests.get()
    agree = reverse("production:agree_glass", args=[slug, request.pk])
    assert client.post(agree).status_code == 302
    client.force_login(viewer)
    for name, args in (
        ("governance:project", [slug]),
        ("planning:plan", [slug]),
        ("governance:portfolio", []),
    ):
        page = client.get(reverse(name, args=args)).content.decode()
        assert "Break-glass until" in page, name
        assert HOW["reason"].split()[-1] in page
    word = release.deployment.switches.get()
    assert glass.away_by([release.deployment.project]) == {release.deployment.project_id: word}
