"""What the table at hand asks for: candidates with reasons, and those beyond a worker's limits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from apps.datasets.queries import ClosedData, fitted_choices
from apps.engine.training.advice import Proposal, preparation_in_words, proposals
from apps.engine.training.facts import TableFacts, facts_of, rows_within
from apps.engine.training.fitted.choices import sentences
from apps.engine.training.frame import model_columns
from apps.engine.types import ColumnSpec
from apps.web.refusals import Refusal

SAMPLE, SKIP, QUEUE = "sample", "skip", "queue"
LEAST_SAMPLE = 1_000


@dataclass(frozen=True)
class Offer:
    """A candidate as the page offers it. ``within_rows``: None, or what a worker can take."""

    proposal: Proposal
    within_rows: int | None

    @property
    def key(self) -> str:
        """Key of the candidate."""
        return self.proposal.key

    @property
    def candidate(self) -> Any:
        """The engine's candidate."""
        return self.proposal.candidate

    @property
    def is_too_large(self) -> bool:
        """Beyond the memory or the time that a worker's step may take."""
        return self.within_rows is not None

    @property
    def cost_says(self) -> str:
        """Expected time and memory in words."""
        cost = self.proposal.cost
        if self.key == "search":
            return "the time you give it"
        return f"about {in_words(cost.fit_s)}, {cost.memory_bytes / 1024**3:.1f} GB"


@dataclass(frozen=True)
class Offers:
    """What the select page shows, and what starting goes by."""

    facts: TableFacts
    offers: list[Offer]
    chosen: list[str] = field(default_factory=list)
    """Fitted choices of the wrangle page, in words."""
    doubted: dict[str, str] = field(default_factory=dict)
    """Columns that may give the target away, each with what it shows: chosen only by a person."""

    @property
    def too_large(self) -> list[Offer]:
        """Those beyond the limits."""
        return [offer for offer in self.offers if offer.is_too_large]

    @property
    def preparation(self) -> list[str]:
        """How columns are prepared, in sentences."""
        return preparation_in_words(self.facts)

    @property
    def expected_says(self) -> str:
        """How long those that are chosen at first take, in words."""
        chosen = [offer for offer in self.offers if offer.proposal.is_proposed]
        fits = sum(offer.proposal.cost.fit_s for offer in chosen if offer.key != "search")
        return in_words(fits)

    @property
    def limits_say(self) -> str:
        """The limits of a worker in words."""
        gigabytes = settings.CHILD_MEMORY_BYTES / 1024**3
        return f"{gigabytes:.1f} GB and {in_words(settings.CHILD_WALL_S)}"

    @property
    def rule_columns(self) -> tuple[list[str], list[str]]:
        """Numbers and texts that today's rule may ask for."""
        return model_columns(self.facts.columns)


def in_words(seconds: float) -> str:
    """Seconds as a person would say them."""
    if seconds < 1:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def offers_for(
    data: ClosedData, columns: Sequence[ColumnSpec], *, level: float | None = None
) -> Offers:
    """Candidates for these features, baselines included; ``level``: of the quantile aimed at."""
    sensitive = {feature.name for feature in data.plan.features if feature.sensitive}
    facts = facts_of(
        report=data.split.report,
        columns=columns,
        latency_ms=data.plan.guardrails.get("latency_p95_ms"),
        must_explain=bool(sensitive or data.plan.guardrails.get("group_column")),
        level=level,
    )
    limits = {"memory_bytes": settings.CHILD_MEMORY_BYTES, "wall_s": settings.CHILD_WALL_S}
    return Offers(
        facts,
        [
            Offer(proposal, rows_within(proposal.key, facts, **limits))
            for proposal in proposals(facts)
        ],
        sentences(fitted_choices(data.table.cycle)),
        _among(data.split.giveaways, columns),
    )


def _among(giveaways: dict[str, str], columns: Sequence[ColumnSpec]) -> dict[str, str]:
    """Those of the columns that may give the target away."""
    return {each.name: giveaways[each.name] for each in columns if each.name in giveaways}


def wanted_of(
    offers: Offers, candidates: Sequence[str], *, too_large: str
) -> list[tuple[Offer, int | None]]:
    """What is started, in its order, each with the rows of its sample or None.

    Raises Refusal where a choice is missing or leaves nothing over.
    """
    chosen = [offer for offer in offers.offers if offer.key in candidates]
    beyond = [offer for offer in chosen if offer.is_too_large]
    if beyond and too_large not in (SAMPLE, SKIP, QUEUE):
        names = ", ".join(offer.proposal.title for offer in beyond)
        raise Refusal(
            f"{names}: expected to need more than a worker has ({offers.limits_say}). Choose "
            "whether to take a sample, leave them out, or queue them all the same."
        )
    fit = [(offer, None) for offer in chosen if not offer.is_too_large]
    if too_large == QUEUE:
        fit += [(offer, None) for offer in beyond]
    if too_large == SAMPLE:
        fit += [(o, o.within_rows) for o in beyond if (o.within_rows or 0) >= LEAST_SAMPLE]
    if not fit:
        raise Refusal("Choose at least one candidate besides the baseline.")
    return fit
