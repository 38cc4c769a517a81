"""Answers that are sets of labels: beside those of another release, and in a bundle."""

import subprocess
import sys
import zipfile
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from apps.engine.reading.tables import house_types, spec_of
from apps.engine.serving.contract import draft_contract
from apps.engine.serving.flips import _compared
from apps.engine.serving.take_home.build import write_bundle
from apps.engine.training.files import save_model
from apps.engine.training.frame import model_frame
from apps.engine.training.rows import Rows
from apps.engine.training.task import Task
from apps.engine.types import Problem
from tests.engine.serving.test_take_home import ALONE

pytestmark = pytest.mark.once
SIZE = range(120)


def test_another_release_moves_a_set_when_any_label_comes_or_goes():
    case = {"prediction": ["a"], "probabilities": {"a": 0.7, "b": 0.4}, "actual": ["a", "b"]}
    new = {"prediction": ["a", "b"], "probabilities": {"a": 0.6, "b": 0.7}}
    told = _compared(case, new, None)
    assert (told["before"], told["after"], told["actual"]) == ("a", "a; b", "a; b")
    assert (told["flipped"], round(told["change"], 9)) == (True, 0.3)


@pytest.mark.parametrize("candidate", ["linear", "chain", "calibrated"])
def test_a_bundle_tells_sets_of_labels_and_reads_words_without_a_class_of_ours(candidate, tmp_path):
    random = np.random.default_rng(0)
    words = [
        " ".join(random.choice(["late", "lost", "broken", "paid", "twice", "wrong"], 7))
        for _ in SIZE
    ]
    columns = {
        "a": random.normal(size=len(SIZE)),
        "d": random.choice(["x", "y"], len(SIZE)),
        "said": [None, *words[1:]],
    }
    table = house_types(pd.DataFrame(columns))
    sets = np.where(table["a"] > 0, "p; q", np.where(table["d"] == "x", "q", "(none)"))
    spec = spec_of(table).columns
    features = [asdict(column) for column in spec]
    task = Task(candidate, features, Problem.MULTILABEL, None, 0)
    rows = Rows(model_frame(table, spec), sets.astype(object), table)
    model, _ = task.fit(rows, np.arange(len(SIZE)))
    write_bundle(
        tmp_path / "bundle.zip",
        model=tmp_path / "in.skops",
        sha256=save_model(model, tmp_path / "in.skops"),
        contract=draft_contract(table, needed=list(columns)).as_dict(),
        steps=[],
        served_with={
            "features": features,
            "problem": "multilabel",
            "positive": None,
            "threshold": 0.4,
            "versions": {"scikit-learn": "1.9.1"},
        },
        card="# A model",
        name="tickets release 1",
    )
    with zipfile.ZipFile(tmp_path / "bundle.zip") as file:
        file.extractall(tmp_path / "out")
    script = str(tmp_path / "out" / "predict.py")
    done = subprocess.run(
        [sys.executable, "-c", ALONE, script, "--test"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) <= 1e-9
