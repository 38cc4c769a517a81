"""What the model gates of many cycles are about, read at once; ``queries`` then finds it there."""

from collections.abc import Sequence

from apps.datasets.ahead import read_ahead as read_data
from apps.datasets.queries import current_split
from apps.modeling.models import Candidate, Opening
from apps.modeling.queries import candidate_subject, newest_opening, newest_test
from apps.projects.models import Cycle
from apps.projects.said import Said
from apps.web.once import keep, one_page

NEEDED = ("cycle", "number", "split", "candidate__model", "evaluation__opening")
"""The report of an evaluation is large, and no subject needs it."""


def read_ahead(cycles: Sequence[Cycle], told: Said) -> None:
    """The newest opening on today's split of each cycle, and all that the data gate rests on.

    One question, and those of the rooms before.
    """
    read_data(cycles, told)
    splits = {cycle: split for cycle in cycles if (split := current_split(cycle)) is not None}
    opened = Opening.objects.filter(cycle__in=splits, split__in=splits.values())
    found = {
        (opening.cycle_id, opening.split_id): opening
        for opening in opened.select_related("candidate", "evaluation")
        .only(*NEEDED)
        .order_by("number")
    }
    for cycle, split in splits.items():
        keep(newest_opening, found.get((cycle.pk, split.pk)), cycle, split)


def candidate_subjects(candidates: Sequence[Candidate]) -> dict[int, str]:
    """``candidate_subject`` of each by its key. The number of queries does not grow with them."""
    with one_page():
        read_data(list({candidate.cycle for candidate in candidates}), Said())
        _read_tests(candidates)
        return {candidate.pk: candidate_subject(candidate) for candidate in candidates}


def _read_tests(candidates: Sequence[Candidate]) -> None:
    splits = {
        candidate: split
        for candidate in candidates
        if (split := current_split(candidate.cycle)) is not None
    }
    tested = Opening.objects.filter(
        candidate__in=splits, split__in=splits.values(), evaluation__isnull=False
    )
    found = {
        (opening.candidate_id, opening.split_id): opening
        for opening in tested.select_related("candidate")
        .only("number", "split", "candidate__model")
        .order_by("number")
    }
    for candidate, split in splits.items():
        keep(newest_test, found.get((candidate.pk, split.pk)), candidate, split)
