"""What people (or the watch) say about an endpoint: fallback, switch, break-glass, drill.

They are models of this room, told apart from ``models`` for their length; import them from there.
"""

from django.conf import settings
from django.db import models

from apps.jobs.models import Job
from apps.projects.models import Cycle, InsertOnly


class FallbackKind(models.TextChoices):
    """What is done when a model should not answer any more."""

    RELEASE = "release", "The signed release before it answers"
    RULE = "rule", "A simple rule or one constant answer takes its place"
    STOP = "stop", "The endpoint stops answering"


class Word(InsertOnly):
    """What a person says about an endpoint."""

    TEAM = "deployment__project__team"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ["pk"]


class ReasonedWord(Word):
    """One that has to say why."""

    reason = models.TextField()

    class Meta(Word.Meta):
        abstract = True


class Fallback(Word):
    """What an endpoint falls back to. The newest row of a deployment counts."""

    deployment = models.ForeignKey(
        "production.Deployment", models.PROTECT, related_name="fallbacks"
    )
    kind = models.CharField(max_length=7, choices=FallbackKind.choices)
    rule = models.JSONField(null=True, help_text="engine Rule, for the kind `rule`.")

    class Meta(Word.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="rule", rule__isnull=False)
                | (~models.Q(kind="rule") & models.Q(rule__isnull=True)),
                name="fallback_rule_has_its_rule",
            )
        ]

    def __str__(self) -> str:
        return f"{self.deployment} falls back to: {self.get_kind_display()}"


class FlipReport(models.Model):
    """Which logged cases another release would answer differently, by segment and in money."""

    before = models.ForeignKey("production.Release", models.PROTECT, related_name="+")
    after = models.ForeignKey("production.Release", models.PROTECT, related_name="flip_reports")
    job = models.OneToOneField(Job, models.PROTECT, related_name="+")
    report = models.JSONField(default=dict, help_text="What compare_releases returned.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.after} against release {self.before.number}"

    @property
    def is_ready(self) -> bool:
        """The cases were compared."""
        return bool(self.report)


class WirePolicy(Word):
    """At which tripwires the watch takes the fallback by itself. The newest row counts."""

    deployment = models.ForeignKey(
        "production.Deployment", models.PROTECT, related_name="wire_policies"
    )
    takes = models.JSONField(help_text="Keys of tripwires; at all others the watch only tells.")

    class Meta(Word.Meta):
        verbose_name_plural = "wire policies"

    def __str__(self) -> str:
        return f"{self.deployment} falls back by itself at {len(self.takes)} tripwires"


class DriftReference(ReasonedWord):
    """What the answers of an endpoint are held against for drift. The newest row counts."""

    deployment = models.ForeignKey(
        "production.Deployment", models.PROTECT, related_name="drift_references"
    )
    kind = models.CharField(max_length=9, help_text="A key of KINDS in the engine's seasons.")

    def __str__(self) -> str:
        return f"{self.deployment} is held against: {self.kind}"


class Retention(ReasonedWord):
    """How long the log of an endpoint is kept. The newest row counts; none: the installation's."""

    deployment = models.ForeignKey("production.Deployment", models.PROTECT, related_name="+")
    inputs_days = models.PositiveIntegerField(help_text="Inputs of a call; 0: for good.")
    answers_days = models.PositiveIntegerField(help_text="Calls, answers, truths; 0: for good.")

    def __str__(self) -> str:
        return f"{self.deployment}: inputs {self.inputs_days}, answers {self.answers_days} days"


class Removal(InsertOnly):
    """What one run removed from the log of an endpoint because its time was over."""

    TEAM = "deployment__project__team"

    deployment = models.ForeignKey("production.Deployment", models.PROTECT, related_name="removals")
    inputs_before = models.DateTimeField(null=True, help_text="Inputs before it were removed.")
    answers_before = models.DateTimeField(null=True, help_text="Calls before it were removed.")
    inputs = models.PositiveBigIntegerField(default=0, help_text="Rows that lost their inputs.")
    answers = models.PositiveBigIntegerField(default=0)
    actuals = models.PositiveBigIntegerField(default=0)
    calls = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.deployment} at {self.at}: {self.inputs} inputs, {self.answers} answers"


class GlassRequest(ReasonedWord):
    """Somebody asks to switch without the gate's conditions; another person has to agree."""

    deployment = models.ForeignKey(
        "production.Deployment", models.PROTECT, related_name="glass_requests"
    )
    kind = models.CharField(max_length=7, choices=FallbackKind.choices)
    release = models.ForeignKey("production.Release", models.PROTECT, null=True, related_name="+")
    hours = models.PositiveSmallIntegerField(help_text="How long it holds, at most 24.")
    by_manager = models.BooleanField(default=False, help_text="Their role at that time.")

    def __str__(self) -> str:
        return f"{self.person} asks to break the glass at {self.deployment}"


class Switch(InsertOnly):
    """What answers at an endpoint was changed: by a person, by two, or by the watch itself.

    What answers follows from the newest of these rows and of the signatures, so it is always one:
    the number is unique, and two people who switch at once cannot both be the next.
    """

    TEAM = "deployment__project__team"

    deployment = models.ForeignKey("production.Deployment", models.PROTECT, related_name="switches")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=7, choices=FallbackKind.choices)
    release = models.ForeignKey("production.Release", models.PROTECT, null=True, related_name="+")
    rule = models.JSONField(null=True, help_text="The rule that answers, as it was then.")
    flips = models.ForeignKey(
        FlipReport, models.PROTECT, null=True, related_name="+", help_text="What was read before."
    )
    canary = models.ForeignKey(
        "production.Release",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Answers a share of the keys beside the release, once it is signed.",
    )
    terms = models.JSONField(
        null=True, help_text="Of the canary: share in %, column of the key, bounds of the guard."
    )
    glass = models.OneToOneField(
        GlassRequest, models.PROTECT, null=True, related_name="switch", help_text="Break-glass."
    )
    until = models.DateTimeField(null=True, help_text="A break-glass counts until then.")
    alarm = models.OneToOneField(
        "production.Alarm",
        models.PROTECT,
        null=True,
        related_name="switch",
        help_text="Why the watch did it.",
    )
    seen = models.JSONField(null=True, help_text="The figures that made the watch do it.")
    reason = models.TextField()
    by_manager = models.BooleanField(default=False, help_text="Their role at that time.")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Without one the watch did it.",
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "switches"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "number"], name="switch_number_is_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="release", release__isnull=False)
                | (~models.Q(kind="release") & models.Q(release__isnull=True)),
                name="switch_release_has_its_release",
            ),
            models.CheckConstraint(
                condition=models.Q(canary__isnull=True, terms__isnull=True)
                | models.Q(kind="release", canary__isnull=False, terms__isnull=False),
                name="switch_canary_has_its_terms",
            ),
            models.CheckConstraint(
                condition=models.Q(glass__isnull=True, until__isnull=True)
                | models.Q(glass__isnull=False, until__isnull=False),
                name="switch_glass_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(person__isnull=False) | models.Q(seen__isnull=False),
                name="switch_of_the_watch_has_figures",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deployment} switch {self.number}: {self.kind}"

    @property
    def who(self) -> str:
        """Who did it, in words."""
        if self.person is None:
            return "The watch"
        return f"{self.person} with {self.glass.person}" if self.glass else str(self.person)


class Drill(InsertOnly):
    """A contingency of the plan was tried out, and how that went."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="drills")
    release = models.ForeignKey("production.Release", models.PROTECT, null=True, related_name="+")
    risk = models.TextField(help_text="As the plan says it.")
    contingency = models.TextField(help_text="As the plan says it; another one is not drilled.")
    done = models.TextField(help_text="What was done.")
    passed = models.BooleanField()
    took_s = models.FloatField(help_text="Until the contingency was in force.")
    note = models.TextField(blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Drill of “{self.risk}”: {'passed' if self.passed else 'failed'}"
