"""Reads about proof: packs of a project, ledgers that a person answers for."""

from dataclasses import dataclass, field

from django.db.models import Max, QuerySet

from apps.accounts.models import User
from apps.governance.models import Pack, Verification
from apps.jobs.models import Job
from apps.projects.models import Chain, Cycle, Decision, Membership, Project, Role

ANSWER_FOR_LEDGERS = (Role.MANAGER, Role.ADMIN)


@dataclass
class Packed:
    """A decision, or a whole cycle (no decision), with its newest pack."""

    cycle: Cycle
    decision: Decision | None
    pack: Pack | None = None


@dataclass(frozen=True)
class PacksPage:
    """Everything in a project that a pack can be made of."""

    things: list[Packed] = field(default_factory=list)
    job: Job | None = None  # of the newest pack, while it is not ready


def _packs(project: Project) -> QuerySet[Pack]:
    found = Pack.objects.filter(cycle__project=project)
    return found.select_related("cycle__project", "decision", "by", "job")


def packs_page(project: Project) -> PacksPage:
    """Whole cycles, the newest first, each before its decisions."""
    newest: dict[tuple[int, int | None], Pack] = {}
    last = None
    for pack in _packs(project):
        last = last or pack
        if pack.is_ready:
            newest.setdefault((pack.cycle_id, pack.decision_id), pack)
    things = []
    decisions: dict[int, list[Decision]] = {}
    for row in Decision.objects.filter(cycle__project=project).defer("evidence").order_by("-pk"):
        decisions.setdefault(row.cycle_id, []).append(row)
    for cycle in project.cycles.order_by("-number"):
        for decision in [None, *decisions.get(cycle.pk, [])] if cycle.pk in decisions else []:
            key = (cycle.pk, decision.pk if decision else None)
            things.append(Packed(cycle, decision, newest.get(key)))
    return PacksPage(things, last.job if last and not last.is_ready else None)


def packed_decision(cycle: Cycle, stage: str) -> Packed | None:
    """The last decision at a gate with its newest pack; None before the first decision."""
    decision = cycle.decisions.filter(stage=stage).order_by("-number").first()
    if decision is None:
        return None
    ready = _packs(cycle.project).filter(decision=decision).exclude(sha256="")
    return Packed(cycle, decision, ready.first())


@dataclass(frozen=True)
class LedgerLine:
    """A ledger and the newest check of it."""

    chain: Chain
    last: Verification | None

    @property
    def state(self) -> str:
        """`pass`, `fail`, or empty while nothing is known."""
        if self.last is None or not self.last.is_done:
            return ""
        return "fail" if self.last.found else "pass"


def ledgers_of(person: User) -> QuerySet[Chain]:
    """Ledgers of the teams where the person is manager or admin; all for a superuser."""
    chains = Chain.objects.select_related("team").order_by("team__name", "pk")
    if person.is_superuser:
        return chains
    mine = Membership.objects.filter(user=person, role__in=ANSWER_FOR_LEDGERS)
    return chains.filter(team__in=mine.values("team"))


def ledger_lines(person: User) -> list[LedgerLine]:
    """Ledgers with their newest checks."""
    chains = list(ledgers_of(person))
    ids = Verification.objects.filter(chain__in=chains).values("chain").annotate(last=Max("pk"))
    newest = {
        row.chain_id: row
        for row in Verification.objects.filter(pk__in=ids.values("last")).select_related(
            "job", "by"
        )
    }
    return [LedgerLine(chain, newest.get(chain.pk)) for chain in chains]
