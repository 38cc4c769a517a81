"""The whole way in Chromium, on a table that scikit-learn ships."""

import pytest

from tests.builders import cancer_csv
from tests.journeys.travel import Case, travel

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.once,  # test_whole_cycle.py goes the same way on every database
]


def test_a_team_goes_from_a_plan_to_a_monitored_endpoint(person, crew, live_server, tmp_path):
    file = tmp_path / "cases.csv"
    file.write_bytes(cancer_csv())
    case = Case("Second reading", "diagnosis", "malignant", "0.9", "", "benign")
    assert travel(person, crew, live_server.url, file, case) >= 0.95
