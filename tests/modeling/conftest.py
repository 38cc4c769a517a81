"""A project with a trained experiment; engine functions run in this process, to be quick."""

import importlib
import json

import pytest
from threadpoolctl import threadpool_limits

from apps.datasets.queries import closed_data
from apps.eda.actions import start_profile
from apps.jobs import runner
from apps.modeling import actions
from apps.projects.stages import Stage
from tests import builders


class Here:
    """Stands for the child process: arguments and answer pass through JSON as they do there."""

    memory_bytes = 0

    def __init__(self, call, arguments, wall_s=None):
        self.call, self.arguments = call, json.loads(json.dumps(arguments))

    def run(self, *, report, log, check):
        module, _, name = self.call.partition(":")
        function = getattr(importlib.import_module(module), name)
        with threadpool_limits(limits=1):
            told = function(report=report, **self.arguments)
        return json.loads(json.dumps(told, allow_nan=False))


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr(runner, "Child", Here)


@pytest.fixture
def trained(cycle, analyst, pass_gate, run_jobs, tmp_path, here):
    """An experiment with the baseline, a linear model and LightGBM on the breast cancer table."""
    builders.make_plan(cycle, analyst)
    pass_gate(cycle, Stage.PLAN)
    builders.built_table(cycle, analyst, run_jobs, tmp_path=tmp_path)
    builders.sealed_split(cycle, analyst, run_jobs)
    with run_jobs():
        start_profile(cycle=cycle, by=analyst)
    pass_gate(cycle, Stage.DATA)
    names = [column.name for column in actions.usable_features(closed_data(cycle))][:8]
    with run_jobs():
        return actions.start_experiment(
            cycle=cycle,
            by=analyst,
            candidates=["linear", "lightgbm"],
            features=[*names, "desk"],
            note="Is the simple one enough?",
        )
