"""Names the room for Django."""

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    """Gates and audit."""

    name = "apps.governance"
    verbose_name = "Gates and audit"
