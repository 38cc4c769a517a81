"""The calls to paste, run as they stand by the shell, by Python and by Node on a real server."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request

import pytest

from apps.production.batch import scores
from apps.production.endpoint.snippets import snippets, snippets_of
from apps.production.endpoint.standing import Standing
from apps.production.log import taking
from apps.production.models import Actual, Prediction

pytestmark = [
    pytest.mark.processes,
    pytest.mark.once,  # what a door answers is asked of every database in test_openapi.py
]
PROMPT = """
import code, sys
console = code.InteractiveConsole()
for line in sys.stdin.read().splitlines():
    console.push(line)
console.push("")
"""  # Python's prompt, fed line by line, as one without multi-line paste takes it, and Enter
RUN = {
    "curl": ["sh"],
    "Python": [sys.executable, "-c", PROMPT],
    "JavaScript": ["node", "--input-type=module"],
}
NEEDS = {"curl": "curl", "Python": sys.executable, "JavaScript": "node"}


@pytest.fixture(params=RUN)
def language(request):
    if shutil.which(NEEDS[request.param]) is None:
        pytest.skip(f"There is no {NEEDS[request.param]} on this machine.")
    return request.param


@pytest.fixture
def address(live_server, caller):
    return f"{live_server.url}/api/v1/deployments/{caller.slug}"


@pytest.fixture
def described(address, caller):
    told = {"Authorization": f"Bearer {caller.secret}"}
    request = urllib.request.Request(f"{address}/openapi.json", headers=told)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@pytest.fixture
def folder(tmp_path):
    """Where a snippet is pasted: empty before."""
    made = tmp_path / "pasted"
    made.mkdir()
    return made


@pytest.fixture
def paste(caller, folder, language):
    """Run a snippet with the token in the environment; all that it printed."""

    def run(text, **environment):
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            RUN[language],
            input=text,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            cwd=folder,
            env={**kept, "TOKEN": caller.secret, "NO_PROXY": "*", **environment},
            timeout=120,
        )
        return done.stdout

    return run


def test_a_pasted_call_is_answered_and_its_truth_is_told_by_the_next_one(
    described, paste, language
):
    calls = {door: dict(told)[language] for door, told in snippets_of(described).items() if told}
    said = paste(calls["predict"])
    assert "prediction" in said, said
    taking.take_up()
    answer = Prediction.objects.get()
    said = paste(calls["actuals"], ID=str(answer.pk))
    assert "accepted" in said, said
    assert Actual.objects.get().prediction == answer
    for door, word in (("contract", "distance"), ("description", "openapi")):
        assert word in paste(calls[door])


def test_what_is_hard_to_quote_arrives_as_it_is(address, paste, language, row):
    desk = 'it\'s "west" \\ $HOME `id` %s ${x} \u00e9 \u2028 !'
    body = {"rows": [{**row, "desk": desk, "paid": True, "distance": None}]}
    said = paste(dict(snippets(f"{address}/predict", body))[language])
    taking.take_up()
    kept = Prediction.objects.get().row
    assert (kept["desk"], kept["paid"], kept["distance"]) == (desk, True, None), said


@pytest.mark.usefixtures("run_jobs", "broker")
def test_a_pasted_batch_comes_back_as_a_file(
    described, paste, language, release, monkeypatch, folder
):
    monkeypatch.setattr(scores, "answering", lambda deployment: Standing(release))
    said = paste(dict(snippets_of(described)["startBatch"])[language])
    assert "done" in said, said
    (row,) = csv.DictReader(io.StringIO((folder / "answers.csv").read_text("utf-8-sig")))
    assert (row["refused"], row["prediction"] in ("yes", "no")) == ("", True)


def test_a_pasted_batch_that_is_refused_says_so_and_leaves_no_answers(
    described, paste, language, folder
):
    said = paste(dict(snippets_of(described)["startBatch"])[language], TOKEN="mlc_wrong")
    assert re.search("HTTP Error 401|bad_token", said), said
    assert not (folder / "answers.csv").exists()
