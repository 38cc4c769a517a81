"""Which cycles are through all four gates: asked on every page, of thousands at once.

A cycle is through while what was signed last at each of its gates is what the gate is about today.
Both follow from rows that nobody changes, and whatever adds such a row writes an event about the
project. So a process remembers both until the project has a newer event, as ``state`` remembers
subjects; the state itself is found anew each time. One thing happens without an event: an
approval on a condition falls overdue. Then it is another day.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from apps.governance.gates import GATES
from apps.governance.state import heads_of, said_of, subjects_of
from apps.projects.models import Cycle
from apps.projects.rounds import house_today, signed_subject

MOST_REMEMBERED = 20_000


@dataclass(frozen=True)
class Facts:
    """What the gates of a cycle are about and what was signed there, and when that was read."""

    head: str  # hash of the project's newest event, read before all else; empty where there is none
    day: datetime.date
    subjects: tuple[str, ...]
    signed: tuple[str, ...]

    @property
    def is_through(self) -> bool:
        """Each gate is about something, and just that was signed there."""
        return all(self.subjects) and self.subjects == self.signed

    def hold(self, head: str, day: datetime.date) -> bool:
        """Nothing happened since they were read."""
        return bool(head) and (self.head, self.day) == (head, day)


_KNOWN: dict[int, Facts] = {}


def facts_of(heads: Mapping[int, str]) -> dict[int, Facts]:
    """By the key of each cycle; ``heads`` as of ``heads_of``. No query for what is known."""
    today = house_today()
    known = {
        pk: facts
        for pk, head in heads.items()
        if (facts := _KNOWN.get(pk)) is not None and facts.hold(head, today)
    }
    fresh = {pk: head for pk, head in heads.items() if pk not in known}
    return known | _remembered(_facts(fresh, today)) if fresh else known


def through(cycles: QuerySet[Cycle]) -> set[int]:
    """Keys of those whose gates are all passed today."""
    return {pk for pk, facts in facts_of(heads_of(cycles)).items() if facts.is_through}


def _facts(heads: Mapping[int, str], day: datetime.date) -> dict[int, Facts]:
    cycles = list(Cycle.objects.filter(pk__in=heads).select_related("project"))
    submissions, decisions = said_of(cycles)
    subjects = subjects_of(cycles, heads)
    found = {}
    for cycle in cycles:
        asked, answered = submissions.get(cycle.pk, {}), decisions.get(cycle.pk, {})
        signed = tuple(
            signed_subject(
                gate.stage,
                tier=cycle.project.tier,
                submission=asked.get(gate.stage),
                decisions=answered.get(gate.stage, []),
            )
            for gate in GATES
        )
        about = tuple(subjects[cycle.pk][gate.stage] for gate in GATES)
        found[cycle.pk] = Facts(heads[cycle.pk], day, about, signed)
    return found


def _remembered(facts: dict[int, Facts]) -> dict[int, Facts]:
    if len(_KNOWN) + len(facts) > MOST_REMEMBERED:
        _KNOWN.clear()
    _KNOWN.update(facts)
    return facts
