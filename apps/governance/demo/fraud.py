"""Card fraud: carried through all four gates and watched, with drift to be seen."""

import random
import time
from datetime import timedelta

import pandas as pd
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.engine.serving.contract import Contract
from apps.engine.serving.fallback import Rule
from apps.engine.simulation.fraud import simulate_fraud
from apps.governance.demo import sheets, steps
from apps.governance.demo.fraud_plan import PLAN
from apps.governance.demo.people import Cast
from apps.governance.demo.steps import Say
from apps.production import actions as production
from apps.production import release_actions, work
from apps.production.endpoint import serving
from apps.production.log import tallying
from apps.production.models import Actual, Call, FallbackKind, Prediction, Release
from apps.production.queries import current_release, signed_release
from apps.projects.models import Cycle
from apps.projects.stages import Stage

DAYS = 75
CALLS_A_DAY = 60
WATCHED_DAYS = 7


def build(people: Cast, *, say: Say) -> None:
    """The whole cycle, then a week of calls in a world that has moved."""
    project = steps.project_of(
        people,
        name="Card fraud",
        slug="card-fraud",
        sentence="For the payments desk, predict at authorisation whether a payment is fraud, so "
        "that fewer are paid back and fewer good cards are held.",
        tier=2,
    )
    cycle = project.cycle
    if signed_release(cycle) is None:
        _to_live(cycle, people, say=say)
    release = signed_release(cycle)
    if release is not None and not release.calls.filter(is_rehearsal=False).exists():
        say("Card fraud: a week of calls")
        _week_of_calls(release)
        work.watch_release(release)


def _to_live(cycle: Cycle, people: Cast, *, say: Say) -> None:
    analyst, manager = people.analyst, people.manager
    say("Card fraud: the plan")
    steps.plan(cycle, PLAN, by=analyst)
    steps.submit(cycle, Stage.PLAN, by=analyst, note="Metrics as agreed with the desk.")
    steps.sign(cycle, Stage.PLAN, by=manager, reason="Measurable, and better than the rule.")
    say("Card fraud: customers, terminals and payments")
    made = simulate_fraud(days=DAYS, seed=42)
    payments = steps.source(cycle, "payments", made.payments, describes="one payment", by=analyst)
    customers = steps.source(
        cycle, "customers", made.customers, describes="one customer", by=analyst
    )
    terminals = steps.source(
        cycle, "terminals", made.terminals, describes="one terminal", by=analyst
    )
    steps.table(
        cycle,
        base=payments,
        joins=[
            (customers, ["customer_id"], ["customer_id"]),
            (terminals, ["terminal_id"], ["terminal_id"]),
        ],
        steps=[("drop_duplicates", {}, "Two deliveries of one payment count once")],
        by=analyst,
    )
    steps.split(cycle, method="time", time="at", folds=4, by=analyst)
    steps.agree(cycle, sheets.FRAUD, by=analyst)
    steps.sign(cycle, Stage.DATA, by=analyst, reason="All questions hold.")
    say("Card fraud: training")
    steps.model(cycle, candidates=["linear", "lightgbm"], choose="lightgbm", by=analyst)
    steps.submit(cycle, Stage.MODEL, by=analyst, note="LightGBM; the linear model is weaker.")
    steps.sign(cycle, Stage.MODEL, by=manager, reason="The promise is kept on the sealed test.")
    say("Card fraud: the endpoint")
    release = current_release(cycle) or production.deploy(cycle=cycle, by=analyst)
    steps.finish(release.job)
    release.refresh_from_db()
    _tried(release)
    _drills(release, analyst)
    steps.submit(cycle, Stage.PRODUCTION, by=analyst, note="Tried with a usual payment.")
    steps.sign(cycle, Stage.PRODUCTION, by=manager, reason="Answers as in training, is watched.")


def _tried(release: Release) -> None:
    """One call, as a person tries it on the deploy page."""
    began = time.perf_counter()
    told = serving.answer(release, [release.report["example"]])
    serving.log(release.deployment, began=began, token=None, told=told, is_rehearsal=True)


def _drills(release: Release, analyst: User) -> None:
    """The plan's contingencies, tried out: the old rule on a rehearsal call."""
    release_actions.set_fallback(
        deployment=release.deployment,
        kind=FallbackKind.RULE,
        rule=Rule("yes", "amount", "at_least", 220.0, "no"),
        by=analyst,
    )
    for risk in PLAN["risks"]["items"]:
        release_actions.drill_fallback(deployment=release.deployment, risk=risk["says"], by=analyst)


def _week_of_calls(release: Release) -> None:
    """Requests of a week in which everybody pays more: served as usual, then dated back."""
    moved = simulate_fraud(days=45, seed=7, inflation=1.7)
    rows = moved.payments.merge(moved.customers, on="customer_id").merge(
        moved.terminals, on="terminal_id"
    )
    rows = rows[rows["at"] > rows["at"].max() - pd.Timedelta(days=WATCHED_DAYS)]
    rows = rows.sample(CALLS_A_DAY * WATCHED_DAYS, random_state=1).sort_values("at")
    names = Contract.from_dict(release.contract).names
    chance = random.Random(3)
    now = timezone.now()
    for place, (_, row) in enumerate(rows.iterrows()):
        began = time.perf_counter()
        told = serving.answer(release, [{name: _plain(row[name]) for name in names}])
        call = serving.log(release.deployment, began=began, token=None, told=told)
        at = now - timedelta(days=WATCHED_DAYS) * (1 - (place + chance.random()) / len(rows))
        with transaction.atomic():
            Call.objects.filter(pk=call.pk).update(at=at)
            Prediction.objects.filter(call=call).update(at=at)
            if at < now - timedelta(days=1):
                Actual.objects.create(
                    prediction_id=told.predictions[0]["id"], value=row["fraud"], at=now
                )
    tallying.recount(release.deployment)


def _plain(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value
