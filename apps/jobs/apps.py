"""Names the room for Django."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Background work."""

    name = "apps.jobs"
    verbose_name = "Background work"
