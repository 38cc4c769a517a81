"""Bringing files in: what a new user does wrong, and what must never be lost."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse
from django.utils.html import escape

from apps.datasets import actions
from apps.datasets.models import Source, Version
from apps.datasets.queries import newest_version
from apps.datasets.storage import hash_of, local
from apps.projects.actions import start_project
from apps.projects.models import Decision, Verdict
from apps.projects.stages import Stage
from tests import builders

ROWS = b"id,amount,city\n007,1.50,Paris\n008,2.25,Oslo\n"


def post(client, at, content, *, name="payments", filename="payments.csv"):
    file = SimpleUploadedFile(filename, content)
    return client.post(at("add_source"), {"name": name, "file": file})


def test_an_uploaded_file_is_kept_hashed_and_read_by_a_real_child_process(
    client, at, opened, run_jobs
):
    with run_jobs():
        answer = post(client, at, ROWS)
    version = Version.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == at("source", version.source_id)
    assert local(version.sha256).read_bytes() == ROWS
    assert (version.rows, version.size_bytes) == (2, len(ROWS))
    assert {column.name: column.kind for column in version.table_spec.columns} == {
        "id": "text",
        "amount": "number",
        "city": "text",
    }
    page = client.get(answer["Location"]).content.decode()
    assert "2 rows and 3 columns" in page
    assert "No row was rejected" in page
    assert ">007<" in page


@pytest.mark.parametrize(
    ("content", "filename", "says"),
    [
        (b"<!doctype html><html><body>Sign in</body></html>", "export.csv", "web page"),
        (b"\n\n   \n", "blank.csv", "holds no text"),
        (b"%PDF-1.7 x", "report.csv", "PDF"),
    ],
)
def test_a_file_that_is_no_table_gets_one_sentence_and_is_kept(
    client, at, opened, jobs, content, filename, says
):
    with jobs():
        answer = post(client, at, content, filename=filename)
    version = Version.objects.get()
    page = client.get(answer["Location"])
    assert page.status_code == 200
    assert says in version.job.problem
    assert escape(version.job.problem) in page.content.decode()
    assert local(version.sha256).read_bytes() == content


def test_an_empty_file_and_no_file_are_told_on_the_form_and_make_no_source(client, at, opened):
    empty = post(client, at, b"")
    none = client.post(at("add_source"), {"name": "payments"})
    assert (empty.status_code, none.status_code) == (422, 422)
    assert "“payments.csv” is empty: it has 0 bytes" in empty.content.decode()
    assert "This field is required" in none.content.decode()
    assert not Source.objects.exists()


def test_a_file_above_the_limit_is_refused_with_both_sizes(client, at, opened):
    with override_settings(UPLOAD_BYTES=10):
        answer = post(client, at, ROWS)
    assert answer.status_code == 422
    assert "at most 10" in answer.content.decode()
    assert not Version.objects.exists()


def test_another_encoding_is_found_and_told(client, at, opened, jobs):
    with jobs():
        answer = post(client, at, "name,city\nJürgen,Köln\nZoë,Orléans\n".encode("cp1252"))
    page = client.get(answer["Location"]).content.decode()
    assert "Jürgen" in page
    assert "Orléans" in page


def test_hostile_names_and_cells_are_shown_literally(client, at, opened, jobs):
    evil = '<script>alert("x")</script>'
    content = b"b,<script>alert(1)</script>\n{{7*7}},<script>alert(2)</script>\n"
    with jobs():
        answer = post(client, at, content, name=evil, filename="<img src=x onerror=1>.csv")
    for address in (answer["Location"], at("sources"), at("consolidate")):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert escape(evil) in page
    assert "{{7*7}}" in client.get(answer["Location"]).content.decode()


def test_a_taken_name_is_told_on_the_form(client, at, bring):
    bring("payments", ROWS)
    answer = post(client, at, ROWS)
    assert answer.status_code == 422
    assert "There is a source called “payments” already" in answer.content.decode()


def test_a_removed_source_leaves_the_list_and_comes_back_under_its_name(client, at, bring, jobs):
    source = bring("payments", ROWS)
    client.post(at("remove_source", source.pk))
    assert "No source yet" in client.get(at("sources")).content.decode()
    with jobs():
        post(client, at, ROWS)
    assert Source.objects.get().removed_at is None
    assert [version.number for version in source.versions.all()] == [1, 2]


def test_a_source_in_use_is_not_removed(client, at, bring, opened, analyst):
    source = bring("payments", ROWS)
    actions.set_base(cycle=opened, source=source, by=analyst)
    answer = client.post(at("remove_source", source.pk))
    assert answer.status_code == 409
    assert "is used in the table" in answer.content.decode()


def test_reading_again_keeps_the_bytes_and_the_earlier_choices(client, at, bring, jobs):
    source = bring("payments", b"id;amount\n007;1,50\n008;2,25\n")
    first = newest_version(source)
    with jobs():
        client.post(at("read_again", first.pk), {"kind0": "integer"})
    second = newest_version(source)
    assert (second.number, second.sha256) == (2, first.sha256)
    assert second.table_spec.kind_of("id") == "integer"
    with jobs():
        client.post(at("read_again", second.pk), {"kind0": "integer", "missing": "NA, ?"})
    third = newest_version(source)
    assert third.options == {"kinds": {"id": "integer"}, "missing": ["", "NA", "?"]}
    page = client.get(at("source", source.pk))
    assert page.context["reading"]["missing"].initial == "NA, ?"
    assert page.context["reading"]["kind0"].initial == "integer"


def test_an_unknown_reading_option_is_told_beside_its_field(client, at, bring):
    version = newest_version(bring("payments", ROWS))
    answer = client.post(at("read_again", version.pk), {"encoding": "klingon"})
    assert answer.status_code == 422
    assert "klingon is not one of the available choices" in answer.content.decode()
    assert Version.objects.count() == 1


def test_a_newer_file_that_cannot_be_read_leaves_the_last_good_version_in_use(
    client, at, bring, jobs
):
    source = bring("payments", ROWS)
    with jobs():
        client.post(
            at("add_version", source.pk), {"file": SimpleUploadedFile("new.csv", b"%PDF-1.7")}
        )
    page = client.get(at("source", source.pk)).content.decode()
    assert newest_version(source).number == 1
    assert "How version 1 was read" in page
    assert "PDF" in page


def test_before_the_plan_is_signed_the_page_explains_instead_of_a_form(client, at, cycle):
    page = client.get(at("sources")).content.decode()
    assert "after the planning gate is passed" in page
    assert 'type="file"' not in page
    assert post(client, at, ROWS).status_code == 409
    assert not Source.objects.exists()


def test_a_live_cycle_keeps_its_data(client, at, bring, opened, manager, analyst):
    source = bring("payments", ROWS)
    Decision.objects.create(
        cycle=opened,
        stage=Stage.PRODUCTION,
        number=1,
        subject="s",
        evidence_hash="e",
        evidence={},
        person=manager,
        person_name="Mo",
        role="manager",
        verdict=Verdict.APPROVE,
        meaning="m",
    )
    tries = [
        post(client, at, ROWS, name="other"),
        client.post(at("set_base"), {"source": source.pk}),
        client.post(at("remove_source", source.pk)),
        client.post(at("build")),
        client.post(at("split"), {"method": "random", "folds": 3, "seed": 0}),
    ]
    assert [answer.status_code for answer in tries] == [409] * 5
    assert all("This cycle is live" in answer.content.decode() for answer in tries)
    page = client.get(at("sources")).content.decode()
    assert "This cycle is live" in page
    assert (
        f'href="{reverse("production:monitor", args=[opened.project.slug])}">Go to the monitor'
        in page
    )
    assert "Look at the planning gate" not in page


def test_sources_of_another_project_are_not_there(client, at, bring, team, analyst):
    source = bring("payments", ROWS)
    other = start_project(team=team, name="Other", by=analyst)
    address = at("source", source.pk).replace(source.project.slug, other.slug)
    assert client.get(address).status_code == 404
    chosen = client.post(
        at("set_base").replace(source.project.slug, other.slug), {"source": source.pk}
    )
    assert chosen.status_code == 404
    assert client.post(at("set_base"), {"source": "x'y"}).status_code == 404


def test_a_viewer_reads_and_changes_nothing(client, at, bring, viewer):
    source = bring("payments", ROWS)
    client.force_login(viewer)
    page = client.get(at("source", source.pk)).content.decode()
    assert "How version 1 was read" in page
    assert 'form class="card' not in page
    assert post(client, at, ROWS, name="mine").status_code == 403
    assert Source.objects.count() == 1


def test_equal_bytes_are_stored_once(bring):
    one, two = bring("one", ROWS), bring("two", ROWS)
    hashes = {newest_version(each).sha256 for each in (one, two)}
    assert len(hashes) == 1
    assert hash_of(local(hashes.pop())) in {newest_version(one).sha256}


def test_every_change_is_a_line_of_the_ledger(bring, project):
    bring("payments", builders.cancer_csv())
    verbs = list(project.events.filter(verb__startswith="data.").values_list("verb", flat=True))
    assert verbs == ["data.source_added", "data.uploaded", "data.read"]
