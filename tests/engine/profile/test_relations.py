import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.metrics import roc_auc_score

from apps.engine.profile import categorical, ordering
from apps.engine.profile.associations import (
    MOST_COLUMNS,
    Compared,
    correlation_ratio,
    cramers_v,
    rank_correlations,
    trait_of,
)
from apps.engine.profile.cells import cells_of
from apps.engine.profile.gram import pair_sums
from apps.engine.profile.groups import group_numbers, group_values
from apps.engine.profile.leakage import auc_of_sum, held_out_auc, in_halves
from apps.engine.profile.sample import Excerpt
from apps.engine.profile.target import has_target, prepare_target


def sort_numbers(series):
    return ordering.sort_numbers(cells_of(series))


def code_values(series):
    return categorical.code_values(cells_of(series))


def test_correlation_ratio_of_the_textbook_example():
    """Marks in algebra, geometry and statistics: eta squared is 6780 / 9640."""
    marks = np.array([45, 70, 29, 15, 21, 40, 20, 30, 42, 65, 95, 80, 70, 85, 73], dtype=float)
    subject = np.repeat([0, 1, 2], [5, 4, 6]).astype(np.int32)
    assert correlation_ratio(marks, codes=subject) ** 2 == pytest.approx(6780 / 9640)
    with_gaps = np.append(marks, [np.nan, 999.0])
    assert correlation_ratio(
        with_gaps, codes=np.append(subject, [0, -1]).astype(np.int32)
    ) ** 2 == pytest.approx(6780 / 9640)


def test_cramers_v_is_the_corrected_one():
    table = np.array([[30, 10, 5], [8, 25, 12]])
    chi2, n = stats.chi2_contingency(table, correction=False).statistic, table.sum()
    phi2 = chi2 / n - (1 * 2) / (n - 1)
    smaller = 2 - 1 / (n - 1)
    assert cramers_v(table) == pytest.approx(np.sqrt(phi2 / (smaller - 1)))
    assert cramers_v(table) < stats.contingency.association(table, method="cramer")
    assert cramers_v(np.array([[10, 10], [10, 10]])) == 0
    assert cramers_v(np.array([[40, 0], [0, 40]])) == pytest.approx(1)
    assert cramers_v(np.array([[40, 0], [40, 0]])) is None


def correlations(data):
    traits = [trait_of(name, Excerpt.of(sort_numbers(data[name]))) for name in data]
    return rank_correlations(pair_sums([trait.ranks for trait in traits], []))


def test_rank_correlations_are_spearmans():
    data = load_diabetes(as_frame=True).frame
    expected = stats.spearmanr(data.to_numpy()).statistic
    np.testing.assert_allclose(correlations(data), expected, atol=1e-5)


def test_rank_correlations_use_the_rows_that_have_both_and_blocks_do_not_matter(monkeypatch):
    data = load_diabetes(as_frame=True).frame[["bmi", "bp", "target"]].copy()
    data.loc[::7, "bmi"] = np.nan
    data.loc[::5, "bp"] = np.nan
    whole = correlations(data)
    np.testing.assert_allclose(whole, data.corr("spearman").to_numpy(), atol=0.01)
    monkeypatch.setattr("apps.engine.profile.gram.BLOCK_ROWS", 40)
    np.testing.assert_allclose(correlations(data), whole, atol=1e-5)


def test_the_matrix_of_mixed_columns_equals_its_pairs_one_by_one():
    rng = np.random.default_rng(3)
    group = rng.integers(0, 4, 900)
    columns = {
        "a": pd.Series(rng.normal(size=900) + group).mask(rng.random(900) < 0.2),
        "b": pd.Series(rng.integers(0, 9, 900), dtype="Int64"),
        "g": pd.Series(np.array(["w", "x", "y", "z"])[group], dtype="string").mask(
            pd.Series(rng.random(900) < 0.1)
        ),
        "h": pd.Series(rng.random(900) < 0.2 + 0.1 * group, dtype="boolean"),
    }
    prepared = {
        name: (sort_numbers if name in "ab" else code_values)(series)
        for name, series in columns.items()
    }
    compared = Compared(reserved=None)
    for name, feature in prepared.items():
        compared.add(trait_of(name, Excerpt.of(feature)))
    values = np.array(compared.matrix()["values"], dtype=float)
    for number in (0, 1):
        for category in (2, 3):
            one, other = list(prepared.values())[number], list(prepared.values())[category]
            ranks = one.ranks_of(one.codes)
            ranks = ranks if one.absent is None else np.where(one.absent, np.nan, ranks)
            alone = correlation_ratio(ranks, codes=other.codes)
            assert values[number, category] == pytest.approx(alone, abs=1e-4)
    both = columns["g"].notna()
    table = pd.crosstab(columns["g"][both], columns["h"][both]).to_numpy()
    assert values[2, 3] == pytest.approx(cramers_v(table), abs=1e-4)
    assert (values == values.T).all()


def test_mixed_columns_are_compared_and_left_out_with_a_reason():
    rng = np.random.default_rng(0)
    compared = Compared(reserved="y")
    for place in range(MOST_COLUMNS + 5):
        number = sort_numbers(pd.Series(rng.normal(size=50)))
        compared.add(trait_of(f"n{place}", Excerpt.of(number)))
    compared.add(trait_of("constant", Excerpt.of(sort_numbers(pd.Series(np.ones(50))))))
    y = code_values(pd.Series(["a", "b"] * 25, dtype="string"))
    compared.add(trait_of("y", Excerpt.of(y)))
    matrix = compared.matrix()
    assert len(matrix["columns"]) == MOST_COLUMNS == len(matrix["values"])
    assert matrix["columns"][-1] == "y"
    assert matrix["values"][-1][-1] == 1
    assert len(matrix["left_out"]) == 7
    assert {"column": "constant", "why": "it does not vary"} in matrix["left_out"]


def test_the_auc_of_a_number_is_scikit_learns():
    wine = load_wine(as_frame=True)
    for name in wine.data:
        for shown in ("0", "1"):
            told = relate(sort_numbers(wine.data[name]), wine.target, positive=shown)[0]["auc"]
            auc = roc_auc_score(wine.target == int(shown), wine.data[name])
            assert told == pytest.approx(max(auc, 1 - auc))
    assert auc_of_sum(3.0, hits=9, rows=9) is None


def test_unique_values_do_not_look_predictive_but_a_copy_of_the_target_does():
    rng = np.random.default_rng(1)
    positive = rng.random(2000) < 0.3
    marks = in_halves(positive)
    rows = pd.crosstab(np.arange(2000), marks.codes).to_numpy()
    assert held_out_auc(rows) == pytest.approx(0.5)
    assert (
        held_out_auc(
            pd.crosstab(positive, marks.codes).reindex(columns=range(4), fill_value=0).to_numpy()
        )
        == 1
    )


def relate(feature, target, *, positive=None):
    usable = has_target(target)
    prepared, says = prepare_target(
        target[usable].reset_index(drop=True), rows=len(target), positive=positive
    )
    groups = (group_values if hasattr(feature, "words") else group_numbers)(feature)
    return prepared.relate(groups, feature=feature), says


def test_the_rate_of_the_positive_class_is_told_by_group_with_wilson_bounds():
    """81 of 263: bounds 0.2553 and 0.3662, Newcombe (1998), table I, method 3."""
    feature = code_values(pd.Series(["a"] * 263 + ["b"] * 100, dtype="string"))
    target = pd.Series(["yes"] * 81 + ["no"] * 182 + ["yes"] * 50 + ["no"] * 50, name="y")
    relation, says = relate(feature, target)
    point = relation["series"][0]["points"][0]
    assert relation["series"][0]["name"] == "yes"
    assert point["value"] == 81 / 263
    assert (round(point["low"], 4), round(point["high"], 4)) == (0.2553, 0.3662)
    assert says["rarest"] == {"value": "yes", "rows": 131, "share": 131 / 363}
    assert relate(feature, target, positive="no")[0]["series"][0]["name"] == "no"


def test_a_multiclass_target_tells_the_rate_of_each_class():
    iris = load_iris(as_frame=True)
    target = pd.Series(iris.target_names[iris.target], dtype="string", name="species")
    relation, _ = relate(sort_numbers(iris.data["petal length (cm)"]), target)
    assert [series["name"] for series in relation["series"]] == list(iris.target_names)
    for place in range(len(relation["labels"])):
        rates = [series["points"][place]["value"] for series in relation["series"]]
        assert sum(rates) == pytest.approx(1)
    assert relation["effect"]["value"] > 0.9


def test_the_mean_of_a_number_is_told_by_group_with_its_interval():
    data = load_diabetes(as_frame=True).frame
    relation, says = relate(sort_numbers(data["bmi"]), data["target"])
    assert says["kind"] == "numbers"
    assert relation["effect"]["name"] == "spearman"
    expected = stats.spearmanr(data["bmi"], data["target"]).statistic
    assert relation["effect"]["value"] == pytest.approx(expected, abs=1e-6)
    lowest = data["target"][data["bmi"] <= data["bmi"].sort_values().iloc[relation["rows"][0] - 1]]
    point = relation["series"][0]["points"][0]
    assert point["value"] == pytest.approx(lowest.mean())
    half = stats.norm.ppf(0.975) * lowest.sem()
    assert (point["low"], point["high"]) == pytest.approx(
        (lowest.mean() - half, lowest.mean() + half)
    )


def test_a_target_with_one_value_is_told_as_unusable():
    prepared, says = prepare_target(
        pd.Series(["no", "no"], dtype="string", name="y"), rows=3, positive=None
    )
    assert prepared is None
    assert says["missing"] == 1
    assert "learning needs two" in says["unusable"]
