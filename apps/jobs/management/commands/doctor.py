"""`manage.py doctor`: one line for each thing that must work, and an exit code."""

import sys
from collections.abc import Callable

from django.core.management.base import BaseCommand

from apps.jobs.health import PARTS, PROBLEMS


class Command(BaseCommand):
    """Asks every part the installation needs. Nothing is changed."""

    help = "Say of each part whether it works; exit code 1 when one does not."
    requires_system_checks = []

    def handle(self, **options: object) -> None:
        """Print a line a part."""
        works = [self._tell(name, ask) for name, ask in PARTS.items()]
        if not all(works):
            sys.exit(1)

    def _tell(self, name: str, ask: Callable[[], str]) -> bool:
        try:
            self.stdout.write(f"ok       {name:<9} {ask()}")
        except PROBLEMS as problem:
            self.stdout.write(f"PROBLEM  {name:<9} {problem}")
            return False
        return True
