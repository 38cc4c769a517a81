"""The compiled form of a release answers as scikit-learn does, row by row, or passes the row on."""

import dataclasses
import json
from contextlib import suppress
from dataclasses import asdict
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline

from apps.engine.reading.tables import house_types, spec_of
from apps.engine.serving import compile_leaves, compile_models, compile_trees
from apps.engine.serving.columns import check_columns, columns_of
from apps.engine.serving.compile_leaves import totals_of
from apps.engine.serving.compile_models import _LARGEST_TERMS, _line, logistic
from apps.engine.serving.compile_prepare import CannotCompile
from apps.engine.serving.compile_row import Unsure
from apps.engine.serving.compile_verify import (
    EQUAL_WITHIN,
    compare,
    compile_and_verify,
    made_up,
    unlike,
)
from apps.engine.serving.contract import check_rows, draft_contract
from apps.engine.serving.release import _requests
from apps.engine.serving.score import Scorer, typed_frame, usual_frame
from apps.engine.training.frame import model_frame
from apps.engine.training.pipeline import build_pipeline
from apps.engine.training.rows import distinct_values
from apps.engine.types import Problem

TARGET = "late"
ROWS = 600
STEPS = (
    {"step": "trim_text", "params": {"columns": ["desk"]}},
    {"step": "set_missing", "params": {"columns": ["stops"], "tokens": ["8"]}},
    {
        "step": "filter_rows",
        "params": {"column": "distance", "operator": "is at most", "value": "500"},
    },
)


def trips(problem):
    """Every kind of column; few and many categories, missing in numbers and in texts."""
    random = np.random.default_rng(3)
    distance = random.normal(100, 30, ROWS)
    desk = random.choice(["north", "south", "west", "rare"], ROWS, p=[0.4, 0.3, 0.29, 0.01])
    town = random.choice([f"town {number}" for number in range(45)], ROWS)
    score = distance + 20 * (desk == "west") + random.normal(0, 10, ROWS)
    target = {
        Problem.REGRESSION: score,
        Problem.BINARY: np.where(score > 110, "yes", "no"),
        Problem.MULTICLASS: np.select([score > 120, score > 95], ["late", "so so"], "early"),
        Problem.MULTILABEL: np.select([score > 120, score > 95], ["cold; late", "late"], "(none)"),
    }[problem]
    return house_types(
        pd.DataFrame(
            {
                "distance": np.where(random.random(ROWS) < 0.1, np.nan, distance),
                "stops": random.integers(0, 9, ROWS),
                "desk": np.where(random.random(ROWS) < 0.1, None, desk),
                "town": town,
                "paid": random.random(ROWS) < 0.5,
                "at": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(ROWS), unit="h"),
                "whole": random.normal(0, 1, ROWS),
                TARGET: target,
            }
        )
    )


@cache
def served(candidate, problem, model=None, choices=(), level=None):
    """A scorer of a fitted candidate, not yet compiled, and its checked development rows."""
    table = trips(problem)
    spec = [column for column in spec_of(table).columns if column.name != TARGET]
    features = model_frame(table, spec)
    pipeline = build_pipeline(
        candidate,
        spec=spec,
        distinct=distinct_values(features),
        problem=problem,
        seed=0,
        choices=[json.loads(each) for each in choices],
        level=level,
    )
    if model is not None:
        pipeline = Pipeline([("prepare", pipeline.named_steps["prepare"]), ("model", model)])
    kind = "float64" if problem == Problem.REGRESSION else object
    pipeline.fit(features, table[TARGET].to_numpy(dtype=kind))
    contract = draft_contract(table, needed=[column.name for column in spec])
    # Everything may be missing in a request, also where it never was in training.
    fields = tuple(dataclasses.replace(item, nullable=True) for item in contract.fields)
    contract = dataclasses.replace(contract, fields=fields)
    scorer = Scorer(
        pipeline,
        contract=contract,
        steps=STEPS,
        features=[asdict(column) for column in spec],
        problem=problem,
        positive="yes" if problem == Problem.BINARY else None,
        threshold=0.4,
    )
    rows = check_rows(_requests(table, contract, np.arange(0, ROWS, 3)), contract).rows
    return scorer, rows


PLAIN = (
    "dummy",
    "linear",
    "elastic_net",
    "tree",
    "forest",
    "boosting",
    "lightgbm",
    "search",
)
"""Candidates with a plain form; extra trees and a vote are of the same kinds."""
ONE_ANSWER = [problem for problem in Problem if problem != Problem.MULTILABEL]
"""Sets of labels are compiled label by label: tests/engine/training/test_sets.py."""
EVERY = [(candidate, problem) for candidate in PLAIN for problem in ONE_ANSWER]


@pytest.mark.parametrize(("candidate", "problem"), EVERY)
def test_every_candidate_with_a_plain_form_is_compiled_and_alike(candidate, problem):
    scorer, rows = served(candidate, problem)
    verdict = compile_and_verify(scorer, rows)
    assert (verdict.serves, verdict.why_not) == (True, "")
    assert verdict.largest_difference <= EQUAL_WITHIN
    assert verdict.compared >= 380
    assert verdict.rows_up_to >= 1
    assert verdict.row_us > 0
    assert (verdict.many, scorer.many is None) == ("", False)


@pytest.mark.parametrize("candidate", ["dummy", "linear", "boosting", "lightgbm", "search"])
def test_every_quantile_with_a_plain_form_is_compiled_and_alike(candidate):
    scorer, rows = served(candidate, Problem.REGRESSION, level=0.9)
    verdict = compile_and_verify(scorer, rows)
    assert (verdict.serves, verdict.why_not) == (True, "")
    assert verdict.largest_difference <= EQUAL_WITHIN
    assert verdict.compared >= 380


@cache
def compiled(candidate, problem):
    scorer, _ = served(candidate, problem)
    return scorer.compile(), scorer


def requests(contract):
    """Rows as JSON that pass the contract, in every corner of it."""
    largest = float(np.finfo(np.float32).max)
    of_kind = {
        "integer": st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-2, 10),
        "number": st.floats(-largest, largest) | st.floats(-10, 250),
        "boolean": st.booleans(),
        "datetime": st.datetimes().map(lambda moment: moment.isoformat()),
        "text": st.text(max_size=20),
    }
    return st.fixed_dictionaries(
        {
            item.name: st.none() | of_kind[item.kind] | st.sampled_from(item.categories or [None])
            for item in contract.fields
        }
    )


def assert_alike_by_columns(sent, scorer):
    """The same rows and warnings by columns, and the same answers unless they are left."""
    one_by_one = check_rows(sent, scorer.contract)
    columns, checked = check_columns(sent, scorer.contract)
    assert list(columns) == one_by_one.rows
    assert checked.warnings == one_by_one.warnings
    scorer.many = scorer.many or scorer.by_columns()
    expected, warnings = scorer.by_pipeline(one_by_one.rows)
    with suppress(Unsure):
        told, says = scorer.predict_columns(columns, ids=["one"] * len(sent))
        assert says == warnings
        assert all(answer.pop("id") == "one" for answer in told)
        assert unlike(told, expected)[1] == ""


@pytest.mark.parametrize(("candidate", "problem"), EVERY)
@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_row_that_passes_the_contract_is_answered_alike(candidate, problem, data):
    plain, scorer = compiled(candidate, problem)
    sent = data.draw(st.lists(requests(scorer.contract), min_size=1, max_size=8))
    checked = check_rows(sent, scorer.contract)
    if checked.errors:
        assert {error["code"] for error in checked.errors} <= {"bad_text", "out_of_range"}
        return
    assert_alike_by_columns(sent, scorer)
    compared, largest, unequal = compare(plain, scorer, checked.rows)
    assert unequal in ("", "no row could be compared")
    assert largest <= EQUAL_WITHIN
    if compared == len(checked.rows):
        _, warnings = scorer.by_pipeline(checked.rows)
        told = [says for row in checked.rows for says in plain.answer(row)[1]]
        assert told == [warning["message"] for warning in warnings]


def test_a_planted_error_in_one_leaf_is_seen_and_scikit_learn_serves(monkeypatch):
    scorer, rows = served("boosting", Problem.BINARY)
    honest = compile_trees.of_boosting

    def planted(model, place):
        trees = honest(model, place)
        values = trees[7].value.copy()
        values[np.flatnonzero(trees[7].left < 0)[0]] += 1e-6
        return [*trees[:7], dataclasses.replace(trees[7], value=values), *trees[8:]]

    monkeypatch.setattr(compile_models, "of_boosting", planted)
    monkeypatch.setattr(compile_models, "_TOTALS", {})
    fresh = Scorer(
        scorer.model,
        contract=scorer.contract,
        steps=STEPS,
        features=[asdict(column) for column in scorer.features],
        problem=scorer.problem,
        positive="yes",
    )
    verdict = compile_and_verify(fresh, rows)
    assert not verdict.serves
    assert "differ from scikit-learn's by" in verdict.why_not
    assert fresh.compiled is None


def test_a_model_without_a_plain_form_is_named_and_served_by_scikit_learn():
    scorer, rows = served("forest", Problem.BINARY, KNeighborsClassifier())
    verdict = compile_and_verify(scorer, rows)
    assert not verdict.serves
    assert verdict.why_not == "it cannot be compiled: the model is a KNeighborsClassifier"
    assert len(scorer.predict(rows[:2])[0]) == 2
    assert verdict.many == ""  # many rows are prepared by columns for it as well


@pytest.mark.parametrize("most", [0, 10**9])
def test_both_ways_to_walk_the_same_trees_answer_alike(most, monkeypatch):
    monkeypatch.setattr(compile_trees, "MOST_TUPLES", most)
    monkeypatch.setattr(compile_leaves, "MOST_TABLE_BYTES", 0)  # else boosting goes by bits
    monkeypatch.setattr(compile_models, "_TOTALS", {})
    for candidate in ("forest", "boosting", "lightgbm"):
        scorer, rows = served(candidate, Problem.BINARY)
        asked = [*rows, *made_up(scorer.contract, rows)]
        assert compare(scorer.compile(), scorer, asked)[2] == ""


@pytest.mark.parametrize("leaves", [20, 50, 90])
def test_trees_are_added_up_by_bits_in_words_of_both_sizes_and_larger_ones_are_left(leaves):
    random = np.random.default_rng(7)
    inputs = random.normal(size=(900, 4)).round(2)
    inputs[random.random(inputs.shape) < 0.1] = np.nan
    model = HistGradientBoostingRegressor(max_iter=5, max_leaf_nodes=leaves, min_samples_leaf=2)
    model.fit(inputs, np.nan_to_num(inputs).sum(axis=1) ** 2)
    trees = compile_trees.of_boosting(model, 0)
    if leaves > 64:
        with pytest.raises(CannotCompile, match="leaves"):
            totals_of(trees, start=0.0)
        return
    total = totals_of(trees, start=float(np.ravel(model._baseline_prediction)[0]))
    edges = np.full((1, 4), trees[0].threshold[0])
    asked = np.vstack([inputs, edges, np.full((1, 4), np.nan), np.full((1, 4), -np.inf)])
    expected = model.predict(asked)
    np.testing.assert_allclose(total.of(asked), expected, rtol=1e-12)
    one_by_one = [total.one(row) for row in asked.tolist()]
    np.testing.assert_allclose(one_by_one, expected, rtol=1e-12)


def test_both_forms_of_a_boosting_share_their_tables():
    scorer, _ = served("lightgbm", Problem.BINARY)
    model = scorer.model.named_steps["model"]
    scorer.compile()
    made = compile_models._TOTALS[model]
    scorer.by_columns()
    assert compile_models._TOTALS[model] is made


def test_a_probability_on_the_threshold_is_left_to_scikit_learn_among_many_rows_too(monkeypatch):
    scorer, rows = served("boosting", Problem.BINARY)
    (first,), _ = scorer.by_pipeline(rows[:1])
    monkeypatch.setattr(scorer, "threshold", first["probabilities"]["yes"])
    columns = columns_of(rows, scorer.contract)
    many = scorer.by_columns()
    assert many.answer(columns)[0][0]["prediction"] is None
    told, _ = scorer.answers_of(many, columns)
    expected, _ = scorer.by_pipeline(rows)
    assert [one["prediction"] for one in told] == [one["prediction"] for one in expected]


def test_extra_trees_are_compiled_as_forests_are():
    scorer, rows = served("forest", Problem.MULTICLASS, ExtraTreesClassifier(20, random_state=0))
    assert compare(scorer.compile(), scorer, rows)[2] == ""


def test_a_probability_on_the_threshold_is_left_to_scikit_learn():
    scorer, rows = served("linear", Problem.BINARY)
    told, _ = scorer.by_pipeline(rows[:1])
    scorer = Scorer(
        scorer.model,
        contract=scorer.contract,
        steps=STEPS,
        features=[asdict(column) for column in scorer.features],
        problem=Problem.BINARY,
        positive="yes",
        threshold=told[0]["probabilities"]["yes"],
    )
    plain = scorer.compile()
    with pytest.raises(Unsure):
        plain.answer(rows[0])
    scorer.use(plain, rows=10)
    assert scorer.predict(rows[:1]) == scorer.by_pipeline(rows[:1])


def test_a_sum_of_terms_too_large_to_be_sure_of_is_left_to_scikit_learn():
    line = _line(np.array([1.0, -1.0]), 0.0)
    assert line([1e30, 0.0]) == 1e30  # large, and certain to the last digit
    for terms in ([1e30, 1e30], [3e5, 3e5 - 1], [float("inf"), float("inf")]):
        with pytest.raises(Unsure):
            line(terms)
    assert _LARGEST_TERMS * np.finfo("float64").eps * 50 < EQUAL_WITHIN * 2


def test_the_logistic_function_has_no_overflow():
    assert [logistic(score) for score in (-1e308, -800.0, 0.0, 800.0)] == [0.0, 0.0, 0.5, 1.0]


def test_the_quick_frame_of_usual_rows_is_that_of_training_and_others_are_left_to_it():
    scorer, rows = served("linear", Problem.BINARY)
    asked = [*rows, *made_up(scorer.contract, rows)]
    quick, typed = usual_frame(asked, scorer.features), typed_frame(asked, scorer.features)
    pd.testing.assert_frame_equal(quick, typed, check_exact=True)
    for name, value in (("stops", 1.0), ("paid", 1), ("desk", 3), ("whole", True)):
        assert usual_frame([{**rows[0], name: value}], scorer.features) is None, name


CHOSEN = (
    {"choice": "fill_numbers", "params": {"method": "mean"}},
    {"choice": "scale", "params": {"method": "quantile", "columns": ["distance", "stops"]}},
    {"choice": "scale", "params": {"method": "robust"}},
    {"choice": "fill_categories", "params": {"method": "most frequent value"}},
    {"choice": "group_rare", "params": {"least": "2%"}},
    {"choice": "encode", "params": {"method": "target mean, with inner folds"}},
    {"choice": "encode", "params": {"method": "one-hot", "columns": ["town"]}},
    {"choice": "select", "params": {"method": "keep the best by an F test", "share": "70%"}},
)
ORDINAL = (
    {"choice": "fill_numbers", "params": {"method": "a constant", "value": "-1", "mark": "no"}},
    {"choice": "group_rare", "params": {"least": "20"}},
    {"choice": "encode", "params": {"method": "ordinal"}},
    {"choice": "select", "params": {"method": "drop what never varies"}},
)


def written(choices):
    """Choices as ``served`` can remember them."""
    return tuple(json.dumps(each) for each in choices)


@pytest.mark.parametrize("problem", ONE_ANSWER)
@pytest.mark.parametrize(("candidate", "choices"), [("linear", CHOSEN), ("lightgbm", ORDINAL)])
def test_chosen_preparation_is_compiled_and_alike(candidate, choices, problem):
    scorer, rows = served(candidate, problem, choices=written(choices))
    verdict = compile_and_verify(scorer, rows)
    assert (verdict.serves, verdict.why_not) == (True, "")
    assert verdict.largest_difference <= EQUAL_WITHIN
    assert verdict.compared >= 380


@pytest.mark.parametrize("method", ["nearest rows (KNNImputer)", "a model (IterativeImputer)"])
def test_filling_from_other_columns_is_left_to_scikit_learn_and_said(method):
    choices = ({"choice": "fill_numbers", "params": {"method": method}},)
    scorer, rows = served("linear", Problem.BINARY, choices=written(choices))
    verdict = compile_and_verify(scorer, rows)
    assert not verdict.serves
    assert "Imputer" in verdict.why_not
