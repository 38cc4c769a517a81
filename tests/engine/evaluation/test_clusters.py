"""A planted group of errors is found and told in words; chance is not."""

import numpy as np
import pandas as pd

from apps.engine.evaluation.clusters import error_clusters
from apps.engine.evaluation.metrics import Predictions
from apps.engine.reading.tables import house_types, spec_of

ROWS = 1200


def table(seed=0):
    draws = np.random.default_rng(seed)
    day = pd.Timestamp("2025-01-01") + pd.to_timedelta(draws.integers(0, 300, ROWS), unit="D")
    return house_types(
        pd.DataFrame(
            {
                "amount": draws.gamma(2.0, 50.0, ROWS),
                "desk": draws.choice(["north", "south", "west"], ROWS),
                "member": draws.random(ROWS) < 0.5,
                "seen": day,
                "gap": np.where(draws.random(ROWS) < 0.3, np.nan, draws.normal(size=ROWS)),
            }
        )
    )


def quantity(frame, spoilt, **more):
    draws = np.random.default_rng(1)
    truth = draws.normal(100, 10, ROWS)
    told = Predictions(truth + draws.normal(0, 1, ROWS) * np.where(spoilt, 8.0, 1.0))
    return error_clusters(frame, list(spec_of(frame).columns), truth=truth, told=told, **more)


def words(cluster):
    return {one["column"]: one["says"] for one in cluster["conditions"]}


def test_a_group_of_two_conditions_is_found_with_its_edge_and_share():
    frame = table()
    spoilt = ((frame["desk"] == "west") & (frame["amount"] > 100)).to_numpy(dtype=bool)
    found = quantity(frame, spoilt)
    told = words(found[0])
    assert told["desk"] == "is west"
    edge = float(told["amount"].removeprefix("is above ").replace(",", ""))
    assert 85 < edge < 115
    assert abs(found[0]["rows"] - spoilt.sum()) < 0.2 * spoilt.sum()
    assert found[0]["loss"] > 4 * found[0]["others"]
    assert found[0]["of_all"] > 0.4
    assert found[0]["wrong"] is None
    assert all(spoilt[place] for place in found[0]["examples"])


def test_two_classes_are_told_by_the_share_of_wrong_answers():
    frame, draws = table(), np.random.default_rng(2)
    truth = np.where(draws.random(ROWS) < 0.5, "yes", "no")
    member = frame["member"].to_numpy(dtype=bool)
    right = np.where(member, 0.55, 0.95)
    chance = np.column_stack([np.where(truth == "no", right, 1 - right)] * 2)
    chance[:, 1] = 1 - chance[:, 0]
    flip = draws.random(ROWS) < np.where(member, 0.4, 0.02)
    labels = np.where(flip, np.where(truth == "yes", "no", "yes"), truth)
    told = Predictions(labels.astype(object), chance, ("no", "yes"))
    found = error_clusters(frame, list(spec_of(frame).columns), truth=truth, told=told)
    assert words(found[0])["member"] == "is True"
    assert found[0]["wrong"] > 0.3
    assert found[0]["others_wrong"] < 0.1


def test_late_rows_and_gaps_are_named_as_such():
    frame = table()
    late = (frame["seen"] > "2025-07-01").to_numpy(dtype=bool)
    assert words(quantity(frame, late)[0])["seen"].startswith("is above 2025-0")
    gone = frame["gap"].isna().to_numpy()
    assert any("missing" in words(item).get("gap", "") for item in quantity(frame, gone))


def test_errors_by_chance_and_few_rows_make_no_group():
    frame = table()
    nothing = np.zeros(ROWS, dtype=bool)
    assert sum(len(quantity(frame, nothing, seed=seed)) for seed in range(5)) <= 1
    few = frame.iloc[:60]
    truth = np.arange(60, dtype="float64")
    spec = list(spec_of(few).columns)
    assert error_clusters(few, spec, truth=truth, told=Predictions(truth + 1)) == []
