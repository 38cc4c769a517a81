"""What scrutinises a candidate takes a quantile for a quantile: attacks, notebook, a second run."""

import io
from contextlib import redirect_stdout
from dataclasses import replace

import numpy as np
import pytest

from apps.engine.evaluation.weak_spots import loss_of_rows
from apps.engine.training import reproduce as again
from apps.engine.training.adversary.suite import run_suite
from apps.engine.training.answers import read_answers
from apps.engine.training.notebook import Entry, Setting, notebook_of
from apps.engine.training.reproduce import reproduce
from apps.engine.training.single import explain_row
from apps.engine.training.trial import cross_validate
from apps.engine.types import Problem
from tests.engine.training.drawing import drawn_split
from tests.engine.training.test_quantile import LEVEL, METRICS, SMALL, deliveries

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("quantile")


@pytest.fixture(scope="module")
def asked(folder):
    frame, _ = deliveries()
    given = drawn_split(folder, frame, method="random")
    about = {"problem": Problem.REGRESSION, "positive": None, "level": LEVEL}
    return {**given, **about, "candidate": "lightgbm", "params": SMALL["lightgbm"]}


@pytest.fixture(scope="module")
def first(asked, folder):
    """Result and file of the answers."""
    file = folder / "answers.parquet"
    return cross_validate(**asked, metrics=METRICS, answers_file=str(file)), file


def test_the_suite_measures_by_the_pinball_loss_and_finds_nothing_in_a_sound_table(asked):
    told = run_suite(**asked)
    lines = {line["key"]: line for line in told["lines"]}
    assert "pinball" in told["scale"].lower()
    assert told["whole"] > told["guess"] + 0.2
    assert lines["shuffled_target"]["outcome"] == "pass"
    assert all(line["outcome"] != "block" for line in lines.values())
    assert "km" in lines["one_at_a_time"]["says"]


@pytest.mark.parametrize(("moved", "level"), [(0.0, "A"), (1e-9, "B"), (1e-3, "C"), (100.0, "D")])
def test_each_level_of_making_it_again_can_be_reached(
    asked, first, tmp_path, monkeypatch, moved, level
):
    result, file = first
    validate = again.cross_validate

    def drifting(**arguments):
        told = validate(**arguments)
        told["scores"]["pinball:0.9"]["mean"] += moved
        return told

    def read(path):
        answers = read_answers(path)
        if str(path) == str(file):
            return answers
        return replace(answers, told=replace(answers.told, labels=answers.told.labels + moved))

    monkeypatch.setattr(again, "cross_validate", drifting)
    monkeypatch.setattr(again, "read_answers", read)
    if moved:
        monkeypatch.setattr(again, "file_sha256", lambda path: str(path))
    told = reproduce(
        answers=str(file),
        score=result["scores"]["pinball:0.9"],
        metric="pinball:0.9",
        threshold=0.5,
        folder=str(tmp_path),
        metrics=METRICS,
        **asked,
    )
    assert told["level"] == level
    assert told["max_difference"] == pytest.approx(moved, abs=1e-9)


def test_the_parts_of_one_answer_add_up_to_the_quantile_itself(asked, first):
    told = explain_row(row=5, **asked)
    answers = read_answers(first[1])
    answer = float(answers.told.labels[list(answers.row).index(4)])
    assert told["answer"] == pytest.approx(answer)
    assert {part["feature"] for part in told["parts"]} == {"km", "desk"}
    assert told["of"] == ""


def test_the_worst_rows_are_those_of_the_greatest_pinball_loss(first):
    answers = read_answers(first[1])
    below = answers.truth - answers.told.labels
    expected = np.maximum(LEVEL * below, (LEVEL - 1) * below)
    assert loss_of_rows(answers.truth, answers.told) == pytest.approx(expected)
    clusters = first[0]["diagnosis"]
    assert clusters["weak"] is not None


def test_the_notebook_of_a_quantile_gives_the_products_own_answers(
    asked, first, folder, monkeypatch
):
    monkeypatch.chdir(folder)
    setting = Setting(
        title="Deliveries",
        says="",
        target="target",
        features=asked["features"],
        problem=Problem.REGRESSION,
        seed=0,
        method="random",
        balanced=False,
        level=LEVEL,
    )
    told = notebook_of(setting, [Entry("lightgbm", "lightgbm", SMALL["lightgbm"])])
    space: dict = {}
    with redirect_stdout(io.StringIO()):
        for cell in told["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), space)
    found = np.asarray(space["answers"]["lightgbm"], dtype=float).ravel()
    assert found == pytest.approx(read_answers(first[1]).told.labels)
