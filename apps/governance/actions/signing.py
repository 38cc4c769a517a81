"""Signing at a gate: decide, withdraw, confirm that a condition was met."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.governance.actions.passwords import check_password
from apps.governance.finding_actions import NewFinding, accept_warning, check_return, write_findings
from apps.governance.gates import FORECAST_AT
from apps.governance.notices import gate_decided
from apps.governance.pages import ShownPage, keep_page, shown_page
from apps.governance.queries import changed_since
from apps.governance.signers import Standing, check_confirmer, standing, why_heard
from apps.governance.state import GateGlance, GateState, GateToday, ask, glance_of, lock
from apps.governance.viewed import viewed_by
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.projects.canonical import content_hash
from apps.projects.models import PASSING, ConditionMet, Cycle, Decision, Verdict
from apps.projects.queries import latest_decision
from apps.projects.rounds import house_today
from apps.projects.stages import Stage
from apps.web.refusals import Refusal


class EvidenceChanged(Refusal):
    """What was shown is not what is true now; nothing was signed."""


@dataclass(frozen=True)
class Proof:
    """How the signer is signed in, for the record; the password is asked in any case."""

    session_hash: str = ""
    method: str = "password"


@dataclass(frozen=True)
class Said:
    """What the signer says with the decision."""

    verdict: Verdict
    reason: str
    condition: str = ""
    due_on: datetime.date | None = None
    forecast: int | None = None  # percent


def _check_condition(said: Said) -> None:
    if not said.condition.strip() or said.due_on is None:
        raise Refusal("Give the condition and the day by which it has to be true.")
    if said.due_on < house_today():
        raise Refusal("The day by which the condition has to be true has passed already.")


def _check_forecast(said: Said, stage: Stage) -> None:
    if said.forecast is None:
        return
    if stage not in FORECAST_AT:
        raise Refusal("A forecast is given at the plan and the model gate.")
    if said.verdict not in PASSING:
        raise Refusal("A forecast belongs to an approval: what is not approved is not tried.")
    if not 0 <= said.forecast <= 100:
        raise Refusal("Give the forecast as a percentage from 0 to 100.")


def _check_wording(said: Said, stage: Stage) -> None:
    if said.verdict == Verdict.WITHDRAW:
        raise Refusal("Withdraw an approval on its own page.")
    if not said.reason.strip():
        raise Refusal("Say why: a decision needs a reason.")
    if said.verdict == Verdict.CONDITIONS:
        _check_condition(said)
    _check_forecast(said, stage)


_CLOSABLE = {GateState.WAITING, GateState.OPEN, GateState.STALE, GateState.RETURNED}


def _check_moment(seen: GateGlance, by: User, found: Standing) -> None:
    """Raise when the gate does not wait for this person's decision now, and say who decided."""
    told = seen.decision
    if seen.state not in ({GateState.WAITING} if seen.round.manager else _CLOSABLE):
        who = f" {told.person_name} decided: {told.get_verdict_display().lower()}." if told else ""
        raise Refusal(f"This gate does not wait for a decision now.{who}")
    heard = why_heard(seen, by, found)
    if heard:
        raise Refusal(heard)


def decide(
    *,
    cycle: Cycle,
    stage: Stage,
    by: User,
    password: str,
    verdict: Verdict,
    seen: Mapping[str, Any],
    reason: str,
    condition: str = "",
    due_on: datetime.date | None = None,
    forecast: int | None = None,
    page: str = "",
    findings: Sequence[NewFinding] = (),
    proof: Proof | None = None,
) -> Decision:
    """Sign a decision on exactly the evidence that was shown (``seen``, a ``GateToday.shown``).

    ``page`` is the SHA-256 of the page that was read, empty when none was shown; ``findings``
    are raised together with the decision.

    Raises EvidenceChanged when either changed in between or was submitted anew, NotIndependent
    for contributors, WrongPassword, or Refusal for a missing reason or when somebody else decided.
    """
    said = Said(verdict, reason, condition, due_on, forecast)
    _check_wording(said, stage)
    standing(glance_of(cycle, stage), by)
    check_password(by, password, project=cycle.project)
    try:
        with transaction.atomic():
            lock(cycle)
            shown = shown_page(cycle, stage)
            today = shown.page.today
            found = standing(today.glance, by)
            _check_seen(seen, today)
            _check_page(page, shown)
            _check_moment(today.glance, by, found)
            if verdict in PASSING and not today.holds:
                raise Refusal(f"It cannot be approved: {today.what_is_missing}")
            if verdict == Verdict.RETURN:
                check_return(cycle, stage, findings)
            write_findings(cycle=cycle, stage=stage, new=findings, by=by)
            return _insert(shown, said, by=by, found=found, proof=proof or Proof())
    except IntegrityError as error:
        raise Refusal(
            "Somebody else decided at the same moment. Look at the gate again."
        ) from error


def _check_seen(seen: Mapping[str, Any], today: GateToday) -> None:
    if content_hash(seen["record"]) != today.evidence_hash:
        raise EvidenceChanged(
            "The evidence changed since you opened this page; nothing was signed. "
            + " ".join(changed_since(seen["record"], today))
        )
    if seen["asked"] != today.shown["asked"]:
        raise EvidenceChanged(
            "This gate was submitted anew since you opened the page; nothing was signed. Read "
            "what it says now."
        )


def _check_page(page: str, shown: ShownPage) -> None:
    if page and page != shown.sha256:
        raise EvidenceChanged(
            "Something on this page changed since you opened it, a finding or an accepted "
            "warning for example; nothing was signed. Read it again."
        )


def _insert(shown: ShownPage, said: Said, *, by: User, found: Standing, proof: Proof) -> Decision:
    today = shown.page.today
    cycle, stage = today.glance.cycle, Stage(today.glance.stage)
    before, conditional = latest_decision(cycle, stage), said.verdict == Verdict.CONDITIONS
    decision = Decision.objects.create(
        cycle=cycle,
        stage=stage,
        number=before.number + 1 if before else 1,
        submission=today.glance.submission,
        needed=today.glance.round.needed,
        subject=today.glance.subject,
        evidence_hash=today.evidence_hash,
        evidence=today.record,
        person=by,
        person_name=str(by),
        role=found.role,
        on_behalf_of=found.principal,
        on_behalf_name=str(found.principal or ""),
        verdict=said.verdict,
        meaning=today.glance.gate.meaning if said.verdict in PASSING else "",
        note=said.reason,
        condition=said.condition if conditional else "",
        due_on=said.due_on if conditional else None,
        viewed=viewed_by(by, today),
        forecast=said.forecast,
        session_hash=proof.session_hash,
        auth_method=proof.method,
    )
    _record(decision, shown)
    keep_page(decision, shown)
    gate_decided(decision)
    return decision


def _record(decision: Decision, shown: ShownPage) -> None:
    cycle, stage = decision.cycle, Stage(decision.stage)
    who = decision.person_name
    if decision.on_behalf_name:
        who += f", for {decision.on_behalf_name}"
    approvals = len(shown.page.glance.round.approvals) + (decision.verdict in PASSING)
    ledger.record(
        "gate.decided",
        f"{who}: {stage.label.lower()} gate {decision.get_verdict_display().lower()}",
        actor=decision.person,
        project=cycle.project,
        facts={
            "cycle": cycle.number,
            "stage": stage,
            "verdict": decision.verdict,
            "subject": decision.subject,
            "evidence": decision.evidence_hash,
            "meaning": decision.meaning,
            "page": shown.sha256,
            "signature": [approvals, decision.needed],
            "on_behalf_of": decision.on_behalf_of_id,
            "viewed": decision.viewed,
            "forecast": decision.forecast,
            "method": decision.auth_method,
            "session": decision.session_hash,
        },
        row=decision,
    )


def withdraw(
    *,
    cycle: Cycle,
    stage: Stage,
    by: User,
    password: str,
    reason: str,
    proof: Proof | None = None,
) -> Decision:
    """Take an approval back. The earlier signature stays; everything behind the gate stops.

    The first of two signatures can be taken back as well, before the second is given.
    """
    require(by, Verb.SIGN, cycle.project)
    if not reason.strip():
        raise Refusal("Say why the approval is withdrawn.")
    check_password(by, password, project=cycle.project)
    with transaction.atomic():
        lock(cycle)
        role = require(by, Verb.SIGN, cycle.project)
        shown = shown_page(cycle, stage)
        if not shown.page.glance.may_be_withdrawn:
            raise Refusal("Only a passed gate can be withdrawn, or a first signature.")
        said = Said(Verdict.WITHDRAW, reason)
        return _insert(shown, said, by=by, found=Standing(role), proof=proof or Proof())


def confirm_condition(*, decision: Decision, by: User, password: str, note: str) -> ConditionMet:
    """Confirm that the condition of an approval was met: for a manager with no hand in the work."""
    cycle, stage = decision.cycle, Stage(decision.stage)
    check_confirmer(glance_of(cycle, stage), by)
    if not note.strip():
        raise Refusal("Say how the condition was met.")
    check_password(by, password, project=cycle.project)
    with transaction.atomic():
        lock(cycle)
        seen = glance_of(cycle, stage)
        check_confirmer(seen, by)
        last = next((one for one in seen.round.conditions if one.pk == decision.pk), None)
        if last is None or hasattr(last, "met"):
            raise Refusal("There is no open condition here.")
        met = ConditionMet.objects.create(decision=last, person=by, note=note)
        ledger.record(
            "gate.condition_met",
            f"{by} confirmed: {last.condition}",
            actor=by,
            project=cycle.project,
            facts={"stage": stage, "on": house_today().isoformat()},
            row=met,
        )
        return met


def accept(*, cycle: Cycle, stage: Stage, by: User, check_key: str, note: str) -> None:
    """Accept a warning as it stands; for whoever may decide here now."""
    with transaction.atomic():
        lock(cycle)
        today = ask(cycle, stage)
        _check_moment(today.glance, by, standing(today.glance, by))
        item = next((item for item in today.asked if item.check.key == check_key), None)
        if item is None:
            raise Refusal("This gate does not ask that question.")
        accept_warning(cycle=cycle, item=item, stage=stage, by=by, note=note)


def may_decide(today: GateToday, person: User) -> str:
    """Empty when this person may decide now; else the reason why not, as a sentence."""
    try:
        _check_moment(today.glance, person, standing(today.glance, person))
    except PermissionDenied:
        who = "A manager" if today.glance.round.manager else "An analyst"
        return f"{who} decides here."
    except Refusal as refusal:
        return str(refusal)
    return ""
