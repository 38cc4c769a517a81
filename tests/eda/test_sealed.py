"""The sealed rows are read by no page; a look at their features is asked for, logged and shown."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from apps.datasets import actions as data
from apps.datasets import vault
from apps.eda.actions import look_at_sealed, start_profile
from apps.eda.models import SealedLook, SealedSight
from apps.eda.sealed import left_out
from apps.eda.urls import urlpatterns
from apps.engine.reading.tables import read_table
from apps.jobs.models import JobState
from apps.planning.models import Draft
from apps.projects.models import Event
from apps.web.refusals import Refusal

pytestmark = pytest.mark.once
WHY = "The test is the newest quarter, with another tariff."


@pytest.fixture
def named_rows(profiled_csv, planned, analyst, run_jobs):
    """Every row has a word of its own; split and profiled. Returns the words of the test."""
    rows = "\n".join(
        f"word{n:04d}z,{n % 7},2024-0{n % 9 + 1}-11,{'malignant' if n % 3 else 'benign'}"
        for n in range(240)
    )
    profiled_csv(f"code,n,day,diagnosis\n{rows}\n")
    with run_jobs():
        split = data.draw_split(cycle=planned, method="stratified", by=analyst, folds=3)
    with run_jobs():
        start_profile(cycle=planned, by=analyst)
    split.refresh_from_db()
    return split


def sealed_words(split, folder):
    vault.unseal(split.sealed_test, to=folder / "opened.parquet")
    return [word.encode() for word in read_table(folder / "opened.parquet")["code"]]


def pages(at, count):
    """Every address of the room that is read, over all columns and all pages of rows."""
    plain = [one.name for one in urlpatterns if "<" not in str(one.pattern)]
    posted = {"profile", "work_out", "raise_finding", "name_view", "look_at_sealed"}
    yield from (at(name) for name in plain if name not in {*posted, "choose_pair"})
    yield f"{at('choose_pair')}?a=1&b=2"
    yield from (at("matrix", one) for one in ("rank", "linear", "mutual"))
    yield from (at("missing_figure", one) for one in ("patterns", "effects"))
    yield from (f"{at('rows')}?page={page}" for page in range(1, 4))
    for place in range(1, count + 1):
        yield at("column", place)
        yield at("column_figure", place, "distribution")
        yield at("column_figure", place, "relation")
        yield at("column_figure", place, "stability")
    yield from (at("time_figure", 1, one) for one in ("rows", "target", "drift"))
    for other in range(2, count + 1):
        yield at("pair", 1, other)
        yield at("pair_figure", 1, other)
    yield f"{at('chart')}?x=code&kind=bar"
    yield f"{at('chart_figure')}?x=code&kind=bar"
    yield f"{at('compare')}?by=day"


def test_no_address_of_the_room_shows_a_sealed_row_before_or_after_a_look(
    client, analyst, planned, named_rows, at, run_jobs, tmp_path
):
    words = sealed_words(named_rows, tmp_path)
    assert len(words) >= 40
    with run_jobs():
        look_at_sealed(cycle=planned, reason=WHY, by=analyst)
    client.force_login(analyst)
    shown = 0
    for address in pages(at, 4):
        answer = client.get(address)
        assert answer.status_code in (200, 302, 404, 409), address
        found = [word for word in words if word in answer.content]
        assert found == [], address
        shown += b"word" in answer.content and b"z" in answer.content
    assert shown > 5  # the words of development do stand on pages


def test_a_look_is_asked_for_with_a_reason_logged_and_tells_summary_numbers(
    client, analyst, viewer, profiled, at, run_jobs
):
    client.force_login(analyst)
    assert b"Ask for a look" in client.get(at("sealed")).content
    assert client.post(at("look_at_sealed"), {"reason": "why not"}).status_code == 409
    assert not SealedLook.objects.exists()
    with run_jobs():
        assert client.post(at("look_at_sealed"), {"reason": WHY}).status_code == 302
    look = SealedLook.objects.get()
    told = look.sight.result
    names = {column["name"] for column in told["columns"]}
    assert "mean radius" in names
    assert "diagnosis" not in names  # the label
    assert "desk" not in names  # the plan: known after the decision
    assert not any(column["is_sure"] for column in told["columns"])  # drawn by lot
    assert told["adversary"]["low"] < 0.5
    client.force_login(viewer)
    html = client.get(at("sealed")).content.decode()
    assert "Both sides look like one world" in html
    assert WHY in html
    assert "is not known at the decision" in html
    assert "Ask for a look" not in html
    assert client.get(at("sealed_figure")).json()["table"]["rows"]
    verbs = Event.objects.filter(verb__startswith="data.sealed").values_list("verb", flat=True)
    assert list(verbs) == ["data.sealed_looked", "data.sealed_compared"]


def test_both_gates_show_the_look_and_its_reason(client, analyst, profiled, at, run_jobs):
    client.force_login(analyst)
    gates = [reverse("governance:gate", args=[profiled.project.slug, x]) for x in ("data", "model")]
    for gate in gates:
        assert "Nobody looked at the features of the test." in client.get(gate).content.decode()
    with run_jobs():
        look_at_sealed(cycle=profiled, reason=WHY, by=analyst)
    for gate in gates:
        html = client.get(gate).content.decode()
        assert "Looked at 1 time as summary numbers without labels" in html
        assert WHY in html


def test_the_same_rows_are_looked_at_once_and_again_only_when_a_look_failed(
    analyst, viewer, profiled, run_jobs
):
    with pytest.raises(PermissionDenied):
        look_at_sealed(cycle=profiled, reason=WHY, by=viewer)
    first = look_at_sealed(cycle=profiled, reason=WHY, by=analyst)
    with pytest.raises(Refusal, match="compared already"):
        look_at_sealed(cycle=profiled, reason=WHY, by=analyst)
    first.job.state = JobState.FAILED
    first.job.save(update_fields=["state"])
    with run_jobs():
        again = look_at_sealed(cycle=profiled, reason=WHY, by=analyst)
    assert again.number == 2
    assert SealedSight.objects.count() == 1
    with pytest.raises(Refusal, match="compared already"):
        look_at_sealed(cycle=profiled, reason=WHY, by=analyst)


def test_there_is_nothing_to_look_at_before_the_split_and_its_profile(
    client, analyst, built, at, run_jobs
):
    client.force_login(analyst)
    assert b"No test is sealed yet" in client.get(at("sealed")).content
    with pytest.raises(Refusal, match="Draw the split first"):
        look_at_sealed(cycle=built, reason=WHY, by=analyst)


def test_a_column_that_stands_for_the_label_or_became_sensitive_is_not_told(
    client, analyst, planned, profiled_csv, at, run_jobs
):
    rows = "\n".join(f"{n % 2},{n % 11},{'yes' if n % 2 else 'no'}" for n in range(200))
    text = f"copy,n,diagnosis\n{rows}\n".replace("yes", "malignant").replace("no\n", "benign\n")
    profiled_csv(text)
    with run_jobs():
        data.draw_split(cycle=planned, method="stratified", by=analyst, folds=3)
    with run_jobs():
        profile = start_profile(cycle=planned, by=analyst)
    profile.refresh_from_db()
    assert left_out(planned, profile) == [{"name": "copy", "why": "may stand for the target"}]
    with run_jobs():
        look_at_sealed(cycle=planned, reason=WHY, by=analyst)
    draft = Draft.objects.get(cycle=planned)
    draft.content["features"]["columns"].append({"name": "n", "sensitive": True})
    draft.save()
    client.force_login(analyst)
    assert client.get(at("sealed")).context["told"]["columns"] == []
    assert client.get(at("sealed_figure")).status_code == 404
