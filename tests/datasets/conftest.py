"""An open data phase, and jobs whose engine functions run on this very process."""

import io
from importlib import import_module

import pandas as pd
import pytest
from django.urls import reverse

from apps.datasets import actions
from apps.datasets.models import Source
from apps.engine.types import silent
from apps.jobs import runner
from apps.projects.stages import Stage
from tests import builders


@pytest.fixture
def jobs(run_jobs, monkeypatch):
    """``with jobs():`` runs what was enqueued, without a child process: tenths of a second."""

    def child(self, call, **arguments):
        module, _, name = call.partition(":")
        return getattr(import_module(module), name)(**arguments, report=silent)

    monkeypatch.setattr(runner.Desk, "child", child)
    return run_jobs


@pytest.fixture
def opened(cycle, analyst, pass_gate):
    """A cycle whose plan is signed."""
    builders.make_plan(cycle, analyst)
    pass_gate(cycle, Stage.PLAN)
    return cycle


@pytest.fixture
def bring(opened, analyst, jobs, tmp_path):
    """``bring("payments", frame)`` makes a source that was read."""

    def make(name, content) -> Source:
        if isinstance(content, pd.DataFrame):
            buffer = io.StringIO()
            content.to_csv(buffer, index=False)
            content = buffer.getvalue().encode()
        with jobs():
            version = builders.upload(opened, analyst, content, tmp_path=tmp_path, name=name)
        return version.source

    return make


@pytest.fixture
def table(opened, analyst, jobs, bring):
    """The built table of scikit-learn's breast cancer rows."""
    actions.set_base(cycle=opened, source=bring("samples", builders.cancer_csv()), by=analyst)
    with jobs():
        built = actions.build_table(cycle=opened, by=analyst)
    built.refresh_from_db()
    return built


@pytest.fixture
def sealed(table, opened, analyst, jobs):
    """A sealed, stratified split of it."""
    with jobs():
        split = actions.draw_split(cycle=opened, method="stratified", by=analyst, folds=3)
    split.refresh_from_db()
    return split


@pytest.fixture
def at(project, client, analyst):
    """``at("sources")`` is the address of a data page; the analyst is signed in."""
    client.force_login(analyst)
    return lambda name, *ids: reverse(f"datasets:{name}", args=[project.slug, *ids])
