"""An open data phase, and jobs whose engine functions run on this very process."""

import io
from importlib import import_module

import pandas as pd
import pytest
from django.urls import reverse

from apps.datasets import actions, connections
from apps.datasets.models import Join, JoinPreview, Source
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
def asked_here(monkeypatch):
    """What a page asks of a database is asked by this very process, without a child."""

    class Here:
        def __init__(self, call, arguments):
            self.call, self.arguments = call, arguments

        def run(self, **_):
            module, _, name = self.call.partition(":")
            return getattr(import_module(module), name)(**self.arguments, report=silent)

    monkeypatch.setattr(connections, "Child", Here)


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


PAYMENTS = pd.DataFrame(
    {"payment": range(8), "terminal": [1, 2, 3, 4] * 2, "amount": [1.5] * 8, "city": ["a", "b"] * 4}
)
TERMINALS = pd.DataFrame({"terminal": [1, 2, 3], "kind": ["shop", "web", "shop"]})
PLACES = pd.DataFrame({"place": ["a", "b"], "amount": [7, 9]})


@pytest.fixture
def based(bring, opened, analyst):
    """Payments are the base; terminals and places wait to be joined."""
    actions.set_base(cycle=opened, source=bring("payments", PAYMENTS), by=analyst)
    return bring("terminals", TERMINALS), bring("places", PLACES)


@pytest.fixture
def look(client, at, jobs):
    """``look(source, **form)``: the preview of joining it, by the form when one is given."""

    def run(source, *, join=None, kind="left", **fields):
        query = f"?join={join.pk}" if join else ""
        with jobs():
            answer = client.post(at("look", source.pk) + query)
        assert answer.status_code == 302, answer.content.decode()[-3000:]
        if fields:
            address = answer["Location"].partition("?")[0]
            query = f"?kind={kind}&join={join.pk}" if join else f"?kind={kind}"
            form = {"compare": "exact", "prefix": f"{source.name}_", **fields}
            with jobs():
                answer = client.post(address + query, form)
            assert answer.status_code == 302, answer.content.decode()[-6000:]
        pk = answer["Location"].rstrip("/").partition("previews/")[2].partition("/")[0]
        return JoinPreview.objects.get(pk=pk)

    return run


@pytest.fixture
def join_by(client, at, look):
    """``join_by(source, **form)``: looked at and then made."""

    def run(source, *, agreed=False, **fields):
        preview = look(source, **fields)
        client.post(at("apply_preview", preview.pk), {"agreed": "yes"} if agreed else {})
        return Join.objects.filter(removed_at=None).last()

    return run
