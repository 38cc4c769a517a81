"""Fitted choices take the place of the automatic preparation and learn from training rows only."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, RobustScaler, TargetEncoder

from apps.engine.errors import BadParameter
from apps.engine.reading.tables import house_types, write_table
from apps.engine.training.fitted.choices import CHOICES, NEAREST, choice_from, misfits, sentences
from apps.engine.training.fitted.look import look_at_choices
from apps.engine.training.fitted.settle import settle
from apps.engine.training.frame import model_frame
from apps.engine.training.pipeline import build_pipeline
from apps.engine.training.rows import distinct_values
from apps.engine.training.texts import long_texts
from apps.engine.types import ColumnSpec, Kind, Problem, TableSpec, silent

ROWS = 240
SPEC = [
    ColumnSpec("age", Kind.NUMBER),
    ColumnSpec("fare", Kind.NUMBER),
    ColumnSpec("seen", Kind.DATETIME),
    ColumnSpec("town", Kind.TEXT),
    ColumnSpec("deck", Kind.TEXT),
]


def chosen(key, **params):
    return {"choice": key, "params": params}


def people(seed=0):
    """Features and a target of two classes; gaps in numbers and texts, a rare deck."""
    random = np.random.default_rng(seed)
    age = random.normal(40, 12, ROWS)
    table = pd.DataFrame(
        {
            "age": np.where(random.random(ROWS) < 0.2, np.nan, age),
            "fare": np.where(random.random(ROWS) < 0.1, np.nan, 3 * age + random.random(ROWS)),
            "seen": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(ROWS), unit="h"),
            "town": random.choice([f"town {n}" for n in range(50)], ROWS),
            "deck": random.choice(["A", "B", "C"], ROWS, p=[0.6, 0.38, 0.02]),
        }
    )
    table.loc[::9, "deck"] = None
    target = np.where(age + random.normal(0, 8, ROWS) > 40, "yes", "no").astype(object)
    return model_frame(table, SPEC), target


def fitted(choices, *, candidate="linear", features=None, target=None):
    """A fitted pipeline with these choices."""
    if features is None:
        features, target = people()
    made = build_pipeline(
        candidate,
        spec=SPEC,
        distinct=distinct_values(features),
        problem=Problem.BINARY,
        seed=0,
        long=long_texts(features),
        choices=choices,
    )
    return made.fit(features, target)


def part_of(pipeline, name):
    """The fitted part of the preparation that takes a column."""
    prepare = pipeline.named_steps["prepare"]
    columns = prepare.named_steps["columns"] if hasattr(prepare, "named_steps") else prepare
    (found,) = [part for _, part, names in columns.transformers_ if name in list(names)]
    return found


def kinds(part):
    """Classes of a part, in their order."""
    return [type(step) for _, step in getattr(part, "steps", [("", part)])]


EVERYTHING = [
    chosen("fill_numbers", method=NEAREST, columns=["age", "fare"]),
    chosen("fill_numbers", method="mean", mark="no"),
    chosen("scale", method="robust"),
    chosen("scale", method="quantile", columns=["fare"]),
    chosen("fill_categories", method="most frequent value"),
    chosen("group_rare", least="3%"),
    chosen("encode", method="one-hot", columns=["town"]),
    chosen("encode", method="target mean, with inner folds", columns=["deck"]),
    chosen("select", method="keep the best by an F test", share="60%"),
]
BOOSTED = [*EVERYTHING[1:], chosen("fill_numbers", method="a model (IterativeImputer)")]


def test_what_names_a_column_goes_before_what_is_for_all_of_its_kind():
    settled = settle(EVERYTHING, SPEC)
    said = {group.features: [each.sentence() for each in group.choices] for group in settled.groups}
    assert said["age",][-1].startswith("Scale every number column by median")
    assert said["fare",][-1] == "Scale “fare” to ranks from 0 to 1"
    assert said["seen",][0] == "Fill gaps in every number column with the mean"
    assert settled.select.percentile == 60
    last = settle([chosen("scale", method="robust"), chosen("scale", method="standard")], SPEC)
    assert {group.of("scale").method for group in last.groups} == {"standard"}


def test_each_choice_becomes_the_class_of_scikit_learn_that_does_it():
    pipeline = fitted(EVERYTHING)
    assert kinds(part_of(pipeline, "age")) == [KNNImputer, RobustScaler]
    assert kinds(part_of(pipeline, "fare")) == [KNNImputer, QuantileTransformer]
    assert kinds(part_of(pipeline, "seen: day")) == [SimpleImputer, RobustScaler]
    assert kinds(part_of(pipeline, "town")) == [SimpleImputer, OneHotEncoder]
    assert TargetEncoder in kinds(part_of(pipeline, "deck"))
    assert kinds(part_of(fitted(BOOSTED, candidate="boosting"), "fare"))[0] is IterativeImputer


def test_what_nobody_chose_stays_automatic():
    alone = fitted([chosen("encode", method="one-hot", columns=["town"])], candidate="lightgbm")
    usual = fitted([], candidate="lightgbm")
    for name in ("age", "fare", "seen: hour", "deck"):
        assert repr(part_of(alone, name)) == repr(part_of(usual, name))
    assert kinds(part_of(alone, "town")) == [OneHotEncoder]
    assert kinds(part_of(usual, "town")) == [TargetEncoder]


def numbers_of(pipeline, rows):
    """Everything that a fitted preparation and model make of some rows."""
    prepare = pipeline.named_steps["prepare"]
    return np.hstack([np.asarray(prepare.transform(rows)), pipeline.predict_proba(rows)])


@pytest.mark.parametrize("candidate", ["linear", "lightgbm"])
def test_a_changed_validation_row_never_changes_a_fitted_number(candidate):
    features, target = people()
    train, valid = np.arange(ROWS)[::2], np.arange(ROWS)[1::2]
    changed, other = features.copy(), target.copy()
    changed.loc[valid, ["age", "fare"]] = 1e6
    changed.loc[valid, "town"] = "elsewhere"
    changed.loc[valid, "deck"] = "Z"
    other[valid] = "yes"
    first, second = (
        fitted(BOOSTED, candidate=candidate, features=rows.iloc[train], target=truth[train])
        for rows, truth in ((features, target), (changed, other))
    )
    assert np.array_equal(numbers_of(first, features), numbers_of(second, features))
    third = fitted(BOOSTED, candidate=candidate, features=changed, target=other)
    assert not np.array_equal(numbers_of(first, features), numbers_of(third, features))


def test_the_target_mean_of_a_category_is_learnt_with_inner_folds():
    features, target = people()
    encode = [chosen("encode", method="target mean, with inner folds", columns=["town"])]
    part = part_of(fitted(encode, features=features, target=target), "town")
    plain = part.transform(features[["town"]])
    assert not np.allclose(part.fit_transform(features[["town"]], target), plain)


def test_rare_categories_are_one_and_unknown_ones_fall_to_them():
    choices = [
        chosen("group_rare", least="20", columns=["deck"]),
        chosen("encode", method="one-hot", columns=["deck"]),
    ]
    part = part_of(fitted(choices), "deck")
    assert [list(few) for few in part.infrequent_categories_] == [["C"]]
    rare, unknown = part.transform(pd.DataFrame({"deck": ["C", "never seen"]}, dtype=object))
    assert rare.tolist() == unknown.tolist()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (chosen("scale", method="robust", columns=["town"]), "“town” holds text"),
        (chosen("encode", method="one-hot", columns=["age"]), "“age” holds number"),
        (chosen("fill_numbers", method="a constant"), "Give the constant"),
        (chosen("fill_numbers", method="median", value="3"), "Give the constant"),
        (chosen("fill_numbers", method="a constant", value="x"), "is not"),
        (
            chosen("fill_numbers", method=NEAREST, columns=["age"]),
            "two numbers",
        ),
        (chosen("group_rare", least="-3"), "is no limit"),
        (chosen("select", method="keep the best by an F test"), "is no share"),
        (chosen("select", method="drop what never varies", share="5%"), "leave it empty"),
        (chosen("scale", method="standard", columns=["gone"]), "no column named"),
        ({"choice": "magic", "params": {}}, "no fitted choice"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused_in_a_sentence(data, says):
    with pytest.raises(Exception, match=says) as caught:
        choice_from(data).check(TableSpec(ROWS, tuple(SPEC)))
    assert str(caught.value).endswith(".")


def test_every_choice_has_a_sentence_and_misfits_name_their_place():
    assert set(CHOICES) == {each["choice"] for each in EVERYTHING}
    assert all(sentences(EVERYTHING))
    bad = [EVERYTHING[0], chosen("scale", method="robust", columns=["gone"])]
    assert list(misfits(bad, TableSpec(ROWS, tuple(SPEC)))) == [1]


def test_a_feature_that_is_away_and_a_dummy_are_no_reason_to_fail():
    features, target = people()
    pipeline = build_pipeline(
        "linear",
        spec=SPEC[:1],
        distinct={"age": 1},
        problem=Problem.BINARY,
        seed=0,
        choices=EVERYTHING,
    )
    assert pipeline.fit(features[["age"]], target).predict(features[["age"]]).shape == (ROWS,)
    assert part_of(fitted(EVERYTHING, candidate="dummy"), "age").strategy == "median"


def looked(tmp_path, choices, **changes):
    """The look of some people, as a worker's child gives it."""
    features, target = people()
    table = features.drop(columns=["seen: day", "seen: hour", "seen: weekday"])
    table = house_types(table.assign(answer=target, seen=pd.Timestamp("2026-01-01")))
    write_table(table, tmp_path / "development.parquet")
    asked = {
        "development": str(tmp_path / "development.parquet"),
        "target": "answer",
        "features": [asdict(column) for column in SPEC],
        "problem": "binary",
        "choices": choices,
        **changes,
    }
    return look_at_choices(report=silent, **asked)


def test_a_look_tells_what_is_filled_grouped_and_comes_out(tmp_path):
    choices = [
        chosen("fill_numbers", method="a constant", value="40", columns=["age"]),
        chosen("scale", method="standard", columns=["age"]),
        chosen("fill_categories", method="most frequent value", columns=["deck"]),
        chosen("group_rare", least="20", columns=["deck"]),
        chosen("encode", method="one-hot", columns=["deck"]),
        chosen("encode", method="target mean, with inner folds", columns=["town"]),
    ]
    told = looked(tmp_path, choices)
    columns = {each["column"]: each for each in told["columns"]}
    features, _ = people()
    age = features["age"]
    assert (told["rows"], told["of"], told["select"]) == (ROWS, ROWS, None)
    assert columns["age"]["filled"] == columns["age"]["missing"] == int(age.isna().sum())
    mean = next(line for line in columns["age"]["lines"] if line["says"] == "mean")
    assert mean["before"] == pytest.approx(age.mean())
    assert mean["after"] == pytest.approx(0, abs=1e-12)
    assert columns["age"]["out"] == ["age", "age is missing"]
    deck = columns["deck"]
    filled = features["deck"].fillna("A").value_counts()
    assert deck["grouped"] == [{"value": "C", "rows": int(filled["C"])}]
    assert {line["says"]: line["after"] for line in deck["lines"]} == {
        "A": int(filled["A"]),
        "B": int(filled["B"]),
        "C": 0,
    }
    assert deck["out"] == ["deck_A", "deck_B", "deck: rare ones together"]
    assert all(0 <= each["numbers"][0] <= 1 for each in columns["town"]["encoded"])


def test_a_look_at_a_selection_names_what_stays_and_what_goes(tmp_path):
    share = chosen("select", method="keep the best by an F test", share="50%")
    told = looked(tmp_path, [share])["select"]
    kept = [line for line in told["lines"] if line["kept"]]
    assert "age" in {line["column"] for line in kept}
    never = [line for line in told["lines"] if line["name"].startswith("seen: ")]
    assert never
    assert not any(line["kept"] for line in never)
    assert told["kept"] == len(kept) < told["of"]


def test_a_look_refuses_in_a_sentence_what_cannot_be_fitted(tmp_path):
    with pytest.raises(BadParameter, match="cannot be fitted on these rows"):
        looked(
            tmp_path,
            [chosen("select", method="drop what never varies")],
            features=[asdict(ColumnSpec("seen", Kind.DATETIME))],
        )
