"""The books of a release: each answer at the signed payoff, beside what the test promised."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Sum

from apps.engine.monitoring.money import against_promise, money
from apps.jobs.queries import worker_seconds
from apps.modeling.models import Evaluation
from apps.planning.content import payoff_of
from apps.planning.queries import SignedPlan
from apps.production.log.answered import positive_of
from apps.production.models import Release
from apps.projects.models import Project

Counts = Mapping[tuple[str, str | None], int]
"""Rows per (answered class, actual class or None while it is not known)."""


def counts_of(release: Release) -> Counts:
    """Of every answer that a program asked for, from the sums that are kept beside the log."""
    counted = (
        release.answer_sums.order_by()
        .values_list("told", "is_known", "actual")
        .annotate(total=Sum("rows"))
    )
    return {
        (told, actual if is_known else None): rows
        for told, is_known, actual, rows in counted
        if rows
    }


def booked(release: Release, plan: SignedPlan, counts: Counts) -> dict[str, Any] | None:
    """The signed payoff on these rows; None where the plan names none or no class is positive."""
    objective, positive = plan.plan.task("objective"), positive_of(release)
    right, wrong = objective.get("value_right"), objective.get("value_wrong")
    if positive is None or right is None or wrong is None:
        return None
    told = money(
        counts,
        positive=positive,
        value_right=right,
        value_wrong=wrong,
        value_missed=objective.get("value_missed") or 0.0,
        value_quiet=objective.get("value_quiet") or 0.0,
    )
    return {**told, **_beside(release, plan, told)}


def _beside(release: Release, plan: SignedPlan, told: dict[str, Any]) -> dict[str, Any]:
    """What the sealed test promised for as many answers; nothing where it was not counted."""
    month, payoff = promised_a_month(release), payoff_of(plan.plan.content)
    if month is None or payoff is None:
        return {}
    return against_promise(
        told, promised_a_month=month, decisions_a_month=float(payoff["per_month"])
    )


def promised_a_month(release: Release) -> dict[str, float] | None:
    """``value``, ``low`` and ``high`` of a month, as the newest opening of the test showed."""
    found = Evaluation.objects.filter(opening__candidate=release.candidate).order_by("-pk").first()
    return found.result.get("money") if found else None


@dataclass(frozen=True)
class Cost:
    """What a project took of the workers; ``price`` in the plans' money, None where none is set."""

    hours: float
    price: float | None


def cost_of(project: Project) -> Cost:
    """All its background work so far: reading, training, releases, comparisons."""
    hours = worker_seconds(project) / 3_600
    each = settings.WORKER_HOUR_PRICE
    return Cost(hours, hours * each if each else None)
