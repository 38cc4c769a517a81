"""What people do with findings and warnings at a gate: raise, answer, close, accept."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from apps.accounts.models import User
from apps.eda.models import Severity
from apps.governance import notices
from apps.governance.findings import FindingState, Thread
from apps.governance.models import FindingClosing, FindingReply, GateFinding, WarningAccepted
from apps.governance.places import title_of
from apps.governance.state import Asked, lock
from apps.projects import ledger
from apps.projects.access import Verb, may, require, role_in
from apps.projects.models import Cycle
from apps.projects.stages import Stage
from apps.web.refusals import Refusal

MOST_TEXT = 2_000


@dataclass(frozen=True)
class NewFinding:
    """A finding as it is written down."""

    says: str
    severity: str = Severity.MEDIUM
    about: str = ""
    owner: User | None = None
    due_on: datetime.date | None = None


def _owner_of(cycle: Cycle, stage: Stage, new: NewFinding) -> User:
    """Who was named, else who submitted last, else who owns the project."""
    submission = cycle.submissions.filter(stage=stage).order_by("-pk").first()
    owner = new.owner or (submission.person if submission else cycle.project.owner)
    if role_in(owner, cycle.project) is None:
        raise Refusal(f"{owner} is no member of the team: choose who answers the finding.")
    return owner


@transaction.atomic
def raise_findings(
    *, cycle: Cycle, stage: Stage, new: Sequence[NewFinding], by: User
) -> list[GateFinding]:
    """Write findings down under the next numbers of this gate."""
    require(by, Verb.EXPLORE, cycle.project)
    lock(cycle)
    return write_findings(cycle=cycle, stage=stage, new=new, by=by)


def write_findings(
    *, cycle: Cycle, stage: Stage, new: Sequence[NewFinding], by: User
) -> list[GateFinding]:
    """As ``raise_findings``, for who decides here. Whoever calls holds the project's lock."""
    raised = cycle.gate_findings.filter(stage=stage).count()
    made = []
    for number, item in enumerate(new, start=raised + 1):
        finding = GateFinding.objects.create(
            cycle=cycle,
            stage=stage,
            number=number,
            severity=item.severity,
            says=_text(item.says, most=600),
            about=item.about if title_of(stage, item.about) else "",
            about_title=title_of(stage, item.about),
            owner=_owner_of(cycle, stage, item),
            due_on=item.due_on,
            raised_by=by,
        )
        ledger.record(
            "gate.finding_raised",
            f"{by} raised finding {number} at the {stage.label.lower()} gate: {finding.says}",
            actor=by,
            project=cycle.project,
            facts={"stage": stage, "finding": number, "severity": finding.severity},
            row=finding,
        )
        made.append(finding)
    notices.findings_raised(made, by=by)
    return made


def _text(text: str, *, most: int = MOST_TEXT) -> str:
    text = text.strip()
    if not text:
        raise Refusal("Write something first.")
    if len(text) > most:
        raise Refusal(f"This has {len(text):,} characters; write at most {most:,}.")
    return text


def _locked(finding: GateFinding) -> Thread:
    """The thread as it is now, with others held off until this transaction ends."""
    lock(finding.cycle)
    fresh = GateFinding.objects.select_related("closing").get(pk=finding.pk)
    return Thread(fresh, list(fresh.replies.all()))


@transaction.atomic
def answer_finding(*, finding: GateFinding, text: str, by: User) -> FindingReply:
    """Add to the thread. It counts as an answer when somebody who works on it says it."""
    project = finding.cycle.project
    require(by, Verb.DISCUSS, project)
    if _locked(finding).state == FindingState.CLOSED:
        raise Refusal("This finding is closed. Raise another one if it is not settled.")
    answers = may(by, Verb.SUBMIT, project)
    reply = FindingReply.objects.create(
        finding=finding, person=by, text=_text(text), answers=answers
    )
    ledger.record(
        "gate.finding_answered",
        f"{by} {'answered' if answers else 'asked back on'} finding {finding.number} at the "
        f"{Stage(finding.stage).label.lower()} gate",
        actor=by,
        project=project,
        facts={"stage": finding.stage, "finding": finding.number, "text": reply.text},
        row=reply,
    )
    notices.finding_answered(reply)
    return reply


@transaction.atomic
def close_finding(*, finding: GateFinding, by: User, note: str = "") -> FindingClosing:
    """Settle a finding: for who raised it and for managers."""
    project = finding.cycle.project
    require(by, Verb.DISCUSS, project)
    if by.pk != finding.raised_by_id:
        require(by, Verb.SIGN, project)
    if _locked(finding).state == FindingState.CLOSED:
        raise Refusal("This finding is closed already.")
    if len(note) > MOST_TEXT:
        raise Refusal(f"The note has {len(note):,} characters; write at most {MOST_TEXT:,}.")
    closing = FindingClosing.objects.create(finding=finding, person=by, note=note.strip())
    ledger.record(
        "gate.finding_closed",
        f"{by} closed finding {finding.number} at the {Stage(finding.stage).label.lower()} gate",
        actor=by,
        project=project,
        facts={"stage": finding.stage, "finding": finding.number, "note": closing.note},
        row=closing,
    )
    notices.finding_closed(closing)
    return closing


def check_return(cycle: Cycle, stage: Stage, new: Sequence[NewFinding]) -> None:
    """Raise unless a returned gate tells the analyst something to work on."""
    if new or cycle.gate_findings.filter(stage=stage, closing=None).exists():
        return
    raise Refusal("Write at least one finding: what has to change before it is submitted again.")


@transaction.atomic
def accept_warning(*, cycle: Cycle, item: Asked, stage: Stage, by: User, note: str) -> None:
    """Take a warning as it stands. Whoever calls has asked whether this person decides here."""
    if item.evidence.state != "warn":
        raise Refusal("Only a warning can be accepted.")
    accepted, is_new = WarningAccepted.objects.get_or_create(
        cycle=cycle,
        stage=stage,
        check_key=item.check.key,
        answer_hash=item.answer_hash,
        defaults={"note": _text(note), "person": by},
    )
    if not is_new:
        raise Refusal("This warning is accepted already.")
    ledger.record(
        "gate.warning_accepted",
        f"{by} accepted at the {stage.label.lower()} gate: {item.evidence.says}",
        actor=by,
        project=cycle.project,
        facts={"stage": stage, "check": item.check.key, "why": note.strip()},
        row=accepted,
    )
