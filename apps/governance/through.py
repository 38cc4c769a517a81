"""Which cycles are through all four gates: asked on every page, of thousands at once.

A cycle is through while what was signed last at each of its gates is what the gate is about today.
Both follow from rows that nobody changes, so a process remembers both until there can be more of
them (see ``projects.remembered``); the state itself is found anew each time.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from apps.governance.gates import GATES
from apps.governance.state import MOST_REMEMBERED, heads_of, subjects_of
from apps.projects.models import Cycle
from apps.projects.remembered import Remembered
from apps.projects.rounds import signed_subject
from apps.projects.said import Said


@dataclass(frozen=True)
class Facts:
    """What the gates of a cycle are about and what was signed there."""

    subjects: tuple[str, ...]
    signed: tuple[str, ...]

    @property
    def is_through(self) -> bool:
        """Each gate is about something, and just that was signed there."""
        return all(self.subjects) and self.subjects == self.signed


_KNOWN: Remembered[Facts] = Remembered(MOST_REMEMBERED)


def facts_of(heads: Mapping[int, str], *, said: Said | None = None) -> dict[int, Facts]:
    """By the key of each cycle; ``heads`` as of ``heads_of``. No query for what is known.

    What was ``said`` at the others is read into it, for whoever goes on to ask for it.
    """
    return _KNOWN.of(heads, lambda missing: _facts(missing, heads, said or Said()))


def through(cycles: QuerySet[Cycle]) -> set[int]:
    """Keys of those whose gates are all passed today."""
    return {pk for pk, facts in facts_of(heads_of(cycles)).items() if facts.is_through}


def _facts(cycles: Collection[int], heads: Mapping[int, str], said: Said) -> dict[int, Facts]:
    subjects = subjects_of({pk: heads[pk] for pk in cycles}, said)
    told = said.of(cycles)
    tiers = dict(Cycle.objects.filter(pk__in=cycles).values_list("pk", "project__tier"))
    found = {}
    for pk, tier in tiers.items():
        signed = []
        for gate in GATES:
            submission, decisions = told[pk][gate.stage]
            signed.append(
                signed_subject(gate.stage, tier=tier, submission=submission, decisions=decisions)
            )
        about = tuple(subjects[pk][gate.stage] for gate in GATES)
        found[pk] = Facts(about, tuple(signed))
    return found
