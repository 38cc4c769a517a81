"""Files of what really happened: who brought them, and what became of their rows.

They are models of this room, told apart from ``models`` for their length; import them from there.
"""

from django.conf import settings
from django.db import models

from apps.jobs.models import Job

SHELVES = "actuals"


class ActualsFile(models.Model):
    """A person brought a file of actual values; it is read once and not kept."""

    deployment = models.ForeignKey(
        "production.Deployment", models.PROTECT, related_name="actuals_files"
    )
    filename = models.CharField(max_length=255, help_text="As the user named it; only shown.")
    sha256 = models.CharField(max_length=64)
    id_column = models.CharField(max_length=255, blank=True, help_text="Empty: found out.")
    value_column = models.CharField(max_length=255, blank=True, help_text="Empty: found out.")
    job = models.OneToOneField(Job, models.PROTECT, related_name="+")
    report = models.JSONField(default=dict, help_text="What take_file found out.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Actual values of {self.deployment} in “{self.filename}”"

    @property
    def shelf(self) -> str:
        """Where the file lies, alone, until it is read."""
        return f"{SHELVES}/{self.job_id}"
