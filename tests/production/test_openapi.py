"""The OpenAPI description says what the endpoint does; the calls to paste work as they stand."""

import csv
import io
import json
import re
import shlex
import time
import urllib.parse
import urllib.request

import pytest
from django.urls import reverse

from apps.engine.serving.openapi import EXAMPLE_ID
from apps.production.batch import scores
from apps.production.endpoint.snippets import snippets, snippets_of
from apps.production.endpoint.standing import Standing

pytestmark = pytest.mark.once  # documents, the same on every database
TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def fits(value, schema, whole):
    """Whether a value is what the schema says: as far as our own description uses JSON Schema."""
    if "$ref" in schema:
        return fits(value, whole["components"]["schemas"][schema["$ref"].split("/")[-1]], whole)
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(
        isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
        for name in names
    ):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, list):
        return len(value) <= schema.get("maxItems", len(value)) and all(
            fits(item, schema["items"], whole) for item in value
        )
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        if not schema.get("additionalProperties", True) and set(value) - set(known):
            return False
        return set(schema.get("required", ())) <= set(value) and all(
            fits(item, known[name], whole) for name, item in value.items() if name in known
        )
    return True


@pytest.fixture
def described(caller, client):
    answer = client.get(
        reverse("api:schema", args=[caller.slug]),
        headers={"Authorization": f"Bearer {caller.secret}"},
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def operation(described, door):
    (found,) = [
        told
        for methods in described["paths"].values()
        for told in methods.values()
        if told["operationId"] == door
    ]
    return found


def body_of(described, door, *, status=None):
    told = operation(described, door)
    told = told["requestBody"] if status is None else told["responses"][status]
    return told["content"]["application/json"]


def is_as_described(answer, described, door):
    """Whether an answer is one of the door's: its body, and the code where it is a refusal."""
    status = str(answer.status_code)
    code = answer.json().get("error", {}).get("code", "")
    says = operation(described, door)["responses"][status]["description"]
    schema = body_of(described, door, status=status)["schema"]
    return fits(answer.json(), schema, described) and (not code or f"`{code}`" in says)


def test_what_is_sent_and_answered_is_as_it_is_described(described, caller, row):
    call = body_of(described, "predict")
    assert fits(call["example"], call["schema"], described)
    answer = caller.post("predict", call["example"])
    assert answer.status_code == 200
    assert is_as_described(answer, described, "predict")
    (made,) = answer.json()["predictions"]
    shown = {**answer.json(), "predictions": [{**made, "id": EXAMPLE_ID}]}
    assert body_of(described, "predict", status="200")["example"] == shown
    for bad in ({**row, "stops": "2"}, {**row, "stop": 1}, {**row, "stops": None}):
        assert not fits({"rows": [bad]}, call["schema"], described)
        refused = caller.post("predict", {"rows": [bad]})
        assert is_as_described(refused, described, "predict")
    missing = {"rows": [{**row, "distance": None}]}
    assert fits(missing, call["schema"], described)
    assert caller.post("predict", missing).status_code == 200
    truth = [{"prediction_id": answer.json()["predictions"][0]["id"], "value": "yes"}]
    assert fits({"rows": truth}, body_of(described, "actuals")["schema"], described)
    assert is_as_described(caller.post("actuals", {"rows": truth}), described, "actuals")
    nobodys = caller.post("actuals", body_of(described, "actuals")["example"])
    assert (nobodys.status_code, nobodys.json()["errors"][0]["row"]) == (422, 1)
    assert is_as_described(nobodys, described, "actuals")


def test_reasons_are_told_where_they_are_asked_for(described, caller, row):
    asked = {"rows": [{**row, "distance": 150.0}], "reasons": True}
    assert fits(asked, body_of(described, "predict")["schema"], described)
    told = caller.post("predict", asked).json()
    assert fits(told, body_of(described, "predict", status="200")["schema"], described)
    (answer,) = told["predictions"]
    (reason,) = [each for each in answer["reasons"] if each["field"] == "distance"]
    usual = {**asked["rows"][0], "distance": reason["usual"]}
    (other,) = caller.post("predict", {"rows": [usual], "reasons": False}).json()["predictions"]
    assert "reasons" not in other
    change = answer["probabilities"]["yes"] - other["probabilities"]["yes"]
    assert reason["effect"] == pytest.approx(change, abs=1e-12)
    for body, status, code in (
        ({**asked, "reasons": 3}, 400, "bad_shape"),
        ({"rows": [row] * 101, "reasons": True}, 413, "too_many_reasons"),
    ):
        refused = caller.post("predict", body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)


def test_every_reference_leads_somewhere(described):
    for place in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(described)):
        found = described
        for step in place.split("/"):
            found = found[step]


def test_the_description_is_for_whoever_has_the_token(caller, client):
    assert client.get(reverse("api:schema", args=[caller.slug])).status_code == 401


@pytest.fixture
def pasted(caller, row):
    body = {"rows": [{**row, "desk": 'it\'s "west"\\'}]}
    told = dict(snippets("http://example.org/predict", body))

    def works(headers, body):
        assert headers["Authorization"] == f"Bearer {caller.secret}"
        answer = caller.post("predict", body)
        assert answer.status_code == 200, answer.content
        return answer

    return told, works


def test_the_call_of_the_shell_works(pasted, caller):
    told, works = pasted
    words = shlex.split(told["curl"].replace("\\\n", "").replace("$TOKEN", caller.secret))
    assert words[:4] == ["curl", "-X", "POST", "http://example.org/predict"]
    headers = dict(word.split(": ") for word in words if ": " in word and word[0] != "{")
    works(headers, words[words.index("-d") + 1].encode())


def test_the_call_of_python_works(pasted, caller, monkeypatch, capsys):
    told, works = pasted
    monkeypatch.setenv("TOKEN", caller.secret)

    def opened(request):
        headers = {name.title(): value for name, value in request.header_items()}
        return io.BytesIO(works(headers, request.data).content)

    monkeypatch.setattr(urllib.request, "urlopen", opened)
    exec(compile(told["Python"], "pasted", "exec"), {})
    assert "'prediction':" in capsys.readouterr().out


def test_the_call_of_javascript_sends_the_same(pasted, caller):
    told, works = pasted
    (body,) = re.findall(r"JSON\.stringify\((.*)\),$", told["JavaScript"], re.MULTILINE)
    works({"Authorization": f"Bearer {caller.secret}"}, json.dumps(json.loads(body)).encode())
    assert 'fetch("http://example.org/predict"' in told["JavaScript"]


def test_a_truth_is_told_under_the_id_that_the_environment_has():
    body = {"rows": [{"prediction_id": EXAMPLE_ID, "value": "no"}]}
    told = dict(snippets("http://example.org/actuals", body))
    words = shlex.split(told["curl"].replace("\\\n", ""))
    assert json.loads(words[-1]) == {"rows": [{"prediction_id": "$ID", "value": "no"}]}
    assert """'"$ID"'""" in told["curl"]  # outside of the quotes that keep it from being read
    assert "'prediction_id': os.environ[\"ID\"]" in told["Python"]
    assert '"prediction_id": process.env.ID' in told["JavaScript"]


@pytest.mark.usefixtures("broker")
def test_a_pasted_batch_is_sent_followed_and_fetched_as_it_is_described(
    described, caller, client, release, run_jobs, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(scores, "answering", lambda deployment: Standing(release))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setenv("TOKEN", caller.secret)
    monkeypatch.chdir(tmp_path)

    def opened(request):
        headers = {name.title(): value for name, value in request.header_items()}
        place = urllib.parse.urlsplit(request.full_url)
        with run_jobs():  # what the start enqueues is done when it returns
            answer = client.generic(
                request.get_method(),
                f"{place.path}?{place.query}",
                request.data or b"",
                headers=headers,
            )
        if place.path.endswith(".csv"):
            return io.BytesIO(b"".join(answer.streaming_content))
        door = "startBatch" if request.data else "batch"
        assert is_as_described(answer, described, door)
        shown = body_of(described, door, status=str(answer.status_code))["example"]
        progress = {"done", "total"}  # told in the steps of the work
        assert {name: answer.json()[name] for name in shown.keys() - progress} == {
            name: shown[name] for name in shown.keys() - progress
        }
        return io.BytesIO(answer.content)

    monkeypatch.setattr(urllib.request, "urlopen", opened)
    pasted = dict(snippets_of(described)["startBatch"])
    exec(compile(pasted["Python"], "pasted", "exec"), {})
    assert capsys.readouterr().out == "done 1 of 1 answered\n"
    (row,) = csv.DictReader(io.StringIO((tmp_path / "answers.csv").read_text("utf-8-sig")))
    shown = body_of(described, "predict", status="200")["example"]["predictions"][0]
    assert (row["prediction"], row["refused"]) == (shown["prediction"], "")
    refused = caller.post("batches", {"source": "nobody's", "version": 1})
    assert is_as_described(refused, described, "startBatch")
    address = "http://testserver/api/v1/deployments/late-trips/batches"
    assert all(address in pasted[name] for name in ("curl", "JavaScript"))


def test_a_person_reads_every_door_and_takes_the_description(caller, described, client, analyst):
    client.force_login(analyst)
    project = analyst.memberships.get().team.projects.get()
    page = client.get(reverse("production:described", args=[project.slug]))
    assert [door.told for door in page.context["doors"]] == [
        told for methods in described["paths"].values() for told in methods.values()
    ]
    file = client.get(reverse("production:openapi", args=[project.slug]))
    assert file.json() == described


def test_predictions_are_asked_where_they_have_a_process_and_all_else_at_the_site(
    caller, client, analyst, settings
):
    client.force_login(analyst)
    project = analyst.memberships.get().team.projects.get()
    for scoring, root in (("", "http://testserver"), ("https://p.example.org",) * 2):
        settings.SCORING_URL = scoring
        doors = client.get(reverse("production:described", args=[project.slug])).context["doors"]
        for door in doors:
            begins = root if door.key == "predict" else "http://testserver"
            assert door.address.startswith(f"{begins}/api/v1/deployments/{caller.slug}/")
            assert all(door.address in text for _, text in door.snippets)
        page = client.get(reverse("production:deploy", args=[project.slug]))
        assert page.context["address"] == f"{root}/api/v1/deployments/{caller.slug}/predict"
        assert page.context["address"] in dict(page.context["snippets"])["curl"]
