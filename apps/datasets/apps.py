"""Names the room for Django."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Data."""

    name = "apps.datasets"
    verbose_name = "Data"
