"""Tells allauth how this house signs people in: by invitation, never by open sign-up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class HouseAdapter(DefaultAccountAdapter):
    """Closed sign-up: an administrator creates accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by themselves."""
        return False
