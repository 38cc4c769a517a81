"""Checking a ledger: every link and seal, the rows that events are about, the anchors.

Constant memory in the number of events; the ids of facts (decisions, plans ...) are held.
What each verdict proves stands in docs/THREAT_MODEL.md.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import batched

from django.db.models import Max

from apps.projects import keys
from apps.projects.anchors import Anchor
from apps.projects.links import GENESIS, Line, link_of, seal_of
from apps.projects.models import Chain, Event
from apps.projects.rowcheck import RowCheck
from apps.projects.verdicts import Fault, Kind

BATCH = 2_000
Tell = Callable[[int, int, str], None]


@dataclass
class Report:
    """What one look at a ledger found."""

    chain: Chain
    events: int = 0
    head: str = GENESIS
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    anchored_to: int = 0  # the last event that an anchor proves

    @property
    def holds(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    @property
    def is_tampered(self) -> bool:
        """Something is wrong that a lost key does not explain."""
        return any(fault.kind != Kind.KEY_MISSING for fault in self.faults)


def verify(chain: Chain, *, anchors: Sequence[Anchor] = (), report: Tell | None = None) -> Report:
    """Check one ledger. Events that are written meanwhile are checked as far as they are seen."""
    newest = chain.events.aggregate(Max("seq"))["seq__max"] or 0
    chain.refresh_from_db()  # read after the newest event: the head is never behind a good one
    walk, rows = _Walk(chain, anchors), RowCheck(chain.team_id)
    upto = chain.events.filter(seq__lte=max(newest, chain.seq)).order_by("seq")
    lines = upto.values_list(*Line._fields).iterator(chunk_size=BATCH)
    try:
        for batch in batched((Line._make(values) for values in lines), BATCH):
            for line in batch:
                walk.take(line)
            rows.check(batch)
            if report:
                report(walk.seen, max(newest, chain.seq), f"Event {batch[-1].seq:,}")
    except ValueError as error:  # SQLite stores what is no time
        walk.unreadable(error)
    walk.end()
    rows.rest()
    walk.report.faults += rows.faults
    return walk.report


class _Walk:
    """Goes along the events of one chain and stops believing at the first break."""

    def __init__(self, chain: Chain, anchors: Sequence[Anchor]) -> None:
        self.chain, self.report = chain, Report(chain)
        self.ring = keys.ring()
        self.order = {name: place for place, name in enumerate(self.ring)}
        self.place = -1  # of the newest key met so far
        self.anchors = sorted(anchors)
        self.unmet = 0  # index of the first anchor that no event was compared with
        self.seen, self.broken, self.rewritten = 0, False, False
        self.at = None
        self.unknown_keys: set[str] = set()

    def _fault(self, kind: Kind, seq: int, says: str) -> None:
        self.report.faults.append(Fault(kind, seq, says))

    def take(self, line: Line) -> None:
        """Check the next line."""
        self.seen += 1
        self._compare_anchors(line)
        if self.broken:
            return
        fault = self._break_at(line) or self._bad_seal_of(line)
        if fault:
            self.report.faults.append(fault)
            self.broken = True
            return
        if self.at and line.at < self.at:
            self.report.notes.append(f"The clock went back at event {line.seq}.")
        self.at = line.at
        self.report.events, self.report.head = line.seq, line.hash

    def _break_at(self, line: Line) -> Fault | None:
        expected = self.report.events + 1
        if line.seq != expected:
            return Fault(Kind.MISSING, expected, "is missing")
        if line.at is None:  # what SQLite stored there is no time
            return Fault(Kind.ALTERED, line.seq, "was changed after it was written: it has no time")
        link = link_of(line, chain_id=self.chain.pk)
        if line.previous == self.report.head and hmac.compare_digest(link, line.hash):
            return None
        return _told_apart(line, self.chain, has_own_link=link == line.hash)

    def _bad_seal_of(self, line: Line) -> Fault | None:
        if line.key not in self.ring:
            if line.key not in self.unknown_keys:
                self.unknown_keys.add(line.key)
                self._fault(
                    Kind.KEY_MISSING,
                    line.seq,
                    f"is sealed with key {line.key or '(none)'}, which is not among the keys of "
                    "this installation: put the key back. Seals of this key were not checked",
                )
            return None
        if not hmac.compare_digest(seal_of(line.hash, secret=self.ring[line.key]), line.seal):
            return _forged(line, self.chain)
        if self.order[line.key] < self.place:
            return Fault(Kind.RETIRED_KEY, line.seq, "is sealed with a key that was replaced")
        self.place = self.order[line.key]
        return None

    def _compare_anchors(self, line: Line) -> None:
        while self.unmet < len(self.anchors) and self.anchors[self.unmet].seq <= line.seq:
            anchor = self.anchors[self.unmet]
            self.unmet += 1
            if anchor.seq == line.seq and anchor.fits(line.hash):
                if not self.broken and not self.rewritten:
                    self.report.anchored_to = line.seq
            elif not self.rewritten:
                self.rewritten = True
                self._fault(
                    Kind.REWRITTEN,
                    anchor.seq,
                    f"is not the one that was anchored{_on(anchor)}: the ledger was rewritten",
                )

    def unreadable(self, error: ValueError) -> None:
        """Say that the events behind the last one that was seen are no events."""
        self.broken = True
        says = f"or one of the {BATCH:,} behind it cannot be read: {error}"
        self._fault(Kind.ALTERED, self.seen + 1, says)

    def end(self) -> None:
        """Compare with the head and with anchors behind the last event."""
        report, chain = self.report, self.chain
        if self.unmet < len(self.anchors):
            anchor = self.anchors[-1]
            self._fault(
                Kind.CUT,
                self.seen + 1,
                f"is missing: event {anchor.seq} was anchored{_on(anchor)}. The end was cut off, "
                "or an older backup was restored",
            )
        if self.broken or (chain.seq, chain.head) == (report.events, report.head):
            return
        if chain.seq > report.events:
            what = "is missing" if report.events else "and all others are missing"
            self._fault(
                Kind.MISSING, report.events + 1, f"{what}: the head says {chain.seq} events"
            )
        elif chain.seq < report.events:
            self._fault(Kind.FORGED, chain.seq + 1, "was inserted behind the head of the ledger")
        else:
            self._fault(Kind.ALTERED, chain.seq, "is not the one that the head of the ledger names")


def _on(anchor: Anchor) -> str:
    return f" on {anchor.at[:16].replace('T', ' at ')}" if anchor.at else ""


def _told_apart(line: Line, chain: Chain, *, has_own_link: bool) -> Fault:
    """What happened to an event whose link does not hold."""
    twin = Event.objects.filter(salt=line.salt).exclude(chain=chain, seq=line.seq).first()
    if twin is not None and twin.hash == line.hash:
        where = f"event {twin.seq} of this" if twin.chain_id == chain.pk else "another"
        return Fault(Kind.COPIED, line.seq, f"was copied from {where} ledger")
    before = 0
    if line.previous != GENESIS:
        found = chain.events.filter(hash=line.previous).values_list("seq", flat=True).first()
        before = -1 if found is None else found
    for seq in {before + 1, _place_behind(line, chain)} - {line.seq}:
        if link_of(line._replace(seq=seq), chain_id=chain.pk) == line.hash:
            return Fault(Kind.REORDERED, line.seq, f"stands in the wrong place: it was event {seq}")
    if has_own_link:
        return Fault(Kind.ALTERED, line.seq, "does not follow the event before it")
    return Fault(Kind.ALTERED, line.seq, "was changed after it was written")


def _place_behind(line: Line, chain: Chain) -> int:
    """Where the event would stand by the one that follows it; swapped rows have other numbers."""
    after = chain.events.filter(previous=line.hash).values_list("seq", flat=True).first()
    return (after or 0) - 1


def _forged(line: Line, chain: Chain) -> Fault:
    """An event whose links hold and whose seal does not."""
    if chain.events.filter(seq=line.seq + 1, previous=line.hash).exists():
        says = "and what follows was rewritten by somebody without the key: its seal does not fit"
        return Fault(Kind.FORGED, line.seq, says)
    says = "was inserted or changed by somebody without the key: its seal does not fit"
    return Fault(Kind.FORGED, line.seq, says)
