"""Names the room for Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and how they sign in."""

    name = "apps.accounts"
    verbose_name = "People"
