"""The OpenAPI description says what the endpoint does; the calls to paste work as they stand."""

import io
import json
import re
import shlex
import urllib.request

import pytest
from django.urls import reverse

from apps.production.snippets import snippets

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


def body_of(described, door, *, status=None):
    (operation,) = described["paths"][f"/deployments/late-trips/{door}"].values()
    if status is None:
        return operation["requestBody"]["content"]["application/json"]
    told = operation["responses"][status]
    if "$ref" in told:
        told = described["components"]["responses"][told["$ref"].split("/")[-1]]
    return told["content"]["application/json"]


def test_what_is_sent_and_answered_is_as_it_is_described(described, caller, row):
    call = body_of(described, "predict")
    assert fits(call["example"], call["schema"], described)
    answer = caller.post("predict", call["example"])
    assert answer.status_code == 200
    assert fits(answer.json(), body_of(described, "predict", status="200")["schema"], described)
    for bad in ({**row, "stops": "2"}, {**row, "stop": 1}, {**row, "stops": None}):
        assert not fits({"rows": [bad]}, call["schema"], described)
        refused = caller.post("predict", {"rows": [bad]})
        schema = body_of(described, "predict", status=str(refused.status_code))["schema"]
        assert fits(refused.json(), schema, described)
    missing = {"rows": [{**row, "distance": None}]}
    assert fits(missing, call["schema"], described)
    assert caller.post("predict", missing).status_code == 200
    truth = [{"prediction_id": answer.json()["predictions"][0]["id"], "value": "yes"}]
    assert fits({"rows": truth}, body_of(described, "actuals")["schema"], described)
    told = caller.post("actuals", {"rows": truth}).json()
    assert fits(told, body_of(described, "actuals", status="200")["schema"], described)


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
    told = dict(snippets("http://example.org/predict", {**row, "desk": 'it\'s "west"\\'}))

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
