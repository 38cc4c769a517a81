"""A target with sets of labels: split, fitted, judged, explained, written down and served."""

import io
import json
from contextlib import redirect_stdout
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_multilabel_classification

from apps.engine.errors import NotEnoughData
from apps.engine.evaluation.metrics import measure_of, metrics_for
from apps.engine.evaluation.verdict import Promise
from apps.engine.labels import labels_in, matrix_of
from apps.engine.monitoring.estimated import estimate
from apps.engine.reading.tables import house_types, read_table, spec_of, write_table
from apps.engine.serving.compile_verify import compile_and_verify
from apps.engine.serving.contract import check_rows, draft_contract
from apps.engine.serving.release import build_release
from apps.engine.serving.score import Scorer
from apps.engine.splitting.draw import draw_split
from apps.engine.training.adversary.bench import Bench
from apps.engine.training.adversary.shuffled import shuffled_target
from apps.engine.training.answers import read_answers
from apps.engine.training.asked import Asked
from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.files import load_model, save_model
from apps.engine.training.final import fit_final
from apps.engine.training.fitted.look import look_at_choices
from apps.engine.training.notebook import Entry, Setting, notebook_of
from apps.engine.training.rows import load_rows, predict, specs
from apps.engine.training.sealed import evaluate_sealed
from apps.engine.training.single import explain_row
from apps.engine.training.task import Task
from apps.engine.training.trial import cross_validate
from apps.engine.types import Problem, silent

pytestmark = pytest.mark.once

LABELS = ("access", "billing", "damage", "outage")
SETS = Problem.MULTILABEL


def tickets(rows: int = 300) -> pd.DataFrame:
    """Rows with a set of labels each, a bar between them, in an order of their own."""
    numbers, labels = make_multilabel_classification(
        rows, n_features=5, n_classes=4, n_labels=2, random_state=7
    )
    sets = [
        "|".join(name for name, has in zip(LABELS[::-1], row[::-1], strict=True) if has)
        for row in labels
    ]
    frame = pd.DataFrame(numbers.astype(float), columns=[f"n{n}" for n in range(5)])
    return house_types(
        frame.assign(
            desk=np.where(frame["n0"] > frame["n0"].median(), "north", "south"),
            tags=[text or "(none)" for text in sets],
        )
    )


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The arguments of ``cross_validate`` so far, and the report of the split."""
    folder = tmp_path_factory.mktemp("sets")
    frame = tickets()
    write_table(frame, folder / "table.parquet")
    report = draw_split(
        table=str(folder / "table.parquet"),
        method="stratified",
        target="tags",
        group=None,
        time=None,
        test_share=0.25,
        folds=3,
        seed=0,
        split_file=str(folder / "split.parquet"),
        development=str(folder / "development.parquet"),
        test=str(folder / "test.parquet"),
        report=silent,
        sets=True,
    )
    arguments = {
        "development": str(folder / "development.parquet"),
        "split_file": str(folder / "split.parquet"),
        "method": "stratified",
        "target": "tags",
        "features": [asdict(item) for item in spec_of(frame).columns if item.name != "tags"],
        "problem": "multilabel",
        "positive": None,
        "seed": 0,
        "report": silent,
    }
    return folder, report, arguments


def test_a_split_writes_sets_in_one_notation_and_says_why_they_are_sets(drawn):
    folder, report, _ = drawn
    assert (report["problem"], report["classes"]) == ("multilabel", list(LABELS))
    assert "“|” joins several of 4 labels" in report["problem_why"]
    assert report["balance"]["kind"] == "labels"
    development = read_table(folder / "development.parquet")["tags"]
    assert all(
        text == "(none)" or list(labels_in(text)) == text.split("; ") for text in development
    )
    shares = [
        {item["value"]: item["share"] for item in part["classes"]}
        for part in report["balance"]["parts"]
    ]
    for name in LABELS:  # dealt within the rarest label, so none strays far
        assert shares[0][name] == pytest.approx(shares[1][name], abs=0.08)


FITTED = ("dummy", "rule", "linear", "chain", "tree", "vote")
RULE = {"column": "n0", "value": 8.0, "then": "access; outage", "otherwise": "(none)"}
MEMBERS = {
    "vote": {
        "members": [{"candidate": name, "params": {}, "weight": 0.5} for name in ("linear", "tree")]
    },
    "rule": RULE,
}


def task_of(arguments, candidate, **more):
    features = arguments["features"]
    return Task(candidate, features, SETS, None, 0, MEMBERS.get(candidate), **more)


def rows_of(arguments, name="development"):
    path = arguments["development"].replace("development", name)
    return load_rows(path, target="tags", spec=specs(arguments["features"]), problem=SETS)


@pytest.mark.parametrize("candidate", FITTED)
def test_a_candidate_learns_labels_from_training_rows_only_and_is_kept_in_a_file(
    drawn, candidate, tmp_path
):
    """Whatever the validation rows hold, no number that was fitted changes."""
    whole = rows_of(drawn[2])
    train, valid = np.arange(120), np.arange(120, len(whole.target))
    fitted, _ = task_of(drawn[2], candidate).fit(whole, train)
    told = predict(fitted, whole.features.iloc[valid], problem=SETS, positive=None)
    assert told.sets
    assert told.classes == LABELS
    other = rows_of(drawn[2])
    other.target[valid] = "zebra"
    other.features.loc[valid, "n0"] = 1e6
    again, _ = task_of(drawn[2], candidate).fit(other, train)
    unchanged = predict(again, whole.features.iloc[valid], problem=SETS, positive=None)
    assert np.array_equal(told.probabilities, unchanged.probabilities)
    sha256 = save_model(fitted, tmp_path / "model.skops")
    kept = load_model(tmp_path / "model.skops", sha256=sha256)
    same = predict(kept, whole.features.iloc[valid], problem=SETS, positive=None)
    assert np.array_equal(told.probabilities, same.probabilities)


def test_the_baseline_tells_the_share_of_each_label_and_so_does_a_label_too_rare_to_learn(drawn):
    whole = rows_of(drawn[2])
    train = np.arange(100)
    share = matrix_of(whole.target[train], LABELS).mean(axis=0)
    dummy, _ = task_of(drawn[2], "dummy").fit(whole, train)
    assert dummy.predict_proba(whole.features)[0] == pytest.approx(share)
    whole.target[:3] = "rare"
    linear, _ = task_of(drawn[2], "linear").fit(whole, train)
    chances = linear.predict_proba(whole.features)
    place = linear.classes_.tolist().index("rare")
    assert set(chances[:, place]) == {0.03}
    assert len(linear.estimators_) == len(LABELS)
    whole.target[:] = "rare"
    with pytest.raises(NotEnoughData, match="No label is in 5 of the rows"):
        task_of(drawn[2], "linear").fit(whole, train)


def test_each_label_alone_is_the_plain_model_of_that_label(drawn):
    """One-vs-rest: the chance of a label is that of the two-class model of it."""
    whole = rows_of(drawn[2])
    train = np.arange(150)
    fitted, _ = task_of(drawn[2], "lightgbm", most_rows=150).fit(whole, train)
    alone = load_rows(
        drawn[2]["development"], target="tags", spec=specs(drawn[2]["features"]), problem=SETS
    )
    alone.target[:] = np.where(matrix_of(alone.target, ["outage"])[:, 0], "yes", "no")
    plain, _ = Task("lightgbm", drawn[2]["features"], Problem.BINARY, "yes", 0).fit(alone, train)
    place = LABELS.index("outage")
    assert np.array_equal(
        fitted.predict_proba(whole.features)[:, place], plain.predict_proba(whole.features)[:, 1]
    )


@pytest.fixture(scope="module")
def validated(drawn):
    """The linear candidate over the folds, with its answers in a file."""
    folder, _, arguments = drawn
    told = cross_validate(
        candidate="linear",
        metrics=[metric.key for metric in metrics_for(SETS)],
        answers_file=str(folder / "answers.parquet"),
        kept_folder=str(folder / "kept"),
        **arguments,
    )
    return json.loads(json.dumps(told, allow_nan=False)), folder / "answers.parquet"


def test_a_trial_scores_every_metric_and_tells_each_label(drawn, validated):
    told, file = validated
    assert set(told["scores"]) == {measure_of(metric.key).key for metric in metrics_for(SETS)}
    assert told["scores"]["roc_auc"]["mean"] > 0.7
    assert told["threshold"] == 0.5
    diagnosis = told["diagnosis"]
    assert {item["name"] for item in diagnosis["by_label"]} == set(LABELS)
    assert diagnosis["worst"][0]["told"] is not None
    answers = read_answers(file)
    assert answers.told.sets
    assert answers.told.classes == LABELS
    again = cross_validate(
        candidate="linear",
        metrics=["jaccard"],
        fixed_threshold=0.3,
        kept_folder=str(drawn[0] / "kept"),
        **drawn[2],
    )
    assert again["threshold"] == 0.3
    called = sum(item["found"] + item["false_alarms"] for item in diagnosis["by_label"])
    more = again["diagnosis"]["by_label"]
    assert sum(item["found"] + item["false_alarms"] for item in more) > called


@pytest.fixture(scope="module")
def frozen(drawn):
    """A linear candidate of two features and its baseline as files, quick to explain."""
    folder, _, arguments = drawn
    arguments = {**arguments, "features": arguments["features"][:3]}
    made = {
        name: fit_final(target_file=str(folder / f"{name}.skops"), candidate=name, **arguments)
        for name in ("linear", "dummy")
    }
    return arguments, made


def test_the_sealed_test_judges_sets_and_one_answer_is_shared_out(drawn, frozen):
    folder, (arguments, made) = drawn[0], frozen
    assert made["linear"]["classes"] == list(LABELS)
    assert made["linear"]["shapes"] == []
    told = evaluate_sealed(
        model=str(folder / "linear.skops"),
        sha256=made["linear"]["sha256"],
        test=str(folder / "test.parquet"),
        target="tags",
        features=arguments["features"],
        problem="multilabel",
        positive=None,
        promises=[
            asdict(Promise("f1", 0.2, "up", "primary", averaging="micro", margin=0.01)),
            asdict(Promise("hamming_loss", 0.5, "down", "guardrail")),
        ],
        baseline_model=str(folder / "dummy.skops"),
        baseline_sha256=made["dummy"]["sha256"],
        slices=["desk"],
        seed=0,
        report=silent,
        threshold=0.4,
        payoff={"right": 1.0, "wrong": 1.0, "per_month": 10.0},
    )
    json.dumps(told, allow_nan=False)
    assert [line["outcome"] for line in told["verdicts"][:2]] == ["pass", "pass"]
    assert told["verdicts"][0]["gain"]["mean"] > 0
    assert (told["threshold"], "money" in told) == (0.4, False)
    assert {item["threshold"] for item in told["by_label"]} == {0.4}
    shared = explain_row(row=4, candidate="linear", **arguments)
    assert shared["of"] in LABELS
    assert shared["answer"] == pytest.approx(
        shared["usual"] + sum(part["part"] for part in shared["parts"])
    )


def test_the_notebook_gives_the_products_own_answers(drawn, validated, monkeypatch):
    folder, _, arguments = drawn
    monkeypatch.chdir(folder)
    setting = Setting(
        title="Tickets",
        says="",
        target="tags",
        features=arguments["features"],
        problem=SETS,
        seed=0,
        method="stratified",
        balanced=False,
    )
    entries = [Entry(name, name, MEMBERS.get(name, {})) for name in ("linear", "rule", "chain")]
    told = notebook_of(setting, entries)
    space: dict = {}
    with redirect_stdout(io.StringIO()):
        for cell in told["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), space)
    answers = read_answers(validated[1])
    found = space["answers"]["linear"]
    assert tuple(found.columns) == LABELS
    assert np.array_equal(found.to_numpy(), answers.told.probabilities)
    assert set(space["answers"]) == {"linear", "rule", "chain"}


def test_a_release_answers_with_labels_and_is_compiled_where_each_label_has_a_model(
    drawn, validated, tmp_path
):
    folder, _, arguments = drawn
    whole = rows_of(arguments)
    table = read_table(folder / "development.parquet")
    contract = draft_contract(table, needed=[item["name"] for item in arguments["features"]])
    for candidate, serves in (("lightgbm", True), ("tree", False)):
        fitted, _ = task_of(arguments, candidate).fit(whole, np.arange(len(whole.target)))
        scorer = Scorer(
            fitted,
            contract=contract,
            steps=[],
            features=arguments["features"],
            problem=SETS,
            positive=None,
            threshold=0.4,
        )
        sent = table.drop(columns="tags").head(40).to_dict("records")
        checked = check_rows(sent, contract)
        verdict = compile_and_verify(scorer, checked.rows)
        assert (verdict.serves, verdict.why_not) == (
            (True, "")
            if serves
            else (False, "it cannot be compiled: one model answers all labels at once")
        )
        answers, _ = scorer.predict(checked.rows)
        for answer in answers:
            wanted = [name for name, chance in answer["probabilities"].items() if chance >= 0.4]
            assert answer["prediction"] == wanted


def test_a_build_keeps_what_the_watch_needs_and_the_estimate_knows_sets(drawn, validated, frozen):
    folder, (arguments, made) = drawn[0], frozen
    promise = asdict(Promise("f1", 0.5, "up", "primary", averaging="micro"))
    told = build_release(
        model=str(folder / "linear.skops"),
        sha256=made["linear"]["sha256"],
        raw_development=str(folder / "development.parquet"),
        development=str(folder / "development.parquet"),
        target="tags",
        steps=[],
        features=arguments["features"],
        problem="multilabel",
        positive=None,
        threshold=0.5,
        report=silent,
        answers=str(validated[1]),
        promises=[promise],
    )
    json.dumps(told, allow_nan=False)
    assert told["max_difference"] < 1e-9
    assert told["engine"] == "compiled"
    answers = read_answers(validated[1])
    found = estimate(
        told["estimator"],
        [Promise.from_dict(promise)],
        answers.told,
        read_table(folder / "development.parquet").iloc[answers.row],
        positive=None,
    )["metrics"][0]
    assert found["low"] <= found["value"] <= found["high"]
    assert found["error"] < 0.15


def test_the_adversary_suite_finds_nothing_in_shuffled_sets_and_knows_its_scale(drawn):
    arguments = {**drawn[2], "features": drawn[2]["features"][:2]}
    asked = Asked(
        candidate="dummy", **{key: arguments[key] for key in arguments if key != "report"}
    )
    rows, folds = asked.rows(), asked.folds()
    task = replace(asked.task, candidate="tree")
    bench = Bench(task, rows, folds, rows, folds, "tags", "", "stratified", lambda _: None)
    assert (bench.scale, bench.guess) == ("ROC AUC", 0.5)
    assert bench.whole > 0.6
    assert 0.03 < bench.noise < 0.2
    assert shuffled_target(bench).outcome == "pass"


def test_candidates_that_are_not_for_sets_are_not_offered():
    assert SETS not in CANDIDATES["search"].problems
    assert CANDIDATES["chain"].problems == {SETS}


def test_fitted_choices_are_looked_at_for_the_commonest_label_and_fitted_for_each(drawn):
    choices = [
        {"choice": "select", "params": {"method": "keep the best by an F test", "share": "80%"}}
    ]
    arguments = {name: drawn[2][name] for name in ("development", "target", "features", "report")}
    told = look_at_choices(problem="multilabel", choices=choices, **arguments)
    assert told["select"] is not None
    whole = rows_of(drawn[2])
    fitted, _ = task_of(drawn[2], "tree", choices=choices).fit(whole, np.arange(150))
    assert len(fitted.estimators_) == len(LABELS)  # not at once: the test asks for one answer
