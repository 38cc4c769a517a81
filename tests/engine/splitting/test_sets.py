"""A target with sets of labels before the split is drawn."""

import pytest

from apps.engine.splitting.advice import advise
from tests.engine.training.test_sets import tickets

pytestmark = pytest.mark.once


def test_a_target_that_looks_like_sets_is_told_of_and_left_as_it_is_until_the_plan_says_so():
    frame = tickets(200)
    told = advise(frame, target="tags")
    assert any(
        "name the sign “|” beside the target of the plan" in says for says in told["warnings"]
    )
    told = advise(frame, target="tags", sets=True)
    assert told["method"] == "stratified"
    assert not any("plan" in says for says in told["warnings"])
