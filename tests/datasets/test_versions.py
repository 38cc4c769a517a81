"""A newer file of a source: compared, held against what stands on it, and only then in use."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.datasets import actions, versions
from apps.datasets.queries import newest_version
from apps.web.refusals import Refusal
from tests import builders

OLD = b"id,city,amount,note\n1,Oslo,10,x\n2,Rome,20,y\n3,Oslo,,z\n"
NEW = b"id,city,amount,day\n1,Oslo,10\n2,Bonn,20,2024-05-31\n3,Oslo,a\n4,Rome,30,2024-06-01\n"


@pytest.fixture
def renewed(client, at, bring, jobs):
    """A source with a version in use and a newer file that waits."""
    source = bring("payments", OLD)
    with jobs():
        client.post(at("add_version", source.pk), {"file": SimpleUploadedFile("new.csv", NEW)})
    return source


def test_a_newer_file_waits_until_a_person_takes_it(client, at, renewed, project):
    assert newest_version(renewed).number == 1
    waiting = renewed.versions.get(number=2)
    answer = client.post(at("take_version", waiting.pk))
    assert answer.status_code == 302
    assert newest_version(renewed).number == 2
    assert project.events.filter(verb="data.version_taken").count() == 1


def test_the_page_tells_what_a_newer_file_adds_takes_away_and_changes(client, at, renewed):
    page = client.get(at("source", renewed.pk)).content.decode()
    compared = renewed.versions.get(number=2).report["compared"]
    assert (compared["rows_before"], compared["rows_after"]) == (3, 4)
    assert (compared["added"], compared["removed"]) == (["day"], ["note"])
    assert compared["retyped"] == [{"name": "amount", "before": "integer", "after": "text"}]
    assert (compared["same_rows"], compared["new_rows"], compared["gone_rows"]) == (2, 2, 1)
    city = next(each for each in compared["columns"] if each["name"] == "city")
    assert city["new_categories"] == [{"value": "Bonn", "rows": 1}]
    assert "Version 2 is not in use yet: how it differs from version 1" in page
    assert "Bonn (1)" in page


def test_each_step_that_stands_on_the_source_is_held_against_the_newer_file(
    client, at, renewed, opened, analyst
):
    actions.set_base(cycle=opened, source=renewed, by=analyst)
    for step, params in (
        ("drop_columns", {"columns": ["city"]}),
        ("drop_columns", {"columns": ["note"]}),
    ):
        actions.add_step(cycle=opened, step=step, params=params, by=analyst)
    lines = versions.downstream(renewed.versions.get(number=2), cycle=opened)
    assert [line.applies for line in lines] == [True, False]
    assert "note" in lines[1].says
    page = client.get(at("source", renewed.pk)).content.decode()
    assert "Does not apply:" in page


def test_a_version_is_taken_once_and_not_after_a_newer_one(client, at, renewed, opened, analyst):
    waiting = renewed.versions.get(number=2)
    versions.take(version=waiting, cycle=opened, by=analyst)
    with pytest.raises(Refusal, match="was taken already"):
        versions.take(version=waiting, cycle=opened, by=analyst)


def test_a_viewer_cannot_take_a_version(client, at, renewed, viewer):
    client.force_login(viewer)
    waiting = renewed.versions.get(number=2)
    assert client.post(at("take_version", waiting.pk)).status_code == 403
    assert "Take version 2" not in client.get(at("source", renewed.pk)).content.decode()


def test_the_first_file_of_a_source_and_reading_again_do_not_wait(client, at, bring, jobs):
    source = bring("samples", builders.cancer_csv())
    with jobs():
        client.post(at("read_again", newest_version(source).pk), {"missing": "NA"})
    assert newest_version(source).number == 2
