"""Who is told what: rows written with the change they tell of, e-mailed once it is committed.

A notice is at the same time the e-mail that is still to be sent (``work.mail``): a change that
is rolled back tells nobody, and a mail server that is away delays no one.
"""

from collections.abc import Collection, Iterable, Sequence

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.governance.gates import gate_of
from apps.governance.models import FindingClosing, FindingReply, GateFinding, Notice, NoticeKind
from apps.governance.signers import circle_of, contributors, deciders
from apps.governance.state import GateGlance, glance_of
from apps.projects.models import Cycle, Decision, Project, Submission
from apps.projects.stages import Stage


def gate_link(cycle: Cycle, stage: Stage | str, *, at: str = "") -> str:
    """Path of a gate's page, with a place on it."""
    path = reverse("governance:gate", args=[cycle.project.slug, str(stage)])
    return f"{path}#{at}" if at else path


def notify(
    people: Iterable[int],
    *,
    kind: NoticeKind,
    project: Project,
    says: str,
    link: str,
    key: str,
    but: User | None = None,
    lines: Sequence[str] = (),
) -> None:
    """Tell each of these people (keys) once under ``key``; not ``but``, who knows already.

    ``lines``: of a digest, below its sentence.
    """
    now = timezone.now()
    wanted = set(people) - ({but.pk} if but else set())
    mailed = dict(
        User.objects.filter(
            pk__in=wanted, is_active=True, memberships__team=project.team_id
        ).values_list("pk", "mail_notices")
    )
    Notice.objects.bulk_create(
        [
            Notice(
                person_id=person,
                kind=kind,
                project=project,
                says=says[:300],
                lines=list(lines),
                link=link,
                key=key,
                mail_after=now if by_mail else None,
            )
            for person, by_mail in mailed.items()
        ],
        ignore_conflicts=True,
    )


def deciders_here(seen: GateGlance) -> set[int]:
    """Ids of those whose decision one gate waits for."""
    circle = circle_of([seen.cycle.project.team_id])
    return deciders(seen, circle, contributors(seen))


def gate_submitted(submission: Submission) -> None:
    """Tell those who can decide."""
    cycle, stage = submission.cycle, Stage(submission.stage)
    notify(
        deciders_here(glance_of(cycle, stage)),
        kind=NoticeKind.SUBMITTED,
        project=cycle.project,
        says=f"{submission.person_name} submitted the {stage.label.lower()} gate of "
        f"{cycle.project}.",
        link=gate_link(cycle, stage),
        key=f"submission:{submission.pk}",
        but=submission.person,
    )


def _read_by_deciding(decision: Decision) -> None:
    """The submission's notices ask nothing more of whoever decided on it."""
    asked = decision.submission_id
    told = decision.person.notices.filter(read_at=None)
    told.filter(Q(key=f"submission:{asked}") | Q(key__startswith=f"waits:{asked}:")).update(
        read_at=timezone.now()
    )


def gate_decided(decision: Decision) -> None:
    """Tell who submitted and who had a hand in it; who decided has read what asked them to."""
    _read_by_deciding(decision)
    cycle, stage = decision.cycle, Stage(decision.stage)
    people = set(gate_of(stage).contributors(cycle))
    people |= set(cycle.submissions.filter(stage=stage).values_list("person", flat=True))
    notify(
        people,
        kind=NoticeKind.DECIDED,
        project=cycle.project,
        says=f"{decision.person_name}: the {stage.label.lower()} gate of {cycle.project} is "
        f"{decision.get_verdict_display().lower()}.",
        link=gate_link(cycle, stage),
        key=f"decision:{decision.pk}",
        but=decision.person,
    )


def _about_finding(
    finding: GateFinding, people: Collection[int], *, by: User, did: str, key: str
) -> None:
    stage = Stage(finding.stage)
    notify(
        people,
        kind=NoticeKind.FINDING,
        project=finding.cycle.project,
        says=f"{by} {did} finding {finding.number} at the {stage.label.lower()} gate of "
        f"{finding.cycle.project}.",
        link=gate_link(finding.cycle, stage, at=f"finding-{finding.number}"),
        key=key,
        but=by,
    )


def findings_raised(made: Sequence[GateFinding], *, by: User) -> None:
    """Tell who has to answer."""
    for finding in made:
        _about_finding(
            finding, {finding.owner_id}, by=by, did="raised", key=f"finding:{finding.pk}"
        )


def finding_answered(reply: FindingReply) -> None:
    """Tell the other side: who raised it of an answer, who answers of a question."""
    finding = reply.finding
    did = "answered" if reply.answers else "asked back on"
    people = {finding.raised_by_id, finding.owner_id}
    _about_finding(finding, people, by=reply.person, did=did, key=f"reply:{reply.pk}")


def finding_closed(closing: FindingClosing) -> None:
    """Tell both sides."""
    finding = closing.finding
    people = {finding.raised_by_id, finding.owner_id}
    _about_finding(finding, people, by=closing.person, did="closed", key=f"closing:{closing.pk}")


def notices_of(person: User) -> QuerySet[Notice]:
    """What this person was told, newest first, in teams they still belong to."""
    mine = Notice.objects.filter(person=person, project__team__memberships__user=person)
    return mine.select_related("project")


def unread_count(person: User) -> int:
    """How many of them were not read."""
    return notices_of(person).filter(read_at=None).count()
