"""What the data gate asks: each question with a project that passes, and one that does not."""

import numpy as np
import pandas as pd
import pytest

from apps.datasets import actions, contract_actions
from apps.datasets.checks import CHECKS, contributors
from apps.datasets.datasheets import NEEDED
from apps.datasets.grids import data_summary
from apps.datasets.models import Contract
from apps.datasets.queries import current_split
from apps.engine.percent import percent
from apps.projects.models import Role
from apps.projects.stages import Stage
from tests import builders

RNG = np.random.default_rng(5)
ROWS = 600


def answers(cycle):
    return {check.key.removeprefix("data."): check.run(cycle) for check in CHECKS}


def frame(**but):
    """600 rows with a target that x tells a little about."""
    x = RNG.normal(size=ROWS)
    target = np.where(x + RNG.normal(size=ROWS) > 0.3, "malignant", "benign")
    return pd.DataFrame({"id": range(ROWS), "x": x.round(6), "diagnosis": target}).assign(**but)


@pytest.fixture
def prepared(opened, analyst, bring, jobs):
    """``prepared(frame, steps, method)`` goes on to a sealed split and answers the questions."""

    def make(content, *, steps=(), **how):
        source = bring("samples", content)
        actions.set_base(cycle=opened, source=source, by=analyst)
        for step, params in steps:
            actions.add_step(cycle=opened, step=step, params=params, by=analyst)
        with jobs():
            actions.build_table(cycle=opened, by=analyst)
        with jobs():
            actions.draw_split(cycle=opened, by=analyst, **{"method": "stratified", **how})
        return answers(opened)

    return make


def test_without_data_every_question_blocks_in_a_sentence(opened):
    for key, answer in answers(opened).items():
        assert (key, answer.state) == (key, "block")
        assert answer.says.endswith(".")


@pytest.fixture
def agreed(sealed, opened, analyst, jobs):
    """A drafted contract in force, and a datasheet without open questions."""
    with jobs():
        contract_actions.draft(cycle=opened, source=None, by=analyst)
    drafted = Contract.objects.get()
    with jobs():
        contract_actions.accept(contract=drafted, cycle=opened, by=analyst)
    for source in opened.project.sources.all():
        told = dict.fromkeys(NEEDED, "As the paper says.")
        contract_actions.fill_datasheet(source=source, cycle=opened, answers=told, by=analyst)
    return drafted


def test_good_data_passes_every_question_and_the_gate_shows_it(
    sealed, agreed, opened, client, manager
):
    found = answers(opened)
    assert {key: answer.state for key, answer in found.items()} == dict.fromkeys(found, "pass")
    assert found["target_is_there"].says == (
        "“diagnosis” is filled in all 569 rows: 357 benign, 212 malignant."
    )
    assert found["split_is_sealed"].says.startswith("Stratified: 398 development rows in 3 folds")
    client.force_login(manager)
    page = client.get(f"/p/{opened.project.slug}/gates/data/").content.decode()
    assert "From raw to used" in page
    assert "test rows, sealed" in page
    assert data_summary(opened).split == sealed


def test_answers_are_the_same_when_asked_again(sealed, opened):
    assert answers(opened) == answers(opened)


def test_rejected_rows_are_to_be_weighed(prepared):
    content = frame().to_csv(index=False) + "601,1,benign,too,many\n"
    found = prepared(content.encode())["sources_are_read"]
    assert (found.state, "1 rows were rejected" in found.says) == ("warn", True)


def test_a_large_loss_names_the_step_that_made_it(prepared):
    steps = [("filter_rows", {"column": "id", "operator": "is at least", "value": "100"})]
    found = prepared(frame(), steps=steps)["nothing_is_lost_unseen"]
    assert found.state == "warn"
    assert found.says.startswith("600 rows came in and 500 are used: 16.7 % left out by ")
    assert "(100)" in found.says


def test_a_class_that_loses_more_than_the_others_is_named(prepared):
    content = frame()
    late = (content["diagnosis"] == "malignant") & (content["id"] < 40)
    content["note"] = np.where(late, "test", "real")
    steps = [("filter_rows", {"column": "note", "operator": "is", "value": "real"})]
    found = prepared(content, steps=steps)["nothing_is_lost_unseen"]
    assert found.state == "warn"
    assert (
        f"“malignant” lost {percent(late.sum() / (content['diagnosis'] == 'malignant').sum())}"
        in (found.says)
    )
    assert "others as little as 0 %" in found.says


def test_a_target_under_another_name_blocks(opened, bring, analyst, jobs):
    content = frame().rename(columns={"diagnosis": "result"})
    actions.set_base(cycle=opened, source=bring("samples", content), by=analyst)
    with jobs():
        actions.build_table(cycle=opened, by=analyst)
    found = answers(opened)["target_is_there"]
    assert found.state == "block"
    assert found.says == "The plan's target “diagnosis” is no column of the table."


def test_an_empty_target_blocks_with_the_count(opened, bring, analyst, jobs):
    content = frame()
    content.loc[:9, "diagnosis"] = None
    actions.set_base(cycle=opened, source=bring("samples", content), by=analyst)
    with jobs():
        actions.build_table(cycle=opened, by=analyst)
    assert "empty in 10 of 600 rows" in answers(opened)["target_is_there"].says


def test_a_positive_class_that_the_data_spell_otherwise_blocks(prepared):
    found = prepared(frame().assign(diagnosis=lambda rows: rows["diagnosis"].str.title()))
    assert found["target_is_there"].state == "block"
    assert "The plan predicts “malignant”, but the target holds “Benign”, “Malignant”" in (
        found["target_is_there"].says
    )


def test_planned_features_that_are_missing_or_too_late_are_named(
    cycle, analyst, pass_gate, bring, jobs
):
    columns = [
        {"name": "x", "known": "at"},
        {"name": "smoker", "known": "before"},
        {"name": "id", "known": "after"},
    ]
    source = bring("samples", frame())
    builders.make_plan(cycle, analyst, features={"columns": columns})
    pass_gate(cycle, Stage.PLAN)
    actions.set_base(cycle=cycle, source=source, by=analyst)
    with jobs():
        actions.build_table(cycle=cycle, by=analyst)
    found = answers(cycle)["features_are_there"]
    assert (found.state, found.facts) == ("warn", {"missing": ["smoker"]})


def test_a_small_test_is_to_be_weighed_with_its_noise(prepared):
    found = prepared(frame().head(90), folds=2)["test_is_large_enough"]
    assert found.state == "warn"
    assert "The test holds 27 rows. Below 100" in found.says
    assert "is known to ±" in found.says


def test_rows_that_stand_on_both_sides_are_to_be_weighed(prepared):
    content = frame().drop(columns="id")
    twice = pd.concat([content, content], ignore_index=True)
    found = prepared(twice)["split_is_clean"]
    assert found.state == "warn"
    assert "test rows are equal to a development row" in found.says


def test_each_drawing_is_counted(sealed, opened, analyst, jobs):
    with jobs():
        actions.draw_split(cycle=opened, method="stratified", by=analyst, folds=3, seed=9)
    found = answers(opened)["split_is_sealed"]
    assert "It was drawn 2 times in this cycle" in found.says
    assert found.facts["drawn"] == 2


def test_everyone_who_had_a_hand_in_the_data_is_a_contributor(sealed, opened, analyst, join, jobs):
    second, third = join(Role.ANALYST), join(Role.ANALYST)
    step = actions.add_step(cycle=opened, step="drop_duplicates", params={}, by=second)
    actions.set_step_enabled(step=step, enabled=False, by=third)
    assert set(contributors(opened)) == {analyst.pk, second.pk, third.pk}
    assert current_split(opened) == sealed
