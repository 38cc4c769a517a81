"""Names the room for Django."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Page machinery."""

    name = "apps.web"
