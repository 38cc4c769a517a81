"""A planted weakness is found and told in words; noise is not."""

import numpy as np
import pandas as pd

from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.weak_spots import weak_spots
from apps.engine.reading.tables import house_types, spec_of

ROWS = 1200


def table(seed=0):
    generator = np.random.default_rng(seed)
    return house_types(
        pd.DataFrame(
            {
                "amount": generator.gamma(2.0, 50.0, ROWS),
                "desk": generator.choice(["north", "south", "west"], ROWS),
                "member": generator.random(ROWS) < 0.5,
                "seen": pd.Timestamp("2025-01-01")
                + pd.to_timedelta(generator.integers(0, 300, ROWS), unit="D"),
                "code": [f"id{number}" for number in range(ROWS)],
                "gap": np.where(np.arange(ROWS) % 10 == 0, np.nan, generator.normal(size=ROWS)),
            }
        )
    )


def searched(frame, wrong, seed=0):
    generator = np.random.default_rng(seed)
    truth = generator.normal(100, 10, ROWS)
    told = Predictions(truth + generator.normal(0, 1, ROWS) * np.where(wrong, 8.0, 1.0))
    return weak_spots(frame, list(spec_of(frame).columns), truth=truth, told=told)


def test_the_pair_of_conditions_that_was_spoilt_comes_first():
    frame = table()
    wrong = (frame["desk"] == "west") & frame["member"]
    found = searched(frame, wrong.to_numpy())["found"]
    assert found[0]["where"] in {
        "desk is west and member is True",
        "member is True and desk is west",
    }
    assert found[0]["rows"] == int(wrong.sum())
    assert found[0]["times"] > 4


def test_missing_values_and_numbers_are_told_as_a_reader_would():
    frame = table()
    assert searched(frame, frame["gap"].isna().to_numpy())["found"][0]["where"] == "gap is missing"
    top = frame["amount"].quantile(0.75)
    told = searched(frame, (frame["amount"] >= top).to_numpy())["found"][0]["where"]
    assert told.startswith(f"amount is {top:,.4g} to ")


def test_a_number_without_any_value_is_no_group_and_no_error():
    frame = table().assign(empty=pd.array([pd.NA] * ROWS, dtype="Float64"))
    assert all(
        "empty" not in item["where"] for item in searched(frame, np.zeros(ROWS, bool))["found"]
    )


def test_noise_gives_a_weak_spot_in_less_than_one_table_of_ten():
    found = sum(
        bool(searched(table(seed), np.zeros(ROWS, dtype=bool), seed)["found"]) for seed in range(30)
    )
    assert found <= 3
