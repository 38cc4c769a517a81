"""The overview: empty states, what a profile says, who may look."""

import json

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from apps.datasets import actions as data
from apps.datasets.queries import current_split
from apps.datasets.storage import shelved
from apps.eda.columns import column_lines
from apps.eda.models import Profile
from apps.eda.queries import current_profile, result_of
from apps.engine.profile import explore, so_far
from apps.jobs.models import JobState
from apps.jobs.runner import Desk
from tests import builders

pytestmark = pytest.mark.once  # pages and files, the same on every database


def test_without_a_table_the_page_says_what_to_do_first(client, analyst, project, at):
    client.force_login(analyst)
    page = client.get(at("overview"))
    assert b"There is no table yet" in page.content
    assert reverse("datasets:wrangle", args=[project.slug]) in page.content.decode()
    refused = client.post(at("profile"))
    assert refused.status_code == 409
    assert b"Build the table first" in refused.content
    assert not Profile.objects.exists()


def test_before_the_split_all_rows_are_profiled_and_the_page_says_so(
    client, analyst, built, at, run_jobs
):
    client.force_login(analyst)
    assert b"Profile the table" in client.get(at("overview")).content
    with run_jobs():
        assert client.post(at("profile")).status_code == 302
    page = client.get(at("overview"))
    assert b"All rows, before the split" in page.content
    assert page.context["result"]["rows"] == 569


def test_after_the_split_only_development_rows_are_profiled(client, analyst, profiled, at):
    profile = current_profile(profiled)
    split = current_split(profiled)
    assert profile.parquet == split.development
    client.force_login(analyst)
    page = client.get(at("overview"))
    assert b"Development rows only" in page.content
    assert page.context["result"]["rows"] == split.report["development_rows"] < 569
    # Numbers of scikit-learn's table; the plan's target and the desk are texts.
    assert page.context["result"]["column_count"] == len(builders.MEASURES) + 2
    assert page.context["result"]["target"].name == "diagnosis"


def test_the_same_rows_are_profiled_once(client, analyst, profiled, at, run_jobs):
    client.force_login(analyst)
    before = Profile.objects.get()
    with run_jobs():
        client.post(at("profile"))
    assert Profile.objects.get().job == before.job


def test_a_profile_that_was_stopped_is_tried_again_with_the_same_row(
    client, analyst, profiled, at, run_jobs
):
    profile = current_profile(profiled)
    Profile.objects.filter(pk=profile.pk).update(result="", study="")
    profile.job.state, profile.job.problem = JobState.STOPPED, "Stopped by a person."
    profile.job.save()
    client.force_login(analyst)
    page = client.get(at("overview"))
    assert b"Try again" in page.content
    assert b"Stopped by a person." in page.content
    with run_jobs():
        client.post(at("profile"))
    profile.refresh_from_db()
    assert profile.is_ready
    assert profile.job.state == JobState.DONE


def test_what_is_found_in_the_first_columns_is_shown_while_the_rest_is_computed(
    client, analyst, built, at, run_jobs, monkeypatch
):
    seen, kept = [], []

    def call(desk, name, *, beside, **arguments):
        def report(done, total, says):
            beside(0)
            seen.append(client.get(at("overview")))
            kept.append(shelved(Profile.objects.get().shelf))

        told = explore.explore_table(report=report, **arguments)
        return json.loads(json.dumps(told, allow_nan=False))

    monkeypatch.setattr(so_far, "FIRST_S", 0.0)
    monkeypatch.setattr(Desk, "child", call)
    client.force_login(analyst)
    with run_jobs():
        client.post(at("profile"))
    parts = [page.context["so_far"]["columns"] for page in seen if page.context["so_far"]]
    assert parts == sorted(parts)
    assert parts[-1] == seen[-1].context["so_far"]["column_count"]
    assert b"Found so far" in seen[-1].content
    assert b"Go on to the split" not in seen[-1].content
    page = client.get(at("overview"), headers={"HX-Request": "true", "HX-Target": "so-far"})
    assert page.content.strip() == b""  # it is over: the piece of the page goes
    assert client.get(at("overview")).context["result"]["column_count"] == parts[-1]
    assert kept[-1]
    assert shelved(Profile.objects.get().shelf) == []  # the parts are not needed any more


def test_a_column_says_in_short_how_it_is_filled_and_what_it_tells(profiled):
    lines = {line.name: line for line in column_lines(result_of(current_profile(profiled)))}
    radius, desk, target = lines["mean radius"], lines["desk"], lines["diagnosis"]
    assert radius.low <= radius.middle <= radius.high
    assert radius.share is None
    assert radius.auc > 0.9
    assert 0.4 < desk.share < 0.6
    assert desk.auc == pytest.approx(0.5, abs=0.1)
    assert target.is_target
    assert target.auc is None


def test_ends_of_a_column_are_words_and_have_no_digits_that_say_nothing(
    client, analyst, profiled_csv, at
):
    lines = [
        f"{0.66 + number},2024-0{1 + number % 3}-01 0{number % 3}:00,4" for number in range(60)
    ]
    profiled_csv("\n".join(["size,at,same", *lines]))
    client.force_login(analyst)
    page = " ".join(strip_tags(client.get(at("overview")).content.decode()).split())
    assert "0.66 to 59.7 · median" in page
    assert "1 Jan 2024 to 1 Mar 2024, 02:00" in page
    assert "always 4" in page
    assert "0.0\N{NARROW NO-BREAK SPACE}%" not in page


def test_columns_are_found_by_a_part_of_their_name(client, analyst, profiled, at):
    client.force_login(analyst)
    page = client.get(at("overview"), {"q": "RADIUS"}).context["result"]["page"]
    assert [line.name for line in page] == ["mean radius", "radius error", "worst radius"]
    none = client.get(at("overview"), {"q": "<nobody>"})
    assert "No column has “&lt;nobody&gt;”" in none.content.decode()


def test_hostile_column_names_are_shown_as_they_are_written(
    client, analyst, planned, at, run_jobs, tmp_path
):
    names = ["<b>bold</b>", '"><script>alert(1)</script>', "{{ 7|add:7 }}", "__proto__"]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    body = "\n".join(f"{n},{n % 3},x{n % 2},{n % 5}" for n in range(40))
    with run_jobs():
        version = builders.upload(
            planned, analyst, f"{header}\n{body}\n".encode(), tmp_path=tmp_path
        )
    data.set_base(cycle=planned, source=version.source, by=analyst)
    with run_jobs():
        data.build_table(cycle=planned, by=analyst)
    client.force_login(analyst)
    with run_jobs():
        client.post(at("profile"))
    page = client.get(at("overview"))
    html = page.content.decode()
    assert [line.name for line in page.context["result"]["page"]] == names
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<script>alert(1)" not in html
    assert "{{ 7|add:7 }}" in html
    for position, name in enumerate(names, start=1):
        assert client.get(at("column", position)).context["page"].column["name"] == name
    figure = client.get(at("matrix", "rank")).json()["figure"]
    assert "&lt;b&gt;bold&lt;/b&gt;" in figure["layout"]["xaxis"]["ticktext"]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("overview", ()),
        ("column", (1,)),
        ("column_figure", (1, "distribution")),
        ("matrix", ("rank",)),
        ("relations", ()),
        ("pair", (1, 2)),
        ("pair_figure", (1, 2)),
        ("leaks", ()),
        ("missing", ()),
        ("time", ()),
    ],
)
def test_another_team_sees_nothing_and_a_viewer_everything(
    client, stranger, viewer, profiled, at, name, more
):
    client.force_login(stranger)
    assert client.get(at(name, *more)).status_code == 404
    client.force_login(viewer)
    assert client.get(at(name, *more)).status_code == 200


def test_a_viewer_cannot_start_a_profile_and_sees_no_button(client, viewer, built, at):
    client.force_login(viewer)
    assert b"Profile the table" not in client.get(at("overview")).content
    assert client.post(at("profile")).status_code == 403
    assert not Profile.objects.exists()
