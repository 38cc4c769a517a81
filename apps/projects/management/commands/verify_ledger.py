"""``manage.py verify_ledger``: names what is wrong with each ledger."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.projects.anchors import Anchor, AnchorsBroken, read
from apps.projects.models import Chain, Team
from apps.projects.rowcheck import RowCheck
from apps.projects.verifying import Report, verify

DIGITS = 16  # with fewer somebody could search for another event whose hash begins so


class Command(BaseCommand):
    """Exit code 1 when something was tampered with, 2 when a key or the anchors cannot be read."""

    help = "Check every ledger: links, seals, the records that events are about; anchors if given."

    def add_arguments(self, parser: CommandParser) -> None:
        """Anchors prove that nothing before them was cut off or rewritten."""
        parser.add_argument(
            "--anchors",
            metavar="FILE",
            type=Path,
            help="The file of anchors (MLCYCLE_ANCHOR_FILE), from where it is kept.",
        )
        parser.add_argument(
            "--anchor",
            metavar="SEQ:HASH",
            action="append",
            default=[],
            help="A head noted earlier, e.g. on a printed page; the start of the hash is enough.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check all ledgers."""
        noted = [_parsed(text) for text in options["anchor"]]
        try:
            anchors = read(options["anchors"]) if options["anchors"] else {}
        except AnchorsBroken as error:
            raise CommandError(str(error), returncode=2) from error
        chains = list(Chain.objects.select_related("team").order_by("pk"))
        reports = [verify(chain, anchors=anchors.get(chain.pk, [])) for chain in chains]
        for report in reports:
            self._tell(report)
        lost = [self._without_ledger(), self._gone(set(anchors) - {c.pk for c in chains})]
        lost += [self._not_there(anchor) for anchor in noted]
        if any(lost) or any(report.is_tampered for report in reports):
            sys.exit(1)
        if not all(report.holds for report in reports):
            sys.exit(2)

    def _tell(self, report: Report) -> None:
        for says in [*map(str, report.faults), *report.notes]:
            self.stdout.write(f"{report.chain}: {says}")
        if report.holds:
            proven = f", anchored to event {report.anchored_to}" if report.anchored_to else ""
            self.stdout.write(
                f"{report.chain}: {report.events} events hold, head {report.head}{proven}"
            )

    def _without_ledger(self) -> bool:
        """Facts of teams whose whole ledger is gone."""
        found = False
        for team in Team.objects.filter(chain=None):
            rows = RowCheck(team.pk)
            rows.rest()
            for fault in rows.faults:
                found = True
                self.stdout.write(f"{team} has no ledger: {fault}")
        return found

    def _gone(self, chain_ids: set[int]) -> bool:
        for chain_id in sorted(chain_ids):
            self.stdout.write(f"Ledger {chain_id} was anchored and is gone")
        return bool(chain_ids)

    def _not_there(self, anchor: Anchor) -> bool:
        found = Chain.objects.filter(events__seq=anchor.seq, events__hash__startswith=anchor.hash)
        if found.exists():
            return False
        self.stdout.write(f"Anchor {anchor.seq}:{anchor.hash}: no ledger has this event any more")
        return True


def _parsed(text: str) -> Anchor:
    seq, _, start = text.partition(":")
    if not (seq.isdecimal() and len(start) >= DIGITS and set(start) <= set("0123456789abcdef")):
        raise CommandError(
            f"“{text}” is not an anchor: give the number and at least {DIGITS} digits of the "
            "hash, as in 1041:9f2c77d04b1e88a3.",
            returncode=2,
        )
    return Anchor(int(seq), start)
