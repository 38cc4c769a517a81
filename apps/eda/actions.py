"""What a person does when exploring: profile, raise a finding, answer one."""

import datetime

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.eda.answers import Question
from apps.eda.models import Finding, Profile, SealedLook, Severity, View
from apps.eda.pinned import Place
from apps.eda.queries import (
    current_profile,
    positive_of,
    profile_of,
    reading_of,
    scope_of,
    target_of,
)
from apps.eda.sealed import left_out, look_at
from apps.jobs.actions import enqueue, revive
from apps.jobs.models import Queue
from apps.projects import ledger
from apps.projects.access import Verb, require, role_in
from apps.projects.actions import withdraw_gate
from apps.projects.models import Cycle, Project
from apps.projects.stages import Stage
from apps.web.refusals import Refusal

MOST_ANSWER = 2_000
"""Characters of an answer: it becomes part of what a manager signs."""

MOST_REASON = 400
"""Characters of the reason for a look at sealed rows."""


@transaction.atomic
def start_profile(*, cycle: Cycle, by: User) -> Profile:
    """Profile today's rows; the same rows, read in the same way, are profiled once."""
    require(by, Verb.EXPLORE, cycle.project)
    Project.objects.select_for_update().get(pk=cycle.project_id)
    scope = scope_of(cycle)
    if scope is None:
        raise Refusal("Build the table first; there is nothing to explore yet.")
    found = profile_of(cycle, scope)
    if found is not None:
        revive(found.job)
        return found
    job = enqueue(
        "eda.profile_table",
        queue=Queue.DATA,
        title="Profile the table",
        project=cycle.project,
        by=by,
    )
    profile = Profile.objects.create(
        cycle=cycle,
        parquet=scope.parquet,
        target=target_of(cycle, scope.table),
        reading=reading_of(cycle, scope),
        positive=positive_of(cycle, scope.table),
        scope=scope.name,
        job=job,
    )
    ledger.record(
        "data.profile_asked",
        f"{by} asked for a profile of the {scope.name} rows",
        actor=by,
        project=cycle.project,
        facts={"parquet": scope.parquet},
    )
    return profile


@transaction.atomic
def work_out(*, cycle: Cycle, question: Question, by: User) -> None:
    """Have a worker answer what is too much for a page; the same question is answered once."""
    require(by, Verb.EXPLORE, cycle.project)
    Project.objects.select_for_update().get(pk=cycle.project_id)
    found = cycle.answers.filter(key=question.key).select_related("job").first()
    if found is not None:
        revive(found.job)
        return
    job = enqueue(
        "eda.answer",
        queue=Queue.DATA,
        title="Explore a part of the rows",
        project=cycle.project,
        by=by,
    )
    cycle.answers.create(key=question.key, job=job, question=question.as_dict())
    ledger.record(
        "data.answer_asked",
        f"{by} asked for a part of the rows to be explored",
        actor=by,
        project=cycle.project,
        facts={"question": question.key},
    )


@transaction.atomic
def look_at_sealed(*, cycle: Cycle, reason: str, by: User) -> SealedLook:
    """Have the features of the sealed rows compared with development; never their labels.

    Counted and shown at the data gate and the model gate. Raises Refusal without a reason, and
    when these rows were compared already: a second look would show the same.
    """
    require(by, Verb.EXPLORE, cycle.project)
    Project.objects.select_for_update().get(pk=cycle.project_id)
    scope, profile = scope_of(cycle), current_profile(cycle)
    if scope is None or scope.split is None:
        raise Refusal("Draw the split first; there are no sealed rows yet.")
    if profile is None or not profile.is_ready:
        raise Refusal("Profile the development rows first: it tells what stands for the label.")
    reason = reason.strip()
    if not 10 <= len(reason) <= MOST_REASON:
        raise Refusal(f"Say in 10 to {MOST_REASON} characters why the sealed rows are compared.")
    before = look_at(cycle, scope.split)
    if before is not None and (before.job.is_live or hasattr(before, "sight")):
        raise Refusal("These sealed rows are compared already; the numbers stand on the page.")
    job = enqueue(
        "eda.look_at_sealed",
        queue=Queue.DATA,
        title="Compare development with the sealed test, without labels",
        project=cycle.project,
        by=by,
    )
    look = SealedLook.objects.create(
        cycle=cycle,
        number=cycle.sealed_looks.count() + 1,
        split=scope.split,
        reason=reason,
        left_out=left_out(cycle, profile),
        job=job,
        by=by,
    )
    ledger.record(
        "data.sealed_looked",
        f"{by} looked at the features of the sealed rows (look {look.number}): {reason}",
        actor=by,
        project=cycle.project,
        facts={"look": look.number, "reason": reason, "left_out": look.left_out},
        row=look,
    )
    return look


@transaction.atomic
def name_view(
    *, cycle: Cycle, name: str, place: Place, by: User, note: str = "", pin: bool = False
) -> View:
    """Keep a page with its slice and parameters under a name that the team shares."""
    require(by, Verb.EXPLORE, cycle.project)
    Project.objects.select_for_update().get(pk=cycle.project_id)
    if cycle.views.filter(name=name).exists():
        raise Refusal(f"There is a view named “{name}” already: choose another name.")
    view = View.objects.create(
        cycle=cycle,
        name=name,
        note=note,
        page=place.page,
        columns=list(place.columns),
        query=place.query,
        is_pinned=pin,
        made_by=by,
    )
    tell("data.view_named", "named", view=view, by=by)
    return view


@transaction.atomic
def pin_view(*, view: View, pin: bool, by: User) -> None:
    """Show a view at the data gate, or no longer."""
    require(by, Verb.EXPLORE, view.cycle.project)
    if View.objects.filter(pk=view.pk, is_pinned=not pin).update(is_pinned=pin):
        if pin:
            tell("data.view_pinned", "pinned to the data gate", view=view, by=by)
        else:
            tell("data.view_unpinned", "took from the data gate", view=view, by=by)


@transaction.atomic
def remove_view(*, view: View, by: User) -> None:
    """Forget a view; the ledger keeps that it was there."""
    require(by, Verb.EXPLORE, view.cycle.project)
    tell("data.view_removed", "removed", view=view, by=by)
    view.delete()


def tell(verb: str, did: str, *, view: View, by: User) -> None:
    """Write what a person did to a view into the ledger."""
    ledger.record(
        verb,
        f"{by} {did} the view “{view.name}”",
        actor=by,
        project=view.cycle.project,
        facts={"page": view.page, "query": view.query, "note": view.note},
    )


@transaction.atomic
def raise_finding(
    *,
    cycle: Cycle,
    says: str,
    severity: Severity | str,
    owner: User,
    by: User,
    column: str = "",
    due_on: datetime.date | None = None,
) -> Finding:
    """Raise something that somebody has to answer. A high one withdraws a passed data gate."""
    require(by, Verb.EXPLORE, cycle.project)
    Project.objects.select_for_update().get(pk=cycle.project_id)  # in line with who signs now
    if scope_of(cycle) is None:
        raise Refusal("Build the table first; there is nothing to raise a finding about yet.")
    if role_in(owner, cycle.project) is None:
        raise Refusal("The person who answers has to be a member of the team.")
    finding = Finding.objects.create(
        cycle=cycle,
        column=column,
        says=says,
        severity=severity,
        owner=owner,
        due_on=due_on,
        raised_by=by,
    )
    ledger.record(
        "data.finding_raised",
        f"{by} raised: {finding.sentence}",
        actor=by,
        project=cycle.project,
        facts={"finding": finding.pk, "severity": str(severity), "column": column},
    )
    if severity == Severity.HIGH:
        withdraw_gate(
            cycle=cycle, stage=Stage.DATA, by=by, reason=f"New high finding: {finding.sentence}"
        )
    return finding


@transaction.atomic
def answer_finding(*, finding: Finding, answer: str, by: User) -> None:
    """Close a finding with an answer, which the gate shows."""
    project = finding.cycle.project
    require(by, Verb.EXPLORE, project)
    finding = Finding.objects.select_for_update().get(pk=finding.pk)
    if not finding.is_open:
        raise Refusal("This finding is answered already.")
    answer = answer.strip()
    if not answer:
        raise Refusal("Say what was done or why it is accepted.")
    if len(answer) > MOST_ANSWER:
        raise Refusal(
            f"The answer has {len(answer):,} characters; write at most {MOST_ANSWER:,} and link "
            "to the rest."
        )
    finding.answer, finding.closed_by, finding.closed_at = answer, by, timezone.now()
    finding.save(update_fields=["answer", "closed_by", "closed_at"])
    ledger.record(
        "data.finding_answered",
        f"{by} answered: {finding.sentence}",
        actor=by,
        project=project,
        facts={"finding": finding.pk, "answer": finding.answer},
    )
