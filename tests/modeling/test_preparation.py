"""Fitted choices of the wrangle page are part of every candidate that is trained afterwards."""

import json

import numpy as np
import pytest
from django.urls import reverse

from apps.datasets import fitted_actions, wrangling
from apps.datasets.queries import closed_data
from apps.datasets.storage import local
from apps.engine.training.answers import read_answers
from apps.engine.training.files import load_model
from apps.modeling import actions
from apps.modeling.cards import model_card
from apps.modeling.comparing import compared
from apps.projects.models import Event
from apps.projects.stages import Stage
from tests import builders
from tests.engine.training.test_notebook import run

pytestmark = pytest.mark.once

CHOICES = {
    "fill_numbers": {"method": "mean", "mark": "no"},
    "scale": {"method": "quantile"},
    "encode": {"method": "ordinal", "columns": ["desk"]},
    "select": {"method": "keep the best by an F test", "share": "80%"},
}


def test_from_the_choice_to_the_card(
    cycle, analyst, pass_gate, run_jobs, tmp_path, here, client, subtests, monkeypatch
):
    builders.make_plan(cycle, analyst)
    pass_gate(cycle, Stage.PLAN)
    builders.built_table(cycle, analyst, run_jobs, tmp_path=tmp_path)
    builders.sealed_split(cycle, analyst, run_jobs)
    pass_gate(cycle, Stage.DATA)
    names = [column.name for column in actions.usable_features(closed_data(cycle))]
    asked = {"cycle": cycle, "by": analyst, "features": [*names[:4], "desk"]}
    with run_jobs():
        usual = actions.start_experiment(**asked, candidates=["linear"])
    made = [
        fitted_actions.add_choice(cycle=cycle, choice=key, params=params, by=analyst)
        for key, params in CHOICES.items()
    ]
    client.force_login(analyst)
    slug = cycle.project.slug
    with subtests.test("the table, and so the data gate, rests on no fitted choice"):
        assert closed_data(cycle) is not None
    with subtests.test("the select page says what is chosen"):
        page = client.get(reverse("modeling:select", args=[slug])).content.decode()
        assert "Scale every number column to ranks from 0 to 1" in page
    with run_jobs():
        chosen = actions.start_experiment(**asked, candidates=["linear"])
    wrangling.remove_step(step=made[0], by=analyst)
    chosen.refresh_from_db()
    first, second = (each.trials.get(candidate="linear") for each in (usual, chosen))
    with subtests.test("an experiment keeps what was chosen at its start, in the ledger too"):
        keys = [each["choice"] for each in chosen.preparation]
        assert (keys, usual.preparation) == (list(CHOICES), [])
        told = Event.objects.filter(verb="model.experiment_started").last()
        assert told.facts["preparation"] == chosen.preparation
    with subtests.test("it answers otherwise, and the comparison says why"):
        assert first.answers != second.answers
        settings = compared([first, second]).sections[0].lines
        line = next(each for each in settings if each.name == "preparation")
        assert line.values[0] == "automatic"
        assert line.values[1].startswith("Fill gaps in every number column with the mean; Scale")
    with subtests.test("the trial's page shows it"):
        page = client.get(reverse("modeling:trial", args=[slug, second.pk])).content.decode()
        assert "Encode “desk” as the number of the category" in page
    with subtests.test("the notebook prepares alike: the same answers by plain libraries"):
        files = {"development.parquet": chosen.split.development}
        for name, sha256 in {**files, "split.parquet": chosen.split.split_file}.items():
            (tmp_path / name).write_bytes(local(sha256).read_bytes())
        address = reverse("modeling:notebook", args=[slug, chosen.pk])
        notebook = json.loads(client.get(address).getvalue())
        answers = run(notebook, tmp_path, monkeypatch)
        ours = read_answers(local(second.answers))
        theirs = answers[f"{second.title} #{second.pk}"].loc[ours.row]
        found = theirs[list(ours.told.classes)].to_numpy()
        assert np.allclose(found, ours.told.probabilities, rtol=0, atol=1e-12)
    with subtests.test("what is frozen has it inside, and the card tells"):
        with run_jobs():
            frozen = actions.freeze(trial=second, by=analyst)
        frozen.refresh_from_db()
        prepare = load_model(local(frozen.model), sha256=frozen.model).named_steps["prepare"]
        assert [name for name, _ in prepare.steps] == ["columns", "vary", "best"]
        assert model_card(frozen).as_dict()["model"]["preparation"] == chosen.prepared_as
