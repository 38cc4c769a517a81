"""Names the room for Django."""

from django.apps import AppConfig


class EdaConfig(AppConfig):
    """Exploration."""

    name = "apps.eda"
    verbose_name = "Exploration"
