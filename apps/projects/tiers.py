"""The materiality tier: how much depends on a project, from what is at stake and what it decides.

The idea of tiers by exposure and purpose is that of supervisory guidance on model risk (SR 11-7
and what followed it); the steps below are this product's own, printed in docs/managers.md.
"""

from dataclasses import dataclass

from apps.projects.models import Purpose, Tier, Tiering

SMALL, MEDIUM, LARGE = 0, 1, 2
_SIZES = ("small", "medium", "large")
MONEY_PER_YEAR = (100_000.0, 1_000_000.0)  # from here it is medium, from here large
DECISIONS_PER_MONTH = (1_000.0, 100_000.0)
PEOPLE_AFFECTED = (100, 10_000)

_TIERS = {
    Purpose.ADVICE: (Tier.LOW, Tier.LOW, Tier.MEDIUM),
    Purpose.OPERATIONS: (Tier.LOW, Tier.MEDIUM, Tier.HIGH),
    Purpose.ACCESS: (Tier.MEDIUM, Tier.HIGH, Tier.HIGH),
}


@dataclass(frozen=True)
class Stakes:
    """What a project decides, and how much hangs on it. Zero says: not known, or nothing."""

    purpose: Purpose = Purpose.OPERATIONS
    money_per_year: float = 0.0
    decisions_per_month: float = 0.0
    people_affected: int = 0


def stakes_of(tiering: Tiering) -> Stakes:
    """What was stated then."""
    return Stakes(
        Purpose(tiering.purpose),
        tiering.money_per_year,
        tiering.decisions_per_month,
        tiering.people_affected,
    )


@dataclass(frozen=True)
class Weighed:
    """A computed tier and the sentence that says why."""

    tier: Tier
    why: str


def _size(value: float, steps: tuple[float, float]) -> int:
    return sum(value >= step for step in steps)


def weigh(stakes: Stakes) -> Weighed:
    """Tier by the largest of the three exposures and by the purpose."""
    exposures = (
        (
            _size(stakes.money_per_year, MONEY_PER_YEAR),
            f"{stakes.money_per_year:,.0f} of money a year at stake",
        ),
        (
            _size(stakes.decisions_per_month, DECISIONS_PER_MONTH),
            f"{stakes.decisions_per_month:,.0f} decisions a month",
        ),
        (
            _size(stakes.people_affected, PEOPLE_AFFECTED),
            f"{stakes.people_affected:,} people affected",
        ),
    )
    size, told = max(exposures, key=lambda exposure: exposure[0])
    if not any((stakes.money_per_year, stakes.decisions_per_month, stakes.people_affected)):
        told = "no exposure stated yet"
    tier = _TIERS[Purpose(stakes.purpose)][size]
    purpose = Purpose(stakes.purpose).label.lower()
    return Weighed(tier, f"Tier {tier.value}: {purpose}, and a {_SIZES[size]} exposure ({told}).")
