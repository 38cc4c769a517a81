"""Names the room for Django."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """Teams and projects."""

    name = "apps.projects"
    verbose_name = "Teams and projects"
