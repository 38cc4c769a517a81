"""`manage.py doctor`: one line for each thing that must work, and an exit code."""

import sys

from django.core.management.base import BaseCommand

from apps.jobs.health import PARTS, beside, said


class Command(BaseCommand):
    """Asks every part the installation needs. Nothing is changed."""

    help = "Say of each part whether it works; exit code 1 when one does not."
    requires_system_checks = []

    def handle(self, **options: object) -> None:
        """Print a line a part."""
        all_work = True
        for name, ask in {**PARTS, **beside()}.items():
            part = said(ask)
            self.stdout.write(f"{'ok' if part.works else 'PROBLEM':<8} {name:<9} {part.says}")
            all_work = all_work and part.works
        if not all_work:
            sys.exit(1)
