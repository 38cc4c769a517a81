"""Sums over the log of calls, kept beside it: what pages and the watch read however long it grows.

They are models of this room, told apart from ``models`` for their length; import them from there.
Who writes them stands in ``tallying``.
"""

from django.db import models


class CallSum(models.Model):
    """The calls of half an hour that a program made, answered by one release or by none."""

    deployment = models.ForeignKey(
        "production.Deployment", models.PROTECT, related_name="call_sums"
    )
    release = models.ForeignKey(
        "production.Release", models.PROTECT, null=True, related_name="call_sums"
    )
    start = models.DateTimeField(help_text="UTC; of this half hour.")
    calls = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    errors = models.PositiveBigIntegerField(default=0, help_text="HTTP status 500 and above.")
    refused = models.PositiveBigIntegerField(default=0, help_text="HTTP status 400 to 499.")
    kinds = models.JSONField(default=dict, help_text="Calls by the code of their refusal.")
    latency = models.JSONField(
        default=dict, help_text="Answered calls by bin of their latency; see engine service."
    )

    class Meta:
        ordering = ["start"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "start", "release"], name="call_sum_of_release_once"
            ),
            models.UniqueConstraint(
                fields=["deployment", "start"],
                condition=models.Q(release__isnull=True),
                name="call_sum_of_none_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calls} calls of {self.deployment_id} from {self.start}"


class AnswerSum(models.Model):
    """The rows that a release answered on one day, by what it said and what is known of the truth.

    ``told`` and ``actual`` are classes; empty for numbers, and ``actual`` while it is not known.
    """

    release = models.ForeignKey("production.Release", models.PROTECT, related_name="answer_sums")
    day = models.DateField(help_text="In UTC.")
    told = models.CharField(max_length=200, blank=True)
    is_known = models.BooleanField(default=False)
    actual = models.CharField(max_length=200, blank=True)
    rows = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "day", "told", "is_known", "actual"], name="answer_sum_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rows} rows of {self.release_id} on {self.day}: {self.told}, {self.actual}"
