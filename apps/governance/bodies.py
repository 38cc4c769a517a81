"""What each gate page shows between strip and findings: what a reader needs of the room."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.datasets.grids import DataSummary, data_summary
from apps.eda.pinned import ViewLine, view_lines
from apps.engine.evaluation.payoff import Payoff
from apps.engine.training.veil import veil_diagnosis
from apps.governance.beside import Beside, beside
from apps.governance.gates import GATES
from apps.governance.readiness.count import readiness
from apps.governance.readiness.score import Readiness
from apps.modeling.queries import VerdictSummary, verdict_summary
from apps.modeling.reports import level_of
from apps.modeling.scrutiny import Suite, suite_of
from apps.planning.catalogue import TRIPWIRES
from apps.planning.content import Feature, features_of, payoff_of
from apps.planning.models import Plan
from apps.planning.queries import (
    Change,
    PlanSummary,
    amendments_of,
    difference,
    plan_summary,
    sensitive_columns,
)
from apps.production.queries import release_summary
from apps.projects.models import Cycle
from apps.projects.rounds import quorum
from apps.projects.stages import Stage

MOST_RISKS, MOST_SLICES, MOST_DRIVERS = 5, 3, 5

ANCHORS = {
    "plan.problem_is_stated": "plan-why",
    "plan.objective_is_measurable": "plan-objective",
    "plan.target_is_defined": "plan-target",
    "plan.features_are_available": "plan-features",
    "plan.risks_are_owned": "plan-risks",
    "plan.metrics_are_fixed": "plan-metrics",
    "plan.threshold_is_testable": "plan-metrics",
    "data.table_is_built": "data-title",
    "data.nothing_is_lost_unseen": "data-title",
    "data.split_is_sealed": "data-title",
    "data.split_is_clean": "data-title",
    "model.data_is_closed": "model-integrity",
    "model.metrics_locked_first": "model-integrity",
    "model.promises_are_kept": "model-verdict",
    "model.beats_the_baseline": "model-others",
    "model.holds_without_the_folds_that_chose": "model-others",
    "model.openings_are_within_the_plan": "model-integrity",
    "model.no_group_is_left_behind": "model-slices",
    "model.can_be_made_again": "model-integrity",
    "model.shuffled_target_does_not_learn": "model-attacks",
    "model.attacks_find_nothing": "model-attacks",
    "production.answers_as_in_training": "release-title",
    "production.fast_enough": "release-title",
    "production.is_watched": "release-title",
    **{f"{stage.value}.findings_are_closed": "findings" for stage in Stage},
}
"""Question -> the place on the page that shows what its answer rests on."""


@dataclass(frozen=True)
class Body:
    """A template piece and what it is given as ``body`` (None: nothing yet)."""

    template: str
    summary: Any


@dataclass(frozen=True)
class PlanBody:
    """A plan as a manager reads it before signing."""

    summary: PlanSummary
    features: Sequence[Feature]
    tier: str
    tier_says: str
    changes: list[Change]

    @property
    def plan(self) -> Plan:
        """The version."""
        return self.summary.plan

    @property
    def metrics(self) -> dict[str, Any]:
        """Baseline, share and openings of the test."""
        return self.plan.task("metrics")

    @property
    def break_even(self) -> float | None:
        """Share of alarms that have to be right, 0 to 1; None without a payoff."""
        told = payoff_of(self.plan.content)
        return Payoff.from_dict(told).break_even if told else None

    @property
    def in_time(self) -> list[Feature]:
        """Features that are known when the decision is made."""
        return [item for item in self.features if item.is_allowed and not item.sensitive]

    @property
    def sensitive(self) -> list[Feature]:
        """Those among them that touch people's protected traits."""
        return [item for item in self.features if item.is_allowed and item.sensitive]

    @property
    def late(self) -> list[Feature]:
        """Features known only afterwards: excluded."""
        return [item for item in self.features if not item.is_allowed]

    @property
    def risks(self) -> list[dict[str, Any]]:
        """The gravest, with their tripwire in words."""
        words = dict(TRIPWIRES)
        return [
            {**risk, "wire": words.get((risk.get("tripwire") or {}).get("metric", ""), "none")}
            for risk in self.summary.risks[:MOST_RISKS]
        ]

    @property
    def more_risks(self) -> int:
        """How many are not shown here."""
        return max(0, len(self.summary.risks) - MOST_RISKS)


def _tier_says(cycle: Cycle) -> str:
    """What the tier of the project implies for its gates."""
    signed = [gate.stage.label.lower() for gate in GATES if gate.needs_manager(cycle)]
    rest = [gate.stage.label.lower() for gate in GATES if not gate.needs_manager(cycle)]
    many = quorum(Stage.PLAN, cycle.project.tier).count
    who = "A manager" if many == 1 else f"{many} different managers"
    says = f"{who} who had no hand in it sign{'s' if many == 1 else ''} {', '.join(signed)}."
    return f"{says} An analyst closes {', '.join(rest)}." if rest else says


def _plan_body(cycle: Cycle) -> PlanBody | None:
    summary = plan_summary(cycle)
    if summary is None:
        return None
    return PlanBody(
        summary=summary,
        features=features_of(summary.plan.content),
        tier=cycle.project.get_tier_display(),
        tier_says=_tier_says(cycle),
        changes=_changes(cycle, summary),
    )


def _changes(cycle: Cycle, summary: PlanSummary) -> list[Change]:
    """Fields that differ from the signed version; without one, from the one submitted before."""
    if summary.signed:
        return list(summary.changes)
    earlier = (
        cycle.plans.filter(number__lt=summary.plan.number, content_hash__in=_submitted(cycle))
        .order_by("-number")
        .first()
    )
    return difference(earlier.content, summary.plan.content) if earlier else []


def _submitted(cycle: Cycle) -> list[str]:
    found = cycle.submissions.filter(stage=Stage.PLAN)
    return list(found.values_list("subject", flat=True))


@dataclass(frozen=True)
class DataBody:
    """The data, and the views of it that somebody wants the signer to see."""

    summary: DataSummary
    views: list[ViewLine]


def _data_body(cycle: Cycle) -> DataBody | None:
    summary = data_summary(cycle)
    return DataBody(summary, view_lines(cycle, pinned=True)) if summary else None


@dataclass(frozen=True)
class ModelBody:
    """A verdict as a manager reads it before signing."""

    summary: VerdictSummary
    amendments: list[tuple[Plan, bool]]
    level: dict[str, str] | None
    beside: Beside
    readiness: Readiness
    planned: frozenset[str]
    suite: Suite | None
    told: dict[str, Any]
    """The diagnosis on development rows, without sensitive values."""

    @property
    def slices(self) -> list[dict[str, Any]]:
        """Every group that the plan asks for; of the others the weakest, few rows last."""
        rows = self.summary.slices
        others = [row for row in rows if not row["asked"]]
        solid = [row for row in others if not row["few"]]
        few = [row for row in others if row["few"]]
        asked = [row for row in rows if row["asked"]]
        return [*asked, *solid[:MOST_SLICES], *few[:MOST_SLICES]]

    @property
    def drivers(self) -> list[dict[str, Any]]:
        """What the answers rest on, and whether the plan names it."""
        return [
            {**row, "unplanned": bool(self.planned) and row["feature"] not in self.planned}
            for row in self.summary.drivers[:MOST_DRIVERS]
        ]


def _model_body(cycle: Cycle) -> ModelBody | None:
    summary = verdict_summary(cycle)
    if summary is None:
        return None
    opening = summary.opening
    trial, plan = opening.candidate.trial, opening.plan
    rivals = beside(trial)
    return ModelBody(
        summary=summary,
        amendments=amendments_of(cycle),
        level=level_of(trial.reproductions.exclude(result={}).first()),
        beside=rivals,
        readiness=readiness(summary, rivals),
        planned=frozenset(item.name for item in features_of(plan.content)),
        suite=suite_of(trial),
        told=veil_diagnosis(
            trial.diagnosis,
            sensitive=sensitive_columns(cycle),
            target=str(plan.task("features").get("target") or ""),
        ),
    )


def body_of(cycle: Cycle, stage: Stage) -> Body:
    """The piece for this gate."""
    return {
        Stage.PLAN: lambda: Body("governance/gate/_plan.html", _plan_body(cycle)),
        Stage.DATA: lambda: Body("governance/gate/_data.html", _data_body(cycle)),
        Stage.MODEL: lambda: Body("governance/gate/_model.html", _model_body(cycle)),
        Stage.PRODUCTION: lambda: Body("production/_release.html", release_summary(cycle)),
    }[stage]()
