import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.splitting.folds import TEST, TRAIN_ONLY
from apps.engine.splitting.grouped import deal_by_group
from apps.engine.splitting.random import deal_randomly
from apps.engine.splitting.stratified import deal_by_stratum, strata_of
from apps.engine.splitting.temporal import deal_by_time

SEEDS = st.integers(0, 2**32 - 1)


@given(st.integers(20, 500), st.floats(0.05, 0.5), st.integers(2, 5), SEEDS)
def test_a_random_split_has_the_share_and_even_folds(rows, share, folds, seed):
    fold = deal_randomly(rows, test_share=share, folds=folds, seed=seed)
    assert (fold == TEST).sum() == round(rows * share)
    sizes = [(fold == number).sum() for number in range(folds)]
    assert max(sizes) - min(sizes) <= 1
    assert set(np.unique(fold)) <= {TEST, *range(folds)}


def test_the_seed_alone_decides_a_random_split():
    one, same, other = (
        deal_randomly(200, test_share=0.2, folds=5, seed=seed) for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()


@given(
    st.lists(st.integers(6, 80), min_size=2, max_size=5),
    st.floats(0.05, 0.5),
    st.integers(2, 5),
    SEEDS,
)
def test_a_stratified_split_gives_every_part_its_share_of_a_class(sizes, share, folds, seed):
    target = pd.Series(np.repeat([f"class {n}" for n in range(len(sizes))], sizes), dtype="string")
    target = target.sample(frac=1, random_state=0).reset_index(drop=True)
    strata = strata_of(target, folds=folds)
    fold = deal_by_stratum(strata, test_share=share, folds=folds, seed=seed)
    for number, size in enumerate(sizes):
        mine = fold[target == f"class {number}"]
        tests = (mine == TEST).sum()
        assert tests == max(1, round(size * share))
        dealt = [(mine == k).sum() for k in range(folds)]
        assert max(dealt) - min(dealt) <= 1
    totals = [(fold == k).sum() for k in range(folds)]
    assert max(totals) - min(totals) <= 1


def test_a_class_that_cannot_reach_every_part_is_refused_by_name():
    target = pd.Series(["yes"] * 5 + ["no"] * 95, dtype="string")
    assert set(strata_of(target, folds=4)) == {0, 1}
    with pytest.raises(NotEnoughData, match=r"class “yes” has 5 rows.*at least 6"):
        strata_of(target, folds=5)


def test_a_numeric_target_is_stratified_by_quantile():
    target = pd.Series(np.random.default_rng(0).lognormal(0, 1.5, 1000))
    fold = deal_by_stratum(strata_of(target, folds=5), test_share=0.2, folds=5, seed=4)
    decile = pd.qcut(target, 10, labels=False)
    assert np.bincount(decile[fold == TEST]).tolist() == [20] * 10
    assert np.bincount(decile[fold == 3]).tolist() == [16] * 10


@given(
    st.lists(st.integers(0, 25), min_size=60, max_size=200).filter(lambda g: len(set(g)) >= 6),
    st.floats(0.05, 0.5),
    SEEDS,
)
def test_no_group_is_in_two_parts_or_folds(groups, share, seed):
    group = pd.Series(groups, dtype="Int64", name="customer")
    fold = deal_by_group(group, test_share=share, folds=5, seed=seed)
    assert pd.Series(fold).groupby(group.to_numpy()).nunique().max() == 1
    assert set(np.unique(fold)) == {TEST, *range(5)}


def test_groups_come_close_to_the_share_and_folds_are_even():
    group = pd.Series(np.random.default_rng(0).integers(0, 400, 4000), name="customer")
    fold = deal_by_group(group, test_share=0.25, folds=5, seed=9)
    assert abs((fold == TEST).mean() - 0.25) < 0.005
    sizes = [(fold == k).sum() for k in range(5)]
    assert max(sizes) - min(sizes) < 20


def test_one_huge_group_does_not_become_the_test():
    group = pd.Series(["big"] * 900 + [f"g{n}" for n in range(100)], dtype="string", name="shop")
    for seed in range(20):
        fold = deal_by_group(group, test_share=0.1, folds=2, seed=seed)
        assert 50 <= (fold == TEST).sum() <= 150


def test_group_columns_with_gaps_or_few_values_are_refused():
    with pytest.raises(NotEnoughData, match="1 rows have no value in the group column “shop”"):
        deal_by_group(
            pd.Series(["a", None], dtype="string", name="shop"), test_share=0.2, folds=2, seed=0
        )
    with pytest.raises(NotEnoughData, match=r"2 different values.*at least 3"):
        deal_by_group(
            pd.Series(["a", "b", "b"], dtype="string", name="shop"), test_share=0.2, folds=2, seed=0
        )


@given(
    st.lists(st.integers(0, 60), min_size=40, max_size=200).filter(lambda t: len(set(t)) >= 7),
    st.floats(0.05, 0.5),
)
def test_every_time_block_is_later_than_the_one_before(times, share):
    time = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(times, unit="D"), name="day")
    fold = deal_by_time(time, test_share=share, folds=5)
    for earlier, later in zip([TRAIN_ONLY, 0, 1, 2, 3, 4], [0, 1, 2, 3, 4, TEST], strict=True):
        assert time[fold == earlier].max() < time[fold == later].min()


def test_a_time_split_of_distinct_times_has_exact_shares():
    time = pd.Series(np.random.default_rng(0).permutation(1000), name="step")
    fold = deal_by_time(time, test_share=0.2, folds=4)
    assert [(fold == n).sum() for n in (TRAIN_ONLY, 0, 1, 2, 3, TEST)] == [160] * 5 + [200]
    assert time[fold == TEST].min() == 800


def test_time_columns_that_cannot_order_the_rows_are_refused():
    with pytest.raises(BadParameter, match="neither a date nor a number"):
        deal_by_time(pd.Series(["Monday"] * 9, dtype="string", name="day"), test_share=0.2, folds=2)
    with pytest.raises(NotEnoughData, match="1 rows have no value"):
        deal_by_time(pd.Series([1, None], dtype="Int64", name="t"), test_share=0.2, folds=2)
    with pytest.raises(NotEnoughData, match=r"3 different values.*at least 4"):
        deal_by_time(pd.Series([1, 2, 3, 3], name="t"), test_share=0.2, folds=2)
