# mypy: allow-untyped-defs, allow-untyped-calls
"""Answers rows as the endpoint did, with scikit-learn and skops only (LightGBM if it is its model).

    python predict.py rows.json     a list of rows, or "-" for standard input; answers as JSON
    python predict.py --test        the rows of test_rows.json against their expected answers

``release.json`` says what a row has to look like, what is done to it and which classes the model
file may hold. Nothing else is opened.
"""

import copy
import hashlib
import json
import math
import sys
import warnings
from datetime import UTC, datetime
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import numpy as np
from scipy import sparse
from skops.io import load

HERE = Path(__file__).resolve().parent
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
MICROSECONDS_A_DAY = 86_400_000_000
EQUAL_WITHIN = 1e-9


def beside(name):
    """The file of this folder, whatever another bundle in this process calls its own."""
    loader = SourceFileLoader(f"{name} in {HERE}", str(HERE / f"{name}.py"))
    module = ModuleType(loader.name)
    module.__file__ = loader.path
    loader.exec_module(module)
    return module


steps, rules = beside("steps"), beside("rules")
Refused = steps.Refused


class Release:
    """The model file with what its rows look like. Raises Refused for a file that was changed."""

    def __init__(self, folder=HERE):
        """Read the record, then the model it names."""
        self.told = json.loads((Path(folder) / "release.json").read_text("utf-8"))
        file = Path(folder) / "model.skops"
        if hashlib.sha256(file.read_bytes()).hexdigest() != self.told["model_sha256"]:
            raise Refused("model.skops is not the file that release.json names.")
        self.model = load(file, trusted=self.told["trusted"])

    def predict(self, rows, tell=warnings.warn, held=True):
        """A list of rows (dicts) to a list of {"prediction", "probabilities"}.

        Rows are held against the data contract: what refuses raises Refused, what warns is told to
        ``tell``. Not ``held``: rules are not asked.
        """
        if not rows:
            return []
        checked = []
        for number, row in enumerate(rows, start=1):
            clean = self.read(row, number)
            made = self.made(clean, number)
            for rule, says in self.broken(clean, made) if held else ():
                if rule["refuses"]:
                    raise Refused(f"Row {number}: {says}")
                tell(f"Row {number}: {says}")
            checked.append(made)
        columns = columns_of(checked, self.told["features"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the columns are told by place, not by name
            told = answer(self.model, columns)
        if self.told["problem"] == "regression":
            return [{"prediction": float(value), "probabilities": None} for value in told]
        return [self.named([float(chance) for chance in chances]) for chances in told]

    def read(self, row, number):
        """A row that fits the contract, in its types."""
        if not isinstance(row, dict):
            raise Refused(f"Row {number} is no object of column names and values.")
        fields = {field["name"]: field for field in self.told["fields"]}
        for name in row:
            if name not in fields:
                raise Refused(f'Row {number}: "{name}" is no column of this model.')
        clean = {}
        for name, field in fields.items():
            if name not in row:
                raise Refused(f'Row {number}: the column "{name}" is missing.')
            clean[name] = value_of(row[name], field, number)
        return clean

    def made(self, clean, number):
        """The row after the steps of the recipe."""
        try:
            for step in self.told["steps"]:
                clean = steps.STEPS[step["step"]](clean, step)
        except Refused as problem:
            raise Refused(f"Row {number}: {problem}") from problem
        return clean

    def broken(self, clean, made):
        """The rules of the data contract that a row breaks, each with its sentence."""
        agreed = self.told["rules"]
        before = [rule for rule in agreed if not rule["made"]]
        after = [rule for rule in agreed if rule["made"]]
        return rules.broken_by(clean, before, steps) + rules.broken_by(made, after, steps)

    def named(self, chances):
        """The class, or the labels, by the threshold of the release, with all probabilities."""
        classes, positive = self.told["classes"], self.told["positive"]
        if self.told["problem"] == "multilabel":
            told = zip(classes, chances, strict=True)
            label = [name for name, chance in told if chance >= self.told["threshold"]]
            return {"prediction": label, "probabilities": dict(zip(classes, chances, strict=True))}
        if self.told["problem"] == "binary" and positive in classes:
            place = classes.index(positive)
            is_positive = chances[place] >= self.told["threshold"]
            label = positive if is_positive else classes[1 - place]
        else:
            label = classes[int(np.argmax(chances))]
        return {"prediction": label, "probabilities": dict(zip(classes, chances, strict=True))}


def value_of(value, field, number):
    """A value in the type of its column."""
    kind, name = field["kind"], field["name"]
    if value is None:
        if not field["nullable"]:
            raise Refused(f'Row {number}: "{name}" must have a value.')
        return None
    if kind == "datetime" and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "integer" and is_number and float(value).is_integer():
        return int(value)
    if kind == "number" and is_number and math.isfinite(value):
        return float(value)
    if (kind == "boolean" and isinstance(value, bool)) or (
        kind == "text" and isinstance(value, str)
    ):
        return value
    raise Refused(f'Row {number}: "{name}" takes another type than {type(value).__name__}.')


def columns_of(rows, features):
    """Columns of the model by name: numbers as floats, texts as objects, moments in three parts."""
    columns = {}
    for feature in features:
        name, kind = feature["name"], feature["kind"]
        values = [row.get(name) for row in rows]
        if kind == "text":
            filled = [math.nan if value is None else value for value in values]
            columns[name] = np.array([*filled, None], dtype=object)[:-1]
        elif kind == "datetime":
            parts = np.array([parts_of(value) for value in values], dtype=float)
            for place, part in enumerate(("day", "hour", "weekday")):
                columns[f"{name}: {part}"] = parts[:, place]
        else:
            filled = [math.nan if value is None else float(value) for value in values]
            columns[name] = np.array(filled, dtype=float)
    return columns


def parts_of(moment):
    """Days since 1970, hour and weekday (Monday is 0)."""
    if moment is None:
        return [math.nan] * 3
    since = moment - EPOCH
    micros = float((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
    days = micros / MICROSECONDS_A_DAY
    return [days, float(micros % MICROSECONDS_A_DAY // 3_600_000_000), float((days // 1 + 3) % 7)]


def answer(model, columns):
    """Probabilities (rows, classes), or numbers (rows,): of a pipeline, or of a blend of them."""
    if isinstance(model, dict):
        return label_chances(model, columns)
    if hasattr(model, "calibrated_classifiers_"):
        told = [calibrated(part, columns) for part in model.calibrated_classifiers_]
        return np.mean(told, axis=0)
    if hasattr(model, "estimators_") and not hasattr(model, "named_steps"):
        told = [answer(member, columns) for member in model.estimators_]
        if hasattr(model, "final_estimator_"):
            return told_by(model.final_estimator_, stacked(told, getattr(model, "classes_", ())))
        return np.average(told, axis=0, weights=model._weights_not_none)
    table = prepared_table(model.named_steps["prepare"], columns)
    return told_by(model.named_steps["model"], table)


def told_by(last, table):
    """Probabilities of a classifier, numbers of a regressor."""
    return last.predict_proba(table) if hasattr(last, "predict_proba") else last.predict(table)


def calibrated(part, columns):
    """Probabilities of a pipeline, bent as they were in training."""
    steps_of = part.estimator.named_steps
    last = copy.copy(part)
    last.estimator = steps_of["model"]
    return last.predict_proba(prepared_table(steps_of["prepare"], columns))


def stacked(told, classes):
    """What the last model of a stack learns from: of two classes the second one's probability."""
    first = 1 if len(classes) == 2 else 0
    return np.hstack([one[:, first:] if one.ndim == 2 else one[:, None] for one in told])


def label_chances(parts, columns):
    """Probabilities (rows, labels): of each label's model, or of one for all; else its share."""
    rows = len(next(iter(columns.values())))
    told = np.tile(np.asarray(parts["shares"], dtype=float), (rows, 1))
    answers = [answer(model, columns) for model in parts["models"]]
    if len(answers) < len(parts["learnt"]):
        (answers,) = answers  # a matrix, or two columns for each label
        whole = isinstance(answers, np.ndarray)
        chances = answers if whole else np.column_stack([one[:, 1] for one in answers])
        told[:, parts["learnt"]] = chances
    elif answers:
        told[:, parts["learnt"]] = np.column_stack([one[:, 1] for one in answers])
    return told


def prepared_table(prepare, columns):
    """What the fitted preparation makes of the columns. Each part is given its own by name."""
    if hasattr(prepare, "named_steps"):  # with columns selected behind the prepared ones
        (_, first), *rest = prepare.steps
        table = prepared_table(first, columns)
        for _, step in rest:
            table = step.transform(table)
        return table
    parts = []
    for name, transformer, chosen in prepare.transformers_:
        if transformer == "drop" or not len(chosen):
            continue
        is_same = transformer == "passthrough" or (name == "numbers" and _keeps(transformer))
        block = (
            words_of(columns[chosen[0]])
            if name.startswith("text ")
            else beside_each_other([columns[one] for one in chosen])
        )
        parts.append(block if is_same else transformer.transform(block))
    if any(sparse.issparse(part) for part in parts):  # hashed words
        return sparse.hstack(parts, format="csr", dtype=float)
    return np.hstack(parts).astype(float)


def beside_each_other(columns):
    """A block of columns: floats, or objects where one of them holds texts."""
    kind = object if any(column.dtype == object for column in columns) else float
    block = np.empty((len(columns[0]), len(columns)), dtype=kind)
    for place, column in enumerate(columns):
        block[:, place] = column
    return block


def words_of(column):
    """Texts that are read word by word; a missing one is empty."""
    return np.array([cell if isinstance(cell, str) else "" for cell in column], dtype=object)


def _keeps(transformer):
    return type(transformer).__name__ == "FunctionTransformer" and transformer.func is None


def largest_difference(told, expected):
    """Of probabilities or numbers; infinite where a class or a name is another one."""
    largest = 0.0
    for one, other in zip(told, expected, strict=True):
        if other["probabilities"] is None:
            scale = max(1.0, abs(other["prediction"]))
            largest = max(largest, abs(one["prediction"] - other["prediction"]) / scale)
            continue
        chances = other["probabilities"]
        if one["prediction"] != other["prediction"] or set(one["probabilities"]) != set(chances):
            return math.inf
        for name, chance in chances.items():
            largest = max(largest, abs(one["probabilities"][name] - chance))
    return largest


def tested(release, tests):
    """Largest difference of answers from the expected ones, and what differs of the rules."""
    for number, (row, expected) in enumerate(zip(tests["rows"], tests["broken"], strict=True), 1):
        clean = release.read(row, number)
        found = [rule for rule, _ in release.broken(clean, release.made(clean, number))]
        if [release.told["rules"].index(rule) for rule in found] != expected:
            return math.inf, f"row {number} breaks other rules of the data contract"
    return largest_difference(release.predict(tests["rows"], held=False), tests["expected"]), ""


def main(arguments):
    """Answer a file of rows, or test this folder. Returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write(__doc__)
        return 2
    release = Release()
    if arguments[0] == "--test":
        tests = json.loads((HERE / "test_rows.json").read_text("utf-8"))
        found, says = tested(release, tests)
        says = says or f"largest difference {found:.3g}"
        print(f"{len(tests['rows'])} rows, {says}")  # noqa: T201
        return 0 if found <= EQUAL_WITHIN else 1
    text = sys.stdin.read() if arguments[0] == "-" else Path(arguments[0]).read_text("utf-8")
    try:
        told = release.predict(json.loads(text), tell=lambda says: sys.stderr.write(f"{says}\n"))
        json.dump(told, sys.stdout, indent=1)
    except Refused as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


class Loaded:
    """What ``mlflow.pyfunc.load_model`` gives: a table (or rows) in, a list of answers out."""

    def __init__(self, folder):
        """Read the release in this folder."""
        self.release = Release(folder)

    def predict(self, model_input, params=None):
        """A pandas DataFrame of the contract's columns, or a list of rows."""
        rows = model_input
        if hasattr(model_input, "to_dict"):
            rows = [
                {name: plain(value) for name, value in row.items()}
                for row in model_input.to_dict("records")
            ]
        return self.release.predict(rows)


def plain(value):
    """A value of a table as JSON would hold it."""
    if value is None or value != value:
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


def _load_pyfunc(path):
    return Loaded(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
