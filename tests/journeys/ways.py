"""What scrutinises a candidate, and every way on which answers of its release go out.

The same for each kind of problem; what has to be said of a kind, its own journey asks.
"""

import csv
import html
import io
import json
import subprocess
import sys
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.modeling import actions as modeling
from tests.engine.serving.test_take_home import ALONE


def text_of(answer):
    """The page as a person reads it."""
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def scrutinised(client, trial, by, run_jobs):
    """The page of a trial that was made again, attacked and asked about one row."""
    with run_jobs():
        modeling.reproduce(trial=trial, by=by)
        modeling.attack(trial=trial, by=by)
        modeling.explain_row(trial=trial, row=7, by=by)
    assert trial.reproductions.get().result["level"] == "A"
    outcomes = {line["key"]: line["outcome"] for line in trial.attacks.get().result["lines"]}
    assert outcomes["shuffled_target"] == "pass"
    assert "block" not in outcomes.values()
    slug = trial.experiment.cycle.project.slug
    return text_of(client.get(reverse("modeling:trial", args=[slug, trial.pk])))


def compared(client, trials):
    """The page that shows trials side by side, slice by slice."""
    slug = trials[0].experiment.cycle.project.slug
    address = reverse("modeling:compare", args=[slug])
    return text_of(client.get(address, {"trial": [one.pk for one in trials], "slices": ""}))


def notebook(client, experiment):
    """The code of the notebook that an experiment downloads as."""
    slug = experiment.cycle.project.slug
    answer = client.get(reverse("modeling:notebook", args=[slug, experiment.pk]))
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return "".join(line for cell in json.loads(body)["cells"] for line in cell["source"])


def card(client, candidate):
    """The model card as a page and as JSON."""
    slug = candidate.cycle.project.slug
    page = client.get(reverse("modeling:card", args=[slug, candidate.pk]))
    told = client.get(reverse("modeling:card_json", args=[slug, candidate.pk])).json()
    return text_of(page), told


def tried(client, release, row):
    """The page after a row was sent from the generated form."""
    names = [item["name"] for item in release.contract["fields"]]
    sent = {f"f{number}": row[name] for number, name in enumerate(names)}
    slug = release.deployment.project.slug
    return text_of(client.post(reverse("production:rehearse", args=[slug, release.pk]), sent))


def scored(client, release, rows, run_jobs):
    """The lines of the file of answers that a file of rows is answered with."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    slug = release.deployment.project.slug
    file = SimpleUploadedFile("rows.csv", text.getvalue().encode())
    address = reverse("production:start_scoring", args=[slug, release.pk])
    with run_jobs():
        sent = client.post(address, {"file": file, "refused": "go on", "version": ""})
    assert sent.status_code == 302
    answer = client.get(reverse("production:scores_csv", args=[slug, 1]))
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


def at_home(client, release, rows, folder, *, needs=""):
    """What the bundle answers where there is neither pandas nor ML Cycle; its README and card.

    ``needs``: a package beside scikit-learn that it names.
    """
    slug = release.deployment.project.slug
    answer = client.post(reverse("production:bundle", args=[slug, release.pk]))
    assert answer.status_code == 200, answer.content.decode()
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as bundle:
        bundle.extractall(folder)
    assert not needs or needs in (folder / "requirements.txt").read_text()
    (folder / "rows.json").write_text(json.dumps(rows))
    found = []
    for argument in ("--test", "rows.json"):
        alone = ALONE.replace(f'"{needs}", ', "") if needs else ALONE
        command = [sys.executable, "-c", alone, "predict.py", argument]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == 0, done.stderr
        found.append(done.stdout)
    says = [(folder / name).read_text() for name in ("README.md", "model_card.md")]
    return json.loads(found[1]), *says


def alike(one, other):
    """Whether two lists of answers are the same, but for the last digits."""
    for mine, yours in zip(one, other, strict=True):
        if yours["probabilities"] is None:
            assert mine["prediction"] == pytest.approx(yours["prediction"], rel=1e-9)
            continue
        assert mine["prediction"] == yours["prediction"]
        assert mine["probabilities"] == pytest.approx(yours["probabilities"], abs=1e-9)
    return True
