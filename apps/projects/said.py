"""What was said at the gates of many cycles, each cycle asked for once."""

from collections.abc import Iterable

from apps.projects.models import Cycle, Decision, Submission
from apps.projects.queries import said_at
from apps.projects.stages import Stage
from apps.web.once import keep

AtGate = tuple[Submission | None, list[Decision]]
"""As of ``said_at``."""


class Said:
    """Newest submission and all decisions by cycle and stage, without the evidence stored.

    For one page or one job: what it has read it does not read again.
    """

    def __init__(self) -> None:
        self._known: dict[int, dict[str, AtGate]] = {}

    def of(self, cycles: Iterable[int]) -> dict[int, dict[str, AtGate]]:
        """By key of the cycle and by stage, all stages. Two questions for those not read yet."""
        wanted = list(cycles)
        missing = [pk for pk in wanted if pk not in self._known]
        if missing:
            self._read(missing)
        return {pk: self._known[pk] for pk in wanted}

    def _read(self, cycles: list[int]) -> None:
        found = {pk: {str(stage): _nothing() for stage in Stage} for pk in cycles}
        asked = Submission.objects.filter(cycle__in=cycles).defer("evidence")
        for submission in asked:
            at = found[submission.cycle_id]
            at[submission.stage] = (submission, at[submission.stage][1])
        answered = Decision.objects.filter(cycle__in=cycles).defer("evidence")
        for decision in answered.select_related("met"):
            found[decision.cycle_id][decision.stage][1].append(decision)
        self._known.update(found)


def _nothing() -> AtGate:
    return None, []


def read_ahead(cycles: Iterable[Cycle], said: Said) -> None:
    """Have ``said_at`` find what was said at the gates of these cycles."""
    chosen = list(cycles)
    told = said.of([cycle.pk for cycle in chosen])
    for cycle in chosen:
        for stage in Stage:
            keep(said_at, told[cycle.pk][stage], cycle, stage)
