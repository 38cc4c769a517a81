"""From a finished trial to its test report: attacks, one row, groups of errors, evidence."""

import json

import pytest
from django.urls import reverse

from apps.governance.bodies import body_of
from apps.modeling import actions
from apps.modeling.checks import CHECKS
from apps.modeling.models import AttackRun, Candidate
from apps.modeling.reports import trial_page
from apps.planning.models import Draft
from apps.projects.models import Event, Role, Tier
from apps.projects.stages import Stage
from apps.web.refusals import Refusal

pytestmark = pytest.mark.once  # pages and files, the same on every database

CHARTS = ("value", "calibration", "spread", "roc", "recall", "gain", "lift")


def get(client, name, *args, **asked):
    return client.get(reverse(f"modeling:{name}", args=args), asked)


def post(client, name, *args, **sent):
    return client.post(reverse(f"modeling:{name}", args=args), sent)


def answered(key, cycle):
    return next(check.run for check in CHECKS if check.key == f"model.{key}")(cycle)


def test_from_the_attacks_to_the_test_report(trained, analyst, join, run_jobs, client, subtests):
    client.force_login(analyst)
    slug, trial = trained.cycle.project.slug, trained.trials.get(candidate="linear")
    with run_jobs():
        candidate = actions.freeze(trial=trial, by=analyst)
    candidate.refresh_from_db()
    candidate.baseline.refresh_from_db()
    with run_jobs():
        actions.open_test(candidate=candidate, by=analyst)
    with subtests.test("before the suite was run the gate warns, and blocks in tier 1"):
        the_gate_misses_the_suite(trained.cycle)
    with subtests.test("the suite is a job; page, ledger and gate show its lines"):
        the_suite_is_shown(trained, trial, run_jobs, client, slug)
    with subtests.test("a shuffled target that is learnt blocks the gate"):
        a_learnt_shuffle_blocks(trained.cycle, trial, analyst)
    with subtests.test("one row is explained once, by the model that did not see it"):
        one_row_is_explained(trial, run_jobs, client, slug)
    with subtests.test("every chart of development rows has its numbers"):
        for name in (*CHARTS, "learning", "shape-1"):
            told = get(client, "trial_figure", slug, trial.pk, name)
            assert told.json()["table"]["rows"], name
        assert get(client, "trial_figure", slug, trial.pk, "sizes").status_code == 404
    with subtests.test("each number of the report names an event that is in the ledger"):
        each_number_has_its_evidence(trained, client, slug)
    with subtests.test("a column marked as sensitive shows no value any more"):
        nothing_sensitive_is_shown(trained.cycle, trial, client, slug)
    with subtests.test("who may only look starts nothing, and nobody starts it twice"):
        looking_does_not_start_anything(trained, trial, join, client, analyst, slug)


def the_gate_misses_the_suite(cycle):
    told = answered("shuffled_target_does_not_learn", cycle)
    assert (told.ok, told.warning) == (False, True)
    assert "was not run" in told.says
    cycle.project.tier = Tier.HIGH
    cycle.project.save()
    told = answered("shuffled_target_does_not_learn", cycle)
    assert (told.ok, told.warning) == (False, False)
    cycle.project.tier = Tier.MEDIUM
    cycle.project.save()
    assert not body_of(cycle, Stage.MODEL).summary.suite


def the_suite_is_shown(experiment, trial, run_jobs, client, slug):
    page = get(client, "trial", slug, trial.pk).content.decode()
    assert "Run the adversary suite" in page
    with run_jobs():
        assert post(client, "attack", slug, trial.pk).status_code == 302
    suite = AttackRun.objects.get(trial=trial)
    assert len(suite.result["lines"]) == 8
    event = Event.objects.get(verb="model.attacked")
    assert event.facts["outcomes"]["shuffled_target"] == "pass"
    assert answered("shuffled_target_does_not_learn", experiment.cycle).ok
    page = get(client, "trial", slug, trial.pk).content.decode()
    gate = client.get(reverse("governance:gate", args=[slug, "model"])).content.decode()
    for line in suite.result["lines"]:
        assert line["title"] in page
        assert line["title"] in gate
    assert "Learning curve" in page
    assert "Wrong answers, drawn by lot" in gate


def a_learnt_shuffle_blocks(cycle, trial, analyst):
    first = trial.attacks.get()
    lines = [
        {**line, "outcome": "block", "says": "It is learnt."}
        if line["key"] == "shuffled_target"
        else line
        for line in first.result["lines"]
    ]
    bad = AttackRun.objects.create(
        trial=trial, job=first.job, by=analyst, result={**first.result, "lines": lines}
    )
    told = answered("shuffled_target_does_not_learn", cycle)
    assert (told.ok, told.warning, told.says) == (False, False, "It is learnt.")
    assert trial_page(trial).suite.headline == "It learns where there is nothing to learn"
    bad.delete()


def one_row_is_explained(trial, run_jobs, client, slug):
    assert "Choose a row" in get(client, "trial", slug, trial.pk).content.decode()
    with run_jobs():
        assert post(client, "explain", slug, trial.pk, row=7).status_code == 302
    again = post(client, "explain", slug, trial.pk, row=7)
    assert again["Location"].endswith("?row=7#one-row")
    reading = trial_page(trial, row=7).row
    told = trial.explained_rows.get().result
    whole = told["usual"] + sum(part["part"] for part in told["parts"])
    assert whole == pytest.approx(told["answer"])
    assert [part["feature"] for part in reading.parts] == [
        part["feature"] for part in told["parts"][:12]
    ]
    page = get(client, "trial", slug, trial.pk, row=7).content.decode()
    assert "which never saw this row" in page
    rows = trial.result["rows"]
    for bad, words in (("0", "greater than or equal to 1"), ("x", "whole number")):
        refused = post(client, "explain", slug, trial.pk, row=bad)
        assert (refused.status_code, words in refused.content.decode()) == (409, True)
    refused = post(client, "explain", slug, trial.pk, row=rows + 1)
    assert f"There are {rows:,} development rows" in refused.content.decode()


def each_number_has_its_evidence(experiment, client, slug):
    candidate = Candidate.objects.get(trial__candidate="linear")
    told = json.loads(get(client, "report_json", slug, candidate.pk).content)
    events = {event.seq: event for event in Event.objects.filter(project=experiment.cycle.project)}
    numbers = [number for section in told["sections"] for number in section["numbers"]]
    assert len(numbers) > 15
    for number in numbers:
        proof = number["proof"]
        assert client.get(proof["url"]).status_code == 200, number["what"]
        if number["what"] != "Metrics locked by":  # signed by a fixture, without an event
            assert events[proof["event"]].hash == proof["event_hash"], number["what"]
    titles = {section["title"].split(":")[0] for section in told["sections"]}
    assert {"Sealed test", "Integrity", "Development rows", "Adversary suite"} <= titles
    made = next(section for section in told["sections"] if section["title"] == "How it was made")
    assert made["numbers"][0]["proof"]["sha256"] == candidate.model
    page = get(client, "report", slug, candidate.pk).content.decode()
    assert "Whole hashes stand in the JSON" in page
    card = json.loads(get(client, "card_json", slug, candidate.pk).content)
    assert card["development"]["adversary_suite"]["scale"] == "ROC AUC"


def nothing_sensitive_is_shown(cycle, trial, client, slug):
    draft = Draft.objects.get(cycle=cycle)
    shown = trial_page(trial).told["wrong"][0]["unusual"][0]["column"]
    first = trial_page(trial).shapes[0]
    marked = [{"name": name, "sensitive": True} for name in {shown, first[1]}]
    draft.content.setdefault("features", {}).setdefault("columns", []).extend(marked)
    draft.save()
    told = trial_page(trial, row=7)
    for case in told.told["wrong"]:
        assert shown not in {one["column"] for one in case["unusual"]}
    part = next(part for part in told.row.told["parts"] if part["feature"] == shown)
    assert part["value"] == "not shown"
    assert first not in told.shapes
    assert get(client, "trial_figure", slug, trial.pk, first[0]).status_code == 404
    assert body_of(cycle, Stage.MODEL).summary.told["wrong"] == told.told["wrong"]


def looking_does_not_start_anything(experiment, trial, join, client, analyst, slug):
    client.force_login(join(Role.VIEWER))
    for name in ("attack", "explain"):
        assert post(client, name, slug, trial.pk, row=1).status_code == 403
    assert "Attack it again" not in get(client, "trial", slug, trial.pk).content.decode()
    with pytest.raises(Refusal, match="no baseline"):
        actions.attack(trial=experiment.trials.get(candidate="dummy"), by=analyst)
    actions.attack(trial=trial, by=analyst)  # it waits: no worker runs here
    with pytest.raises(Refusal, match="right now"):
        actions.attack(trial=trial, by=analyst)
