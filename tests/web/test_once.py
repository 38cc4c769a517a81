"""A page reads what it rests on once, and what a form changed is read anew."""

import pytest
from django.urls import reverse

from apps.projects.stages import Stage
from apps.web.once import one_page, read_once
from tests import builders


@pytest.fixture
def asked():
    """A read that counts how often it is asked."""

    @read_once
    def read(what, *, loud=False):
        read.times.append(what)
        return f"{what}!" if loud else what

    read.times = []
    return read


def test_within_a_page_the_same_is_read_once_and_outside_each_time(asked):
    with one_page():
        assert [asked("a"), asked("a"), asked("a", loud=True), asked("b")] == ["a", "a", "a!", "b"]
        assert asked.times == ["a", "a", "b"]
    assert [asked("a"), asked("a")] == ["a", "a"]
    with one_page():
        asked("a")
    assert asked.times == ["a", "a", "b", "a", "a", "a"]


def test_what_failed_is_asked_again():
    tries = []

    @read_once
    def read():
        tries.append(1)
        if len(tries) == 1:
            raise LookupError
        return "there"

    with one_page():
        with pytest.raises(LookupError):
            read()
        assert read() == "there"


def test_a_page_after_a_form_shows_what_the_form_changed(client, cycle, analyst, pass_gate):

    client.force_login(analyst)
    address = reverse("planning:features", args=[cycle.project.slug])
    assert client.get(address).status_code == 200
    builders.make_plan(cycle, analyst)
    pass_gate(cycle, Stage.PLAN)
    page = client.get(reverse("eda:overview", args=[cycle.project.slug]))
    assert page.status_code == 200
    assert "There is no table yet" in page.content.decode()
