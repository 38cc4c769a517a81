"""What really happened as a file: read by a worker, all of it kept or none, told on a page."""

import io
import json

import pandas as pd
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.datasets.storage import keep, shelved
from apps.engine.errors import EngineError
from apps.production.batch import removal
from apps.production.log import actuals_file
from apps.production.models import Actual, ActualsFile
from apps.production.truth_models import SHELVES
from apps.projects.models import Event


@pytest.fixture
def answered(caller, row):
    """Ids of four predictions."""
    answer = caller.post("predict", {"rows": [row] * 4})
    return [told["id"] for told in answer.json()["predictions"]]


@pytest.fixture
def bring(release, client, analyst, run_jobs):
    """``bring(content, name, **columns)``: the page on which it ends."""
    client.force_login(analyst)
    slug = release.cycle.project.slug

    def send(content, name="truth.csv", **columns):
        file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
        with run_jobs():
            sent = client.post(
                reverse("production:bring_actuals", args=[slug]), {"file": file, **columns}
            )
        if sent.status_code == 302:
            sent = client.get(sent["Location"])
        return sent.content.decode()

    return send


def test_a_file_of_ids_and_values_becomes_actual_values(bring, answered):
    rows = [*zip(answered, ("yes", "no", " yes ", ""), strict=True)]
    page = bring("prediction_id,value\n" + "".join(f"{key},{value}\n" for key, value in rows))
    known = {str(one.prediction_id): one.value for one in Actual.objects.all()}
    assert known == dict(zip(answered[:3], ("yes", "no", "yes"), strict=True))
    made = ActualsFile.objects.get()
    told = {key: made.report[key] for key in ("rows", "accepted", "known_before", "empty")}
    assert told == {"rows": 4, "accepted": 3, "known_before": 0, "empty": 1}
    assert "truth.csv" in page
    event = Event.objects.get(verb="production.actuals_told")
    assert event.facts["file"] == made.sha256
    assert event.facts["accepted"] == 3
    assert shelved(made.shelf) == [], "the file is not kept"


def test_the_same_file_again_is_harmless(bring, answered):
    content = "prediction_id,value\n" + "".join(f"{key},yes\n" for key in answered)
    bring(content)
    bring(content)
    assert Actual.objects.count() == 4
    newest = ActualsFile.objects.first()
    assert (newest.report["accepted"], newest.report["known_before"]) == (0, 4)


def test_one_row_that_does_not_fit_keeps_all_others_out_and_each_is_told_with_its_number(
    bring, answered
):
    rows = [(answered[0], "yes"), ("nobody", "yes"), (answered[1], "maybe"), (answered[0], "no")]
    page = bring("prediction_id,value\n" + "".join(f"{key},{value}\n" for key, value in rows))
    assert not Actual.objects.exists()
    assert "3 rows of “truth.csv” do not fit" in page
    assert "This endpoint gave no such prediction." in page
    assert "The actual value is one of: " in page
    assert "Row 1 tells this prediction" in page
    assert [one["row"] for one in ActualsFile.objects.get().report["misfits"]] == [2, 3, 4]


def test_a_value_that_contradicts_what_is_known_is_refused(bring, answered):
    bring(f"id;actual\n{answered[0]};yes\n")
    page = bring(f"id;actual\n{answered[0]};no\n{answered[1]};no\n")
    assert "Another actual value is known for this prediction." in page
    assert Actual.objects.count() == 1


@pytest.mark.parametrize("kind", ["xlsx", "parquet", "json"])
def test_other_kinds_of_files_are_read_as_sources_are(kind, bring, answered):
    frame = pd.DataFrame({"note": ["a", "b"], "id": answered[:2], "late": ["yes", "no"]})
    held = io.BytesIO()
    if kind == "xlsx":
        frame.to_excel(held, index=False)
    elif kind == "parquet":
        frame.to_parquet(held)
    else:
        held.write(json.dumps(frame.to_dict("records")).encode())
    bring(held.getvalue(), f"truth.{kind}")
    assert sorted(Actual.objects.values_list("value", flat=True)) == ["no", "yes"]


def test_columns_of_other_names_are_named_in_the_form(bring, answered):
    content = f"note,case,outcome\nx,{answered[0]},yes\n"
    page = bring(content)
    assert "Which column holds the id of the prediction? None is called prediction_id" in page
    assert "“note”, “case”, “outcome”" in page
    page = bring(content, id_column="case", value_column="result")
    assert "The file has no column “result”." in page
    bring(content, id_column="case", value_column="outcome")
    assert Actual.objects.get().value == "yes"


def test_a_number_is_read_with_the_marks_of_the_file(bring, answered, release):
    release.served_with["problem"] = "regression"
    release.save()
    bring("id;value\n" + f"{answered[0]};1.234,5\n{answered[1]};12,25\n")
    assert sorted(Actual.objects.values_list("value", flat=True)) == [12.25, 1234.5]
    page = bring(f"id;value\n{answered[2]};many\n")
    assert "The actual value is a number." in page


def test_an_empty_file_and_no_file_are_one_clear_sentence(bring):
    assert "The file “truth.csv” is empty: it has 0 bytes. Choose another file." in bring(b"")
    assert not ActualsFile.objects.exists()


def test_a_record_with_more_cells_than_names_keeps_all_others_out(bring, answered):
    page = bring(f"id,value\n{answered[0]},yes\n{answered[1]},yes,indeed\n")
    assert "1 record of the file has more cells than its first line: nothing was kept." in page
    assert not Actual.objects.exists()
    assert shelved(ActualsFile.objects.get().shelf) == []


def test_whoever_may_not_deploy_brings_nothing(release, client, viewer):
    client.force_login(viewer)
    slug = release.cycle.project.slug
    sent = client.post(reverse("production:bring_actuals", args=[slug]), {})
    assert sent.status_code == 403
    assert client.get(reverse("production:actuals", args=[slug])).status_code == 200


def test_a_file_that_nobody_reads_any_more_is_swept(bring, answered, monkeypatch, tmp_path):
    bring(f"id,value\n{answered[0]},yes\n")
    made = ActualsFile.objects.get()
    path = tmp_path / "left"
    path.write_bytes(b"left behind by a process that was killed")
    keep(path, shelf=made.shelf)
    monkeypatch.setattr(removal, "GRACE", removal.timedelta(0))
    removal.remove_due()
    assert str(made.job_id) not in shelved(SHELVES)


def test_what_was_kept_before_a_break_stays_and_the_file_again_brings_the_rest(
    bring, answered, monkeypatch
):
    content = "id,value\n" + "".join(f"{key},yes\n" for key in answered)
    keeps = actuals_file.keep

    def breaks(fresh):
        if Actual.objects.count() == 2:
            raise EngineError("The disk is full.")
        return keeps(fresh)

    monkeypatch.setattr(actuals_file, "PART_ROWS", 1)
    monkeypatch.setattr(actuals_file, "keep", breaks)
    assert "The disk is full." in bring(content)
    assert Actual.objects.count() == 2
    monkeypatch.setattr(actuals_file, "keep", keeps)
    bring(content)
    assert Actual.objects.count() == 4
    report = ActualsFile.objects.first().report
    assert (report["accepted"], report["known_before"]) == (2, 2)
