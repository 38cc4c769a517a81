"""Of a sensitive column no page of the data room shows a cell, and no download holds one."""

import pandas as pd
import pytest

from apps.datasets import actions
from apps.datasets.veiling import HIDDEN
from apps.planning.models import ColumnClass, Sensitivity

pytestmark = pytest.mark.once  # pages and files, the same on every database
PEOPLE = pd.DataFrame(
    {
        "id": range(60),
        "faith": ["zoroastrian", None, "jain-faith"] * 20,
        "visits": range(40, 100),
    }
)
SECRET = ("zoroastrian", "jain-faith")


@pytest.fixture
def source(bring, opened, analyst, jobs):
    found = bring("people", PEOPLE)
    actions.set_base(cycle=opened, source=found, by=analyst)
    with jobs():
        actions.build_table(cycle=opened, by=analyst)
    return found


@pytest.fixture
def classed(source, opened, analyst):
    """The column is classed after the table was built: it counts at once."""
    ColumnClass.objects.create(
        project=opened.project, column="faith", sensitivity=Sensitivity.SECRET, person=analyst
    )
    return source


def test_a_column_nobody_classed_is_shown(client, at, source):
    for address in (at("table"), at("source", source.pk)):
        assert SECRET[0] in client.get(address).content.decode()
    assert client.get(at("original", source.versions.get().pk)).status_code == 200


def test_the_table_leaves_it_out_and_neither_sorts_nor_searches_nor_counts_it(client, at, classed):
    for asked in ({}, {"sort": "faith"}, {"facet": "faith"}, {"search": "zoro"}):
        page = client.get(at("table"), asked)
        shown = page.content.decode()
        assert page.status_code == 200
        assert not [value for value in SECRET if value in shown]
        assert "Sensitive, so not shown: faith." in shown
        assert [column.name for column in page.context["grid"].columns] == ["id", "visits"]
        assert page.context["grid"].total == len(PEOPLE)


def test_first_rows_show_that_something_is_hidden_also_read_in_another_way(client, at, classed):
    version = classed.versions.get()
    first = client.get(at("source", classed.pk))
    again = client.post(at("read_again", version.pk), {"look": "1", "delimiter": ","})
    for page in (first, again):
        shown = page.content.decode()
        assert HIDDEN in shown
        assert not [value for value in SECRET if value in shown]
    assert first.context["first_rows"][0] == ["0", HIDDEN, "40"]


def test_an_original_that_holds_it_is_not_given_out(client, at, classed):
    answer = client.get(at("original", classed.versions.get().pk))
    assert answer.status_code == 409
    assert "“faith” hold" in answer.content.decode()
