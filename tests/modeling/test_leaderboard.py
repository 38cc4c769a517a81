"""The leaderboard with very many trials: ranked as a whole, shown page by page."""

import copy
import re

import pytest
from django.urls import reverse

from apps.modeling.attending import warm_starts
from apps.modeling.leaderboard import board_of
from apps.modeling.models import Trial
from apps.modeling.standings import gain
from apps.planning.queries import as_signed

pytestmark = pytest.mark.once  # pages, the same on every database

TRIALS = 160


def many(experiment, count):
    """Copies of the finished LightGBM trial whose scores differ a little."""
    first = experiment.trials.get(candidate="lightgbm")
    primary = as_signed(experiment.plan).promises[0].key
    made = []
    for number in range(count):
        result = copy.deepcopy(first.result)
        shift = (number % 97) / 1e4
        for fold in result["folds"]:
            fold["scores"] = {key: value - shift for key, value in fold["scores"].items()}
        for told in result["scores"].values():
            told["mean"] -= shift
        trial = Trial(experiment=experiment, candidate="lightgbm", title=f"Setting {number}")
        trial.take_result(result, primary=primary)
        made.append(trial)
    Trial.objects.bulk_create(made, batch_size=500)


def test_very_many_trials_are_ranked_together_and_paged(trained, analyst, client, subtests):
    many(trained, TRIALS)
    client.force_login(analyst)
    url = reverse("modeling:train", args=[trained.cycle.project.slug])
    with subtests.test("a page holds twenty-five and the baseline"):
        html = client.get(url, {"sort": "fit_s", "page": 3}).content.decode()
        assert html.count('name="trial"') == 26
        assert "pinned as a baseline" in html
        assert re.search(r"\d s<br>[\d.]+ ms<br>[\d.,]+.[kMG]?B", html)
        assert "51 to 75 of 162" in html
        assert "sort=fit_s&amp;family=&amp;page=4" in html
    with subtests.test("all of them are ranked and compared, not only those that are shown"):
        board = board_of(trained)
        assert len(board.lines) == TRIALS + 3
        assert board.candidates == TRIALS + 2
        last = next(line for line in board.lines if line.trial.title == "Setting 96")
        alone = gain(last.trial, board.best.trial, measure=board.metric)
        assert last.to_best == alone
        assert alone.mean < 0
    with subtests.test("a search begins with the settings that earlier ones on the plan blended"):
        job = trained.trials.filter(job__isnull=False).first().job
        members = [
            {"candidate": "linear", "params": {}, "weight": 0.5},
            {"candidate": "lightgbm", "params": {"num_leaves": 9, "n_estimators": 40}},
        ]
        first, second = (
            Trial.objects.create(
                experiment=trained, candidate="search", title="Search", params=params, job=job
            )
            for params in ({"members": members}, {})
        )
        assert warm_starts(second) == [{"num_leaves": 9}]
        assert warm_starts(first) == []
