"""Reasons of an answer: what it would be if one column were as usual."""

import pytest

from apps.engine.serving import reasons
from apps.engine.serving.compile_verify import compile_and_verify
from apps.engine.serving.reasons import MOST_REASONS, reasons_of
from apps.engine.types import Problem
from tests.engine.serving.test_compile import served


def test_effects_of_a_linear_model_add_up_to_what_sets_the_row_apart(monkeypatch):
    monkeypatch.setattr(reasons, "MOST_REASONS", 100)
    scorer, rows = served("linear", Problem.REGRESSION)
    usual = scorer.contract.typed_example()
    for row in rows[:5]:
        row = {**row, "at": usual["at"]}  # a moment becomes three columns, not one
        told, base = (answer["prediction"] for answer in scorer.by_pipeline([row, usual])[0])
        found = reasons_of(scorer, row)
        assert sum(reason["effect"] for reason in found) == pytest.approx(told - base, abs=1e-6)


@pytest.mark.parametrize("problem", [Problem.BINARY, Problem.MULTICLASS, Problem.MULTILABEL])
def test_the_strongest_columns_come_first_with_the_change_that_they_make(problem):
    scorer, rows = served("boosting", problem)
    usual = scorer.contract.typed_example()
    assert reasons_of(scorer, usual) == []
    for is_compiled in (False, True):
        if is_compiled:
            compile_and_verify(scorer, rows)
        (told,), _ = scorer.by_pipeline(rows[:1])
        found = reasons_of(scorer, rows[0])
        assert 1 <= len(found) <= MOST_REASONS
        sizes = [abs(reason["effect"]) for reason in found]
        assert sizes == sorted(sizes, reverse=True)
        for reason in found:
            (other,), _ = scorer.by_pipeline([{**rows[0], reason["field"]: reason["usual"]}])
            changes = {
                name: chance - other["probabilities"][name]
                for name, chance in told["probabilities"].items()
            }
            if problem == Problem.MULTILABEL:
                assert abs(reason["effect"]) == pytest.approx(max(map(abs, changes.values())))
                name = reason["label"]
            else:
                name = "yes" if problem == Problem.BINARY else told["prediction"]
            assert reason["effect"] == pytest.approx(changes[name], abs=1e-9)
