"""What a worker does here: packs, ledgers that are checked, e-mail, reminders."""

import logging
import smtplib
from datetime import date, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from apps.datasets.storage import keep, scratch
from apps.governance.findings import open_since
from apps.governance.models import Notice, NoticeKind, Pack, Verification
from apps.governance.notices import deciders_here, gate_link, notify
from apps.governance.pack.build import contents_of, files_of, hidden_from, write_zip
from apps.governance.signers import circle_of, confirmers, contributors
from apps.governance.state import GateGlance, GateState, glances
from apps.jobs.models import Job
from apps.jobs.runner import Desk
from apps.projects import anchors, ledger
from apps.projects.models import Chain, Cycle, Decision, Event, Project, Submission, Verdict
from apps.projects.queries import newest_cycles
from apps.projects.stages import Stage
from apps.projects.verifying import verify

logger = logging.getLogger(__name__)

MOST_TRIES = 6
MOST_MAILS = 200  # of one round: the next one takes the rest
FIRST_PAUSE = timedelta(minutes=1)
DUE_SOON_DAYS = 7


def build_pack(job: Job, desk: Desk) -> None:
    """Collect, have an event vouch for it, anchor that event, write the zip.

    The event is written before the zip, which contains it. A worker that dies in between leaves an
    event about a pack that nobody got; the next attempt writes another.
    """
    pack = Pack.objects.select_related("cycle__project__team", "decision", "by").get(job=job)
    project, decision = pack.cycle.project, pack.decision
    stage = decision.stage if decision else ""
    desk.report(0, 3, "Collecting records and pages")
    files = files_of(pack.cycle, stage, decision)
    desk.report(1, 3, "Writing the event that vouches for them")
    event = _vouch(pack, stage, contents_of(files))
    anchors.append([Chain(pk=event.chain_id, seq=event.seq, head=event.hash)])
    desk.report(2, 3, "Writing the zip")
    with scratch() as folder:
        write_zip(folder / "pack.zip", files, event, project)
        size_bytes = (folder / "pack.zip").stat().st_size
        sha256 = keep(folder / "pack.zip")
    with desk.finishing():
        pack.sha256, pack.size_bytes, pack.seq, pack.head = (
            sha256,
            size_bytes,
            event.seq,
            event.hash,
        )
        pack.save(update_fields=["sha256", "size_bytes", "seq", "head"])


@transaction.atomic
def _vouch(pack: Pack, stage: str, contents: str) -> Event:
    """Write the event that holds the hash of the files, and how many events the pack hides."""
    project = pack.cycle.project
    chain = Chain.objects.select_for_update().get(team=project.team_id)
    what = f"the {Stage(stage).label.lower()} gate" if stage else "all gates"
    return ledger.record(
        "ledger.pack_made",
        f"{pack.by} made an evidence pack of {what}, cycle {pack.cycle.number}",
        actor=pack.by,
        project=project,
        facts={
            "cycle": pack.cycle.number,
            "stage": stage,
            "contents": contents,
            "hidden": hidden_from(project).filter(chain=chain).count(),
        },
    )


def check_ledger(job: Job, desk: Desk) -> None:
    """Check one ledger, with the file of anchors where there is one."""
    asked = Verification.objects.select_related("chain__team").get(job=job)
    path = settings.ANCHOR_FILE
    kept = anchors.read(path) if path.exists() else {}
    report = verify(asked.chain, anchors=kept.get(asked.chain_id, []), report=desk.report)
    with desk.finishing():
        asked.events, asked.anchored_to = report.events, report.anchored_to
        asked.found, asked.notes = [str(fault) for fault in report.faults], report.notes
        asked.save(update_fields=["events", "anchored_to", "found", "notes"])


def mail() -> int:
    """Send what is due, each once; what fails is tried again later. How many were sent."""
    due = Notice.objects.filter(mail_after__lte=timezone.now()).select_related("person")
    return sum(_send(notice) for notice in due.order_by("mail_after")[:MOST_MAILS])


def _claim(notice: Notice) -> bool:
    """Take the e-mail for this process: whoever counts the try first sends it."""
    tries = notice.mail_tries + 1
    later = timezone.now() + FIRST_PAUSE * 4**notice.mail_tries
    mine = Notice.objects.filter(
        pk=notice.pk, mail_tries=notice.mail_tries, mail_after=notice.mail_after
    )
    last = tries >= MOST_TRIES
    return bool(mine.update(mail_tries=tries, mail_after=None if last else later))


def _send(notice: Notice) -> bool:
    person = notice.person
    if not _claim(notice):
        return False
    done = Notice.objects.filter(pk=notice.pk)
    is_member = person.memberships.filter(team__projects=notice.project_id).exists()
    if not (is_member and person.is_active and person.mail_notices):
        done.update(mail_after=None)
        return False
    try:
        link = f"{settings.SITE_URL}{notice.link}"
        send_mail(
            subject=f"ML Cycle: {notice.get_kind_display().lower()}",
            message="\n\n".join([notice.says, *notice.lines, link]) + "\n",
            from_email=None,
            recipient_list=[person.email],
        )
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("Notice %s could not be e-mailed: %s", notice.pk, error)
        return False
    done.update(mail_after=None, mailed_at=timezone.now())
    return True


def remind() -> None:
    """Tell again of what waits too long, once a period, and of conditions that fall due."""
    cycles = list(newest_cycles(Project.objects.filter(archived_at=None)))
    if settings.REMIND_DAYS:
        _remind_of_gates(cycles)
        _remind_of_findings(cycles)
    _tell_of_conditions(cycles)


def _period(since: date) -> int:
    """How many whole periods have gone by."""
    return (timezone.localdate() - since).days // settings.REMIND_DAYS


def _remind_of_gates(cycles: list[Cycle]) -> None:
    old = timezone.now() - timedelta(days=settings.REMIND_DAYS)
    candidates = set(
        Submission.objects.filter(cycle__in=cycles, at__lte=old).values_list("cycle", flat=True)
    )
    for gates in glances([cycle for cycle in cycles if cycle.pk in candidates]):
        for seen in gates:
            submission = seen.submission
            if seen.state == GateState.WAITING and submission and submission.at <= old:
                _remind_deciders(seen, submission)


def _remind_deciders(seen: GateGlance, submission: Submission) -> None:
    cycle, stage, since = seen.cycle, seen.stage, timezone.localtime(submission.at).date()
    notify(
        deciders_here(seen),
        kind=NoticeKind.REMINDER,
        project=cycle.project,
        says=f"The {stage.label.lower()} gate of {cycle.project} waits for a decision since "
        f"{since:%-d %B}.",
        link=gate_link(cycle, stage),
        key=f"waits:{submission.pk}:{_period(since)}",
    )


def _remind_of_findings(cycles: list[Cycle]) -> None:
    old = timezone.now() - timedelta(days=settings.REMIND_DAYS)
    for finding in open_since(old, cycles=cycles):
        stage, since = Stage(finding.stage), timezone.localtime(finding.at).date()
        notify(
            {finding.owner_id},
            kind=NoticeKind.REMINDER,
            project=finding.cycle.project,
            says=f"Finding {finding.number} at the {stage.label.lower()} gate of "
            f"{finding.cycle.project} waits for an answer since {since:%-d %B}.",
            link=gate_link(finding.cycle, stage, at=f"finding-{finding.number}"),
            key=f"unanswered:{finding.pk}:{_period(since)}",
        )


def _tell_of_conditions(cycles: list[Cycle]) -> None:
    """Due within a week, and overdue: each that counts, told once to who can do something."""
    today = timezone.localdate()
    asked = Decision.objects.filter(cycle__in=cycles, verdict=Verdict.CONDITIONS, met=None)
    conditional = set(asked.values_list("cycle", flat=True))
    for gates in glances([cycle for cycle in cycles if cycle.pk in conditional]):
        for seen in gates:
            for decision in seen.round.conditions:
                days = (decision.due_on - today).days
                if not hasattr(decision, "met") and days <= DUE_SOON_DAYS:
                    _tell_of_condition(seen, decision, is_over=days < 0)


def _tell_of_condition(seen: GateGlance, decision: Decision, *, is_over: bool) -> None:
    """Who set it, who owns the project and who may confirm that it was met."""
    project, stage = seen.cycle.project, seen.stage
    circle = circle_of([project.team_id])
    notify(
        {decision.person_id, project.owner_id} | confirmers(seen, circle, contributors(seen)),
        kind=NoticeKind.CONDITION,
        project=project,
        says=f"A condition at the {stage.label.lower()} gate of {project} "
        f"{'was' if is_over else 'is'} due on {decision.due_on:%-d %B}"
        f"{': the gate is closed until a manager confirms it' if is_over else ''}.",
        link=gate_link(seen.cycle, stage, at="signatures"),
        key=f"{'overdue' if is_over else 'due'}:{decision.pk}",
    )
