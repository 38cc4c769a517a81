"""``manage.py rotate_ledger_key``: a new key seals from now on; older ones stay readable."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.projects.actions import rotate_key
from apps.web.refusals import Refusal


class Command(BaseCommand):
    """Exit code 1, and nothing changed, when the keys come from the environment."""

    help = "Make a new ledger key. Events and sealed tests of older keys stay readable."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate."""
        try:
            old, new = rotate_key()
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"Key {new} seals from now on; {old} is only read. Back up the key file again."
        )
