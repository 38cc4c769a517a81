"""The records of a cycle as JSON: what was promised, built, shown, decided; each with its id."""

from collections.abc import Iterable
from typing import Any

from django.db import models

from apps.accounts.models import User
from apps.datasets.models import Acceptance, Contract, ContractRun, Datasheet, Split, Table
from apps.eda.models import Finding, SealedLook, SealedSight
from apps.governance.models import (
    Delegation,
    FindingClosing,
    FindingReply,
    GateFinding,
    GateNote,
    Revocation,
    WarningAccepted,
)
from apps.modeling.models import AttackRun, Candidate, Evaluation, Experiment, Opening, Trial
from apps.planning.models import ColumnClass, Plan
from apps.production.models import (
    DriftReference,
    Drill,
    Fallback,
    GlassRequest,
    Release,
    Removal,
    Retention,
    Scores,
    Scoring,
    ScoringRemoval,
    Switch,
    WirePolicy,
)
from apps.projects.canonical import canonical
from apps.projects.models import ConditionMet, Cycle, Decision, Submission, Tiering
from apps.projects.rowprints import fields_of
from apps.projects.stages import Stage

_LEFT_OUT = {"diagnosis"}  # drawings of single rows; the hashes of what was trained stay


def _rows_by_stage(cycle: Cycle) -> dict[Stage, dict[str, Iterable[models.Model]]]:
    """Queries by the stage that they belong to, under the name of their file."""
    return {
        Stage.PLAN: {
            "plans": Plan.objects.filter(cycle=cycle),
            "column_classes": ColumnClass.objects.filter(project=cycle.project_id),
        },
        Stage.DATA: {
            "tables": Table.objects.filter(cycle=cycle),
            "contracts": Contract.objects.filter(project=cycle.project_id),
            "contracts_accepted": Acceptance.objects.filter(contract__project=cycle.project_id),
            "contract_checks": ContractRun.objects.filter(project=cycle.project_id),
            "datasheets": Datasheet.objects.filter(source__project=cycle.project_id),
            "splits": Split.objects.filter(table__cycle=cycle),
            "findings": Finding.objects.filter(cycle=cycle).order_by("pk"),
            "sealed_looks": SealedLook.objects.filter(cycle=cycle),
            "sealed_sights": SealedSight.objects.filter(look__cycle=cycle).order_by("pk"),
        },
        Stage.MODEL: {
            "experiments": Experiment.objects.filter(cycle=cycle).order_by("pk"),
            "trials": Trial.objects.filter(experiment__cycle=cycle),
            "attacks": AttackRun.objects.filter(trial__experiment__cycle=cycle).order_by("pk"),
            "models": Candidate.objects.filter(cycle=cycle),
            "openings": Opening.objects.filter(cycle=cycle),
            "evaluations": Evaluation.objects.filter(opening__cycle=cycle).order_by("pk"),
        },
        Stage.PRODUCTION: {
            "releases": Release.objects.filter(cycle=cycle),
            "fallbacks": Fallback.objects.filter(deployment__project=cycle.project_id),
            "drills": Drill.objects.filter(cycle=cycle),
            "drift_references": DriftReference.objects.filter(deployment__project=cycle.project_id),
            "retentions": Retention.objects.filter(deployment__project=cycle.project_id),
            "removals": Removal.objects.filter(deployment__project=cycle.project_id),
            "wire_policies": WirePolicy.objects.filter(deployment__project=cycle.project_id),
            "glass_requests": GlassRequest.objects.filter(deployment__project=cycle.project_id),
            "scorings": Scoring.objects.filter(release__cycle=cycle).order_by("pk"),
            "scores": Scores.objects.filter(scoring__release__cycle=cycle),
            "scoring_removals": ScoringRemoval.objects.filter(scoring__release__cycle=cycle),
            "switches": Switch.objects.filter(deployment__project=cycle.project_id),
        },
    }


def _gate_rows(cycle: Cycle, stages: list[Stage]) -> dict[str, Iterable[models.Model]]:
    here = {"cycle": cycle, "stage__in": stages}
    met = ConditionMet.objects.filter(decision__cycle=cycle, decision__stage__in=stages)
    of_finding = {"finding__cycle": cycle, "finding__stage__in": stages}
    lent = Delegation.objects.filter(team=cycle.project.team_id)
    return {
        "tiers": Tiering.objects.filter(project=cycle.project_id),
        "delegations": lent,
        "revocations": Revocation.objects.filter(delegation__in=lent).order_by("pk"),
        "submissions": Submission.objects.filter(**here),
        "decisions": Decision.objects.filter(**here),
        "conditions_met": met.order_by("pk"),
        "notes": GateNote.objects.filter(**here),
        "gate_findings": GateFinding.objects.filter(**here),
        "finding_replies": FindingReply.objects.filter(**of_finding),
        "finding_closings": FindingClosing.objects.filter(**of_finding).order_by("pk"),
        "warnings_accepted": WarningAccepted.objects.filter(**here),
    }


def stages_upto(stage: str) -> list[Stage]:
    """The stages that a gate rests on, itself the last; all of them for a whole cycle ("")."""
    stages = list(Stage)
    return stages[: stages.index(Stage(stage)) + 1] if stage else stages


def records_of(cycle: Cycle, stage: str) -> dict[str, bytes]:
    """Files of records by their name in the pack, in canonical JSON."""
    stages = stages_upto(stage)
    rows: dict[str, Iterable[models.Model]] = {}
    by_stage = _rows_by_stage(cycle)
    for one in stages:
        rows |= by_stage[one]
    rows |= _gate_rows(cycle, stages)
    people: set[int] = set()
    files = {}
    for name, found in rows.items():
        listed = [_record(row, people) for row in found]
        files[f"records/{name}.json"] = canonical(listed)
    files["records/people.json"] = canonical(_names(people))
    return files


def _record(row: models.Model, people: set[int]) -> dict[str, Any]:
    fields = {name: value for name, value in fields_of(row).items() if name not in _LEFT_OUT}
    for field in row._meta.concrete_fields:
        if field.related_model is User and fields[field.attname]:
            people.add(fields[field.attname])
    return {"model": row._meta.label_lower, "pk": row.pk, "fields": fields}


def _names(people: set[int]) -> list[dict[str, Any]]:
    """Names for the numbers in the records; no addresses."""
    rows = User.objects.filter(pk__in=people).order_by("pk")
    return [{"model": "accounts.user", "pk": row.pk, "fields": {"name": str(row)}} for row in rows]
