"""Views that people name: kept with their slice, shared, pinned to the data gate."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from apps.eda.actions import name_view, pin_view, remove_view
from apps.eda.models import View
from apps.eda.pinned import place_of, view_lines
from apps.planning.models import Draft
from apps.projects.models import Event
from apps.web.refusals import Refusal

pytestmark = pytest.mark.once
NORTH = "slice=%5B%22is%22%2C%22desk%22%2C%22north%22%5D"


def test_a_page_is_named_with_its_slice_shared_and_shown_at_the_gate(
    client, analyst, viewer, profiled, at
):
    client.force_login(analyst)
    address = f"{at('relations')}?by=linear&{NORTH}"
    assert b"Keep this view" in client.get(address).content
    typed = {"name": "North by lines", "note": "Straight lines only", "is_pinned": "on"}
    answer = client.post(at("name_view"), {**typed, "address": f"{address}&theme=dark"})
    assert answer.status_code == 302
    client.force_login(viewer)
    html = client.get(at("views")).content.decode()
    assert "North by lines" in html
    assert "“desk” is “north”" in html
    assert "Remove" not in html
    (line,) = view_lines(profiled)
    page = client.get(line.address)
    assert page.context["by"] == "linear"
    assert page.context["rows"].where.says == "“desk” is “north”"
    gate = client.get(reverse("governance:gate", args=[profiled.project.slug, "data"]))
    assert "Straight lines only" in gate.content.decode()
    assert line.address.replace("&", "&amp;") in gate.content.decode()
    assert Event.objects.filter(verb="data.view_named").count() == 1


def test_a_pinned_view_changes_what_a_signature_covers_and_can_be_taken_away(
    client, analyst, profiled, at
):
    client.force_login(analyst)
    view = name_view(
        cycle=profiled, name="First", place=place_of(at("column", 3), cycle=profiled), by=analyst
    )
    url = reverse("governance:gate", args=[profiled.project.slug, "data"])
    before = client.get(url).context["shown"].sha256
    client.post(at("pin_view", view.pk), {"pin": "yes"})
    assert client.get(url).context["shown"].sha256 != before
    client.post(at("pin_view", view.pk), {"pin": "no"})
    assert client.get(url).context["shown"].sha256 == before
    client.post(at("remove_view", view.pk))
    assert not View.objects.exists()
    verbs = Event.objects.filter(verb__startswith="data.view").values_list("verb", flat=True)
    assert list(verbs) == [
        "data.view_named", "data.view_pinned", "data.view_unpinned", "data.view_removed",
    ]  # fmt: skip


def test_a_view_finds_its_column_by_name_and_says_when_it_is_gone(analyst, profiled, at):
    place = place_of(at("pair", 2, 5), cycle=profiled)
    view = name_view(cycle=profiled, name="Two", place=place, by=analyst)
    (line,) = view_lines(profiled)
    assert line.address == at("pair", 2, 5)
    view.columns = [place.columns[0], "a column of last year"]
    view.save()
    (line,) = view_lines(profiled)
    assert not line.address
    assert "a column of last year" in line.problem


def test_a_view_by_a_column_that_became_sensitive_shows_no_value(client, analyst, profiled, at):
    place = place_of(f"{at('overview')}?{NORTH}", cycle=profiled)
    name_view(cycle=profiled, name="One desk", place=place, by=analyst, pin=True)
    draft = Draft.objects.get(cycle=profiled)
    draft.content["features"]["columns"].append({"name": "desk", "sensitive": True})
    draft.save()
    client.force_login(analyst)
    gate = reverse("governance:gate", args=[profiled.project.slug, "data"])
    for address in (at("views"), gate):
        assert "north" not in client.get(address).content.decode()


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "/", "/p/other/explore/", "javascript:alert(1)", "", "//["]
)
def test_only_a_page_of_this_projects_exploration_is_named(client, analyst, profiled, at, address):
    client.force_login(analyst)
    answer = client.post(at("name_view"), {"name": "Bad", "address": address})
    assert answer.status_code == 409
    assert not View.objects.exists()


def test_a_name_is_taken_once_and_has_to_be_given(client, analyst, profiled, at):
    place = place_of(at("time"), cycle=profiled)
    name_view(cycle=profiled, name="Mine", place=place, by=analyst)
    with pytest.raises(Refusal, match="already"):
        name_view(cycle=profiled, name="Mine", place=place, by=analyst)
    client.force_login(analyst)
    for name in ("", "x" * 81):
        typed = {"name": name, "address": at("time")}
        assert client.post(at("name_view"), typed).status_code == 409


def test_a_viewer_names_pins_and_removes_nothing(viewer, analyst, profiled, at):
    place = place_of(at("time"), cycle=profiled)
    view = name_view(cycle=profiled, name="Mine", place=place, by=analyst)
    with pytest.raises(PermissionDenied):
        name_view(cycle=profiled, name="Yours", place=place, by=viewer)
    with pytest.raises(PermissionDenied):
        pin_view(view=view, pin=True, by=viewer)
    with pytest.raises(PermissionDenied):
        remove_view(view=view, by=viewer)
