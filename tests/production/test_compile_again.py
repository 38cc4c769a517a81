"""A release that scikit-learn serves is compiled after an update, and stays what was signed."""

import json
from contextlib import nullcontext

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from sklearn import __version__ as sklearn_version

from apps.datasets import storage
from apps.engine.contract.rule import Rule
from apps.engine.serving import release as engine
from apps.engine.serving.compile import Compiled
from apps.engine.serving.compile_prepare import CannotCompile
from apps.engine.serving.compile_verify import Verdict
from apps.engine.types import silent
from apps.jobs.models import Job, JobState
from apps.production import actions, work
from apps.production.endpoint import serving
from apps.production.endpoint.at_hand import is_at_hand
from apps.production.endpoint.standing import release_subject
from apps.projects.models import Event
from apps.web.refusals import Refusal

WHY_NOT = "it cannot be compiled: the model is a Novelty"


class Desk:
    """A worker's desk whose child is this process."""

    finishing = staticmethod(nullcontext)

    def child(self, name, **asked):
        return getattr(engine, name.partition(":")[2])(**asked, report=silent)


@pytest.fixture
def slow(release, built, monkeypatch):
    """A release that an older version could not compile."""
    split = release.candidate.trial.experiment.split
    split.raw_development = storage.keep(built.folder / "rows.parquet")
    split.save()
    verdict = Verdict(serves=False, why_not=WHY_NOT).as_dict()
    release.report = {**release.report, "engine": "scikit-learn", "compiled": verdict}
    release.save()
    return release


@pytest.fixture
def done(slow, analyst):
    """``done()`` has it compiled."""

    def compile_it():
        actions.compile_again(release=slow, by=analyst)
        work_on(slow)

    return compile_it


def work_on(release):
    """As a worker does."""
    work.compile_again(release.compile_job, Desk())
    ended = {"state": JobState.DONE, "finished_at": timezone.now()}
    Job.objects.filter(pk=release.compile_job.pk).update(**ended)
    release.refresh_from_db()


def test_it_is_proven_on_rows_and_nothing_that_was_signed_changes(slow, done):
    before = slow.content_hash, slow.report, release_subject(slow, "model")
    done()
    assert (slow.content_hash, slow.report, release_subject(slow, "model")) == before
    assert slow.is_compiled
    assert slow.form["compiled"]["compared"] > 300  # development rows and made-up ones
    assert slow.form["compiled"]["largest_difference"] <= 1e-9
    assert set(slow.form["latency_ms"]) == {"p50", "p95"}
    asked, told = Event.objects.filter(verb__startswith="production.compile").order_by("seq")
    assert (asked.verb, told.verb) == ("production.compile_asked", "production.compiled")
    assert told.facts["release"] == slow.content_hash
    assert "rows answered as scikit-learn does" in told.says


def test_a_process_that_has_it_in_memory_takes_the_compiled_form(slow, done, caller, row):
    head, body = f"Bearer {caller.secret}", json.dumps({"rows": [row]}).encode()
    (first,) = caller.post("predict", body).json()["predictions"]
    assert serving.KNOWN.models.at_hand(slow).compiled is None
    assert not is_at_hand(head, body)
    done()
    serving.KNOWN.seen.clear()  # as after five seconds
    (again,) = caller.post("predict", body).json()["predictions"]
    assert serving.KNOWN.models.at_hand(slow).compiled is not None
    assert is_at_hand(head, body)
    assert again["prediction"] == first["prediction"]
    assert again["probabilities"] == pytest.approx(first["probabilities"], abs=1e-9)


def test_what_still_cannot_be_compiled_is_told_and_served_as_before(slow, done, monkeypatch):
    def cannot(*told, **how):
        raise CannotCompile("the model is another Novelty")

    monkeypatch.setattr(Compiled, "__init__", cannot)
    key = slow.loaded_as
    done()
    assert (slow.is_compiled, slow.loaded_as) == (False, key)
    assert slow.form["compiled"]["why_not"] == "it cannot be compiled: the model is another Novelty"
    assert "another Novelty" in Event.objects.get(verb="production.compiled").says


def test_it_is_refused_where_it_cannot_help_or_runs_already(slow, done, analyst, viewer):
    with pytest.raises(PermissionDenied):
        actions.compile_again(release=slow, by=viewer)
    slow.served_with["versions"] = {"scikit-learn": "0.1.0"}
    slow.save()
    with pytest.raises(Refusal, match=r"trained with scikit-learn 0\.1\.0"):
        actions.compile_again(release=slow, by=analyst)
    slow.refresh_from_db()
    slow.served_with["versions"] = {"scikit-learn": sklearn_version}
    slow.save()
    done()
    with pytest.raises(Refusal, match="by a compiled form already"):
        actions.compile_again(release=slow, by=analyst)
    slow.compiled_anew = None
    slow.save()
    actions.compile_again(release=slow, by=analyst)
    with pytest.raises(Refusal, match="is being compiled"):
        actions.compile_again(release=slow, by=analyst)


def test_the_deploy_page_says_why_and_offers_it_to_those_who_deploy(slow, client, analyst, viewer):
    project = slow.deployment.project
    page = reverse("production:deploy", args=[project.slug])
    offer = "Try to compile it again"
    client.force_login(viewer)
    shown = client.get(page).text
    assert WHY_NOT in shown
    assert offer not in shown
    client.force_login(analyst)
    assert offer in client.get(page).text
    client.post(reverse("production:compile_again", args=[project.slug, slow.pk]))
    shown = client.get(page).text
    assert f"Compile release {slow.number} of {slow.deployment.slug}" in shown
    assert offer not in shown
    slow.refresh_from_db()
    work_on(slow)
    shown = client.get(page).text
    assert WHY_NOT not in shown
    assert offer not in shown
    assert f"; compiled again on {slow.compile_job.finished_at:%-d %B %Y}" in shown


def test_rules_that_refuse_development_rows_are_no_part_of_the_proof(slow, done):
    rule = Rule("between", ("stops",), "refuse", low=0.0, high=0.0)
    slow.contract = {**slow.contract, "rules": [rule.as_dict()]}
    slow.save()
    done()
    assert slow.form["compiled"]["compared"] > 300
