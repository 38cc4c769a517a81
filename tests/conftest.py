"""The cast: a team, its project, and people by role; strangers who belong to another team."""

from collections.abc import Callable

import pytest
from django.apps import apps as django_apps
from django.db import transaction
from hypothesis import HealthCheck
from hypothesis import settings as drawing

from apps.accounts.models import User
from apps.governance.gates import gate_of
from apps.governance.state import ask
from apps.projects import actions, ledger
from apps.projects.models import Cycle, Decision, Membership, Project, Role, Team, Verdict
from apps.projects.stages import Stage

pytest_plugins = ["tests.browser", "tests.databases", "tests.template", "tests.workers"]
# How long an example takes says how busy the machine is, not whether the product is right.
drawing.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
drawing.load_profile("untimed")

PASSWORD = "correct horse battery staple"

Join = Callable[..., User]


@pytest.fixture
def team(db) -> Team:
    return Team.objects.create(name="Payments")


@pytest.fixture
def join(team) -> Join:
    """``join(Role.ANALYST)`` makes a person and gives them the role in the team."""

    def make(role: Role, *, name: str = "", into: Team | None = None) -> User:
        name = name or f"{role.label} {User.objects.count() + 1}"
        user = User.objects.create_user(
            f"{name.lower().replace(' ', '.')}@example.org", PASSWORD, name=name
        )
        Membership.objects.create(team=into or team, user=user, role=role)
        return user

    return make


@pytest.fixture
def analyst(join) -> User:
    return join(Role.ANALYST, name="Ann Lind")


@pytest.fixture
def manager(join) -> User:
    return join(Role.MANAGER, name="Mo Okafor")


@pytest.fixture
def viewer(join) -> User:
    return join(Role.VIEWER, name="Vi Ewer")


@pytest.fixture
def stranger(join) -> User:
    """A manager and analyst of another team."""
    return join(Role.ANALYST, name="Stran Ger", into=Team.objects.create(name="Elsewhere"))


@pytest.fixture
def project(team, analyst) -> Project:
    return actions.start_project(team=team, name="Card fraud", by=analyst)


@pytest.fixture
def cycle(project) -> Cycle:
    return project.cycle


@pytest.fixture
def pass_gate(manager) -> Callable[[Cycle, Stage], Decision]:
    """Insert the decision that a signature makes, for exactly today's evidence, and its event."""

    def sign(cycle: Cycle, stage: Stage) -> Decision:
        today = ask(cycle, stage)
        with transaction.atomic():
            decision = Decision.objects.create(
                cycle=cycle,
                stage=stage,
                number=cycle.decisions.filter(stage=stage).count() + 1,
                submission=today.glance.submission,
                subject=today.glance.subject,
                evidence_hash=today.evidence_hash,
                evidence=today.record,
                person=manager,
                person_name=str(manager),
                role=Role.MANAGER,
                verdict=Verdict.APPROVE,
                meaning=gate_of(stage).meaning,
            )
            told = f"{manager}: {stage} gate approved"
            ledger.record("gate.decided", told, actor=manager, project=cycle.project, row=decision)
            return decision

    return sign


@pytest.fixture
def run_jobs(django_capture_on_commit_callbacks, monkeypatch):
    """Run everything that was enqueued inside the block on this very process, without a broker.

    Engine functions still run in their child processes. There is no heartbeat: its thread could
    not see the rows of the test's transaction.
    """
    from contextlib import contextmanager

    from celery import current_app

    from apps.governance import outgoing, tasks
    from apps.jobs import actions, runner

    current_app.loader.import_default_modules()
    monkeypatch.setattr(runner, "_heartbeat", lambda desk, over: None)
    monkeypatch.setattr(tasks, "by_postman", lambda job: runner.run(job, outgoing.deliver))

    def here(job) -> bool:
        current_app.tasks[job.task].run(str(job.pk))
        return True

    monkeypatch.setattr(actions, "send", here)
    monkeypatch.setattr(runner, "send", here)

    @contextmanager
    def block():
        with django_capture_on_commit_callbacks(execute=True):
            yield

    return block


def fact_tables() -> list[str]:
    """Tables of all rows that can only be inserted."""
    from apps.projects.models import InsertOnly

    return sorted(
        model._meta.db_table for model in django_apps.get_models() if issubclass(model, InsertOnly)
    )


GUARDED: set[str] = set()  # tables whose triggers the migrations made; filled once a session
_TRIGGERS = {
    "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT relname FROM pg_class JOIN pg_trigger ON tgrelid = pg_class.oid "
    "WHERE NOT tgisinternal",
}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Take the triggers off: tests with real transactions clean up by deleting everything.

    tests/projects/test_facts_stay.py puts them back to prove them.
    """
    from django.db import connection

    from apps.projects.insert_only import remove

    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(_TRIGGERS[connection.vendor])
            GUARDED.update(table for (table,) in cursor.fetchall())
        for table in fact_tables():
            remove(connection, table)
