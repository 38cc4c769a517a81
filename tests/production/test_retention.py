"""How long the log of calls is kept: what goes, what stays, who may say so."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Sum
from django.urls import reverse
from django.utils import timezone

from apps.production import watch_actions
from apps.production.log import retention, tallying
from apps.production.models import (
    Actual,
    AnswerSum,
    Call,
    CallSum,
    Incident,
    Prediction,
    Removal,
    Retention,
)
from apps.production.watch import booking
from apps.projects.models import Event
from apps.web.refusals import Refusal


@pytest.fixture
def kept(release, manager):
    """``kept(inputs, answers)`` days."""

    def say(inputs, answers):
        return watch_actions.set_retention(
            deployment=release.deployment,
            inputs_days=inputs,
            answers_days=answers,
            reason="The works council agreed",
            by=manager,
        )

    return say


@pytest.fixture
def asked(caller, row, release):
    """Two calls of 41 days ago with a known truth, and one of now; their ids."""
    old = caller.post("predict", {"rows": [row] * 2}).json()["predictions"]
    old += caller.post("predict", {"rows": [row]}).json()["predictions"]
    rows = [{"prediction_id": one["id"], "value": "yes"} for one in old]
    assert caller.post("actuals", {"rows": rows}).json()["accepted"] == 3
    shift = timedelta(days=41)
    Prediction.objects.update(at=F("at") - shift)
    Call.objects.update(at=F("at") - shift)
    new = caller.post("predict", {"rows": [row]}).json()["predictions"]
    tallying.recount(release.deployment)
    return [one["id"] for one in old], [one["id"] for one in new]


def sums():
    return (
        list(CallSum.objects.values_list("start", "calls", "rows").order_by("start")),
        sorted(AnswerSum.objects.filter(rows__gt=0).values_list("day", "told", "actual", "rows")),
    )


def test_inputs_go_first_and_answers_truths_and_sums_stay(asked, kept, release):
    _old, new = asked
    kept(40, 400)
    before = sums()
    (made,) = retention.remove_due()
    assert (made.inputs, made.answers, made.actuals, made.calls) == (3, 0, 0, 0)
    assert Prediction.objects.filter(row={}).count() == 3
    assert Prediction.objects.get(pk=new[0]).row
    assert Actual.objects.count() == 3
    assert sums() == before
    assert retention.remove_due() == []
    event = Event.objects.get(verb="production.log_removed")
    assert (event.facts["inputs"], event.facts["answers"], event.facts["calls"]) == (3, 0, 0)
    assert Event.objects.filter(verb="production.retention_set").exists()


def test_answers_go_with_calls_and_truths_and_the_totals_go_on_being_those_of_all(
    asked, kept, release
):
    _old, new = asked
    kept(10, 40)
    before, money = sums(), booking.counts_of(release)
    (made,) = retention.remove_due()
    assert (made.inputs, made.answers, made.actuals, made.calls) == (0, 3, 3, 2)
    assert [str(key) for key in Prediction.objects.values_list("pk", flat=True)] == new
    assert Call.objects.count() == 1
    assert sums() == before
    tallying.recount(release.deployment)  # from the day on that the raw log is whole
    assert sums() == before
    assert booking.counts_of(release) == money
    since = retention.kept_since(release.deployment)
    raw = Prediction.objects.filter(at__gte=since).aggregate(n=Count("pk"))["n"]
    assert AnswerSum.objects.filter(day__gte=since.date()).aggregate(n=Sum("rows"))["n"] == raw


def test_a_long_log_goes_in_pieces_each_run_with_one_line(asked, kept, monkeypatch):
    monkeypatch.setattr(retention, "MOST_ROWS", 2)
    monkeypatch.setattr(retention, "PIECE", 1)
    kept(40, 0)
    assert [len(retention.remove_due()) for _ in range(3)] == [1, 1, 0]
    assert list(Removal.objects.values_list("inputs", flat=True)) == [2, 1]
    assert Event.objects.filter(verb="production.log_removed").count() == 2


def test_an_open_incident_holds_the_log(asked, kept, release, manager):
    now = timezone.now()
    incident = Incident.objects.create(
        deployment=release.deployment,
        number=1,
        severity="high",
        says="Recall fell",
        owner=manager,
        due_at=now,
        raised_at=now,
        last_seen_at=now,
    )
    kept(10, 40)
    assert retention.remove_due() == []
    incident.closed_at, incident.outcome, incident.resolution = now, "true", "Mended"
    incident.save()
    assert len(retention.remove_due()) == 1


def test_without_a_word_the_settings_hold_and_zero_is_for_good(asked, release, settings):
    settings.KEEP_INPUTS_DAYS = settings.KEEP_ANSWERS_DAYS = 0
    assert retention.remove_due() == []
    settings.KEEP_INPUTS_DAYS = 41  # the day itself is kept whole
    assert retention.remove_due() == []
    settings.KEEP_INPUTS_DAYS = 40
    assert len(retention.remove_due()) == 1


def test_an_id_whose_inputs_are_over_is_told_so_and_not_answered_anew(
    asked, kept, caller, row, client, manager, release
):
    kept(40, 400)
    retention.remove_due()
    answer = caller.post("predict", {"row": row, "id": asked[0][0]})
    assert answer.status_code == 409
    assert "no longer kept" in answer.json()["error"]["message"]
    client.force_login(manager)
    slug = release.deployment.project.slug
    page = client.get(reverse("production:trace", args=[slug, uuid.UUID(asked[0][0])]))
    assert "those of this answer are over" in page.content.decode()


def test_a_manager_says_how_long_on_the_page_with_a_reason(client, release, manager, analyst):
    slug = release.deployment.project.slug
    address = reverse("production:set_retention", args=[slug])
    said = {"inputs_days": 90, "answers_days": 400, "reason": "Agreed with the works council"}
    client.force_login(manager)
    assert client.post(address, {**said, "inputs_days": "many"}).status_code == 422
    assert client.post(address, {**said, "inputs_days": 500}).status_code == 409
    page = client.post(address, said, follow=True).content.decode()
    for words in ("90 days", "400 days", "Agreed with the works council"):
        assert words in page
    assert Retention.objects.get().person == manager
    with pytest.raises(PermissionDenied):
        watch_actions.set_retention(deployment=release.deployment, by=analyst, **said)


@pytest.mark.parametrize(
    ("days", "reason", "words"),
    [
        ((0, 40), "x", "no longer than"),
        ((-1, 0), "x", "whole numbers"),
        ((1, 40_000), "x", "whole numbers"),
        ((1, 2), "  ", "Say why"),
    ],
)
def test_terms_that_cannot_be_are_refused_in_words(days, reason, words, release, manager):
    with pytest.raises(Refusal, match=words):
        watch_actions.set_retention(
            deployment=release.deployment,
            inputs_days=days[0],
            answers_days=days[1],
            reason=reason,
            by=manager,
        )
