"""Asking for a decision, and talking about it."""

from django.db import transaction

from apps.accounts.models import User
from apps.governance.models import GateNote
from apps.governance.notices import gate_submitted
from apps.governance.state import GateState, ask, lock
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.projects.models import Cycle, Submission
from apps.projects.stages import Stage
from apps.web.refusals import Refusal


@transaction.atomic
def submit_gate(*, cycle: Cycle, stage: Stage, by: User, note: str = "") -> Submission:
    """Ask for a decision on exactly today's evidence."""
    require(by, Verb.SUBMIT, cycle.project)
    lock(cycle)
    today = ask(cycle, stage)
    if today.glance.state == GateState.LOCKED:
        raise Refusal("This gate opens after the gate before it is passed.")
    if today.glance.state in {GateState.WAITING, GateState.PASSED}:
        raise Refusal(f"This gate is already {today.glance.state.label.lower()}.")
    if not today.holds:
        raise Refusal(f"Not ready to be submitted: {today.what_is_missing}")
    submission = Submission.objects.create(
        cycle=cycle,
        stage=stage,
        subject=today.glance.subject,
        evidence_hash=today.evidence_hash,
        evidence=today.record,
        person=by,
        person_name=str(by),
        note=note,
    )
    ledger.record(
        "gate.submitted",
        f"{by} submitted the {stage.label.lower()} gate",
        actor=by,
        project=cycle.project,
        facts={"cycle": cycle.number, "stage": stage, "evidence": today.evidence_hash},
        row=submission,
    )
    gate_submitted(submission)
    return submission


@transaction.atomic
def discuss(*, cycle: Cycle, stage: Stage, by: User, text: str) -> GateNote:
    """Add a remark at a gate."""
    require(by, Verb.DISCUSS, cycle.project)
    if not text.strip():
        raise Refusal("Write something first.")
    note = GateNote.objects.create(cycle=cycle, stage=stage, person=by, text=text.strip())
    ledger.record(
        "gate.discussed",
        f"{by} wrote at the {stage.label.lower()} gate",
        actor=by,
        project=cycle.project,
        row=note,
    )
    return note
