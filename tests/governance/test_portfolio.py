"""The portfolio: health from the last look, money from the signed payoff, nothing of others."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.datasets.models import Split, Table
from apps.governance import portfolio, state
from apps.governance.portfolio import Health, portfolio_of
from apps.governance.state import GateState
from apps.modeling.models import Candidate, Experiment, Trial
from apps.production.models import Alarm, Deployment, FallbackKind, Release, Switch, WatchReport
from apps.production.standing import Standing
from apps.projects import actions
from apps.projects.stages import Stage
from tests import builders

MONEY = {"delivered": 900.0, "low": 800.0, "high": 1100.0, "at_stake": 1000.0}


def verdict(kept, *, role="primary", title="ROC AUC"):
    return {
        "metric": "roc_auc",
        "title": title,
        "role": role,
        "kept": kept,
        "direction": "up",
        "threshold": 0.8,
        "result": 0.85,
        "low": 0.82,
        "high": 0.88,
        "rows": 900,
    }


@pytest.fixture
def live(team, analyst, monkeypatch):
    """``live("Churn", verdicts…)`` makes a project whose release answers, and one look at it."""
    signed = set()

    def glances(cycles, real=state.glances):
        """Real gates, but the production gate of these cycles is passed."""
        for gates in real(cycles):
            yield tuple(
                replace(gate, state=GateState.PASSED)
                if gate.stage == Stage.PRODUCTION and gate.cycle.pk in signed
                else gate
                for gate in gates
            )

    monkeypatch.setattr(portfolio, "glances", lambda cycles: list(glances(cycles)))

    def make(name, *verdicts, money=None, into=team, by=analyst, looked=True):
        cycle = actions.start_project(team=into, name=name, by=by).cycle
        release = released(cycle, by)
        signed.add(cycle.pk)
        if looked:
            told = {"rows": 900, "verdicts": list(verdicts), "money": money, "untold": []}
            WatchReport.objects.create(release=release, at=timezone.now(), performance=told)
        return release

    return make


def released(cycle, by):
    plan = builders.make_plan(cycle, by)
    table = Table.objects.create(cycle=cycle, inputs={}, inputs_hash="t", built_by=by)
    split = Split.objects.create(
        table=table, plan=plan, method="random", test_share=0.2, folds=3, seed=0, drawn_by=by
    )
    experiment = Experiment.objects.create(
        cycle=cycle, number=1, split=split, plan=plan, features=[], started_by=by
    )
    trial = Trial.objects.create(experiment=experiment, candidate="linear", title="Linear")
    return Release.objects.create(
        deployment=Deployment.objects.create(
            project=cycle.project, slug=cycle.project.slug, created_by=by
        ),
        number=1,
        cycle=cycle,
        candidate=Candidate.objects.create(trial=trial, cycle=cycle, model="m", frozen_by=by),
        content_hash="c" * 64,
        created_by=by,
    )


def alarm(release):
    return Alarm.objects.create(
        release=release,
        key="psi",
        severity="high",
        says="It drifts",
        raised_at=timezone.now(),
        last_seen_at=timezone.now(),
    )


def test_the_worst_that_is_true_is_told(live, analyst):
    alarm(live("Broken", verdict("broken"), verdict("kept", role="guardrail")))
    live("Guard", verdict("kept"), verdict("broken", role="guardrail", title="Brier score"))
    alarm(live("Risk", verdict("kept")))
    live("Early", verdict("cannot tell yet"))
    live("New", looked=False)
    live("Good", verdict("kept"))
    told = {
        each.release.cycle.project.name: (each.health, each.why)
        for each in portfolio_of(analyst).live
    }
    assert told == {
        "Broken": (Health.BROKEN, "ROC AUC worse than promised"),
        "Guard": (Health.BROKEN, "Brier score worse than promised"),
        "Risk": (Health.AT_RISK, "1 alarm nobody has answered"),
        "Early": (Health.UNKNOWN, "the interval holds the promise"),
        "New": (Health.UNKNOWN, "the watch has not looked yet"),
        "Good": (Health.KEPT, "on 900 rows with a known truth"),
    }


def test_the_one_to_act_on_stands_first_and_more_money_before_less(live, analyst):
    live("Kept", verdict("kept"), money=MONEY)
    live("Small", verdict("broken"), money=MONEY)
    live("Large", verdict("broken"), money={**MONEY, "at_stake": 5000.0})
    names = [each.release.cycle.project.name for each in portfolio_of(analyst).worst]
    assert names == ["Large", "Small", "Kept"]


def test_money_is_summed_over_those_whose_plan_names_a_payoff(live, analyst):
    live("One", verdict("kept"), money=MONEY)
    live("Two", verdict("kept"), money=MONEY)
    live("None", verdict("kept"))
    found = portfolio_of(analyst)
    assert len(found.booked) == 2
    assert found.delivered == {
        "delivered": 1800.0,
        "low": 1600.0,
        "high": 2200.0,
        "at_stake": 2000.0,
    }


def test_only_the_last_look_counts(live, analyst):
    release = live("Churn", verdict("broken"))
    WatchReport.objects.create(
        release=release,
        at=timezone.now(),
        performance={"rows": 900, "verdicts": [verdict("kept")], "untold": []},
    )
    assert portfolio_of(analyst).live[0].health == Health.KEPT


def test_a_release_that_is_not_signed_or_retired_is_not_live(live, cycle, analyst):
    released(cycle, analyst)
    gone = live("Gone", verdict("kept"))
    gone.deployment.retired_at = timezone.now()
    gone.deployment.save()
    assert portfolio_of(analyst).live == []


def test_another_teams_models_are_not_there(client, live, stranger, manager):
    live("Ours", verdict("kept"), money=MONEY)
    theirs = stranger.memberships.get().team
    live("Theirs", verdict("kept"), money=MONEY, into=theirs, by=stranger)
    client.force_login(manager)
    page = client.get(reverse("governance:portfolio")).content.decode()
    assert "Ours" in page
    assert "Theirs" not in page
    assert "900" in page
    assert "1,800" not in page


def test_search_and_health_narrow_the_list(client, live, manager):
    live("Churn", verdict("broken"))
    live("Fraud", verdict("kept"))
    client.force_login(manager)
    page = reverse("governance:portfolio")
    assert [
        line.release.cycle.project.name for line in client.get(page, {"q": "chu"}).context["page"]
    ] == ["Churn"]
    assert [
        line.release.cycle.project.name
        for line in client.get(page, {"health": "kept"}).context["page"]
    ] == ["Fraud"]
    nothing = client.get(page, {"q": "nobody"}).content.decode()
    assert "No live model matches" in nothing


def test_an_empty_portfolio_says_what_to_do_next(client, manager):
    client.force_login(manager)
    assert "Nothing answers yet" in client.get(reverse("governance:portfolio")).content.decode()


def test_many_models_cost_no_more_queries_than_few(live, analyst):
    def asked():
        portfolio_of(analyst)  # subjects are remembered
        with CaptureQueriesContext(connection) as queries:
            portfolio_of(analyst)
        return len(queries)

    live("First", verdict("kept"))
    few = asked()
    for number in range(6):
        live(f"More {number}", verdict("kept"), money=MONEY)
    assert asked() == few


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"stopped": "It answers nonsense"}, "stopped: It answers nonsense"),
        ({"rule": object()}, "the fallback's rule answers in its place"),
    ],
)
def test_a_model_that_was_stopped_or_replaced_by_a_rule_is_at_risk(
    live, analyst, monkeypatch, how, why
):
    release = live("Churn", verdict("kept"))
    live("Good", verdict("kept"))
    Switch.objects.create(
        deployment=release.deployment,
        number=1,
        kind=FallbackKind.STOP,
        reason="It answers nonsense",
        person=analyst,
    )
    monkeypatch.setattr(portfolio, "answering", lambda endpoint: Standing(release, **how))
    first, second = portfolio_of(analyst).worst
    assert (first.release, first.health, first.why) == (release, Health.AT_RISK, why)
    assert second.health == Health.KEPT
