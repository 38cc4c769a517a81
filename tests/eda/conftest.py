"""A closed table of 569 samples, split and profiled."""

import json

import pytest
from django.urls import reverse

from apps.datasets import actions as data
from apps.eda.actions import start_profile
from apps.engine import child
from apps.jobs.runner import Desk
from apps.projects.models import Cycle
from apps.projects.stages import Stage
from tests import builders

COLUMNS = [
    {"name": "desk", "meaning": "Who read the sample", "source": "Lab system", "known": "after"},
    {"name": "mean radius", "meaning": "Mean radius of the nuclei", "known": "before"},
]


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    """Engine functions run in this process: ten times faster.

    tests/journeys/test_whole_cycle.py profiles in a real child process.
    """

    def call(desk, name, *, beside=None, **arguments):
        told = child.call({"call": name, "arguments": arguments})
        return json.loads(json.dumps(told, allow_nan=False))

    monkeypatch.setattr(Desk, "child", call)


@pytest.fixture
def planned(cycle, analyst, pass_gate) -> Cycle:
    """A signed plan that describes two columns."""
    builders.make_plan(cycle, analyst, features={"columns": COLUMNS})
    pass_gate(cycle, Stage.PLAN)
    return cycle


@pytest.fixture
def built(planned, analyst, run_jobs, tmp_path) -> Cycle:
    """A built table, not yet split."""
    builders.built_table(planned, analyst, run_jobs, tmp_path=tmp_path)
    return planned


@pytest.fixture
def profiled(built, analyst, run_jobs) -> Cycle:
    """Split, and its development rows profiled."""
    builders.sealed_split(built, analyst, run_jobs)
    with run_jobs():
        start_profile(cycle=built, by=analyst)
    return built


@pytest.fixture
def at(project):
    """``at("column", 3)``: an address of this room."""
    return lambda name, *more: reverse(f"eda:{name}", args=[project.slug, *more])


@pytest.fixture
def profiled_csv(planned, analyst, run_jobs, tmp_path):
    """``profiled_csv(text)``: a table of the text, built and profiled."""

    def made(text):
        with run_jobs():
            version = builders.upload(planned, analyst, text.encode(), tmp_path=tmp_path)
        data.set_base(cycle=planned, source=version.source, by=analyst)
        with run_jobs():
            data.build_table(cycle=planned, by=analyst)
        with run_jobs():
            start_profile(cycle=planned, by=analyst)

    return made
