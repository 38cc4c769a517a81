import hashlib

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import BadFile, BadParameter
from apps.engine.splitting.folds import (
    TEST,
    TRAIN_ONLY,
    fold_indices,
    read_split,
    rows_sha256,
    write_split,
)

FOLD = np.array([0, TEST, 1, TRAIN_ONLY, 0, TEST, 1], dtype=np.int8)


@pytest.fixture
def split(tmp_path):
    write_split(FOLD, tmp_path / "split.parquet")
    return read_split(tmp_path / "split.parquet")


def test_a_written_split_reads_back_with_its_types(split):
    assert split["row"].dtype == np.int64
    assert split["fold"].dtype == np.int8
    assert split["fold"].tolist() == FOLD.tolist()
    assert split["part"].tolist() == ["development" if n != TEST else "test" for n in FOLD]


def test_equal_splits_are_equal_bytes(tmp_path):
    write_split(FOLD, tmp_path / "a")
    write_split(FOLD, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_positions_are_counted_in_the_development_table(split):
    pairs = fold_indices(split, method="random")
    assert [(a.tolist(), b.tolist()) for a, b in pairs] == [
        ([1, 2, 4], [0, 3]),
        ([0, 2, 3], [1, 4]),
    ]


def test_a_time_fold_trains_only_on_earlier_blocks(split):
    pairs = fold_indices(split, method="time")
    assert [(a.tolist(), b.tolist()) for a, b in pairs] == [([2], [0, 3]), ([0, 2, 3], [1, 4])]


def test_the_order_of_the_rows_in_the_split_file_does_not_matter(split):
    shuffled = split.sample(frac=1, random_state=3)
    for one, other in zip(
        fold_indices(split, method="time"), fold_indices(shuffled, method="time"), strict=True
    ):
        assert one[0].tolist() == other[0].tolist()
        assert one[1].tolist() == other[1].tolist()


def test_an_unknown_method_or_a_split_without_folds_is_refused(split):
    with pytest.raises(BadParameter, match="must be one of random, stratified, group, time"):
        fold_indices(split, method="luck")
    with pytest.raises(BadParameter, match="no folds"):
        fold_indices(split[split["part"] == "test"], method="random")


def test_a_file_that_is_not_a_split_is_refused(tmp_path):
    (tmp_path / "text").write_text("row,part,fold")
    with pytest.raises(BadFile, match="draw the split again"):
        read_split(tmp_path / "text")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "table")
    with pytest.raises(BadFile, match="row, part and fold"):
        read_split(tmp_path / "table")


def test_the_hash_of_rows_is_of_their_sorted_positions():
    raw = b"".join(n.to_bytes(8, "little") for n in (1, 2, 300))
    assert rows_sha256(np.array([300, 1, 2])) == hashlib.sha256(raw).hexdigest()
