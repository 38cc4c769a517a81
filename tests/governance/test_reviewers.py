"""Reviewers say how likely it is that the promise is kept; later it is compared with the truth."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.governance.actions.submitting import submit_gate
from apps.governance.forecasts import reviewers_of
from apps.production.models import Alarm, Release, WatchReport
from apps.production.watch.outcomes import WINDOW, promises_kept
from apps.projects.models import Verdict
from apps.projects.stages import Stage
from apps.web.refusals import Refusal
from tests.rows import Rows

NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.fixture
def rows(project, analyst):
    return Rows(project, analyst)


@pytest.fixture
def submitted(rows, cycle, analyst):
    """As in conftest.py, with the plan that the rows have made."""
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    return cycle


@pytest.fixture
def release(rows):
    rows.prediction_and_alarm(0)
    Alarm.objects.all().delete()
    return Release.objects.get()


def look(release, days, kept="kept", role="primary"):
    verdicts = [{"metric": "roc_auc", "role": role, "kept": kept}]
    WatchReport.objects.create(
        release=release, at=NOW + days * DAY, performance={"verdicts": verdicts}
    )


def breach(release, days, key="promise:roc_auc", severity="high"):
    at = NOW + days * DAY
    told = {"says": "x", "raised_at": at, "last_seen_at": at}
    Alarm.objects.create(release=release, key=key, severity=severity, **told)


def outcome(release):
    return promises_kept({release.cycle_id}).get(release.cycle_id)


def test_nothing_is_known_before_the_window_is_over(release):
    assert outcome(release) is None
    look(release, 0)
    look(release, WINDOW.days - 1)
    assert outcome(release) is None


def test_a_promise_is_kept_when_a_look_after_the_window_says_so(release):
    look(release, 0)
    look(release, WINDOW.days, kept="cannot tell yet")
    assert outcome(release) is None
    look(release, WINDOW.days + 1)
    assert outcome(release) is True


def test_the_first_breach_breaks_it_and_a_later_recovery_does_not_mend_it(release):
    look(release, 0)
    breach(release, 3)
    look(release, WINDOW.days + 5)
    assert outcome(release) is False


def test_a_breach_after_it_was_kept_for_the_window_does_not_count(release):
    look(release, 0)
    look(release, WINDOW.days)
    breach(release, WINDOW.days + 9)
    assert outcome(release) is True


def test_guardrails_and_tripwires_are_not_the_promise(release):
    look(release, 0)
    look(release, WINDOW.days, role="guardrail")
    breach(release, 1, key="promise:brier", severity="medium")
    breach(release, 2, key="tripwire:psi:0.25", severity="medium")
    assert outcome(release) is None


def test_a_forecast_stands_with_the_decision_and_is_scored_when_the_outcome_is_known(
    submitted, sign, manager, release, client
):
    decision = sign(manager, forecast=80)
    assert decision.forecast == 80
    assert submitted.project.events.latest("seq").facts["forecast"] == 80
    (told,) = reviewers_of(submitted.project.team)
    assert (told.name, told.made, told.scored, told.brier) == ("Mo Okafor", 1, 0, None)
    look(release, 0)
    look(release, WINDOW.days)
    (told,) = reviewers_of(submitted.project.team)
    assert (told.scored, told.brier) == (1, pytest.approx(0.04))
    client.force_login(manager)
    page = client.get(reverse("governance:team", args=[submitted.project.team_id]))
    assert "0.040" in page.content.decode()
    assert "Who always says 50 % has 0.25" in page.content.decode()


def test_a_forecast_is_a_percentage_and_belongs_to_an_approval(submitted, sign, manager):
    for forecast in (-1, 101):
        with pytest.raises(Refusal, match="from 0 to 100"):
            sign(manager, forecast=forecast)
    with pytest.raises(Refusal, match="belongs to an approval"):
        sign(manager, verdict=Verdict.RETURN, forecast=50)
    assert not submitted.decisions.exists()
