"""SQLite and PostgreSQL answer alike where they differ by themselves: letters, numbers, times."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from apps.datasets.models import Source
from apps.datasets.queries import sources_of
from apps.governance.queries import projects_of
from apps.jobs.models import Job, JobState, Queue
from apps.jobs.queries import estimate_s
from apps.projects import ledger
from apps.projects.actions import start_project
from apps.projects.canonical import content_hash
from apps.projects.models import Role, Submission
from apps.projects.stages import Stage
from apps.projects.verifying import verify

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["delta", "Beta", "a_c", "alpha", "Ab", "a b", "2 b", "10 a"]
IN_ORDER = ["10 a", "2 b", "a b", "a_c", "Ab", "alpha", "Beta", "delta"]
ODD = {
    "nothing": -0.0,
    "large": 1e22,
    "larger than a whole number is exact": 1.23456789e17,
    "whole": 2**53 + 1,
    "small": 1e-7,
    "tiny": 5e-324,
    "third": 1 / 3,
    "one": 1.0,
    "yes": True,
    "none": None,
    "text": "a\u0301 \U0001f600 \\u0000",
    "list": [1.0, -0.0, {"b": 1, "a": 2}],
}


def test_names_stand_in_the_order_of_the_alphabet(team, analyst, project, client, join):
    for name in NAMES:
        start_project(team=team, name=name, by=analyst)
        Source.objects.create(project=project, name=name, created_by=analyst)
        join(Role.VIEWER, name=name)
    listed = [row.name for row in projects_of(analyst) if row != project]
    assert listed == IN_ORDER
    assert [row.name for row in sources_of(project)] == IN_ORDER
    client.force_login(analyst)
    members = client.get(reverse("governance:team", args=[team.pk])).context["page"].members
    assert [row.user.name for row in members if row.role == Role.VIEWER] == IN_ORDER


def test_a_search_finds_small_and_capital_letters_alike(team, analyst):
    for name in ("Card fraud", "CARDS", "scarce"):
        start_project(team=team, name=name, by=analyst)
    found = [row.name for row in projects_of(analyst, search="card")]
    assert found == ["Card fraud", "CARDS"]


def test_a_chain_with_odd_numbers_holds_after_it_was_stored(project, analyst):
    with transaction.atomic():
        ledger.record("test.odd", "Odd", actor=analyst, project=project, facts=ODD)
    assert verify(project.team.chain).holds


def test_stored_evidence_still_has_the_hash_that_was_signed(cycle, analyst):
    made = Submission.objects.create(
        cycle=cycle,
        stage=Stage.PLAN,
        evidence=ODD,
        evidence_hash=content_hash(ODD),
        person=analyst,
    )
    read = Submission.objects.get(pk=made.pk)
    assert content_hash(read.evidence) == read.evidence_hash


def test_facts_are_found_by_number_and_not_by_its_text(project, analyst):
    with transaction.atomic():
        for cycle in (1, 10, "1", None, 1.5):
            ledger.record("test.x", "x", actor=analyst, project=project, facts={"cycle": cycle})
    found = project.events.filter(verb="test.x", facts__cycle=1)
    assert [event.facts for event in found] == [{"cycle": 1}]


def test_a_mean_of_durations_is_in_seconds(project):
    now = timezone.now()
    for took_s in (30, 90):
        began = now - timedelta(hours=1)
        Job.objects.create(
            task="x.y",
            queue=Queue.DATA,
            title="x",
            state=JobState.DONE,
            started_at=began,
            finished_at=began + timedelta(seconds=took_s),
        )
    running = Job.objects.create(
        task="x.y", queue=Queue.DATA, title="x", state=JobState.RUNNING, started_at=now
    )
    assert estimate_s(running) == pytest.approx(60, abs=5)
    counts = Job.objects.aggregate(done=Count("pk", filter=Q(state=JobState.DONE)))
    assert counts == {"done": 2}


def test_a_time_is_kept_to_the_microsecond(project):
    at = timezone.now().replace(microsecond=123457)
    job = Job.objects.create(task="x.y", queue=Queue.DATA, title="x", started_at=at)
    job.refresh_from_db()
    assert job.started_at == at


@pytest.mark.processes
def test_the_same_tests_hold_on_postgresql(tmp_path):
    """A run on SQLite asks PostgreSQL too when one answers; `.ci/run` runs everything on both."""
    if connection.vendor == "postgresql":
        pytest.skip("this run is on PostgreSQL already")
    server = os.environ.get("CI_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    try:
        psycopg.connect(server, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL answers (CI_DATABASE_URL names one): {error}")
    of_our_own = f"{server.rsplit('/', 1)[0]}/databases_{os.getpid()}"
    environment = {**os.environ, "DATABASE_URL": of_our_own, "MLCYCLE_TEST_RUN": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", __file__, "-q", "-m", "not processes"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
