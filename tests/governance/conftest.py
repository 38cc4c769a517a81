"""A plan gate that waits for a signature, and a short way to sign it."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.governance.actions.signing import decide
from apps.governance.actions.submitting import submit_gate
from apps.governance.finding_actions import NewFinding
from apps.governance.state import ask
from apps.projects.models import Decision, Verdict
from apps.projects.stages import Stage
from tests import builders
from tests.conftest import PASSWORD


@pytest.fixture
def submitted(cycle, analyst):
    """A cycle whose plan waits for a decision."""
    builders.make_plan(cycle, analyst)
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    return cycle


@pytest.fixture
def sign(submitted) -> Callable[..., Decision]:
    """``sign(manager)`` approves the plan on what it shows now; keywords change that."""

    def make(by, **but: Any) -> Decision:
        told = {
            "stage": Stage.PLAN,
            "password": PASSWORD,
            "verdict": Verdict.APPROVE,
            "reason": "Read it all",
            **but,
        }
        if told["verdict"] == Verdict.RETURN:
            told.setdefault("findings", [NewFinding("Name the source of today's value")])
        told.setdefault("seen", ask(submitted, told["stage"]).shown)
        return decide(cycle=submitted, by=by, **told)

    return make
