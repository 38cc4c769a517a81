"""What answers follows from signatures and switches; a switch loses no call, and is read before."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.engine.serving.fallback import Rule
from apps.production import queries, release_actions
from apps.production.checks import CHECKS
from apps.production.endpoint import predicting, serving, standing
from apps.production.endpoint.standing import Standing, answering
from apps.production.models import Call, FallbackKind, FlipReport, Prediction, Switch
from apps.production.release import shadows
from apps.projects import ledger
from apps.projects.models import Verdict
from apps.projects.remembered import Remembered
from apps.web.refusals import Refusal


def test_nothing_answers_without_a_signature_and_a_new_build_stops_nothing(release, signed):
    endpoint = release.deployment
    assert answering(endpoint) == Standing()
    signed(release)
    assert answering(endpoint).release == release
    unsigned = type(release).objects.get(pk=release.pk)
    unsigned.pk, unsigned.number, unsigned.content_hash = None, 2, "d" * 64
    unsigned.save()
    assert answering(endpoint).release == release
    signed(unsigned)
    assert answering(endpoint).release == unsigned
    again = type(release).objects.get(pk=unsigned.pk)
    again.pk, again.number = None, 3
    again.save()
    assert answering(endpoint).release == unsigned, "the same record, built again, is no news"


@pytest.mark.parametrize("verdict", [Verdict.WITHDRAW, Verdict.REJECT, Verdict.RETURN])
def test_a_release_whose_signature_was_taken_back_answers_no_more(release, other, signed, verdict):
    signed(release)
    signed(other)
    signed(other, verdict)
    assert answering(release.deployment).release == release
    signed(release, verdict)
    assert answering(release.deployment) == Standing()


def test_going_back_takes_one_click_and_only_to_a_signed_release(release, other, signed, analyst):
    signed(release)
    with pytest.raises(Refusal, match="Release 2 is not signed"):
        release_actions.switch_release(release=other, reason="Better", by=analyst)
    signed(other)
    assert answering(release.deployment).release == other
    release_actions.switch_release(release=release, reason="Holds too many", by=analyst)
    assert answering(release.deployment).release == release
    with pytest.raises(Refusal, match="answers already"):
        release_actions.switch_release(release=release, reason="Again", by=analyst)
    event = release.cycle.project.events.get(verb="production.switched")
    assert "Holds too many" in event.says
    signed(release, Verdict.WITHDRAW)
    assert answering(release.deployment) == Standing(), "what was left is not taken up by itself"


def test_going_on_asks_for_the_comparison_first(release, other, signed, analyst, compared):
    signed(release)
    signed(other)
    release_actions.switch_release(release=release, reason="Wait", by=analyst)
    FlipReport.objects.filter(pk=compared.pk).update(report={})
    with pytest.raises(Refusal, match="Compare release 2 with release 1 first"):
        release_actions.switch_release(release=other, reason="Now", by=analyst)
    FlipReport.objects.filter(pk=compared.pk).update(report=compared.report)
    made = release_actions.switch_release(release=other, reason="Now", by=analyst)
    assert made.flips == compared
    assert answering(release.deployment).release == other


def test_the_database_lets_one_switch_be_the_next(release, analyst):
    how = {"deployment": release.deployment, "number": 1, "kind": "stop", "reason": "x"}
    Switch.objects.create(**how, person=analyst)
    with pytest.raises(IntegrityError), transaction.atomic():
        Switch.objects.create(**how, person=analyst)
    with pytest.raises(IntegrityError), transaction.atomic():
        Switch.objects.create(**{**how, "number": 2, "kind": "release"}, person=analyst)


def test_a_stopped_endpoint_says_so_until_the_next_word(release, signed, caller, row, analyst):
    signed(release)
    release_actions.set_fallback(deployment=release.deployment, kind=FallbackKind.STOP, by=analyst)
    release_actions.take_fallback(deployment=release.deployment, reason="It burns", by=analyst)
    serving.KNOWN.forget()
    answer = caller.post("predict", {"rows": [row]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "stopped")
    assert "It burns" in answer.json()["error"]["message"]
    assert Call.objects.get().error == "stopped"
    release_actions.switch_release(release=release, reason="It is out", by=analyst)
    serving.KNOWN.forget()
    assert caller.post("predict", {"rows": [row]}).status_code == 200


def test_a_rule_answers_in_the_models_place_and_says_so(release, signed, caller, row, analyst):
    signed(release)
    release_actions.set_fallback(
        deployment=release.deployment,
        kind=FallbackKind.RULE,
        rule=Rule("yes", "distance", "at_least", "120", "no"),
        by=analyst,
    )
    release_actions.take_fallback(deployment=release.deployment, reason="It drifts", by=analyst)
    serving.KNOWN.forget()
    rows = [{**row, "distance": 119.9}, {**row, "distance": 120.0}, {**row, "distance": None}]
    told = caller.post("predict", {"rows": rows}).json()
    assert [one["prediction"] for one in told["predictions"]] == ["no", "yes", "no"]
    assert [note["code"] for note in told["warnings"]] == ["fallback"]
    kept = Prediction.objects.get(pk=told["predictions"][1]["id"])
    assert kept.release is None, "it is no answer of the model, so it counts nowhere as one"
    truth = [{"prediction_id": str(kept.pk), "value": "yes"}]
    assert caller.post("actuals", {"rows": truth}).json()["accepted"] == 1


def test_a_switch_under_load_fails_no_call_and_each_answer_is_that_of_its_release(
    release, other, caller, row, monkeypatch
):
    import json

    rows = [{**row, "distance": float(step)} for step in range(70, 150, 4)]
    expected = {
        one.number: [told["prediction"] for told in serving.answer(one, rows).predictions]
        for one in (release, other)
    }
    assert expected[1] != expected[2]
    stands = [Standing(release)]
    monkeypatch.setattr(serving, "standing_for", lambda deployment: stands[0])
    # From here on the token is known: no thread asks the database.
    predicting.reply_to(caller.environ(b""), slug=caller.slug)
    body, replies, end = json.dumps({"rows": rows}).encode(), [], threading.Event()

    def call():
        while not end.is_set():
            replies.append(predicting.reply_to(caller.environ(body), slug=caller.slug))

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(20):
        end.wait(0.02)
        stands[0] = Standing((release, other)[turn % 2])
    end.set()
    for thread in threads:
        thread.join()
    seen = set()
    for reply in replies:
        told = json.loads(reply.body)
        seen.add(told["release"])
        assert reply.status == 200
        assert [one["prediction"] for one in told["predictions"]] == expected[told["release"]]
    assert seen == {1, 2}


def test_logged_calls_are_compared_by_segment_and_in_money(
    release, other, caller, analyst, run_jobs, signed, client
):
    from tests.production.test_monitor_page import sent

    signed(release)
    truth = sent(caller, release, rows=60)
    caller.post("actuals", {"rows": truth[:40]})
    with run_jobs():
        report = release_actions.compare_releases(before=release, after=other, by=analyst)
    report.refresh_from_db()
    told = report.report
    kept = {item.pk: item for item in Prediction.objects.select_related("actual")}
    flipped = [
        item
        for item in kept.values()
        if (item.probabilities["yes"] > 0.05) != (item.prediction == "yes")
    ]
    assert (told["cases"], told["flips"]) == (60, len(flipped))
    assert told["into"] == [{"before": "no", "after": "yes", "rows": len(flipped)}]
    known = [item.actual.value for item in flipped if hasattr(item, "actual")]
    money = told["money"]
    assert money["sure"] == sum(100.0 if value == "yes" else -5.0 for value in known)
    assert money["open"] == len(flipped) - len(known)
    assert money["high"] == money["sure"] + 100.0 * money["open"]
    assert {row["column"] for row in told["segments"]} == {"desk"}
    assert sum(row["flips"] for row in told["segments"]) == len(flipped)
    slug = release.deployment.project.slug
    client.force_login(analyst)
    page = client.get(reverse("production:flips", args=[slug, report.pk])).content.decode()
    assert f"<strong>{len(flipped)}</strong><span>of 60 cases get another answer" in page
    assert "Let release 2 answer" not in page, "it is not signed"
    signed(other)
    page = client.get(reverse("production:releases", args=[slug])).content.decode()
    assert "Release 2 answers every call." in page


def check(key, cycle):
    return next(check for check in CHECKS if check.key == key).run(cycle)


def test_the_gate_asks_what_would_change(release, other, signed, compared):
    signed(release)
    FlipReport.objects.update(report={})
    told = check("production.flips_are_known", release.cycle)
    assert (told.state, "nobody compared" in told.says) == ("warn", True)
    FlipReport.objects.update(report=compared.report)
    told = check("production.flips_are_known", release.cycle)
    assert (told.state, "3 of 10 logged calls" in told.says) == ("pass", True)
    back = check("production.can_go_back", release.cycle)
    assert "Release 1 is signed" in back.says


def test_the_page_says_what_was_decided_when(release, other, signed, analyst, manager, client):
    signed(release)
    signed(other)
    release_actions.switch_release(release=release, reason="Too many held", by=analyst)
    client.force_login(manager)
    slug = release.deployment.project.slug
    page = client.get(reverse("production:releases", args=[slug])).content.decode()
    for says in ("went back to release 1", "Too many held", "Mo Okafor signed release 2"):
        assert says in page
    assert "Switch to release" not in page, "a manager does not deploy"
    client.force_login(analyst)
    page = client.get(reverse("production:releases", args=[slug])).content.decode()
    assert "Switch to release 2" in page


def test_a_rule_that_cannot_answer_is_told_at_the_form(release, signed, analyst, client):
    signed(release)
    client.force_login(analyst)
    slug = release.deployment.project.slug
    sent = {"kind": "rule", "then": "perhaps", "field": "", "operator": "", "value": ""}
    answer = client.post(reverse("production:set_fallback", args=[slug]), sent)
    assert answer.status_code == 422
    assert "say one of no, yes" in answer.content.decode()
    sent |= {"then": "no"}
    assert client.post(reverse("production:set_fallback", args=[slug]), sent).status_code == 302
    assert release.deployment.fallbacks.get().rule["then"] == "no"
    assert replace(Standing(release), stopped="x").answers is False
    assert queries.serving_release(release.deployment) == release
    assert timezone.now() > release.deployment.fallbacks.get().at


def test_a_release_is_taken_home_with_its_card_and_a_line_in_the_ledger(
    release, signed, analyst, client
):
    import io
    import zipfile

    signed(release)
    client.force_login(analyst)
    slug = release.deployment.project.slug
    answer = client.post(reverse("production:bundle", args=[slug, release.pk]))
    file = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    card = file.read("model_card.md").decode()
    for says in ("signed at the production gate", "The scanner is replaced", "Only one clinic"):
        assert says in card
    assert {"predict.py", "model.skops", "Dockerfile", "MLmodel"} <= set(file.namelist())
    assert release.cycle.project.events.filter(verb="production.taken_home").exists()


def test_a_shadow_answers_copies_of_new_calls_only_and_never_itself(
    release, other, signed, caller, row, analyst, client, run_jobs
):
    endpoint = release.deployment
    signed(release)
    with pytest.raises(Refusal, match="cannot shadow itself"):
        release_actions.set_shadow(deployment=endpoint, release=release, by=analyst)
    client.force_login(analyst)
    slug = endpoint.project.slug
    client.post(reverse("production:shadow", args=[slug, other.pk]))
    endpoint.refresh_from_db()
    assert endpoint.shadow == other
    assert shadows.follow(endpoint) is None, "nobody has called yet"
    told = caller.post("predict", {"rows": [row]}).json()
    with run_jobs():
        report = shadows.follow(endpoint)
    report.refresh_from_db()
    assert (report.before, report.after, report.report["cases"]) == (release, other, 1)
    assert told["release"] == 1, "the caller hears of the live release only"
    assert Prediction.objects.filter(release=other).count() == 0
    assert shadows.follow(endpoint) is None, "it has seen this call"
    client.post(reverse("production:shadow", args=[slug, other.pk]))
    endpoint.refresh_from_db()
    assert endpoint.shadow is None


def test_what_a_manager_stopped_takes_a_new_signature_to_go_on(
    release, signed, analyst, manager, viewer, client
):
    endpoint = release.deployment
    signed(release)
    address = reverse("production:stop", args=[endpoint.project.slug])
    for person, status in ((viewer, 403), (manager, 302)):
        client.force_login(person)
        assert client.post(address, {"text": "It harms people"}).status_code == status
    assert answering(endpoint).stopped == "It harms people"
    with pytest.raises(Refusal, match="stopped this endpoint as a manager"):
        release_actions.switch_release(release=release, reason="Go on", by=analyst)
    signed(release)
    assert answering(endpoint).answers
    release_actions.stop(deployment=endpoint, reason="A moment", by=analyst)
    release_actions.switch_release(release=release, reason="It was nothing", by=analyst)
    assert answering(endpoint).answers


def test_what_a_candidate_is_about_is_asked_again_on_an_event_and_on_another_day(
    release, analyst, signed, monkeypatch, time_machine
):
    """An approval on a condition falls overdue at midnight, without an event."""
    signed(release)
    asked = []
    monkeypatch.setattr(standing, "SUBJECTS", Remembered(10))
    monkeypatch.setattr(standing, "candidate_subject", lambda one: asked.append(one) or "model")
    for _ in range(2):
        assert answering(release.deployment).release == release
    assert len(asked) == 1
    told = {"actor": analyst, "project": release.cycle.project}
    ledger.record("plan.noted", "something happened", **told)
    answering(release.deployment)
    assert len(asked) == 2
    time_machine.move_to(timezone.now() + timedelta(days=1))
    answering(release.deployment)
    assert len(asked) == 3
