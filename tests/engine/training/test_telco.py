"""A real table from its CSV file to a cross-validated score that is known from elsewhere."""

from pathlib import Path

import pandas as pd
import pytest

from apps.engine.reading.tables import house_types
from apps.engine.training.trial import cross_validate
from tests.engine.training.drawing import drawn_split

TELCO = (
    Path(__file__).resolve().parents[3]
    / ".."
    / "shared"
    / "data"
    / "telco_churn"
    / "Telco-Customer-Churn.csv"
)


@pytest.mark.skipif(not TELCO.exists(), reason="the shared data is not beside the project")
def test_boosting_reaches_the_known_auc_on_the_churn_of_a_telephone_company(tmp_path):
    frame = pd.read_csv(TELCO)
    frame["TotalCharges"] = pd.to_numeric(frame["TotalCharges"], errors="coerce")
    frame = house_types(frame.drop(columns="customerID"))
    told = cross_validate(
        **drawn_split(tmp_path, frame, target="Churn", folds=5),
        candidate="boosting",
        problem="binary",
        positive="Yes",
        metrics=["roc_auc"],
    )
    auc = told["scores"]["roc_auc"]
    assert len(told["folds"]) == 5
    assert 0.825 < auc["mean"] < 0.855
    assert auc["low"] < auc["mean"] < auc["high"]
