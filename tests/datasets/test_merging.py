"""Spellings of one thing are merged group by group, each by a tick of its own."""

import pandas as pd
import pytest

from apps.datasets import actions, wrangling
from apps.datasets.grids import first_rows
from apps.datasets.models import Step
from apps.planning.models import Draft

PEOPLE = pd.DataFrame(
    {
        "id": [f"c{number:03}" for number in range(100)],
        "city": ["Paris"] * 40 + ["paris"] * 3 + ["Hannover"] * 54 + ["Hanover"] * 3,
    }
)


@pytest.fixture
def looked(bring, opened, analyst, jobs):
    """The issues of a table with two ways to write two towns."""
    actions.set_base(cycle=opened, source=bring("people", PEOPLE), by=analyst)
    with jobs():
        wrangling.examine(cycle=opened, by=analyst)
    return opened


def sent(form, **changes):
    """The form as a browser sends it: unticked boxes are not sent."""
    values = {name: form[name].value() for name in form.fields} | changes
    return {name: value for name, value in values.items() if value not in (False, None)}


def test_ticked_groups_are_merged_and_no_others(
    client, at, looked, opened, analyst, jobs, subtests
):
    address = f"{at('merge')}?column=city"
    page = client.get(at("wrangle")).content.decode()
    assert f"{at('merge')}?column=city" in page
    form = client.get(address).context["form"]
    ticks = {line.how: line.take.value() for _, _, lines in form.sections for line in lines}
    with subtests.test("a key collision is ticked at first, a nearest neighbour is not"):
        assert ticks == {"spelling": True, "neighbour": False}
    with subtests.test("values stand there with their rows, and the name to keep"):
        (line,) = form.sections[0][2]
        assert (line.members, line.keep.value()) == ([("Paris", 40), ("paris", 3)], "Paris")
    with subtests.test("nothing ticked, no name, and groups of another look are sent back"):
        for changes in ({"take-0": False}, {"keep-0": ""}, {"of": "other"}):
            assert client.post(address, sent(form, **changes)).status_code == 422
    with subtests.test("it is shown before it is done"):
        shown = client.post(address, sent(form, preview="1")).context["preview"]
        assert shown.effect["cells_changed"] == 3
        assert not Step.objects.exists()
    with subtests.test("a name of one's own is kept, and the untouched group stays"):
        client.post(address, sent(form, **{"keep-0": "Paris (FR)", "add": "1"}))
        step = Step.objects.get()
        assert step.params["mapping"] == [["Paris", "Paris (FR)"], ["paris", "Paris (FR)"]]
        with jobs():
            table = actions.build_table(cycle=opened, by=analyst)
        table.refresh_from_db()
        cities = first_rows(table.parquet, cells=1000)["city"].value_counts().to_dict()
        assert cities == {"Hannover": 54, "Paris (FR)": 43, "Hanover": 3}
    with subtests.test("values of a sensitive column are not shown"):
        columns = {"features": {"columns": [{"name": "city", "sensitive": True}]}}
        Draft.objects.update_or_create(cycle=opened, defaults={"content": columns})
        assert client.get(address).status_code == 404
