"""How a file is read: proposed, shown on the first rows, changed by a person, kept."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.datasets import looking
from apps.datasets.models import Version
from apps.datasets.queries import newest_version
from apps.engine.reading import preview
from apps.engine.types import silent
from tests.engine.reading.badfiles import books

ROWS = b"id;amount;day\n007;1.234,5;01/02/2024\n008;2,25;03/02/2024\n"


@pytest.fixture
def quick(monkeypatch):
    """Previews on this very process."""
    monkeypatch.setattr(
        looking, "_run", lambda name, arguments: getattr(preview, name)(**arguments, report=silent)
    )


def two_files():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a.csv", "x\n1\n")
        made.writestr("b.csv", "y\n2\n")
    return file.getvalue()


def test_the_first_rows_are_shown_under_other_options_and_nothing_is_kept(client, at, bring):
    version = newest_version(bring("payments", ROWS))
    answer = client.post(
        at("read_again", version.pk),
        {"look": "1", "thousands": ".", "decimal": ",", "kind2": "datetime|%d/%m/%Y"},
    )
    look = answer.context["look"]
    assert answer.status_code == 200
    assert [each["kind"] for each in look["columns"]] == ["text", "number", "datetime"]
    assert look["rows"][0] == ["007", "1.234,5", "01/02/2024"]
    assert "as a number, 2 values would lose a leading 0, first &#x27;007&#x27; in row 1" in (
        answer.content.decode()
    )
    assert Version.objects.count() == 1


def test_htmx_gets_the_preview_alone(client, at, bring, quick):
    version = newest_version(bring("payments", ROWS))
    answer = client.post(
        at("read_again", version.pk),
        {"look": "1", "delimiter": ","},
        headers={"HX-Request": "true", "HX-Target": "preview"},
    )
    page = answer.content.decode()
    assert page.startswith('<div id="preview"')
    assert "<h1" not in page


def test_choices_of_a_person_stick(client, at, bring, jobs, quick):
    version = newest_version(bring("payments", ROWS))
    chosen = {
        "thousands": ".",
        "decimal": ",",
        "quote": "none",
        "missing": 'NA, " "',
        "kind0": "integer",
        "kind2": "datetime|%d/%m/%Y",
    }
    with jobs():
        client.post(at("read_again", version.pk), chosen)
    second = newest_version(version.source)
    assert second.options == {
        "quote": "",
        "decimal": ",",
        "thousands": ".",
        "missing": ["", "NA", " "],
        "kinds": {"id": "integer", "day": "datetime"},
        "date_formats": {"day": "%d/%m/%Y"},
    }
    assert "2 values lost a leading 0, first '007' in row 1" in " ".join(second.report["warnings"])
    form = client.get(at("source", version.source_id)).context["reading"]
    assert {name: form[name].initial for name in chosen} == chosen


def test_a_mark_that_cannot_be_is_told_in_the_preview(client, at, bring, quick):
    version = newest_version(bring("payments", ROWS))
    answer = client.post(
        at("read_again", version.pk), {"look": "1", "decimal": ",", "thousands": ","}
    )
    assert "not the thousands mark" in answer.context["look"]["problem"]


def test_a_person_chooses_the_file_of_an_archive(client, at, opened, jobs, quick):
    file = SimpleUploadedFile("both.zip", two_files())
    with jobs():
        answer = client.post(at("add_source"), {"name": "payments", "file": file})
    version = Version.objects.get()
    assert "choose one of them" in version.job.problem
    page = client.get(answer["Location"])
    assert [value for value, _ in page.context["reading"].fields["member"].choices] == [
        "",
        "a.csv",
        "b.csv",
    ]
    with jobs():
        client.post(at("read_again", version.pk), {"member": "b.csv"})
    assert newest_version(version.source).table_spec.names == ("y",)


def test_a_person_chooses_the_sheet_of_a_workbook(client, at, opened, jobs, quick):
    file = SimpleUploadedFile("book.xlsx", books.several())
    with jobs():
        client.post(at("add_source"), {"name": "payments", "file": file})
    version = Version.objects.get()
    assert version.table_spec.names == ("a", "b")
    page = client.get(at("source", version.source_id))
    assert "delimiter" not in page.context["reading"].fields
    with jobs():
        client.post(at("read_again", version.pk), {"sheet": "later"})
    assert newest_version(version.source).table_spec.names == ("c",)
