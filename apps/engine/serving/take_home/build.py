"""Makes the bundle of a release: a zip that answers as the endpoint does, and proves it."""

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from skops.io import dumps, get_untrusted_types

from apps.engine.recipe.expression import functions
from apps.engine.recipe.script import source_of
from apps.engine.serving.contract import Contract, check_rows
from apps.engine.serving.fields import Field
from apps.engine.serving.openapi_schemas import answers_in_words
from apps.engine.serving.score import Scorer
from apps.engine.serving.take_home import predict
from apps.engine.serving.take_home.told import CannotTakeHome, told, told_rule
from apps.engine.training.files import TRUSTED, load_model
from apps.engine.training.several import LabelSets
from apps.engine.training.texts import FilledText
from apps.engine.types import Kind, Problem

PREDICT = Path(predict.__file__)
STEPS, RULES = PREDICT.with_name("steps.py"), PREDICT.with_name("rules.py")
MOST_TEST_ROWS = 60
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)


def write_bundle(
    target: Path,
    *,
    model: Path,
    sha256: str,
    contract: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    served_with: Mapping[str, Any],
    card: str,
    name: str,
) -> None:
    """Write the zip, after its own ``predict.py`` answered the test rows as scikit-learn does here.

    Parameters
    ----------
    target : the zip file
    model, sha256 : the skops file and its hash
    contract, steps, served_with : of the release
    card : the model card, Markdown
    name : of the release, for people

    Raises
    ------
    CannotTakeHome
        A step of the recipe is not in ``steps.py``, the model holds a class of ours that has no
        plain form, or an answer or a broken rule differs.
    """
    promised = Contract.from_dict(contract)
    scorer = Scorer(
        load_model(model, sha256=sha256),
        contract=promised,
        steps=steps,
        features=served_with["features"],
        problem=Problem(served_with["problem"]),
        positive=served_with["positive"],
        threshold=served_with["threshold"],
    )
    rows = sample_rows(promised)
    checked = check_rows(rows, promised).rows
    expected, _ = scorer.by_pipeline(checked)
    tests = {"rows": rows, "expected": expected, "broken": broken_by(promised, checked)}
    record = _record(scorer, contract, steps, served_with)
    alone, stored = _alone(scorer.model, model)
    record |= {"name": name, "model_sha256": hashlib.sha256(stored).hexdigest()}
    needs = requirements(served_with["versions"], stored)
    files = {
        "release.json": _json(record),
        "test_rows.json": _json(tests),
        "predict.py": PREDICT.read_bytes(),
        "steps.py": steps_file().encode(),
        "rules.py": RULES.read_bytes(),
        "requirements.txt": "".join(f"{line}\n" for line in needs).encode(),
        "Dockerfile": _DOCKERFILE.encode(),
        "MLmodel": _MLMODEL.format(skops=version("skops")).encode(),
        "python_env.yaml": "".join(
            [f"python: '{_PYTHON}'\n", "dependencies:\n", *(f"- {line}\n" for line in needs)]
        ).encode(),
        "model_card.md": card.encode(),
        "README.md": _README.format(name=name, answers=answers_in_words(served_with)).encode(),
    }
    _prove(record, alone, tests)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path, content in files.items():
            bundle.writestr(path, content)
        bundle.writestr("model.skops", stored)


def _alone(fitted: Any, file: Path) -> tuple[Any, bytes]:
    """The model as classes of libraries only, and the bytes of its file. It changes ``fitted``.

    Nobody has our classes at home: of sets of labels the parts go there, and ``predict.py`` itself
    fills the texts that are read word by word.
    """
    parts, changed = fitted, _without_filled_texts(fitted)
    if isinstance(fitted, LabelSets):
        parts = {
            "shares": [float(share) for share in fitted.shares_],
            "learnt": [int(place) for place in fitted.learnt_],
            "models": list(fitted.estimators_),
        }
    stored = dumps(parts) if changed or parts is not fitted else file.read_bytes()
    if ours := [name for name in get_untrusted_types(data=stored) if name.startswith(_OURS)]:
        raise CannotTakeHome(
            f"The model holds a class of ML Cycle ({ours[0]}), which nobody has at home. Ask the "
            "endpoint."
        )
    return parts, stored


def _without_filled_texts(part: Any) -> bool:
    """Put "passthrough" in place of each FilledText in a fitted model; whether there was one."""
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list | tuple):
        return sum(_without_filled_texts(each) for each in part) > 0
    if not (isinstance(part, BaseEstimator) or hasattr(part, "calibrators")):
        return False
    found = _without_filled_texts(list(vars(part).values()))
    if isinstance(part, Pipeline):
        fillers = [isinstance(step, FilledText) for _, step in part.steps]
        part.steps = [
            (name, "passthrough" if fills else step)
            for (name, step), fills in zip(part.steps, fillers, strict=True)
        ]
        found |= any(fillers)
    return found


def _record(
    scorer: Scorer,
    contract: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    served_with: Mapping[str, Any],
) -> dict[str, Any]:
    """What ``predict.py`` has to know of the release, beside its model."""
    promised = scorer.contract
    return {
        "trusted": [name for name in TRUSTED if not name.startswith(_OURS)],
        "fields": contract["fields"],
        "rules": [
            told_rule(rule, made=place >= len(promised.rules))
            for place, rule in enumerate(promised.agreed)
        ],
        "steps": [data for step in steps if (data := told(step)) is not None],
        "features": [{"name": item.name, "kind": str(item.kind)} for item in scorer.features],
        "problem": served_with["problem"],
        "positive": served_with["positive"],
        "threshold": served_with["threshold"],
        "classes": list(scorer.classes),
        "quantile": served_with.get("level"),
        "versions": served_with["versions"],
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


def broken_by(contract: Contract, rows: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """For each checked row the places of the rules that it breaks, of all in their order."""
    places = {rule: place for place, rule in enumerate(contract.agreed)}
    return [sorted(places[breach.rule] for breach in contract.breaches(row)) for row in rows]


def _prove(record: dict[str, Any], model: Any, tests: Mapping[str, Any]) -> None:
    """The file that is in the bundle has answered its own test before anybody takes it."""
    release: Any = object.__new__(predict.Release)
    release.told, release.model = json.loads(_json(record)), model
    try:
        found, says = predict.tested(release, json.loads(_json(tests)))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CannotTakeHome(
            "The model is no pipeline of the kind that a bundle can answer. Ask the endpoint."
        ) from error
    if not found <= predict.EQUAL_WITHIN:
        raise CannotTakeHome(
            f"The bundle answers otherwise than the endpoint ({says or f'by {found:.2g}'})."
        )


def steps_file() -> str:
    """``steps.py`` with the functions of expressions in it, so that it needs numpy only."""
    own, line = STEPS.read_text("utf-8"), f"from {functions.__name__} import FUNCTIONS\n"
    if own.count(line) != 1:
        raise CannotTakeHome("steps.py does not name the functions of expressions.")
    return own.replace(line, source_of(Path(functions.__file__)) + "\n")


def sample_rows(contract: Contract) -> list[dict[str, Any]]:
    """The example row, and for each column the same with another value of it. No real rows."""
    example = contract.example()
    rows = [example]
    for item in contract.fields:
        rows += [{**example, item.name: value} for value in _others(item)]
    return rows[:MOST_TEST_ROWS]


def _others(item: Field) -> list[Any]:
    found: list[Any] = [None] if item.nullable else []
    if item.kind in _NUMBERS and item.low is not None and item.high is not None:
        middle = (item.low + item.high) / 2
        ends = [item.low, middle, item.high]
        found += [int(value) for value in ends] if item.kind == Kind.INTEGER else ends
    elif item.kind == Kind.BOOLEAN:
        found += [True, False]
    elif item.kind == Kind.TEXT:
        found += [*(item.categories or ())[:3], "never seen"]
    elif item.kind == Kind.DATETIME:
        found += ["2000-02-29T12:00:00"]
    return found


def requirements(versions: Mapping[str, str], stored: bytes) -> list[str]:
    """What has to be installed for a model file, in the versions of training."""
    needs = [f"scikit-learn=={versions['scikit-learn']}", f"skops=={version('skops')}"]
    roots = {name.split(".")[0] for name in get_untrusted_types(data=stored)}
    needs += [f"{name}=={versions.get(name) or version(name)}" for name in _MORE if name in roots]
    return needs


_OURS = "apps."
_MORE = ("lightgbm", "xgboost", "catboost")
"""Packages that some models need beside scikit-learn."""
_PYTHON = "3.13"
_DOCKERFILE = f"""FROM python:{_PYTHON}-slim
WORKDIR /release
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN python predict.py --test
USER nobody
ENTRYPOINT ["python", "predict.py"]
CMD ["-"]
"""
_MLMODEL = f"""flavors:
  python_function:
    loader_module: predict
    code: .
    env:
      virtualenv: python_env.yaml
    python_version: {_PYTHON}.0
  skops:
    file: model.skops
    version: {{skops}}
"""
_README = """# {name}

A release of ML Cycle to take home. It answers as the endpoint does, without ML Cycle.
{answers}

    pip install -r requirements.txt
    python predict.py --test          its own rows against their expected answers
    python predict.py rows.json       a list of rows to a list of answers; "-" reads standard input

    docker build -t release . && docker run -i release < rows.json

The folder is an MLflow model as well: `mlflow.pyfunc.load_model("this folder").predict(table)`.

`release.json` holds the contract of a row, the recipe and the hash of `model.skops`; `steps.py`
does the steps of the recipe, and refuses what it cannot read as the endpoint does (a time in
an unusual writing). `rules.py` holds a row against the rules of the data contract: one that breaks
a rule that refuses is not answered, and the others are told on standard error. The model file is
read by skops, which builds only the classes that `release.json` lists. What the endpoint does
besides is not here: tokens, limits, its notes on values that training never saw, the log, the
watch. Nobody notices here when the model grows old.
"""
