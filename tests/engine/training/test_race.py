"""A race on growing numbers of folds stops what cannot win, and changes nothing for the others."""

import numpy as np
import pytest

from apps.engine.errors import Outraced
from apps.engine.evaluation.metrics import Predictions, measure_of
from apps.engine.training.answers import Answers, write_answers
from apps.engine.training.files import file_sha256
from apps.engine.training.race import Judge, budgets, finish_race, run_round
from apps.engine.training.trial import Choice, cross_validate
from apps.engine.types import Problem
from tests.engine.training.test_search import arguments

pytestmark = pytest.mark.once


def rival(folder, title, answers):
    file = folder / f"{title}.parquet"
    write_answers(answers, file)
    return {"title": title, "answers": str(file)}


def numbers(truth, error):
    """Answers that are off by so much, a little less or more."""
    off = error * (1 + 0.1 * np.random.default_rng(1).normal(size=len(truth)))
    rows = np.arange(len(truth))
    return Answers(rows, 0 * rows, truth, Predictions(truth + off))


def enter(folder, mine, *rivals, **but):
    """Ask whether a candidate with these answers may go on."""
    standing = {
        **rival(folder, "mine", mine),
        "folds": 1,
        "round": 1,
        "rivals": list(rivals),
        **but,
    }
    Judge(measure_of("rmse"), Choice(None, None, None)).require_standing(standing)


@pytest.mark.parametrize(
    ("folds", "rounds"), [(1, [1]), (2, [1, 2]), (3, [1, 3]), (5, [1, 2, 5]), (10, [1, 2, 4, 10])]
)
def test_rounds_double_their_folds_up_to_half_of_them(folds, rounds):
    assert budgets(folds) == rounds


def test_who_is_far_behind_is_stopped_with_the_numbers(tmp_path):
    truth = np.linspace(0, 100, 200)
    best = rival(tmp_path, "Forest", numbers(truth, 1.0))
    with pytest.raises(Outraced) as stopped:
        enter(tmp_path, numbers(truth, 2.0), best)
    says = str(stopped.value)
    assert says.startswith("Stopped after 1 fold, since it cannot win: Root mean squared error")
    assert "1.994 there, Forest 0.9969" in says
    assert says.endswith("It is behind by 1, and by 0.98 at least.")


def test_the_best_third_goes_on_after_one_round_and_the_best_ninth_after_two(tmp_path):
    truth = np.linspace(0, 100, 200)
    others = [rival(tmp_path, f"{error}", numbers(truth, error)) for error in (1.0, 5.0, 6.0)]
    enter(tmp_path, numbers(truth, 2.0), *others)
    with pytest.raises(Outraced):
        enter(tmp_path, numbers(truth, 2.0), *others, round=2)


def test_who_is_behind_by_chance_goes_on(tmp_path):
    truth = np.linspace(0, 100, 200)
    best = rival(tmp_path, "best", numbers(truth, 1.0))
    mine = numbers(truth, 1.0)
    mine.told.labels[:] = mine.told.labels[::-1] - truth[::-1] + truth
    mine.told.labels[:3] += 1.0
    assert np.sqrt(np.mean((mine.told.labels - truth) ** 2)) > 1.01
    enter(tmp_path, mine, best)


def test_who_has_not_answered_the_same_rows_is_no_rival(tmp_path):
    truth = np.linspace(0, 100, 200)
    whole = numbers(truth, 0.1)
    enter(tmp_path, numbers(truth, 2.0), rival(tmp_path, "some", whole.take(np.arange(100))))
    with pytest.raises(Outraced):
        enter(tmp_path, numbers(truth, 2.0), rival(tmp_path, "whole", whole))


def test_who_comes_through_has_the_same_answers_as_without_a_race(tmp_path):
    given = arguments(tmp_path, Problem.BINARY, "roc_auc")
    whole = cross_validate(candidate="tree", answers_file=str(tmp_path / "whole.parquet"), **given)
    kept = {"kept_folder": str(tmp_path / "kept"), "candidate": "tree", **given}
    first = str(tmp_path / "first.parquet")
    told = run_round(until=1, standing=None, answers_file=first, **kept)
    assert told["folds"] == 1
    assert told["score"] == pytest.approx(whole["folds"][-1]["scores"]["roc_auc"])
    fits = []
    kept["report"] = lambda done, of, says: fits.append(says)
    standing = {"answers": first, "folds": 1, "round": 1, "rivals": []}
    raced = finish_race(standing=standing, answers_file=str(tmp_path / "raced.parquet"), **kept)
    assert raced["scores"] == whole["scores"]
    assert file_sha256(tmp_path / "raced.parquet") == file_sha256(tmp_path / "whole.parquet")
