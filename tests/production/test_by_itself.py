"""The watch takes the fallback at a tripwire where a manager said so; a manager undoes it."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from apps.engine.serving.fallback import Rule
from apps.governance.models import Notice
from apps.governance.switch_notices import tell_of_switches
from apps.production import incident_actions, release_actions, work
from apps.production.endpoint import serving
from apps.production.endpoint.standing import answering
from apps.production.models import Alarm, FallbackKind, Incident, Switch
from apps.web.refusals import Refusal
from tests.production.test_incidents import WIRE, hang
from tests.production.test_monitor_page import sent

KEY = "tripwire:new_share:0.5"


@pytest.fixture
def live(release, signed, analyst, manager):
    """Release 1 is live, with a rule as its fallback and a wire that takes it."""
    hang(release, ("new_share", 0.5), ("psi", 0.25))
    signed(release)
    rule = Rule("no")
    release_actions.set_fallback(
        deployment=release.deployment, kind=FallbackKind.RULE, rule=rule, by=analyst
    )
    release_actions.set_policy(release=release, takes=[KEY], by=manager)
    return release


def now(release):
    return answering(release.deployment)


def test_a_tripwire_takes_the_fallback_with_its_figures_an_incident_and_notices(
    live, caller, row, manager, client
):
    sent(caller, live, desk="moon")
    work.watch()
    stands = now(live)
    assert stands.rule.says == "Always no."
    word = Switch.objects.get()
    assert (word.person, word.alarm.key, word.seen["threshold"]) == (None, KEY, 0.5)
    assert word.seen["value"] == 1.0
    incident = Incident.objects.get()
    assert "The watch took the fallback: A rule answers" in incident.notes.last().text
    event = live.cycle.project.events.get(verb="production.switched")
    assert (event.actor, event.facts["seen"]["metric"]) == (None, "new_share")
    serving.KNOWN.forget()
    told = caller.post("predict", {"rows": [row]}).json()
    assert [note["code"] for note in told["warnings"]] == ["fallback"]
    assert tell_of_switches() == 1
    assert tell_of_switches() == 0
    assert Notice.objects.filter(person=manager, says__contains="took the fallback").exists()
    work.watch()
    assert Switch.objects.count() == 1
    client.force_login(manager)
    slug = live.deployment.project.slug
    for name in ("governance:project", "production:monitor"):
        page = client.get(reverse(name, args=[slug])).content.decode()
        assert "The watch took the fallback: a rule answers" in page


def test_a_wire_that_nobody_ticked_only_tells(live, caller, manager):
    release_actions.set_policy(release=live, takes=["promise"], by=manager)
    sent(caller, live, desk="moon")
    work.watch()
    assert Alarm.objects.count() == 2
    assert not Switch.objects.exists()


def test_the_last_good_release_is_taken_and_without_one_the_incident_says_so(
    live, other, signed, caller, analyst
):
    release_actions.set_fallback(deployment=live.deployment, kind=FallbackKind.RELEASE, by=analyst)
    sent(caller, live, desk="moon")
    work.watch()
    assert now(live).release == live
    assert "could not be taken: There is no earlier" in Incident.objects.get().notes.last().text
    work.watch_release(live)
    assert Incident.objects.get().notes.filter(text__contains="could not").count() == 1
    signed(other)
    serving.KNOWN.forget()
    sent(caller, other, desk="mars")
    hang(other, ("new_share", 0.5))
    signed(other)
    work.watch_release(other)
    assert (now(live).release, Switch.objects.get().release) == (live, live)


def test_only_a_manager_lets_the_model_answer_again_and_the_same_alarm_takes_it_no_more(
    live, caller, analyst, manager, client
):
    sent(caller, live, desk="moon")
    work.watch()
    slug = live.deployment.project.slug
    with pytest.raises(Refusal, match="The watch fell back at a tripwire"):
        release_actions.switch_release(release=live, reason="It is fine", by=analyst)
    release_actions.stop(deployment=live.deployment, reason="To be sure", by=analyst)
    with pytest.raises(Refusal, match="The watch fell back at a tripwire"):
        release_actions.switch_release(release=live, reason="It is fine", by=analyst)
    address = reverse("production:let_go_on", args=[slug])
    client.force_login(analyst)
    assert client.post(address, {"text": "I think so"}).status_code == 403
    client.force_login(manager)
    assert (
        "Let the model answer again"
        in client.get(reverse("production:releases", args=[slug])).content.decode()
    )
    assert client.post(address, {"text": "The feed is mended"}).status_code == 302
    stands = now(live)
    assert (stands.release, stands.rule, stands.stopped, stands.held) == (live, None, "", None)
    sent(caller, live, desk="moon", seed=6)
    work.watch_release(live)
    assert now(live).rule is None, "the manager had this alarm in view"
    incident_actions.close(
        incident=Incident.objects.get(), outcome="true", resolution="Mended", by=manager
    )
    with pytest.raises(Refusal, match="Neither the watch nor a manager"):
        release_actions.let_go_on(deployment=live.deployment, reason="Again", by=manager)


def test_a_policy_is_a_managers_about_wires_that_are_there_and_needs_a_fallback(
    live, analyst, manager, client
):
    with pytest.raises(PermissionDenied):
        release_actions.set_policy(release=live, takes=[KEY], by=analyst)
    with pytest.raises(Refusal, match="other tripwires by now"):
        release_actions.set_policy(release=live, takes=["tripwire:psi:9"], by=manager)
    slug = live.deployment.project.slug
    client.force_login(manager)
    post = reverse("production:set_policy", args=[slug])
    assert client.post(post, {"takes": ["promise", "tripwire:psi:0.25"]}).status_code == 302
    assert live.deployment.wire_policies.last().takes == ["promise", "tripwire:psi:0.25"]
    page = client.get(reverse("production:releases", args=[slug])).content.decode()
    assert page.count('name="takes"') == 3
    assert page.count("checked> takes the fallback") == 2
    assert WIRE["says"] in page
    assert client.post(post, {}).status_code == 302
    assert live.deployment.wire_policies.last().takes == []


def test_a_broken_promise_takes_the_fallback_with_the_metric_it_fell_to(live, caller, manager):
    release_actions.set_policy(release=live, takes=["promise"], by=manager)
    truth = sent(caller, live)
    wrong = [{**one, "value": "no" if one["value"] == "yes" else "yes"} for one in truth]
    caller.post("actuals", {"rows": wrong})
    work.watch()
    word = Switch.objects.get()
    assert word.alarm.key.startswith("promise:")
    assert word.seen["high"] < word.seen["threshold"]
    assert now(live).rule is not None
