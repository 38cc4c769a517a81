"""A ledger with a decision in it, a second one beside it, and what verify_ledger says of them."""

from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction

from apps.governance.actions.signing import decide
from apps.governance.actions.submitting import submit_gate
from apps.governance.state import ask
from apps.projects import actions, ledger
from apps.projects.models import Chain, Role, Team, Verdict
from apps.projects.stages import Stage
from tests import builders
from tests.conftest import PASSWORD


@pytest.fixture(autouse=True)
def _nobody_is_locked_out():
    cache.clear()


@pytest.fixture
def decided(project, analyst, manager):
    """A signed plan gate: the ledger holds prints of plan, submission and decision."""
    cycle = project.cycle
    builders.make_plan(cycle, analyst)
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=analyst)
    return decide(
        cycle=cycle,
        stage=Stage.PLAN,
        by=manager,
        password=PASSWORD,
        verdict=Verdict.APPROVE,
        seen=ask(cycle, Stage.PLAN).shown,
        reason="Read it all",
    )


@pytest.fixture
def chain(decided, project, analyst) -> Chain:
    """The project's ledger; its last events are about nothing in particular."""
    with transaction.atomic():
        for number in range(5):
            ledger.record(
                "test.happened", f"Thing {number}", actor=analyst, project=project, facts={"n": 0.1}
            )
    return Chain.objects.get(team=project.team)


@pytest.fixture
def other(join) -> Chain:
    """The ledger of another team."""
    team = Team.objects.create(name="Other")
    actions.start_project(team=team, name="Theirs", by=join(Role.ANALYST, name="O", into=team))
    return Chain.objects.get(team=team)


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def verdict(**options) -> tuple[int, str]:
    """Exit code of verify_ledger, and what it prints."""
    out = StringIO()
    try:
        call_command("verify_ledger", stdout=out, **options)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()
