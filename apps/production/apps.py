"""Names the room for Django."""

from django.apps import AppConfig


class ProductionConfig(AppConfig):
    """Endpoints and monitors."""

    name = "apps.production"
    verbose_name = "Endpoints and monitors"
