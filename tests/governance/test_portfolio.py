"""The portfolio: health from the last look, money from the signed payoff, nothing of others."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.datasets.models import Split, Table
from apps.governance import portfolio
from apps.governance.portfolio import Health, Order, portfolio_of
from apps.governance.views import home
from apps.modeling.models import Candidate, Experiment, Trial
from apps.production.endpoint.standing import Standing
from apps.production.models import Alarm, Deployment, FallbackKind, Release, Switch, WatchReport
from apps.projects import actions
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

    def through(cycles, real=portfolio.through):
        """Real gates, but these cycles are through all of them."""
        return real(cycles) | signed

    monkeypatch.setattr(portfolio, "through", through)

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


def names(models):
    return [model.project for model in models]


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
    told = {each.project: (each.health, each.why) for each in portfolio_of(analyst).live}
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
    assert names(portfolio_of(analyst).listed()) == ["Large", "Small", "Kept"]


def test_the_list_is_sorted_by_money_and_name_and_what_has_none_stands_last(live, analyst):
    live("beta", verdict("kept"), money=MONEY)
    live("Alpha", verdict("kept"), money={**MONEY, "delivered": -5.0, "at_stake": 7000.0})
    live("None", verdict("broken"))
    live("Gamma", verdict("kept"), money={**MONEY, "delivered": 950.0})
    found = portfolio_of(analyst)
    assert {order.value: names(found.listed(order=order)) for order in Order} == {
        "urgent": ["None", "Alpha", "Gamma", "beta"],
        "delivered": ["Gamma", "beta", "Alpha", "None"],
        "least": ["Alpha", "beta", "Gamma", "None"],
        "stake": ["Alpha", "Gamma", "beta", "None"],
        "name": ["Alpha", "beta", "Gamma", "None"],
    }
    assert names(found.listed(health=Health.BROKEN)) == ["None"]


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
    assert names(client.get(page, {"q": "chu"}).context["page"]) == ["Churn"]
    assert names(client.get(page, {"health": "kept"}).context["page"]) == ["Fraud"]
    assert names(client.get(page, {"health": "x", "sort": "x"}).context["page"]) == [
        "Churn",
        "Fraud",
    ]
    nothing = client.get(page, {"q": "nobody"}).content.decode()
    assert "No live model matches" in nothing


def test_the_next_page_keeps_search_health_and_order(client, live, manager, monkeypatch):
    monkeypatch.setattr(home, "MODELS_A_PAGE", 1)
    live("Churn & more", verdict("kept"))
    live("Churn", verdict("kept"))
    client.force_login(manager)
    asked = {"q": "churn", "health": "kept", "sort": "name"}
    page = client.get(reverse("governance:portfolio"), asked).content.decode()
    assert '?q=churn&amp;health=kept&amp;sort=name&amp;page=2"' in page


def test_the_figures_are_those_of_the_whole_last_report(live, analyst):
    """Only a few parts of a report are read; they are what the report says, missing parts too."""
    releases = [
        live("Whole", verdict("kept"), verdict("broken", role="guardrail"), money=MONEY),
        live("Thirds", verdict("kept"), money={**MONEY, "delivered": 1 / 3, "low": -1e-17}),
        live("Early", looked=False),
        live("Bare", looked=False),
        live("Untold", looked=False),
    ]
    now = timezone.now()
    older = WatchReport(release=releases[3], at=now - timedelta(days=1))
    older.performance = {"rows": 1, "verdicts": [verdict("broken")], "money": MONEY}
    bare = WatchReport(release=releases[3], at=now, performance={})
    says = [{"metric": "roc_auc", "says": "Only 3 rows with a known “truth”."}]
    untold = WatchReport(release=releases[4], at=now, drift=[{"column": "x" * 5_000}])
    untold.performance = {"rows": 3, "verdicts": [], "money": None, "untold": says}
    WatchReport.objects.bulk_create([bare, older, untold])
    found = {each.release: each.look for each in portfolio_of(analyst).live}
    assert sorted(found) == sorted(release.pk for release in releases)
    for release in releases:
        report, look = release.watch_reports.order_by("-at").first(), found[release.pk]
        if report is None:
            assert look is None
            continue
        whole = report.performance
        assert look == portfolio.Look(
            at=report.at,
            rows=whole.get("rows", 0),
            verdicts=whole.get("verdicts", []),
            untold=whole.get("untold", []),
            money=whole.get("money"),
        )


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
    monkeypatch.setattr(
        portfolio, "standings", lambda all_: {one.pk: Standing(release, **how) for one in all_}
    )
    first, second = portfolio_of(analyst).listed()
    assert (first.release, first.health, first.why) == (release.pk, Health.AT_RISK, why)
    assert second.health == Health.KEPT


def test_a_line_says_that_a_canary_or_a_shadow_runs_beside_the_model(
    client, live, manager, monkeypatch
):
    both, plain = live("Both", verdict("kept")), live("Plain", verdict("kept"))
    for release in (both, plain):
        release.deployment.shadow = release
        release.deployment.save()  # what answers is no shadow of itself
    assert {(each.canary, each.shadowed) for each in portfolio_of(manager).live} == {(0, False)}
    another = Release.objects.create(
        deployment=both.deployment,
        number=2,
        cycle=both.cycle,
        candidate=both.candidate,
        created_by=manager,
    )
    both.deployment.shadow = another
    both.deployment.save()
    word = Switch.objects.create(
        deployment=both.deployment,
        number=1,
        kind=FallbackKind.RELEASE,
        release=both,
        canary=another,
        terms={"share": 10},
        reason="Carefully",
        person=manager,
    )
    standing = Standing(both, switch=word, canary=another)
    monkeypatch.setattr(portfolio, "standings", lambda all_: {one.pk: standing for one in all_})
    told = {each.project: each for each in portfolio_of(manager).live}
    assert (told["Both"].canary, told["Both"].shadowed) == (10, True)
    assert (told["Both"].release, told["Both"].health) == (both.pk, Health.KEPT)
    assert (told["Plain"].canary, told["Plain"].shadowed) == (0, False)
    client.force_login(manager)
    page = client.get(reverse("governance:portfolio")).content.decode()
    badges = [part.split("</span>")[0].split(">")[-1] for part in page.split("badge-state")[1:]]
    assert [each for each in badges if "Promise" not in each] == ["canary 10 %", "shadow"]
