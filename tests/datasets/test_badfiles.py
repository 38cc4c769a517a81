"""The cases of reliability 2B that need the whole house: names, forms, recipes."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.datasets import actions
from apps.datasets.models import Version
from apps.datasets.storage import local

pytestmark = pytest.mark.once  # pages and files, the same on every database

ROWS = b"id,amount\n1,10\n2,20\n"
NAMES = [
    "a.csv.exe",
    "A.CSV",
    "a",
    "a.csv%00.png",
    "x" * 300 + ".csv",
    "../../x.csv",
    "CON.csv",
    ".htaccess",
    '<img src=x onerror="alert(1)">.csv',
    "a\nb.csv",
    "{{7*7}}.csv",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file_name_is_only_shown(client, at, opened, jobs, name):
    with jobs():
        answer = client.post(at("begin_upload"), {"filename": name, "size": len(ROWS)}).json()
        client.put(
            answer["url"],
            ROWS,
            content_type="application/octet-stream",
            headers={"Upload-Offset": "0"},
        )
        client.post(at("add_source"), {"name": "payments", "upload": answer["id"]})
    version = Version.objects.get()
    page = client.get(at("source", version.source_id)).content.decode()
    assert version.is_ready
    assert local(version.sha256).name == version.sha256
    assert "/" not in version.filename
    assert "\n" not in version.filename
    assert len(version.filename) <= 255
    assert "<img src=x" not in page


def test_the_same_file_twice_is_told(client, at, bring, jobs):
    source = bring("payments", ROWS)
    with jobs():
        answer = client.post(
            at("add_version", source.pk),
            {"file": SimpleUploadedFile("again.csv", ROWS)},
            follow=True,
        )
    assert "These bytes were here already, as payments v1" in answer.content.decode()
    assert source.versions.count() == 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"--x\r\n", "multipart/form-data; boundary=y"),
        (
            b'--x\r\nContent-Disposition: form-data; name="__proto__"\r\n\r\n1\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (
            b"".join(
                b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n1\r\n' % each
                for each in range(10_000)
            )
            + b"--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
        (b"name=payments", "application/x-www-form-urlencoded"),
        (b'{"name": "payments"}', "application/json"),
    ],
    ids=["no boundary", "another boundary", "__proto__", "10,000 parts", "no file", "JSON"],
)
def test_a_broken_form_is_refused(client, at, opened, body, kind):
    answer = client.generic("POST", at("add_source"), body, content_type=kind)
    assert answer.status_code in (400, 413, 422)
    assert not Version.objects.exists()


def test_of_two_files_in_one_field_one_is_taken_and_none_is_mixed(client, at, opened, jobs):
    files = [SimpleUploadedFile("a.csv", ROWS), SimpleUploadedFile("b.csv", b"x\n1\n")]
    with jobs():
        client.post(at("add_source"), {"name": "payments", "file": files})
    version = Version.objects.get()
    assert local(version.sha256).read_bytes() in (ROWS, b"x\n1\n")


def test_a_recipe_that_leaves_no_row(client, at, bring, opened, analyst, jobs):
    actions.set_base(cycle=opened, source=bring("payments", ROWS), by=analyst)
    actions.add_step(
        cycle=opened,
        step="filter_rows",
        params={"column": "amount", "operator": "is missing"},
        by=analyst,
    )
    with jobs():
        table = actions.build_table(cycle=opened, by=analyst)
    table.refresh_from_db()
    table.job.refresh_from_db()
    assert not table.is_ready
    assert table.job.problem.endswith(".")


def test_a_recipe_that_leaves_no_column(client, at, bring, opened, analyst):
    actions.set_base(cycle=opened, source=bring("payments", ROWS), by=analyst)
    answer = client.post(at("add_step", "drop_columns"), {"columns": ["id", "amount"]})
    assert answer.status_code == 422
    assert "would leave out every column" in answer.content.decode()
