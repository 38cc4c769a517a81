"""Files in pieces: they go on where the line broke, and never hold more than was announced."""

import csv
import hashlib
import io
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from apps.datasets import uploads
from apps.datasets.models import Source, Upload, Version
from apps.datasets.queries import newest_version
from apps.datasets.storage import local

ROWS = b"id,amount\n007,1.50\n008,2.25\n"


@pytest.fixture
def begin(client, at, opened):
    """``begin(size=...)`` announces a file."""

    def announce(data=ROWS, **but):
        body = {"filename": "payments.csv", "size": len(data), **but}
        return client.post(at("begin_upload"), body)

    return announce


def put(client, url, data, offset):
    return client.put(
        url, data, content_type="application/octet-stream", headers={"Upload-Offset": str(offset)}
    )


def test_a_file_in_two_pieces_becomes_a_version_with_the_same_bytes(client, at, begin, jobs):
    told = begin().json()
    assert put(client, told["url"], ROWS[:10], 0).json() == {"offset": 10}
    assert client.get(told["url"]).json() == {"offset": 10}
    assert put(client, told["url"], ROWS[10:], 10).json() == {"offset": len(ROWS)}
    with jobs():
        answer = client.post(at("add_source"), {"name": "payments", "upload": told["id"]})
    version = Version.objects.get()
    assert answer.status_code == 302
    assert local(version.sha256).read_bytes() == ROWS
    assert (version.filename, version.rows) == ("payments.csv", 2)
    assert not Upload.objects.exists()


def test_a_piece_at_the_wrong_place_is_refused_and_told_where_to_go_on(client, begin):
    told = begin().json()
    put(client, told["url"], ROWS[:10], 0)
    again = put(client, told["url"], ROWS[:10], 0)
    assert (again.status_code, again.json()["offset"]) == (409, 10)


def test_more_than_was_announced_is_refused(client, begin):
    told = begin(size=5).json()
    answer = put(client, told["url"], ROWS, 0)
    assert answer.status_code == 400
    assert "More than the 5 announced bytes" in answer.json()["says"]


def test_a_file_that_is_not_whole_makes_no_version(client, at, begin):
    told = begin().json()
    put(client, told["url"], ROWS[:10], 0)
    answer = client.post(at("add_source"), {"name": "payments", "upload": told["id"]})
    assert answer.status_code == 422
    assert "has not come as a whole" in answer.content.decode()
    assert not Source.objects.exists()


@pytest.mark.parametrize(
    ("but", "says"),
    [
        ({"size": "0"}, "it has 0 bytes"),
        ({"size": "-1"}, "size of the file is missing"),
        ({"size": "1e9"}, "size of the file is missing"),
        ({"size": str(10**14)}, "are accepted here"),
    ],
)
def test_a_size_that_cannot_be_is_refused_before_a_byte_is_sent(begin, but, says):
    answer = begin(**but)
    assert answer.status_code == 409
    assert says in answer.json()["says"]
    assert not Upload.objects.exists()


def test_bytes_that_the_project_has_are_recognised_and_not_sent_again(
    client, at, bring, begin, jobs
):
    source = bring("payments", ROWS)
    told = begin(sha256=hashlib.sha256(ROWS).hexdigest()).json()
    assert (told["known"], told["offset"]) == ("payments v1", len(ROWS))
    with jobs():
        client.post(at("add_version", source.pk), {"upload": told["id"]})
    assert source.versions.count() == 2
    assert len({version.sha256 for version in source.versions.all()}) == 1


def test_another_person_does_not_see_the_upload(client, begin, join):
    told = begin().json()
    client.force_login(join("analyst", name="Other"))
    assert client.get(told["url"]).status_code == 404
    assert put(client, told["url"], ROWS, 0).status_code == 404


def test_what_nobody_finished_is_removed(client, begin):
    told = begin().json()
    put(client, told["url"], ROWS[:10], 0)
    old = Upload.objects.get()
    Upload.objects.update(created_at=timezone.now() - timedelta(days=3))
    begin()
    assert not Upload.objects.filter(pk=old.pk).exists()
    assert not uploads.path_of(old.pk).exists()


def test_a_team_keeps_no_more_than_its_quota_and_equal_bytes_count_once(client, at, bring, jobs):
    source = bring("payments", ROWS)
    with override_settings(TEAM_BYTES=len(ROWS) + 5), jobs():
        more = client.post(at("add_version", source.pk), {"file": io.BytesIO(b"id,amount\n1,2\n")})
        same = client.post(at("read_again", newest_version(source).pk), {"missing": "NA"})
    assert more.status_code == 409
    assert "is the limit: ask an administrator" in more.content.decode()
    assert same.status_code == 302
    assert source.versions.count() == 2


def test_the_original_and_the_rejected_rows_can_be_taken_home(client, at, bring, viewer):
    content = b"a,b\n1,2\n=1+1,x,-5\n3,4\n"
    version = newest_version(bring("payments", content))
    original = client.get(at("original", version.pk))
    assert b"".join(original.streaming_content) == content
    assert "attachment" in original["Content-Disposition"]
    rejected = b"".join(client.get(at("rejected", version.pk)).streaming_content)
    rows = list(csv.reader(io.StringIO(rejected.decode("utf-8-sig"))))
    assert rows == [
        ["line", "why", "cells"],
        ["3", "3 cells where the header has 2.", "'=1+1", "x", "-5"],
    ]
    client.force_login(viewer)
    assert client.get(at("original", version.pk)).status_code == 403


def test_without_rejected_rows_there_is_no_file_of_them(client, at, bring):
    version = newest_version(bring("payments", ROWS))
    assert client.get(at("rejected", version.pk)).status_code == 404
