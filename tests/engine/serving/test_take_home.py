"""The bundle answers as the endpoint, in a process that has nothing but what it names."""

import copy
import json
import subprocess
import sys
import zipfile
from dataclasses import asdict, replace

import pytest
from sklearn.pipeline import Pipeline

from apps.engine.contract.rule import Rule, relation
from apps.engine.percent import percent
from apps.engine.serving.compile_verify import made_up
from apps.engine.serving.take_home import predict
from apps.engine.serving.take_home.build import CannotTakeHome, broken_by, write_bundle
from apps.engine.training.files import save_model
from apps.engine.types import Problem
from tests.engine.serving.test_compile import CHOSEN, served, written

SOME = [
    ("linear", Problem.BINARY, None),
    ("boosting", Problem.MULTICLASS, None),
    ("lightgbm", Problem.BINARY, None),
    ("forest", Problem.REGRESSION, None),
    ("search", Problem.REGRESSION, None),
    ("calibrated", Problem.BINARY, None),
    ("stack", Problem.MULTICLASS, None),
    ("stack", Problem.REGRESSION, 0.9),
    ("linear", Problem.REGRESSION, 0.9),
    ("linear", Problem.MULTILABEL, None),
    ("chain", Problem.MULTILABEL, None),
    ("forest", Problem.MULTILABEL, None),
]
# A process in which these cannot be imported: the bundle does without.
ALONE = """
import sys, runpy
class Closed:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"pandas", "pyarrow", "django", "apps", "lightgbm", "celery"}:
            raise ImportError(name)
sys.meta_path.insert(0, Closed())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def bundle(
    folder, candidate, problem, *, level=None, steps=None, more=(), choices=(), held=None, made=None
):
    """The unpacked bundle of a small release, and its scorer with development rows.

    ``steps``: instead of the recipe's; ``more``: behind the recipe's; ``held``: a change of its
    contract; ``made``: a change of its model.
    """
    scorer, rows = served(candidate, problem, choices=choices, level=level)
    if held is not None:
        scorer = copy.copy(scorer)
        scorer.contract = held(scorer.contract)
    model = scorer.model if made is None else made(scorer.model)
    sha256 = save_model(model, folder / "in.skops")
    write_bundle(
        folder / "bundle.zip",
        model=folder / "in.skops",
        sha256=sha256,
        contract=scorer.contract.as_dict(),
        steps=[*scorer.steps, *more] if steps is None else steps,
        served_with={
            "features": [asdict(column) for column in scorer.features],
            "problem": problem,
            "positive": scorer.positive,
            "threshold": scorer.threshold,
            "level": level,
            "versions": {"scikit-learn": "1.9.1", "lightgbm": "4.6.0"},
        },
        card="# A model",
        name="late-trips release 1",
    )
    with zipfile.ZipFile(folder / "bundle.zip") as file:
        file.extractall(folder / "out")
    return folder / "out", scorer, rows


def as_sent(rows):
    """Checked rows as JSON sends them."""
    return json.loads(json.dumps(rows, default=lambda moment: moment.isoformat()))


@pytest.mark.parametrize(("candidate", "problem", "level"), SOME)
def test_it_answers_as_the_endpoint_on_development_rows_and_on_extremes(
    candidate, problem, level, tmp_path
):
    out, scorer, rows = bundle(tmp_path, candidate, problem, level=level)
    asked = [*rows, *made_up(scorer.contract, rows)]
    expected, _ = scorer.by_pipeline(asked)
    told = predict.Release(out).predict(as_sent(asked))
    assert predict.largest_difference(told, expected) <= 1e-12
    needs = (out / "requirements.txt").read_text().split()
    assert [line.split("==")[0] for line in needs] == ["scikit-learn", "skops"] + (
        ["lightgbm"] if candidate in {"lightgbm", "search", "stack"} else []
    )
    says = (out / "README.md").read_text()
    assert (f"The 0.9 quantile: {percent(0.9, None)} of the truths" in says) is (level is not None)
    is_set = problem == Problem.MULTILABEL
    assert ("The labels whose probability is 0.4 or more" in says) is is_set


def test_it_runs_where_only_scikit_learn_and_skops_are(tmp_path):
    half = {"step": "derive_column", "params": {"to": "half", "expression": "distance / 2"}}
    chosen = written(TAKEN)
    out, scorer, rows = bundle(tmp_path, "linear", Problem.BINARY, more=[half], choices=chosen)

    def alone(*arguments):
        command = [sys.executable, "-c", ALONE, str(out / "predict.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    tested = alone("--test")
    assert (tested.returncode, "largest difference" in tested.stdout) == (0, True), tested.stderr
    sent = as_sent(rows[:5])
    (tmp_path / "rows.json").write_text(json.dumps(sent))
    told = json.loads(alone(str(tmp_path / "rows.json")).stdout)
    assert predict.largest_difference(told, scorer.by_pipeline(rows[:5])[0]) <= 1e-9
    (tmp_path / "rows.json").write_text(json.dumps([{**sent[0], "stop": 1}]))
    refused = alone(str(tmp_path / "rows.json"))
    assert refused.returncode == 1
    assert refused.stderr == 'Row 1: "stop" is no column of this model.\n'
    tests = json.loads((out / "test_rows.json").read_text())
    tests["expected"][0]["probabilities"] = {"no": 0.5, "yes": 0.5}
    (out / "test_rows.json").write_text(json.dumps(tests))
    assert alone("--test").returncode == 1, "its test can fail"
    (out / "model.skops").write_bytes(b"another file")
    assert "is not the file that release.json names" in alone("--test").stderr


def test_every_step_of_a_recipe_is_done_alike_or_refused_when_it_is_made(tmp_path):
    steps = [
        {"step": "map_values", "params": {"column": "desk", "mapping": [["west", "north"]]}},
        {"step": "map_values", "params": {"column": "stops", "mapping": [["3", "4"]]}},
        {"step": "set_missing", "params": {"columns": ["stops", "distance"], "tokens": ["8", "0"]}},
        {"step": "trim_text", "params": {"columns": ["town"]}},
        {"step": "cap_values", "params": {"column": "distance", "high": "110"}},
        {"step": "derive_column", "params": {"to": "far", "expression": "distance * 2 > stops"}},
        {"step": "normalise_text", "params": {"columns": ["desk"], "case": "lower case"}},
        {"step": "parse_type", "params": {"column": "far", "kind": "text"}},
    ]
    out, scorer, rows = bundle(tmp_path, "linear", Problem.BINARY, steps=steps)
    changed = type(scorer)(
        scorer.model,
        contract=scorer.contract,
        steps=steps,
        features=[asdict(column) for column in scorer.features],
        problem=scorer.problem,
        positive=scorer.positive,
        threshold=scorer.threshold,
    )
    told = predict.Release(out).predict(as_sent(rows))
    assert predict.largest_difference(told, changed.by_pipeline(rows)[0]) <= 1e-12
    hide = {"step": "pseudonymise", "params": {"columns": ["town"]}}
    with pytest.raises(CannotTakeHome, match="a step that a bundle cannot do"):
        bundle(tmp_path, "linear", Problem.BINARY, steps=[hide])


def test_a_pipeline_of_another_build_is_refused_in_words(tmp_path):
    def built_otherwise(model):
        parts = model.named_steps
        return Pipeline([("columns", parts["prepare"]), ("last", parts["model"])])

    with pytest.raises(CannotTakeHome, match="no pipeline of the kind that a bundle can answer"):
        bundle(tmp_path, "linear", Problem.BINARY, made=built_otherwise)


HALF = {"step": "derive_column", "params": {"to": "half", "expression": "distance / 2"}}
AGREED = {
    "rules": (
        Rule("between", ("stops",), "refuse", low=0.0, high=6.0),
        Rule("filled", ("distance",), "warn"),
        Rule("between", ("at",), "warn", low="2000-01-01"),
        relation("stops < 5 or distance > 20", severity="warn"),
    ),
    "made": (
        Rule("between", ("half",), "refuse", high=60.0),
        relation("half + 1 < distance", severity="warn"),
    ),
    "steps": (HALF,),
}


def test_it_knows_the_rules_of_the_data_contract(tmp_path):
    out, scorer, rows = bundle(
        tmp_path,
        "linear",
        Problem.BINARY,
        more=[HALF],
        held=lambda contract: replace(contract, **AGREED),
    )
    contract, release = scorer.contract, predict.Release(out)
    asked = [*rows[:60], *made_up(contract, rows)[:60]]
    sent, broken = as_sent(asked), broken_by(contract, asked)
    assert {place for places in broken for place in places} == set(range(len(contract.agreed)))
    tests = {"rows": sent, "expected": scorer.by_pipeline(asked)[0], "broken": broken}
    difference, says = predict.tested(release, tests)
    assert (difference <= predict.EQUAL_WITHIN, says) == (True, "")
    for row, places in zip(sent, broken, strict=True):
        rules, said = [contract.agreed[place] for place in places], []
        if any(rule.refuses for rule in rules):
            with pytest.raises(predict.Refused, match="Row 1: the data contract says: “"):
                release.predict([row], tell=said.append)
        else:
            release.predict([row], tell=said.append)
            assert len(said) == len(places)
    tests = json.loads((out / "test_rows.json").read_text())
    assert any(tests["broken"])
    tests["broken"][0] = [0, 1]
    assert predict.tested(release, tests)[1] == "row 1 breaks other rules of the data contract"


TAKEN = (
    *(CHOSEN[place] for place in (1, 2, 3, 4, 5, 6, 7)),
    {"choice": "fill_numbers", "params": {"method": "a model (IterativeImputer)"}},
)


@pytest.mark.parametrize("problem", [Problem.BINARY, Problem.REGRESSION])
def test_chosen_preparation_is_taken_home_also_where_it_has_no_plain_form(problem, tmp_path):
    out, scorer, rows = bundle(tmp_path, "linear", problem, choices=written(TAKEN))
    asked = [*rows[:40], *made_up(scorer.contract, rows)[:40]]
    expected, _ = scorer.by_pipeline(asked)
    told = predict.Release(out).predict(as_sent(asked))
    assert predict.largest_difference(told, expected) <= 1e-9
