"""What reviewers said would happen, beside what happened."""

from dataclasses import dataclass

from apps.engine.evaluation.forecasts import brier_score
from apps.production.watch.outcomes import promises_kept
from apps.projects.models import PASSING, Decision, Team


@dataclass(frozen=True)
class Reviewer:
    """One person's forecasts in a team. ``brier`` is None until an outcome is known."""

    name: str
    made: int
    scored: int
    brier: float | None


def reviewers_of(team: Team) -> list[Reviewer]:
    """Everybody of the team who made forecasts, by name. A fixed number of queries.

    The last one counts that a person made at a gate of a cycle; each gate counts for itself.
    """
    rows = (
        Decision.objects.filter(
            cycle__project__team=team, verdict__in=PASSING, forecast__isnull=False
        )
        .order_by("pk")
        .values_list("person", "person__name", "cycle", "stage", "forecast")
    )
    newest = {(person, cycle, stage): (name, said) for person, name, cycle, stage, said in rows}
    kept = promises_kept({cycle for _, cycle, _ in newest})
    people: dict[int, list[tuple[str, int, int]]] = {}
    for (person, cycle, _), (name, said) in newest.items():
        people.setdefault(person, []).append((name, cycle, said))
    found = []
    for made in people.values():
        known = [(said / 100, kept[cycle]) for _, cycle, said in made if cycle in kept]
        brier = brier_score(*zip(*known, strict=True)) if known else None
        found.append(Reviewer(made[-1][0], len(made), len(known), brier))
    return sorted(found, key=lambda reviewer: reviewer.name.casefold())
