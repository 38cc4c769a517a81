"""The life cycle on one page: four gates, what each asks, who closes it, what it is about."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from apps.datasets import checks as data
from apps.datasets.queries import data_subject
from apps.eda import checks as exploration
from apps.governance.findings import findings_check
from apps.modeling import checks as model
from apps.modeling.queries import model_subject
from apps.planning import checks as plan
from apps.planning.queries import plan_subject
from apps.production import checks as production
from apps.production.queries import production_subject
from apps.projects.evidence import Check
from apps.projects.models import Cycle
from apps.projects.rounds import quorum
from apps.projects.stages import Stage


@dataclass(frozen=True)
class Gate:
    """A gate: its questions, the hash of what it is about, and who had a hand in that."""

    stage: Stage
    checks: tuple[Check, ...]
    subject: Callable[[Cycle], str]
    contributors: Callable[[Cycle], Iterable[int]]
    meaning: str
    unlocks: str

    def needs_manager(self, cycle: Cycle) -> bool:
        """True when a manager has to sign; else an analyst closes it on the evidence."""
        return quorum(self.stage, cycle.project.tier).manager


GATES = (
    Gate(
        Stage.PLAN,
        checks=(*plan.CHECKS, findings_check(Stage.PLAN)),
        subject=plan_subject,
        contributors=plan.contributors,
        meaning="I have read this plan and approve its promise and its metrics.",
        unlocks="The metrics are locked. Collecting data opens.",
    ),
    Gate(
        Stage.DATA,
        checks=(*data.CHECKS, *exploration.CHECKS, findings_check(Stage.DATA)),
        subject=data_subject,
        contributors=data.contributors,
        meaning="I have reviewed this evidence and close the data gate.",
        unlocks="Table and split are fixed. Training opens.",
    ),
    Gate(
        Stage.MODEL,
        checks=(*model.CHECKS, exploration.SEALED, findings_check(Stage.MODEL)),
        subject=model_subject,
        contributors=model.contributors,
        meaning="I have reviewed the verdict against the locked metrics and approve this model.",
        unlocks="The record of this model is immutable. Deploying it opens.",
    ),
    Gate(
        Stage.PRODUCTION,
        checks=(*production.CHECKS, findings_check(Stage.PRODUCTION)),
        subject=production_subject,
        contributors=production.contributors,
        meaning="I have reviewed release and monitor and approve that it answers live requests.",
        unlocks="The endpoint answers requests with a token. The watch begins.",
    ),
)

FORECAST_AT = (Stage.PLAN, Stage.MODEL)  # where a signer may say how likely the promise is kept


def gate_of(stage: Stage | str) -> Gate:
    """The gate of a stage."""
    return next(gate for gate in GATES if gate.stage == stage)
