"""A page of Explore asks once for what its many lines share: addresses, findings, choices."""

import re

import pytest
from django import urls
from django.db import connection
from django.forms import Select
from django.forms.renderers import DjangoTemplates
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from apps.eda.actions import raise_finding
from apps.eda.models import Severity
from apps.eda.views import common
from apps.web.forms import HouseRenderer

pytestmark = pytest.mark.once  # pages, the same on every database
MOST_QUERIES = 36
"""Of the overview of a split table without joins, asked for a second time by who may raise."""


def asked_by(client, address):
    """Queries of a page that was visited before."""
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def test_the_overview_asks_the_database_little_and_no_more_for_many_findings(
    client, analyst, profiled, at
):
    client.force_login(analyst)
    raised = {"cycle": profiled, "severity": Severity.LOW, "owner": analyst, "by": analyst}
    raise_finding(says="Number 0", column="", **raised)
    few = asked_by(client, at("overview"))
    for number in range(1, 6):
        raise_finding(says=f"Number {number}", column="desk", **raised)
    assert asked_by(client, at("overview")) == few <= MOST_QUERIES


@pytest.mark.parametrize("name", ["overview", "leaks"])
def test_the_address_of_a_column_is_asked_for_once_for_all_lines(
    client, analyst, profiled, at, monkeypatch, name
):
    asked, reverse = [], urls.reverse

    def counted(what, *args, **kwargs):
        asked.append(what)
        return reverse(what, *args, **kwargs)

    monkeypatch.setattr(urls, "reverse", counted)  # what templates ask
    monkeypatch.setattr(common, "reverse", counted)
    client.force_login(analyst)
    found = client.get(at(name)).content.decode()
    assert found.count(at("column", 1).removesuffix("1/")) > 3
    assert asked.count("eda:column") == 1


def test_lines_of_a_slice_lead_to_columns_of_that_slice(client, analyst, profiled, at):
    client.force_login(analyst)
    asked = {"slice": '["is","desk","north"]'}
    page = client.get(at("overview"), asked)
    rows = page.context["rows"]
    assert rows.where
    assert f'href="{escape(rows.column_at(3))}"' in page.content.decode()
    assert rows.column_at(3) == f"{at('column', 3)}{rows.where.tail}"


def test_choices_are_drawn_as_django_draws_them():
    widget = Select(choices=[("", "—"), ("a", "<A>"), ("Group", [("b", "B"), ("c", "C")])])
    drawn = [
        re.sub(r"\s+", " ", widget.render("one", "b", {"id": "x", "required": True}, renderer))
        for renderer in (HouseRenderer(), DjangoTemplates())
    ]
    assert drawn[0].replace("> <", "><").strip() == drawn[1].replace("> <", "><").strip()
    assert drawn[0].count("selected") == 1
