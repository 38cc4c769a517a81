"""Team, Membership, Project, Cycle, and the insert-only rows: Submission, Decision, Event."""

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from apps.projects.stages import Stage
from apps.web.once import read_once


class Role(models.TextChoices):
    """What a person is in a team. What a role may do stands in ``access.ALLOWS``."""

    ANALYST = "analyst", "Analyst"
    MANAGER = "manager", "Manager"
    VIEWER = "viewer", "Viewer"
    ADMIN = "admin", "Team admin"


class Tier(models.IntegerChoices):
    """How much depends on the project. Tier 1 asks for more signatures."""

    HIGH = 1, "Tier 1: people or large sums depend on it"
    MEDIUM = 2, "Tier 2: a department depends on it"
    LOW = 3, "Tier 3: a trial"


class Purpose(models.TextChoices):
    """What the decision that a project changes does."""

    ADVICE = "advice", "Advice: a person reads it and decides"
    OPERATIONS = "operations", "Internal operations: it orders, routes or plans work"
    ACCESS = "access", "It affects a person's access to money, work, health or law"


class InsertOnlyQuerySet(models.QuerySet[Any]):
    """Rows that are facts: they are added and never changed."""

    def _refuse(self) -> NoReturn:
        raise TypeError(f"{self.model.__name__} rows are facts: add another one instead.")

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        self._refuse()

    def delete(self) -> NoReturn:
        """Refuse."""
        self._refuse()


class InsertOnly(models.Model):
    """Base of rows that can only be inserted. The database refuses too (see migrations)."""

    # From the row to its team. A row that has one is written with an event that holds its print
    # (``ledger.record(..., row=...)``): the verifier misses the event otherwise.
    TEAM: ClassVar[str] = "cycle__project__team"

    objects = InsertOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; refuse a second save."""
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} rows are facts: add another one instead.")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError(f"{type(self).__name__} rows are facts and stay.")


class Team(models.Model):
    """People who see the same projects. Nobody outside of the team sees that they exist."""

    name = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_one_role_per_team")
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display()} of {self.team}"


class Project(models.Model):
    """One thing to be predicted, carried through cycles of plan, data, model and production."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="projects")
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=90, unique=True)
    sentence = models.CharField(
        max_length=300,
        blank=True,
        help_text="For whom, what is predicted, so that which decision changes.",
    )
    tier = models.PositiveSmallIntegerField(choices=Tier.choices, default=Tier.MEDIUM)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    @read_once
    def cycle(self) -> "Cycle":
        """The newest cycle: the one that is worked on."""
        cycle = self.cycles.order_by("-number").first()
        assert cycle is not None, "a project is created together with its first cycle"
        return cycle


class Tiering(InsertOnly):
    """How a project's tier was found: what is at stake, what follows, what a person set."""

    TEAM = "project__team"

    project = models.ForeignKey(Project, models.PROTECT, related_name="tierings")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    money_per_year = models.FloatField(help_text="At stake, in the plan's currency.")
    decisions_per_month = models.FloatField()
    people_affected = models.PositiveIntegerField()
    computed = models.PositiveSmallIntegerField(choices=Tier.choices)
    tier = models.PositiveSmallIntegerField(choices=Tier.choices, help_text="That holds.")
    why = models.CharField(max_length=300, help_text="How the computed tier follows.")
    reason = models.TextField(blank=True, help_text="Why a person set it.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.project}: tier {self.tier}"


class Cycle(models.Model):
    """One round through the four gates. A breach in production starts the next one."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="cycles")
    number = models.PositiveSmallIntegerField(help_text="1, 2, 3 ... within the project")
    reason = models.CharField(max_length=300, help_text="Why this cycle was started.")
    started_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["project", "number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="cycle_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.project}, cycle {self.number}"


class GateFact(InsertOnly):
    """What a submission and a decision have in common: exactly what was shown, and its hash."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="%(class)ss")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    subject = models.CharField(
        max_length=64, help_text="SHA-256 of the thing the gate is about, with all upstream."
    )
    evidence_hash = models.CharField(max_length=64, help_text="SHA-256 of the evidence shown.")
    evidence = models.JSONField(help_text="The evidence as it was shown.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    person_name = models.CharField(max_length=120, help_text="Printed name at that time.")
    note = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ["pk"]


class Submission(GateFact):
    """An analyst asked for a decision on exactly this evidence."""

    def __str__(self) -> str:
        return f"{self.cycle}: {self.stage} submitted by {self.person_name}"


class Verdict(models.TextChoices):
    """What a decision says. ``WITHDRAW`` takes an earlier approval back; nothing is deleted."""

    APPROVE = "approve", "Approved"
    CONDITIONS = "conditions", "Approved with conditions"
    RETURN = "return", "Returned with findings"
    REJECT = "reject", "Rejected"
    WITHDRAW = "withdraw", "Withdrawn"


PASSING = (Verdict.APPROVE, Verdict.CONDITIONS)


class Decision(GateFact):
    """A person decided at a gate, on exactly this evidence, with their password."""

    number = models.PositiveIntegerField(
        help_text="1, 2, 3 ... at this gate of this cycle; two signers cannot both be next."
    )
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    meaning = models.CharField(max_length=300, help_text="What the signature says, in words.")
    role = models.CharField(max_length=10, choices=Role.choices, help_text="Role at that time.")
    condition = models.TextField(blank=True)
    due_on = models.DateField(null=True, blank=True, help_text="The condition is met by this day.")
    submission = models.ForeignKey(
        Submission, models.PROTECT, null=True, related_name="answers", help_text="What it answers."
    )
    needed = models.PositiveSmallIntegerField(
        default=1, help_text="How many different signers the tier asked for at that time."
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    on_behalf_name = models.CharField(max_length=120, blank=True)
    viewed = models.JSONField(
        default=dict, help_text='Evidence opened before signing: {"opened": [keys], "of": count}.'
    )
    forecast = models.PositiveSmallIntegerField(
        null=True, help_text="Chance in percent that the promise will be kept, as the signer said."
    )
    session_hash = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the key of the signer's session."
    )
    auth_method = models.CharField(max_length=60, blank=True, help_text="How they proved it.")

    class Meta(GateFact.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "stage", "number"], name="decision_number_is_unique"
            ),
            models.CheckConstraint(
                condition=~Q(verdict="conditions") | (Q(due_on__isnull=False) & ~Q(condition="")),
                name="decision_condition_has_text_and_date",
            ),
            models.CheckConstraint(
                condition=Q(forecast__isnull=True) | Q(forecast__lte=100),
                name="decision_forecast_is_a_percentage",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cycle}: {self.stage} {self.get_verdict_display()} by {self.person_name}"


class ConditionMet(InsertOnly):
    """A manager confirmed that the condition of an approval was met."""

    TEAM = "decision__cycle__project__team"

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="met")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    note = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta(InsertOnly.Meta):
        verbose_name_plural = "conditions met"

    def __str__(self) -> str:
        return f"Condition of {self.decision} met"


class Chain(models.Model):
    """The head of one ledger: its row is the lock that puts writers in order."""

    team = models.OneToOneField(Team, models.PROTECT, null=True, related_name="chain")
    seq = models.PositiveBigIntegerField(default=0, help_text="Number of the last event.")
    head = models.CharField(max_length=64, default="0" * 64, help_text="Hash of the last event.")
    anchored_seq = models.PositiveBigIntegerField(
        default=0, help_text="The last event whose hash was written outside of the database."
    )
    anchored_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Two rows without a team would be two ledgers of the installation.
            models.UniqueConstraint(
                Coalesce("team_id", Value(0)), name="chain_only_one_for_the_installation"
            )
        ]

    def __str__(self) -> str:
        return f"Ledger of {self.team or 'the installation'}"


class Event(InsertOnly):
    """One line of the ledger. ``hash`` covers the line and the hash before it; see ``links``."""

    TEAM = ""

    chain = models.ForeignKey(Chain, models.PROTECT, related_name="events")
    seq = models.PositiveBigIntegerField(help_text="1, 2, 3 ... without gaps within the chain")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(max_length=120)
    verb = models.CharField(max_length=60, help_text="For example gate.signed")
    says = models.CharField(max_length=400, help_text="The event as a sentence.")
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="events")
    facts = models.JSONField(default=dict)
    salt = models.CharField(max_length=32, help_text="Random: keeps a body from being guessed.")
    previous = models.CharField(max_length=64)
    key = models.CharField(max_length=16, help_text="Name of the key of the seal.")
    hash = models.CharField(max_length=64, help_text="SHA-256 that everybody can check.")
    seal = models.CharField(max_length=64, help_text="HMAC of the hash with the ledger key.")

    class Meta:
        ordering = ["chain", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="event_sequence_is_unique")
        ]
        indexes = [models.Index(fields=["project", "-seq"], name="event_of_project")]

    def __str__(self) -> str:
        return f"#{self.seq} {self.says}"
