"""A quantile is answered: by every candidate that can, judged by its pinball loss and coverage."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import d2_pinball_score, mean_pinball_loss

from apps.engine.errors import BadParameter
from apps.engine.evaluation.coverage import coverage, kupiec, uncovered_groups
from apps.engine.evaluation.intervals import metric_interval
from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.weak_spots import loss_of_rows
from apps.engine.reading.tables import house_types, read_table, spec_of
from apps.engine.training.adversary.bench import goodness
from apps.engine.training.answers import read_answers
from apps.engine.training.asked import Asked
from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.files import load_model, save_model
from apps.engine.training.rows import Rows
from apps.engine.training.searched import search_and_validate
from apps.engine.training.trial import cross_validate
from apps.engine.types import Problem
from tests.engine.training.drawing import drawn_split

pytestmark = pytest.mark.once

LEVEL = 0.9
ROWS = 700
METRICS = [
    {"metric": "pinball", "parameter": LEVEL},
    {"metric": "coverage_error", "parameter": LEVEL},
]
SMALL = {
    "boosting": {"max_iter": 30, "learning_rate": 0.2},
    "lightgbm": {"n_estimators": 40, "learning_rate": 0.15},
    "small_boosting": {"n_estimators": 30, "learning_rate": 0.2},
}


def deliveries():
    """Days of a delivery: normal around a mean, wider the farther it goes; the truth is known."""
    random = np.random.default_rng(8)
    km = random.uniform(1, 10, ROWS)
    desk = random.choice(["north", "south"], ROWS)
    middle = 2 + km + 3 * (desk == "south")
    days = middle + random.normal(0, 1, ROWS) * km / 2
    frame = house_types(pd.DataFrame({"km": km, "desk": desk, "target": days}))
    return frame, middle + stats.norm.ppf(LEVEL) * km / 2


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    frame, _ = deliveries()
    asked = drawn_split(tmp_path_factory.mktemp("quantile"), frame, method="random")
    return {**asked, "problem": Problem.REGRESSION, "positive": None, "level": LEVEL}


@pytest.fixture(scope="module")
def trained(given, tmp_path_factory):
    """Result and answers of every candidate that answers a quantile, once for all tests."""
    folder, found = tmp_path_factory.mktemp("answers"), {}
    for key, item in CANDIDATES.items():
        if item.no_quantile or Problem.REGRESSION not in item.problems or key == "search":
            continue
        params = SMALL.get(key, {})
        if key == "rule":
            params = {"column": "km", "value": 5.0, "then": 12.0, "otherwise": 7.0}
        if item.family == "blend":
            members = [("linear", {}), ("lightgbm", SMALL["lightgbm"])]
            params = {
                "members": [
                    {"candidate": name, "params": settings, "weight": 0.5}
                    for name, settings in members
                ]
            }
        file = folder / f"{key}.parquet"
        result = cross_validate(
            **given, candidate=key, params=params, metrics=METRICS, answers_file=str(file)
        )
        found[key] = result, read_answers(file)
    return found


def test_pinball_loss_is_scikit_learns(trained):
    for result, answers in trained.values():
        by_fold = [
            mean_pinball_loss(
                answers.truth[answers.fold == fold],
                answers.told.labels[answers.fold == fold],
                alpha=LEVEL,
            )
            for fold in range(3)
        ]
        assert result["scores"]["pinball:0.9"]["mean"] == pytest.approx(np.mean(by_fold))


def test_every_model_comes_near_the_quantile_that_is_true(trained, given):
    frame, true = deliveries()
    known = dict(zip(frame["km"], true, strict=True))
    development = read_table(given["development"])
    truth = np.array([known[km] for km in development["km"]])
    best = mean_pinball_loss(development["target"], truth, alpha=LEVEL)
    dummy = trained["dummy"][0]["scores"]["pinball:0.9"]["mean"]
    for key, (result, _) in trained.items():
        if key not in ("dummy", "rule"):
            reached = result["scores"]["pinball:0.9"]["mean"]
            assert reached - best < 0.25 * (dummy - best), key


def test_nine_of_ten_truths_are_at_or_below_it(trained):
    for key, (result, answers) in trained.items():
        if key == "rule":
            continue
        told = result["diagnosis"]["coverage"]
        assert told["share"] == np.mean(answers.truth <= answers.told.labels)
        assert abs(told["share"] - LEVEL) < 0.05, key
        assert sum(item["n"] for item in told["bins"]) == len(answers.row)


def test_a_constant_covers_well_over_all_and_badly_in_groups(trained):
    told = trained["dummy"][0]["diagnosis"]["coverage"]
    assert told["p_value"] > 0.05
    assert {item["column"] for item in told["groups"]["found"]} == {"km", "desk"}
    assert not trained["linear"][0]["diagnosis"]["coverage"]["groups"]["found"]


def test_answers_remember_their_level_and_are_judged_by_it(trained, given):
    _, answers = trained["lightgbm"]
    assert answers.told.level == LEVEL
    losses = loss_of_rows(answers.truth, answers.told)
    assert losses.mean() == pytest.approx(
        mean_pinball_loss(answers.truth, answers.told.labels, alpha=LEVEL)
    )
    scale = goodness(answers.truth, answers.told, problem=Problem.REGRESSION, positive=None)
    assert scale == d2_pinball_score(answers.truth, answers.told.labels, alpha=LEVEL)


def test_a_mean_of_quantiles_loses_no_more_than_they_do_on_average(trained):
    losses = {key: result["scores"]["pinball:0.9"]["mean"] for key, (result, _) in trained.items()}
    assert losses["vote"] <= (losses["linear"] + losses["lightgbm"]) / 2 + 1e-12


def test_what_answers_means_is_not_offered_a_quantile(given):
    for key in ("tree", "forest", "svm", "mlp", "neighbours", "elastic_net"):
        with pytest.raises(BadParameter, match="answers no quantile"):
            cross_validate(**given, candidate=key, metrics=METRICS)


def test_a_model_file_of_a_quantile_opens_again(given, tmp_path):
    for key in ("linear", "boosting", "lightgbm", "small_boosting", "stack"):
        settings = {name: item for name, item in given.items() if name != "report"}
        asked = Asked(**settings, candidate=key, params=SMALL.get(key))
        rows = asked.rows()
        pipeline, _ = asked.task.fit(rows, np.arange(200))
        sha256 = save_model(pipeline, tmp_path / f"{key}.skops")
        again = load_model(tmp_path / f"{key}.skops", sha256=sha256)
        assert np.array_equal(again.predict(rows.features), pipeline.predict(rows.features))


def test_a_search_chooses_by_the_pinball_loss(given, tmp_path):
    found = search_and_validate(
        **given,
        candidate="search",
        budget_s=4,
        metrics=[METRICS[1], METRICS[0]],
        answers_file=str(tmp_path / "answers.parquet"),
    )
    assert {member["candidate"] for member in found["params"]["members"]} <= {"linear", "lightgbm"}
    assert read_answers(tmp_path / "answers.parquet").told.level == LEVEL
    assert abs(found["diagnosis"]["coverage"]["share"] - LEVEL) < 0.05


def test_rows_that_validate_change_no_fitted_number(given):
    """Targets and features of validating rows are spoiled; the answers of the fold stay."""
    settings = {name: item for name, item in given.items() if name != "report"}
    for key in ("dummy", "linear", "boosting", "lightgbm"):
        asked = Asked(**settings, candidate=key, params=SMALL.get(key))
        rows, (train, valid) = asked.rows(), asked.folds()[0]
        clean, _ = asked.task.fit(rows, train)
        before = clean.predict(rows.features)
        target, spoiled = rows.target.copy(), rows.features.copy()
        target[valid] = 1e6
        spoiled.iloc[valid, spoiled.columns.get_loc("km")] = -1e6
        again, _ = asked.task.fit(Rows(spoiled, target, rows.table), train)
        assert np.array_equal(again.predict(rows.features), before), key


def test_kupiec_at_the_level_itself_is_no_surprise_and_beyond_it_is():
    assert kupiec(90, 100, level=0.9) == 1.0
    # 2 ln of the likelihood ratio of 4 exceptions in 250 days at a level of 0.99 is 0.77.
    assert kupiec(246, 250, level=0.99) == pytest.approx(stats.chi2.sf(0.7692, 1), abs=1e-3)
    assert kupiec(100, 100, level=0.9) == pytest.approx(stats.chi2.sf(-200 * np.log(0.9), 1))


def test_coverage_of_a_known_distribution_is_the_level():
    random = np.random.default_rng(1)
    truth = random.normal(size=4000)
    told = Predictions(np.full(4000, stats.norm.ppf(0.8)), level=0.8)
    found = coverage(truth, told)
    assert found["low"] < 0.8 < found["high"]
    # E[X - q | X > q] of the normal at its 0.8 quantile: the hazard less the quantile.
    over = stats.norm.pdf(stats.norm.ppf(0.8)) / 0.2 - stats.norm.ppf(0.8)
    assert found["over"] == pytest.approx(over, abs=0.05)


def test_groups_without_a_difference_are_seldom_found():
    random = np.random.default_rng(2)
    table = pd.DataFrame({f"c{n}": random.choice(list("abcd"), 2000) for n in range(10)})
    told = Predictions(np.full(2000, stats.norm.ppf(0.9)), level=0.9)
    spec = list(spec_of(house_types(table)).columns)
    found = uncovered_groups(table, spec, truth=random.normal(size=2000), told=told)
    assert found == {"tried": 40, "found": []}


def test_an_error_of_coverage_is_bounded_by_the_interval_of_its_share():
    truth = np.repeat([0.0, 2.0], [81, 182])
    told = Predictions(np.ones(263), level=0.3)
    # Newcombe (1998), table I, method 3: 81 of 263 lie between .2553 and .3662.
    low, high = metric_interval("coverage_error:0.3", truth, told)
    assert (low, round(high, 4)) == (0.0, 0.0662)
    low, high = metric_interval("coverage_error:0.5", truth, told)
    assert (round(low, 4), round(high, 4)) == (0.1338, 0.2447)
