"""Names the room for Django."""

from django.apps import AppConfig


class ModelingConfig(AppConfig):
    """Models."""

    name = "apps.modeling"
    verbose_name = "Models"
