import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import NotEnoughData
from apps.engine.splitting.folds import TEST, TRAIN_ONLY
from apps.engine.splitting.target import balance, balance_warnings, check_parts, is_class_target


def test_text_booleans_and_few_whole_numbers_are_classes():
    assert is_class_target(pd.Series(["a", "b"], dtype="string"))
    assert is_class_target(pd.Series([True, False], dtype="boolean"))
    assert is_class_target(pd.Series(range(20), dtype="Int64"))
    assert not is_class_target(pd.Series(range(21), dtype="Int64"))
    assert not is_class_target(pd.Series([0.0, 1.0]))


def test_balance_counts_each_class_in_each_part():
    target = pd.Series(["yes", "no", "no", "no", "yes"], dtype="string")
    parts = balance(target, fold=np.array([0, 1, 0, 1, TEST]))["parts"]
    assert parts[0] == {
        "part": "development",
        "rows": 4,
        "classes": [
            {"value": "no", "rows": 3, "share": 0.75},
            {"value": "yes", "rows": 1, "share": 0.25},
        ],
    }
    assert [entry["rows"] for entry in parts[1]["classes"]] == [0, 1]


def test_balance_of_numbers_is_their_mean_and_deviation():
    result = balance(pd.Series([1.0, 3.0, 9.5]), fold=np.array([0, 1, TEST]))
    assert result["kind"] == "numbers"
    assert result["parts"][0]["mean"] == 2
    assert result["parts"][0]["std"] == pytest.approx(2**0.5)
    assert result["parts"][1]["std"] is None  # one row has no deviation


def test_parts_with_one_class_or_one_row_are_refused():
    target = pd.Series(["no", "yes", "no", "yes", "no", "no"], dtype="string")
    check_parts(target[:4], fold=np.array([0, 0, TEST, TEST]))
    with pytest.raises(NotEnoughData, match="The test would hold the target with one class"):
        check_parts(target, fold=np.array([0, 0, 1, 1, TEST, TEST]))
    with pytest.raises(NotEnoughData, match="Fold 2 would have 1 row"):
        check_parts(target, fold=np.array([TEST, TEST, 0, 0, 0, 1]))
    with pytest.raises(NotEnoughData, match="first training block"):
        check_parts(
            pd.Series([1, 1, 0, 1, 0, 1]), fold=np.array([TRAIN_ONLY, TRAIN_ONLY, 0, 0, TEST, TEST])
        )


def test_classes_that_are_new_or_shifted_in_the_test_are_told():
    target = pd.Series(["a"] * 8 + ["b"] * 2 + ["b", "c"], dtype="string")
    fold = np.array([0, 1] * 5 + [TEST] * 2)
    unseen, shifted = balance_warnings(target, fold=fold)
    assert "1 classes of the test are never seen in development, for example “c”" in unseen
    assert "“a” is 80.0 % of development but 0 % of the test" in shifted
