"""Experiment, Trial, Candidate, Opening. What is frozen is never changed."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.datasets.models import Split
from apps.engine.training.fitted.choices import sentences
from apps.engine.training.problem import kind_in_words
from apps.engine.types import Problem
from apps.jobs.models import Job
from apps.planning.models import Plan
from apps.projects.models import Cycle, InsertOnly


class Experiment(models.Model):
    """One round of training: which candidates, on which split, judged by which signed plan."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="experiments")
    number = models.PositiveIntegerField(help_text="1, 2, 3 ... within the cycle")
    split = models.ForeignKey(Split, models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    problem = models.CharField(max_length=10)
    features = models.JSONField(help_text="Column specs of the features used.")
    seed = models.PositiveIntegerField(default=0)
    budget_s = models.PositiveIntegerField(
        null=True, help_text="Seconds that all of it may take; null: no limit."
    )
    ends_at = models.DateTimeField(
        null=True, help_text="When its time is over; null until its first trial starts."
    )
    balanced = models.BooleanField(
        default=False, help_text="Each class counts alike, however rare it is."
    )
    preparation = models.JSONField(
        default=list, help_text="Fitted choices of the wrangle page at the start; [] is automatic."
    )
    level = models.FloatField(
        null=True, help_text="Quantile that is predicted, 0 to 1; null: the mean, or a class."
    )
    nested_at = models.DateTimeField(
        null=True, help_text="When nested cross-validation was asked for first; null: never."
    )
    note = models.TextField(blank=True, help_text="Why it was run, and what was learnt.")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "number"], name="experiment_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"Experiment {self.number} of {self.cycle}"

    @property
    def kind(self) -> str:
        """The kind of problem in words."""
        return kind_in_words(Problem(self.problem), level=self.level)

    @property
    def prepared_as(self) -> list[str]:
        """The fitted choices in words; empty where preparation is automatic."""
        return sentences(self.preparation)

    @property
    def doubted(self) -> dict[str, str]:
        """Features that may give the target away, each with what it shows: a person chose them."""
        known = self.split.giveaways
        return {
            item["name"]: known[item["name"]] for item in self.features if item["name"] in known
        }


class Trial(models.Model):
    """One candidate cross-validated on development rows. Its state is its job's state."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="trials")
    candidate = models.CharField(max_length=40, help_text="A key of the engine's CANDIDATES.")
    title = models.CharField(max_length=80)
    is_baseline = models.BooleanField(default=False)
    params = models.JSONField(default=dict)
    most_rows = models.PositiveIntegerField(
        null=True, help_text="Fitted on a sample of so many rows; null: on all."
    )
    expected_s = models.FloatField(
        default=0, help_text="Seconds that were expected before the start."
    )
    memory_bytes = models.PositiveBigIntegerField(
        default=0, help_text="Most memory that its process has held; 0: not told."
    )
    left_s = models.FloatField(
        null=True, help_text="Seconds left of its time when its worker last looked; null: no limit."
    )
    wrap_up_at = models.DateTimeField(
        null=True, help_text="When a person asked a search to end with what it has."
    )
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    result = models.JSONField(default=dict, help_text="What cross_validate returned.")
    score = models.FloatField(
        null=True, help_text="Mean of the first promised metric over the folds; see take_result."
    )
    fold_scores = models.JSONField(default=list, help_text="The same metric of each fold.")
    low = models.FloatField(null=True, help_text="95 % interval of the score, its lower end.")
    high = models.FloatField(null=True, help_text="And its upper end.")
    fit_s = models.FloatField(null=True, help_text="Seconds of fitting over all folds.")
    one_row_ms = models.FloatField(null=True, help_text="Milliseconds of an answer to one row.")
    size_bytes = models.FloatField(null=True, help_text="Bytes of the model file.")
    races = models.BooleanField(
        default=False, help_text="It is trained in rounds of more and more folds."
    )
    rounds = models.JSONField(
        default=list, help_text="Rounds of its race so far: folds, score, metric, answers, spent_s."
    )
    is_outraced = models.BooleanField(
        default=False, help_text="Stopped by the race; the reason is its job's."
    )
    diagnosis = models.JSONField(
        default=dict, help_text="Where it errs and what it earns, on rows that did not train it."
    )
    answers = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the Parquet of out-of-fold answers."
    )
    nested_job = models.ForeignKey(
        Job, models.PROTECT, related_name="+", null=True, help_text="Of its nested scores."
    )
    nested = models.JSONField(default=dict, help_text="What validate_nested returned.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            # Covers what a leaderboard reads of every trial: of ten thousand, no result is opened.
            models.Index(
                fields=[
                    "experiment",
                    "score",
                    "is_baseline",
                    "low",
                    "high",
                    "fit_s",
                    "one_row_ms",
                    "size_bytes",
                    "candidate",
                    "title",
                    "job",
                    "fold_scores",
                ],
                name="trial_standing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} #{self.pk}"

    def take_result(self, result: dict[str, Any], *, primary: str) -> None:
        """Set what ``cross_validate`` returned; ``primary``: key of the first promised metric.

        What a leaderboard of ten thousand sorts and sums by stands in columns of its own.
        """
        told = result["scores"][primary]
        self.result = result
        self.score, self.low, self.high = told["mean"], told["low"], told["high"]
        self.fold_scores = [fold["scores"][primary] for fold in result["folds"]]
        self.fit_s, self.one_row_ms = result["fit_s"], result.get("one_row_ms")
        self.size_bytes = result.get("size_bytes")


TOLD_BY_RESULT = (
    "result",
    "score",
    "low",
    "high",
    "fold_scores",
    "fit_s",
    "one_row_ms",
    "size_bytes",
)
"""Fields that ``Trial.take_result`` sets."""


class NotebookToken(models.Model):
    """A key to the development rows of one experiment, for a notebook; it registers models there.

    Only its SHA-256 is kept; it is shown once. It never opens a sealed row.
    """

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80, help_text="Which notebook uses it.")
    prefix = models.CharField(max_length=12, help_text="First characters, to tell tokens apart.")
    sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_open(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and self.expires_at > timezone.now()


class Candidate(models.Model):
    """A trial frozen for the test: fitted on all development rows, kept as a skops file."""

    trial = models.OneToOneField(Trial, models.PROTECT, related_name="frozen")
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="candidates")
    baseline = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", help_text="Tested beside it."
    )
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    model = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the skops file.")
    report = models.JSONField(default=dict, help_text="What fit_final returned.")
    threshold = models.FloatField(
        default=0.5, help_text="Probability from which the positive class is said, 0 to 1."
    )
    threshold_why = models.CharField(max_length=200, blank=True)
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.trial)

    @property
    def is_ready(self) -> bool:
        """Fitted and stored."""
        return bool(self.model)


class Opening(InsertOnly):
    """The sealed test was opened: who, when, for which frozen candidate. Counted for ever."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="openings")
    number = models.PositiveSmallIntegerField(help_text="1, 2, 3 ... within the cycle")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="openings")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    split = models.ForeignKey(Split, models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["cycle", "number"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "number"], name="opening_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"Opening {self.number} of {self.cycle}"


class Evaluation(InsertOnly):
    """What an opening showed: verdicts against the locked metrics."""

    TEAM = "opening__cycle__project__team"

    opening = models.OneToOneField(Opening, models.PROTECT, related_name="evaluation")
    result = models.JSONField(help_text="What evaluate_sealed returned.")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Evaluation of {self.opening}"


class Reproduction(models.Model):
    """A finished trial trained once more by a clean process, answer compared with answer."""

    trial = models.ForeignKey(Trial, models.CASCADE, related_name="reproductions")
    job = models.ForeignKey(Job, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    result = models.JSONField(default=dict, help_text="level A-D, what differs, versions.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Reproduction of {self.trial}"


class AttackRun(models.Model):
    """The adversary suite let loose on a finished trial, on development rows."""

    trial = models.ForeignKey(Trial, models.CASCADE, related_name="attacks")
    job = models.ForeignKey(Job, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    result = models.JSONField(default=dict, help_text="What run_suite returned.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Adversary suite of {self.trial}"


class RowExplanation(models.Model):
    """Why one development row was answered as it was, by the model that had not seen it."""

    trial = models.ForeignKey(Trial, models.CASCADE, related_name="explained_rows")
    row = models.PositiveIntegerField(help_text="1 is the first development row.")
    job = models.ForeignKey(Job, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    result = models.JSONField(default=dict, help_text="What explain_row returned.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Row {self.row} of {self.trial}"
