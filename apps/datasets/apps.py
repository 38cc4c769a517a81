"""Names the room for Django."""

from django.apps import AppConfig

from apps.engine.recipe.pseudonyms import take_key_from
from apps.projects import keys


class DatasetsConfig(AppConfig):
    """Data."""

    name = "apps.datasets"
    verbose_name = "Data"

    def ready(self) -> None:
        """Let recipes of this process ask for the key of pseudonyms when one needs it."""
        take_key_from(keys.for_pseudonyms)
