"""A canary answers a share of the keys, costs no caller an answer, and ends when it is worse."""

import json
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.engine.serving.share import bucket, key_of
from apps.production import canary_actions, release_actions, work
from apps.production.endpoint import predicting, serving
from apps.production.endpoint.standing import answering
from apps.production.log import taking
from apps.production.models import Call, FlipReport, Incident, Prediction, Switch
from apps.projects.models import Verdict
from apps.web.refusals import Refusal
from tests.production.conftest import trips

TERMS = {"share": 30, "column": "", "failed": 1.0, "latency": 50.0, "metric": 0.05}


@pytest.fixture
def start(release, other, signed, analyst):
    """``start(**terms)`` lets release 2 answer a share beside release 1; both are signed."""

    def begin(**but):
        signed(other)
        signed(release)
        canary_actions.start_canary(
            release=other, terms={**TERMS, **but}, reason="Carefully", by=analyst
        )
        serving.KNOWN.forget()
        return answering(release.deployment)

    return begin


@pytest.fixture
def asked(release):
    """120 rows as a caller sends them."""
    names = [item["name"] for item in release.contract["fields"]]
    frame = trips(120, seed=5)[names].astype(object)
    rows = frame.where(frame.notna(), None).to_dict("records")
    return [{**row, "at": row["at"].isoformat()} for row in rows]


def is_theirs(row, other, *, column="", given=""):
    return bucket(key_of(row, column=column, given=given), salt=other.content_hash) < 30


def test_each_answer_is_that_of_the_release_it_names_and_keys_stay(start, other, caller, asked):
    now = start()
    assert (now.release.number, now.canary, now.terms["share"]) == (1, other, 30)
    told = caller.post("predict", {"rows": asked}).json()
    again = caller.post("predict", {"rows": asked[::-1]}).json()
    assert told["release"] == 1
    by = [answer.get("release", 1) for answer in told["predictions"]]
    assert by == [2 if is_theirs(row, other) else 1 for row in asked]
    assert by == [answer.get("release", 1) for answer in again["predictions"]][::-1]
    offline = {
        one.number: [item["prediction"] for item in serving.answer(one, asked).predictions]
        for one in (now.release, other)
    }
    assert offline[1] != offline[2]
    assert [item["prediction"] for item in told["predictions"]] == [
        offline[number][place] for place, number in enumerate(by)
    ]
    kept = {str(item.pk): item.release.number for item in Prediction.objects.all()}
    assert [kept[item["id"]] for item in told["predictions"]] == by
    assert sorted(Call.objects.values_list("release__number", "rows")) == sorted(
        [(1, by.count(1)), (2, by.count(2))] * 2
    )


def test_a_column_or_the_callers_id_decides_where_it_is_given(start, other, caller, asked):
    start(column="desk")
    told = caller.post("predict", {"rows": asked}).json()["predictions"]
    desks = {}
    for row, answer in zip(asked, told, strict=True):
        desks.setdefault(row["desk"], set()).add(answer.get("release", 1))
    assert all(len(by) == 1 for by in desks.values())


def test_an_id_keeps_its_release_and_its_answer_when_the_share_grows(
    start, release, other, caller, row, analyst
):
    start()
    ids = [str(uuid.UUID(int=number)) for number in range(40)]
    body = {"rows": [row] * 40, "ids": ids}
    first = caller.post("predict", body).json()
    by = [item.get("release", first["release"]) for item in first["predictions"]]
    assert by == [2 if is_theirs(row, other, given=key) else 1 for key in ids]
    canary_actions.start_canary(
        release=other, terms={**TERMS, "share": 50}, reason="More", by=analyst
    )
    serving.KNOWN.forget()
    again = caller.post("predict", body).json()
    assert [item["prediction"] for item in again["predictions"]] == [
        item["prediction"] for item in first["predictions"]
    ]
    assert [item.get("release", again["release"]) for item in again["predictions"]] == by


def test_the_hot_path_beside_a_canary_asks_the_database_nothing(
    start, caller, asked, django_assert_num_queries
):
    start()
    caller.post("predict", {"rows": asked})
    body = json.dumps({"rows": asked}).encode()
    with django_assert_num_queries(0):
        reply = predicting.reply_to(caller.environ(body), slug=caller.slug)
    assert reply.status == 200


def test_what_the_canary_cannot_answer_the_release_does_and_the_guard_ends_it(
    start, release, other, caller, asked, client, analyst
):
    now = start()
    fields = other.contract["fields"]
    other.contract = {**other.contract, "fields": [*fields, {**fields[0], "name": "fuel"}]}
    other.save(update_fields=["contract"])
    serving.KNOWN.forget()
    for row in asked:
        answer = caller.post("predict", {"rows": [row]})
        assert (answer.status_code, answer.json()["release"]) == (200, 1)
    failed = Call.objects.filter(release=other)
    assert failed.count() == sum(is_theirs(row, other) for row in asked) >= 20
    assert set(failed.values_list("status", flat=True)) == {422}
    assert Call.objects.filter(release=release, status=200).count() == len(asked)
    work.watch()
    after = answering(release.deployment)
    assert (after.release, after.canary, after.switch.person) == (release, None, None)
    assert after.switch.number == now.switch.number + 1
    assert after.switch.seen["guard"][0]["state"] == "worse"
    incident = Incident.objects.get(alarms__key=f"canary:{now.switch.number}")
    assert "It failed 100 % of" in incident.says
    event = release.cycle.project.events.get(verb="production.switched", actor=None)
    assert event.facts["seen"]["share"] == 30
    work.watch()
    assert Switch.objects.filter(person=None).count() == 1
    client.force_login(analyst)
    slug = release.deployment.project.slug
    page = client.get(reverse("production:canary", args=[slug, other.pk])).content.decode()
    assert "The watch ended this canary" in page
    page = client.get(reverse("production:releases", args=[slug])).content.decode()
    assert "ended the canary: release 1 answers alone" in page


def test_a_bad_row_is_the_callers_fault_with_their_row_number_and_not_the_canarys(
    start, other, caller, asked
):
    start()
    theirs = next(place for place, row in enumerate(asked) if is_theirs(row, other))
    ours = next(place for place, row in enumerate(asked) if not is_theirs(row, other))
    for place in (theirs, ours):
        rows = [dict(row) for row in asked]
        rows[place] |= {"stops": "many"}
        answer = caller.post("predict", {"rows": rows})
        assert answer.status_code == 422
        assert [error["row"] for error in answer.json()["errors"]] == [place + 1]
    assert not Call.objects.filter(release=other).exists()
    assert Call.objects.filter(status=422, release__number=1).count() == 2


def test_good_sides_are_shown_side_by_side_and_nothing_ends(
    start, release, other, caller, asked, client, manager
):
    start()
    told = caller.post("predict", {"rows": asked}).json()["predictions"]
    for row in asked[:60]:
        caller.post("predict", {"rows": [row]})
    truth = [{"prediction_id": item["id"], "value": "yes"} for item in told[:80]]
    caller.post("actuals", {"rows": truth})
    work.watch()
    assert answering(release.deployment).canary == other
    client.force_login(manager)
    page = client.get(reverse("production:monitor", args=[release.deployment.project.slug]))
    text = " ".join(page.content.decode().split())
    assert "The canary beside the release" in text
    assert "canary, 30 % of the keys" in text
    seen = other.watch_reports.first().performance["beside"]
    calls = Call.objects.filter(release=other).count()
    assert (seen["sides"][1]["calls"], seen["sides"][1]["failed"]) == (calls, 0)
    assert sum(side["known"] for side in seen["sides"]) == 80
    assert sum(side["rows"] for side in seen["sides"]) == 180


def test_a_canary_that_is_not_signed_begins_with_its_signature(
    release, other, signed, caller, row, analyst
):
    signed(release)
    canary_actions.start_canary(release=other, terms=TERMS, reason="Soon", by=analyst)
    now = answering(release.deployment)
    assert (now.release, now.canary) == (release, None), "nothing unsigned is sent to anybody"
    signed(other)
    now = answering(release.deployment)
    assert (now.release, now.canary) == (release, other), "the signature begins what waited for it"
    signed(other, Verdict.WITHDRAW)
    assert answering(release.deployment).canary is None
    signed(release)
    assert answering(release.deployment).release == release


def test_promotion_asks_for_the_comparison_and_ending_does_not(
    start, release, other, compared, analyst
):
    start()
    FlipReport.objects.filter(pk=compared.pk).update(report={})
    with pytest.raises(Refusal, match="Compare release 2 with release 1 first"):
        release_actions.switch_release(release=other, reason="All", by=analyst)
    FlipReport.objects.filter(pk=compared.pk).update(report=compared.report)
    made = release_actions.switch_release(release=other, reason="All", by=analyst)
    now = answering(release.deployment)
    assert (now.release, now.canary, made.flips) == (other, None, compared)


def test_a_person_ends_a_canary(start, release, analyst):
    start()
    release_actions.switch_release(release=release, reason="Enough", by=analyst)
    now = answering(release.deployment)
    assert (now.release, now.canary) == (release, None)


def test_the_page_lets_it_begin_and_says_what_is_wrong_with_a_form(
    release, other, signed, analyst, viewer, client
):
    signed(other)
    signed(release)
    slug = release.deployment.project.slug
    page = reverse("production:canary", args=[slug, other.pk])
    post = reverse("production:start_canary", args=[slug, other.pk])
    client.force_login(analyst)
    assert client.get(page).status_code == 200
    sent = {**TERMS, "text": "Carefully"}
    assert client.post(post, {**sent, "share": 80}).status_code == 422
    assert client.post(post, {**sent, "column": "nothing"}).status_code == 422
    assert client.post(post, sent).status_code == 302
    assert "answers 30 % of the keys for real" in client.get(page).content.decode()
    client.force_login(viewer)
    assert client.get(page).status_code == 200
    assert client.post(post, sent).status_code == 403


def test_the_database_takes_no_canary_without_terms_and_no_figures_without_a_watch(
    release, other, analyst
):
    how = {"deployment": release.deployment, "number": 1, "kind": "release", "release": release}
    for but in ({"canary": other}, {"terms": TERMS}, {"person": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Switch.objects.create(**{**how, "reason": "x", "person": analyst, **but})
    assert taking.take_up() == 0
