"""Names the room for Django."""

from django.apps import AppConfig


class PlanningConfig(AppConfig):
    """Plans and promises."""

    name = "apps.planning"
    verbose_name = "Plans and promises"
