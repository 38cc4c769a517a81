"""The whole cycle through the actions: from a plan to a prediction, with jobs on this process."""

import json

import pytest
from django.urls import reverse

from apps.datasets.queries import closed_data, current_split, current_table
from apps.governance.actions.submitting import submit_gate
from apps.governance.state import GateState, ask, glance, glances
from apps.governance.through import through
from apps.jobs import actions as jobs
from apps.modeling import actions as modeling
from apps.modeling.models import Candidate
from apps.modeling.queries import signed_model
from apps.production import actions as production
from apps.production.endpoint import serving
from apps.production.models import Prediction
from apps.production.queries import signed_release
from apps.projects.models import Cycle
from apps.projects.queries import GateClosed
from apps.projects.stages import Stage
from apps.projects.verifying import verify
from tests import builders


@pytest.fixture(autouse=True)
def _fresh_endpoints(settings, tmp_path):
    serving.KNOWN.forget()
    settings.CALL_LOG = tmp_path / "calls"


def lists_say_what_the_gates_say(cycle):
    """Lists remember what gates are about until the ledger has a new line."""
    told = [(seen.state, seen.subject) for seen in glance(cycle)]
    assert [(seen.state, seen.subject) for seen in glances([cycle])[0]] == told
    is_through = all(state == GateState.PASSED for state, _ in told)
    assert through(Cycle.objects.filter(pk=cycle.pk)) == ({cycle.pk} if is_through else set())


@pytest.fixture(autouse=True)
def _lists_follow_the_workers(cycle, run_jobs, monkeypatch):
    """Look before and after each job: a worker that changes a gate has to write an event."""
    send = jobs.send

    def watched(job):
        lists_say_what_the_gates_say(cycle)
        send(job)
        lists_say_what_the_gates_say(cycle)

    monkeypatch.setattr(jobs, "send", watched)


def signed(cycle, stage, analyst, pass_gate):
    lists_say_what_the_gates_say(cycle)
    today = ask(cycle, stage)
    assert not today.blocking, [item.evidence.says for item in today.blocking]
    submit_gate(cycle=cycle, stage=stage, by=analyst)
    return pass_gate(cycle, stage)


@pytest.fixture
def live(cycle, analyst, pass_gate, run_jobs, tmp_path, client):
    """Everything up to a live endpoint; returns its token."""
    builders.make_plan(cycle, analyst)
    signed(cycle, Stage.PLAN, analyst, pass_gate)
    builders.built_table(cycle, analyst, run_jobs, tmp_path=tmp_path)
    builders.sealed_split(cycle, analyst, run_jobs)
    explored(cycle, analyst, run_jobs)
    signed(cycle, Stage.DATA, analyst, pass_gate)
    data = closed_data(cycle)
    with run_jobs():
        experiment = modeling.start_experiment(
            cycle=cycle,
            by=analyst,
            candidates=["linear"],
            features=[column.name for column in modeling.usable_features(data)],
        )
    trial = experiment.trials.get(candidate="linear")
    with run_jobs():
        modeling.freeze(trial=trial, by=analyst)
    with run_jobs():
        modeling.open_test(candidate=Candidate.objects.get(trial=trial), by=analyst)
    signed(cycle, Stage.MODEL, analyst, pass_gate)
    with run_jobs():
        release = production.deploy(cycle=cycle, by=analyst)
    release.refresh_from_db()
    assert release.is_ready, release.job.problem
    client.force_login(analyst)
    page = client.get(reverse("production:deploy", args=[cycle.project.slug]))
    row = {name: field.initial for name, field in page.context["try_form"].fields.items()}
    tried = client.post(reverse("production:rehearse", args=[cycle.project.slug, release.pk]), row)
    assert b"The answer" in tried.content
    client.logout()
    signed(cycle, Stage.PRODUCTION, analyst, pass_gate)
    return production.issue_token(deployment=release.deployment, name="test", by=analyst)


def explored(cycle, analyst, run_jobs):
    from apps.eda.actions import start_profile

    with run_jobs():
        start_profile(cycle=cycle, by=analyst)


def post(client, url, token, body):
    return client.post(
        url,
        body if isinstance(body, bytes) else json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def test_from_a_plan_to_a_live_endpoint_and_back_to_a_closed_one(
    cycle, live, client, manager, subtests
):
    with subtests.test("a prediction comes back with its truth"):
        predicted_and_confirmed(cycle, live, client)
    with subtests.test("bad requests get one clear sentence and predict nothing"):
        bad_requests_are_refused(cycle, live, client)
    with subtests.test("only the endpoint's own token opens it"):
        other_tokens_are_refused(cycle, live, client)
    with subtests.test("an unchanged model is not built again, and one with other tripwires is"):
        the_same_is_built_once(cycle, client)
    with subtests.test("a withdrawn signature stops the answers"):
        a_withdrawal_stops_it(cycle, live, client, manager)
    with subtests.test("every fact has its event, and matches it"):
        the_ledger_tells_of_every_fact(cycle)


def the_ledger_tells_of_every_fact(cycle):
    report = verify(cycle.project.team.chain)
    assert report.events == report.chain.seq > 20
    assert not report.faults


def predicted_and_confirmed(cycle, live, client):
    release = signed_release(cycle)
    url = reverse("api:predict", args=[release.deployment.slug])
    answer = post(client, url, live, {"rows": [release.report["example"]] * 2})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["model"] == signed_model(cycle).candidate.model
    assert {row["prediction"] for row in told["predictions"]} <= {"malignant", "benign"}
    assert sum(told["predictions"][0]["probabilities"].values()) == pytest.approx(1)
    truth = [{"prediction_id": row["id"], "value": "benign"} for row in told["predictions"]]
    sent = post(client, url.replace("predict", "actuals"), live, {"rows": truth})
    assert sent.json() == {"accepted": 2, "known_before": 0}
    again = post(client, url.replace("predict", "actuals"), live, {"rows": truth})
    assert again.json() == {"accepted": 0, "known_before": 2}


BAD = [
    (lambda row: b" ", 400, "empty"),
    (lambda row: b"{", 400, "JSON"),
    (lambda row: {"rows": []}, 422, "no row"),
    (lambda row: {"rows": [{**row, "desk": 5}]}, 422, "text"),
    (lambda row: {"rows": [{**row, "mean radius": "12"}]}, 422, "takes a number"),
    (lambda row: {"rows": [{**row, "mean radius": True}]}, 422, "takes a number"),
    (lambda row: {"rows": [{**row, "meanradius": 1}]}, 422, "Did you mean"),
    (
        lambda row: {"rows": [{key: row[key] for key in row if key != "desk"}]},
        422,
        '"desk" is missing',
    ),
    (lambda row: {"rows": [row] * 10_001}, 413, "10,001 rows"),
    (lambda row: {"rows": [row, 7]}, 422, "A row is an object"),
    (lambda row: {"rows": [{**row, "desk": "a\x00b"}]}, 422, "no text"),
]


def bad_requests_are_refused(cycle, live, client):
    release = signed_release(cycle)
    url = reverse("api:predict", args=[release.deployment.slug])
    row = release.report["example"]
    before = Prediction.objects.count()
    for make, status, says in BAD:
        answer = post(client, url, live, make(row))
        assert (answer.status_code, says in answer.json()["error"]["message"]) == (status, True), (
            says,
            answer.content,
        )
    assert Prediction.objects.count() == before
    answer = post(client, url, live, {"rows": [{**row, "desk": "moon", "mean radius": 1e6}]})
    assert [warning["code"] for warning in answer.json()["warnings"]] == [
        "out_of_training_range",
        "unknown_category",
    ]


def other_tokens_are_refused(cycle, live, client):
    url = reverse("api:predict", args=[signed_release(cycle).deployment.slug])
    assert client.post(url, {}, content_type="application/json").status_code == 401
    assert post(client, url, "mlc_wrong", {}).status_code == 401
    assert post(client, reverse("api:predict", args=["other"]), live, {}).status_code == 404
    assert client.get(url, headers={"Authorization": f"Bearer {live}"}).status_code == 405


def the_same_is_built_once(cycle, client):
    from apps.production.release.building import alike, asked_for, differing

    (release,) = cycle.releases.all()
    client.force_login(release.created_by)
    page = client.get(reverse("production:deploy", args=[cycle.project.slug])).content.decode()
    assert "Since release 1 was built nothing changed: model, recipe, data contract" in page
    assert "Build another release" not in page
    refused = client.post(reverse("production:build", args=[cycle.project.slug]))
    assert (
        refused.status_code,
        b"Since release 1 was built nothing changed" in refused.content,
    ) == (409, True)
    assert cycle.releases.count() == 1
    asked = asked_for(signed_model(cycle), release.deployment)
    asked.monitor = {"tripwires": []}
    assert (differing(release, asked), alike(asked)) == (["the plan's tripwires"], None)
    client.logout()


def a_withdrawal_stops_it(cycle, live, client, manager):
    from apps.governance.actions.signing import withdraw
    from tests.conftest import PASSWORD

    release = signed_release(cycle)
    url = reverse("api:predict", args=[release.deployment.slug])
    withdraw(
        cycle=cycle, stage=Stage.PRODUCTION, by=manager, password=PASSWORD, reason="It is wrong"
    )
    serving.KNOWN.forget()  # what a process knows is five seconds old at most
    answer = post(client, url, live, {"rows": [release.report["example"]]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_signed")


def test_nothing_runs_before_the_gate_it_depends_on(cycle, analyst, pass_gate, run_jobs, tmp_path):
    with pytest.raises(GateClosed):
        builders.upload(cycle, analyst, b"a,b\n1,2\n", tmp_path=tmp_path)
    builders.make_plan(cycle, analyst)
    pass_gate(cycle, Stage.PLAN)
    builders.built_table(cycle, analyst, run_jobs, tmp_path=tmp_path)
    builders.sealed_split(cycle, analyst, run_jobs)
    with pytest.raises(GateClosed):
        modeling.start_experiment(cycle=cycle, by=analyst, candidates=["linear"], features=["desk"])
    with pytest.raises(GateClosed):
        production.deploy(cycle=cycle, by=analyst)


def test_a_change_upstream_makes_later_gates_stale(cycle, analyst, pass_gate, run_jobs, tmp_path):
    builders.make_plan(cycle, analyst)
    pass_gate(cycle, Stage.PLAN)
    builders.built_table(cycle, analyst, run_jobs, tmp_path=tmp_path)
    builders.sealed_split(cycle, analyst, run_jobs)
    pass_gate(cycle, Stage.DATA)
    assert closed_data(cycle) is not None
    builders.make_plan(cycle, analyst, metrics={"baseline": 0.7})
    assert ask(cycle, Stage.PLAN).glance.state == "stale"
    assert ask(cycle, Stage.DATA).glance.state == "stale"
    assert closed_data(cycle) is None
    assert current_table(cycle) is not None
    assert current_split(cycle) is None
