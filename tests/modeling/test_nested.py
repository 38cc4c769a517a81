"""Nested cross-validation on demand: told before, kept when stopped, shown at the end."""

from types import SimpleNamespace

import pytest
from django.urls import reverse

from apps.engine.errors import Stopped
from apps.engine.training import trial as training
from apps.jobs.models import JobState
from apps.modeling import checks
from apps.modeling.nesting import nested_of

pytestmark = pytest.mark.once


def test_it_is_told_before_goes_on_where_it_stopped_and_stands_beside_the_leader(
    trained, analyst, run_jobs, client, subtests, monkeypatch
):
    client.force_login(analyst)
    slug = trained.cycle.project.slug
    page = reverse("modeling:train", args=[slug])
    door = reverse("modeling:nested", args=[slug, trained.pk])
    with subtests.test("its cost stands beside the button"):
        assert "6 fits, about" in client.get(page).content.decode()
    fits = []
    fit = training._fit_fold

    def noted(task, *given, **but):
        fits.append(task.candidate)
        if len(fits) == 3:
            raise Stopped
        return fit(task, *given, **but)

    monkeypatch.setattr(training, "_fit_fold", noted)
    with subtests.test("a stop keeps the fits that are finished"), run_jobs():
        assert client.post(door).status_code == 302
    states = set(
        trained.trials.exclude(nested_job=None).values_list("nested_job__state", flat=True)
    )
    assert states == {JobState.STOPPED, JobState.DONE}
    with subtests.test("going on fits the others only"):
        with run_jobs():
            client.post(door)
        assert len(fits) == 6 + 1
        assert client.post(door).status_code == 409
    trained.refresh_from_db()
    nested = nested_of(trained)
    with subtests.test("what was chosen scores as it did on the fold that had no say"):
        for one, _ in nested.rows:
            chosen = nested.trials[one.chosen].fold_scores[one.fold]
            assert one.outer == pytest.approx(chosen)
        assert nested.leader.score == max(trial.score for trial in nested.trials)
        assert "Choosing like this gives ROC AUC" in client.get(page).content.decode()
    with subtests.test("the gate tells it in numbers"):
        trial = trained.trials.filter(is_baseline=False).first()
        opening = SimpleNamespace(candidate=SimpleNamespace(trial=trial))
        told = checks._holds_without_the_folds_that_chose(SimpleNamespace(opening=opening))
        assert told.ok
        assert f"ROC AUC is {nested.told.mean:.3f}" in told.says
