"""What people say, accept and sign at a gate, who is told, and the proof that they ask for."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.eda.models import Severity
from apps.governance.alert_models import AlertBudget, Delivery, ToldIncident, Webhook
from apps.jobs.models import Job
from apps.projects.models import (
    Chain,
    Cycle,
    Decision,
    InsertOnly,
    Project,
    Submission,
    Team,
)
from apps.projects.stages import Stage

__all__ = ["AlertBudget", "Delivery", "ToldIncident", "Webhook"]  # a file of their own, for length


class GateNote(InsertOnly):
    """One remark in the discussion at a gate."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="notes")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.person}: {self.text[:60]}"


class Delegation(InsertOnly):
    """A manager has somebody else of the team sign for them, for some days."""

    TEAM = "team"

    team = models.ForeignKey(Team, models.PROTECT, related_name="delegations")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The last day.")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="delegation_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=~Q(giver=F("delegate")), name="delegation_is_to_somebody_else"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delegate} signs for {self.giver}, {self.starts_on} to {self.ends_on}"


class Revocation(InsertOnly):
    """A delegation was taken back before its last day."""

    TEAM = "delegation__team"

    delegation = models.OneToOneField(Delegation, models.PROTECT, related_name="revocation")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.delegation}: taken back"


class EvidenceView(InsertOnly):
    """Somebody opened the evidence behind one question of a gate; decisions say how much."""

    TEAM = ""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="+")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    submission = models.ForeignKey(Submission, models.PROTECT, null=True, related_name="+")
    check_key = models.CharField(max_length=80)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["cycle", "stage", "person"], name="view_of_gate")]

    def __str__(self) -> str:
        return f"{self.person} opened {self.check_key}"


class PasswordCount(models.Model):
    """Wrong passwords of one person at signing. A row, so that all processes count together."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    wrong = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person}: {self.wrong} wrong"


class GateFinding(InsertOnly):
    """Something a reader of a gate wants answered. Its state follows from replies and closing."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="gate_findings")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    number = models.PositiveIntegerField(help_text="1, 2, 3 ... at this gate of this cycle")
    severity = models.CharField(max_length=6, choices=Severity.choices)
    says = models.CharField(max_length=600)
    about = models.CharField(
        max_length=120, blank=True, help_text="Key of the task, field or question it is about."
    )
    about_title = models.CharField(max_length=200, blank=True, help_text="The same as a reader's.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["cycle", "stage", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "stage", "number"], name="gate_finding_number_is_unique"
            )
        ]

    def __str__(self) -> str:
        return f"Finding {self.number}: {self.says[:60]}"


class FindingReply(InsertOnly):
    """One remark in the thread of a finding."""

    TEAM = "finding__cycle__project__team"

    finding = models.ForeignKey(GateFinding, models.PROTECT, related_name="replies")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField()
    answers = models.BooleanField(help_text="By somebody who works on it: the finding is answered.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "finding replies"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.person}: {self.text[:60]}"


class FindingClosing(InsertOnly):
    """A finding is settled: who says so, and why."""

    TEAM = "finding__cycle__project__team"

    finding = models.OneToOneField(GateFinding, models.PROTECT, related_name="closing")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.finding} closed by {self.person}"


class WarningAccepted(InsertOnly):
    """Who decides here takes a warning as it stands. It holds for exactly this answer."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="accepted_warnings")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    check_key = models.CharField(max_length=80)
    answer_hash = models.CharField(max_length=64, help_text="SHA-256 of the answer accepted.")
    note = models.TextField(help_text="Why it is acceptable.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "warnings accepted"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "stage", "check_key", "answer_hash"],
                name="warning_accepted_once_per_answer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.check_key} accepted by {self.person}"


class SignedPage(InsertOnly):
    """What the signer of a decision read, byte by byte. The decision's event has its hash."""

    TEAM = ""

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="signed_page")
    sha256 = models.CharField(max_length=64)
    page = models.BinaryField()

    def __str__(self) -> str:
        return f"Page of {self.decision}"


class NoticeKind(models.TextChoices):
    """Why somebody is told."""

    SUBMITTED = "submitted", "Submitted"
    DECIDED = "decided", "Decided"
    FINDING = "finding", "Finding"
    CONDITION = "condition", "Condition"
    REMINDER = "reminder", "Reminder"
    INCIDENT = "incident", "Incident"
    DIGEST = "digest", "Weekly digest"


class Notice(models.Model):
    """One sentence told to one person; at the same time the e-mail that is still to be sent."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    says = models.CharField(max_length=300)
    lines = models.JSONField(default=list, help_text="A digest: sentences, the gravest first.")
    link = models.CharField(max_length=200, help_text="Path on this site.")
    key = models.CharField(max_length=80, help_text="What it tells of: told to a person once.")
    at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mail_after = models.DateTimeField(
        null=True, blank=True, help_text="The e-mail is due from then on; empty: none is."
    )
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "key"], name="notice_tells_once"),
        ]
        indexes = [
            models.Index(
                fields=["mail_after"],
                name="notice_mail_due",
                condition=Q(mail_after__isnull=False),
            ),
            models.Index(
                fields=["person"], name="notice_unread", condition=Q(read_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.says


class Pack(models.Model):
    """An evidence pack: of one decision, or of a whole cycle when there is none."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="packs")
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="packs")
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the zip in the store.")
    size_bytes = models.PositiveBigIntegerField(null=True)
    seq = models.PositiveBigIntegerField(null=True, help_text="The event that vouches for it.")
    head = models.CharField(max_length=64, blank=True, help_text="Hash of that event.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Evidence pack of {self.decision or self.cycle}"

    @property
    def is_ready(self) -> bool:
        """Built."""
        return bool(self.sha256)

    @property
    def filename(self) -> str:
        """Name under which it is downloaded."""
        what = f"{self.decision.stage}-{self.decision.number}" if self.decision else "all-gates"
        return f"{self.cycle.project.slug}-cycle-{self.cycle.number}-{what}-event-{self.seq}.zip"


class Verification(models.Model):
    """One look at a ledger, asked for by a person: what was found."""

    chain = models.ForeignKey(Chain, models.PROTECT, related_name="verifications")
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    events = models.PositiveBigIntegerField(null=True, help_text="Events that hold.")
    anchored_to = models.PositiveBigIntegerField(default=0, help_text="The last anchored event.")
    found = models.JSONField(default=list, help_text="Sentences about what is wrong.")
    notes = models.JSONField(default=list, help_text="Sentences about what is odd and not wrong.")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Verification of {self.chain} on {self.created_at:%Y-%m-%d}"

    @property
    def is_done(self) -> bool:
        """The result is there."""
        return self.events is not None
