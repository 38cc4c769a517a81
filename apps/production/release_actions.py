"""What a person does about releases: compare, switch, set and take the fallback, drill."""

import time
from collections.abc import Collection

from django.db import transaction

from apps.accounts.models import User
from apps.engine.serving.contract import Contract
from apps.engine.serving.fallback import Rule, rule_for
from apps.engine.types import Problem
from apps.production.endpoint import serving
from apps.production.endpoint.standing import Standing, answering, signed_releases
from apps.production.models import (
    Deployment,
    Drill,
    Fallback,
    FallbackKind,
    FlipReport,
    Release,
    Switch,
    WirePolicy,
)
from apps.production.refusals import ApiRefusal
from apps.production.release.releases import (
    Risk,
    flips_between,
    kept_from_answering,
    last_good,
    risk_of,
    wire_lines,
)
from apps.production.release.shadows import ask_to_compare
from apps.production.release.switching import load, locked_for, said, write_switch
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.projects.models import Cycle
from apps.web.refusals import Refusal


@transaction.atomic
def compare_releases(*, before: Release, after: Release, by: User) -> FlipReport:
    """Have the logged cases of one release answered by another one; for reading before a switch."""
    project = after.deployment.project
    require(by, Verb.DEPLOY, project)
    if before.pk == after.pk or before.deployment_id != after.deployment_id:
        raise Refusal("Compare two releases of the same endpoint.")
    if not after.is_ready:
        raise Refusal("This release is not built yet.")
    return ask_to_compare(before, after, by)


@transaction.atomic
def set_shadow(*, deployment: Deployment, release: Release | None, by: User) -> None:
    """Let a release answer copies of the calls, or end that (None). It need not be signed."""
    deployment = locked_for(deployment, Verb.DEPLOY, by)
    if release is not None and not release.is_ready:
        raise Refusal("This release is not built yet.")
    if release is not None and answering(deployment).release == release:
        raise Refusal(f"Release {release.number} answers already: it cannot shadow itself.")
    deployment.shadow = release
    deployment.save(update_fields=["shadow"])
    ledger.record(
        "production.shadow_set",
        f"{by} let {release} shadow" if release else f"{by} ended the shadow of {deployment}",
        actor=by,
        project=deployment.project,
        facts={"release": release.number if release else None},
    )


@transaction.atomic
def switch_release(*, release: Release, reason: str, by: User) -> Switch:
    """Let another signed release answer. It is loaded first, so no call waits or fails.

    Going on to a newer release asks for the comparison with what answers now; going back does not.
    """
    deployment = locked_for(release.deployment, Verb.DEPLOY, by)
    said(reason)
    now = answering(deployment)
    not_held(now)
    if release.pk not in {one.release.pk for one in signed_releases(deployment)}:
        raise Refusal(f"Release {release.number} is not signed, so it cannot answer.")
    if now.release == release and now.answers and now.rule is None and now.canary is None:
        raise Refusal(f"Release {release.number} answers already.")
    flips = flips_between(now.release, release)
    goes_on = now.release and (now.release.number < release.number or release == now.canary)
    if now.release and goes_on and flips is None:
        raise Refusal(
            f"Compare release {release.number} with release {now.release.number} first: what "
            "would change is read before the switch."
        )
    load(release)
    says = f"{by} let {release} answer: {reason.strip()}"
    kind = FallbackKind.RELEASE
    return write_switch(deployment, kind, says, reason, by=by, release=release, flips=flips)


@transaction.atomic
def set_fallback(
    *, deployment: Deployment, kind: FallbackKind, by: User, rule: Rule | None = None
) -> Fallback:
    """Say what the endpoint falls back to. Raises EngineError for a rule that cannot answer."""
    require(by, Verb.DEPLOY, deployment.project)
    fixed = _fitting(deployment, rule) if kind == FallbackKind.RULE and rule else None
    if kind == FallbackKind.RULE and fixed is None:
        raise Refusal("Say what the rule answers.")
    made = Fallback.objects.create(
        deployment=deployment, kind=kind, rule=fixed.as_dict() if fixed else None, person=by
    )
    ledger.record(
        "production.fallback_set",
        f"{by} set what {deployment} falls back to: {fixed.says if fixed else made}",
        actor=by,
        project=deployment.project,
        facts={"kind": kind, "rule": made.rule},
        row=made,
    )
    return made


@transaction.atomic
def set_policy(*, release: Release, takes: Collection[str], by: User) -> WirePolicy:
    """Say at which tripwires of a release the watch takes the fallback by itself; for managers."""
    deployment = locked_for(release.deployment, Verb.SIGN, by)
    known = {line.key: line for line in wire_lines(release)}
    if not set(takes) <= set(known):
        raise Refusal("The plan has other tripwires by now. Load the page again.")
    if takes:
        _fallback(deployment)
    made = WirePolicy.objects.create(deployment=deployment, takes=sorted(takes), person=by)
    at = "; ".join(known[key].trips for key in made.takes) or "no tripwire"
    ledger.record(
        "production.wire_policy_set",
        f"{by} has the watch take the fallback of {deployment} by itself at: {at}",
        actor=by,
        project=deployment.project,
        facts={"takes": made.takes},
        row=made,
    )
    return made


@transaction.atomic
def take_fallback(*, deployment: Deployment, reason: str, by: User) -> Switch:
    """Switch to the fallback that is set."""
    deployment = locked_for(deployment, Verb.DEPLOY, by)
    said(reason)
    fallback = _fallback(deployment)
    if fallback.kind == FallbackKind.RELEASE:
        return switch_release(release=last_good(deployment), reason=reason, by=by)
    now = answering(deployment)
    not_held(now)
    if now.release is None:
        raise Refusal("Nothing answers here, so there is nothing to fall back from.")
    says = f"{by} had {deployment} fall back ({fallback.get_kind_display()}): {reason.strip()}"
    return write_switch(
        deployment, FallbackKind(fallback.kind), says, reason, by=by, rule=fallback.rule
    )


@transaction.atomic
def stop(*, deployment: Deployment, reason: str, by: User) -> Switch:
    """Stop the endpoint at once; for analysts and managers.

    What a manager stopped a manager lets go on, or the next signature at the production gate.
    """
    deployment = locked_for(deployment, Verb.DISCUSS, by)
    said(reason)
    if not answering(deployment).answers:
        raise Refusal("Nothing answers here, so there is nothing to stop.")
    says = f"{by} stopped {deployment}: {reason.strip()}"
    return write_switch(deployment, FallbackKind.STOP, says, reason, by=by)


def not_held(now: Standing) -> None:
    """Refuse where the watch or a manager took the model away: that is a manager's to undo."""
    if now.held is None:
        return
    did = (
        "The watch fell back at a tripwire"
        if now.held.person is None
        else f"{now.held.person} stopped this endpoint as a manager"
    )
    raise Refusal(f"{did}. A manager lets the model answer again, on the page of releases.")


@transaction.atomic
def let_go_on(*, deployment: Deployment, reason: str, by: User) -> Switch:
    """A manager lets the model answer again that the watch or a manager took away."""
    deployment = locked_for(deployment, Verb.SIGN, by)
    said(reason)
    now = answering(deployment)
    if now.held is None:
        raise Refusal("Neither the watch nor a manager took the model away here.")
    before = kept_from_answering(now)
    release = next(
        (one.release for one in signed_releases(deployment) if one.release == before), None
    )
    if release is None:
        raise Refusal("The release that answered before is not signed any more.")
    load(release)
    says = f"{by} let {release} answer again: {reason.strip()}"
    return write_switch(deployment, FallbackKind.RELEASE, says, reason, by=by, release=release)


@transaction.atomic
def record_drill(
    *, cycle: Cycle, risk: str, done: str, passed: bool, took_s: float, note: str, by: User
) -> Drill:
    """Keep how a contingency went that people carried out themselves."""
    require(by, Verb.DISCUSS, cycle.project)
    if not done.strip():
        raise Refusal("Say what was done in the drill.")
    if not passed and not note.strip():
        raise Refusal("Say what went wrong: a failed drill is kept to learn from.")
    return _drilled(cycle, risk_of(cycle, risk), done, passed, took_s, note, by)


@transaction.atomic
def drill_fallback(*, deployment: Deployment, risk: str, by: User) -> Drill:
    """Switch a rehearsal call to the fallback, and measure. Live calls do not notice.

    The call goes the way of a request, with what would stand after the switch in place of what
    stands now. Failing to load or to answer is a failed drill, not an error.
    """
    project = deployment.project
    require(by, Verb.DEPLOY, project)
    fallback = _fallback(deployment)
    release = answering(deployment).release or _newest(deployment)
    began = time.perf_counter()
    passed, done = True, ""
    try:
        done = _rehearsed(fallback, release)
    except (ApiRefusal, Refusal) as problem:
        passed, done = False, f"The rehearsal call was not answered: {problem}"
    took_s = time.perf_counter() - began
    cycle = project.cycle
    return _drilled(cycle, risk_of(cycle, risk), done, passed, took_s, "", by, release=release)


def _rehearsed(fallback: Fallback, release: Release) -> str:
    """Answer the example row as it would be after the switch, log it, and say what came back."""
    began, row = time.perf_counter(), release.report["example"]
    if fallback.kind == FallbackKind.STOP:
        try:
            serving.answer_as(Standing(release, stopped="A drill."), [row])
        except ApiRefusal as refusal:
            serving.log(
                release.deployment, began=began, token=None, refusal=refusal, is_rehearsal=True
            )
            return f"A rehearsal call was refused with {refusal.status} {refusal.code}."
        raise Refusal("the endpoint answered although it was stopped")
    if fallback.kind == FallbackKind.RULE:
        standing = Standing(release, rule=Rule(**fallback.rule))
    else:
        standing = Standing(last_good(release.deployment))
    told = serving.answer_as(standing, [row])
    serving.log(release.deployment, began=began, token=None, told=told, is_rehearsal=True)
    who = "the rule" if standing.rule else f"release {told.release.number}"
    return f"A rehearsal call was answered by {who}: {told.predictions[0]['prediction']}."


def _drilled(
    cycle: Cycle,
    risk: Risk,
    done: str,
    passed: bool,
    took_s: float,
    note: str,
    by: User,
    *,
    release: Release | None = None,
) -> Drill:
    made = Drill.objects.create(
        cycle=cycle,
        release=release,
        risk=risk.says,
        contingency=risk.contingency,
        done=done.strip(),
        passed=passed,
        took_s=took_s,
        note=note.strip(),
        person=by,
    )
    ledger.record(
        "production.drilled",
        f"{by} drilled “{risk.contingency}” ({'passed' if passed else 'failed'})",
        actor=by,
        project=cycle.project,
        facts={"risk": risk.says, "passed": passed, "took_s": took_s},
        row=made,
    )
    return made


def _fallback(deployment: Deployment) -> Fallback:
    found = deployment.fallbacks.order_by("-pk").first()
    if found is None:
        raise Refusal("No fallback is set for this endpoint: set one first.")
    return found


def _newest(deployment: Deployment) -> Release:
    found = deployment.releases.exclude(content_hash="").order_by("-number").first()
    if found is None:
        raise Refusal("No release is built yet.")
    return found


def _fitting(deployment: Deployment, rule: Rule) -> Rule:
    release = _newest(deployment)
    try:
        scorer = serving.scorer_for(release)
    except ApiRefusal as refusal:
        raise Refusal(refusal.message) from refusal
    sets = scorer.problem == Problem.MULTILABEL
    return rule_for(Contract.from_dict(release.contract), rule, classes=scorer.classes, sets=sets)
