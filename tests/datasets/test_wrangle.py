"""The recipe: seen before it is applied, told in sentences, switched and moved, built once."""

import pandas as pd
import pytest

from apps.datasets import actions
from apps.datasets.models import Step, Table
from apps.datasets.queries import current_table
from apps.engine.recipe.registry import STEPS
from apps.jobs.models import JobState
from apps.web.refusals import Refusal

ROWS = pd.DataFrame(
    {
        "id": range(6),
        "answer": ["Yes", "yes", "no", "no", "maybe", "no"],
        "age": [20, -1, 30, -1, 50, 60],
        "test": ["n", "n", "n", "y", "n", "n"],
    }
)
FILTER = {"column": "test", "operator": "is not", "value": "y"}


@pytest.fixture
def based(bring, opened, analyst):
    actions.set_base(cycle=opened, source=bring("answers", ROWS), by=analyst)
    return opened


def add(cycle, analyst, step, **params):
    return actions.add_step(cycle=cycle, step=step, params=params, by=analyst)


def test_a_step_is_previewed_with_counts_and_examples_before_it_is_added(client, at, based):
    asked = {"step": "map_values", "preview": "1", "column": "answer", "mapping": "yes => Yes"}
    page = client.get(at("wrangle"), asked)
    assert page.context["preview"].effect["rows_touched"] == 1
    text = page.content.decode()
    assert "1 row touched, 1 cell changed, 6 → 6 rows" in text
    assert "<td>yes</td><td>Yes</td>" in text
    assert not Step.objects.exists()
    added = client.post(
        at("add_step", "map_values"),
        {"column": "answer", "mapping": "yes => Yes", "reason": "two spellings"},
    )
    assert added.status_code == 302
    assert "because “two spellings”" in client.get(at("wrangle")).content.decode()


def test_what_was_previewed_is_what_is_added(client, at, based):
    asked = {"step": "drop_columns", "preview": "1", "columns": ["test", "age"]}
    page = client.get(at("wrangle"), asked).content.decode()
    form = page[page.index('action="' + at("add_step", "drop_columns")) :]
    form = form[: form.index("</form>")]
    assert form.count('name="columns"') == 2
    assert "csrfmiddlewaretoken" in form


@pytest.mark.once  # forms; a step is previewed and added above
@pytest.mark.parametrize("key", STEPS)
def test_every_step_has_a_form_made_from_its_parameters(client, at, based, key):
    page = client.get(at("wrangle"), {"step": key})
    fields = page.context["form"].fields
    asked = [each.name for each in STEPS[key].parameters if each.input != "kind"]
    assert list(fields) == [*asked, "reason"]


@pytest.mark.parametrize(
    ("key", "data", "says"),
    [
        ("map_values", {"column": "answer", "mapping": "yes"}, "has no =&gt;"),
        ("map_values", {"column": "age", "mapping": "old => young"}, "old"),
        ("drop_columns", {}, "This field is required"),
        ("rename_column", {"column": "age", "to": "id"}, "id"),
    ],
)
def test_a_step_that_does_not_fit_is_refused_on_the_form(client, at, based, key, data, says):
    answer = client.post(at("add_step", key), data)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    previewed = client.get(at("wrangle"), {"step": key, "preview": "1", **data})
    assert previewed.status_code == 422
    assert says in previewed.content.decode()
    assert not Step.objects.exists()


def test_building_shows_the_waterfall_and_the_effect_of_each_step(client, at, based, analyst, jobs):
    add(based, analyst, "filter_rows", **FILTER)
    add(based, analyst, "set_missing", columns=["age"], tokens=["-1"])
    with jobs():
        client.post(at("build"))
    table = current_table(based)
    assert [row["rows"] for row in table.report["waterfall"]] == [6, 5, 5]
    page = client.get(at("wrangle")).content.decode()
    assert "6 → 5 rows" in page
    assert "1 cell changed" in page


def test_a_step_that_is_switched_off_and_on_again_finds_the_table_of_before(
    client, at, based, analyst, jobs
):
    step = add(based, analyst, "filter_rows", **FILTER)
    with jobs():
        actions.build_table(cycle=based, by=analyst)
    built = current_table(based)
    client.post(at("change_step", step.pk), {"does": "off"})
    assert current_table(based) is None
    assert "(switched off)" in client.get(at("wrangle")).content.decode()
    client.post(at("change_step", step.pk), {"does": "on"})
    assert current_table(based) == built
    with jobs():
        assert actions.build_table(cycle=based, by=analyst) == built
    assert Table.objects.count() == 1


def test_steps_change_places(client, at, based, analyst):
    first = add(based, analyst, "drop_duplicates")
    second = add(based, analyst, "drop_columns", columns=["test"])
    client.post(at("change_step", second.pk), {"does": "up"})
    assert list(based.steps.all()) == [second, first]
    client.post(at("change_step", second.pk), {"does": "up"})
    client.post(at("change_step", second.pk), {"does": "down"})
    assert list(based.steps.all()) == [first, second]


def test_a_recipe_that_no_longer_fits_says_which_step(client, at, based, analyst):
    add(based, analyst, "rename_column", column="age", to="years")
    add(based, analyst, "drop_columns", columns=["years"])
    client.post(at("change_step", based.steps.last().pk), {"does": "up"})
    page = client.get(at("wrangle")).content.decode()
    assert "It uses “years”, which only step 2 makes: move it down." in page
    assert "Build the table" not in page


def test_a_build_that_failed_is_tried_again_in_the_same_row(client, at, based, analyst, jobs):
    add(based, analyst, "filter_rows", column="answer", operator="is", value="never")
    with jobs():
        client.post(at("build"))
    table = Table.objects.select_related("job").get()
    assert table.job.state == JobState.FAILED
    assert "No row is left" in client.get(at("wrangle")).content.decode()
    with jobs():
        client.post(at("build"))
    assert Table.objects.count() == 1


def test_there_is_no_table_without_a_base(client, at, opened, analyst):
    with pytest.raises(Refusal, match="Choose a base"):
        actions.build_table(cycle=opened, by=analyst)
    assert "There is no base yet" in client.get(at("wrangle")).content.decode()
    assert client.get(at("wrangle"), {"step": "no_such_step"}).status_code == 404


def test_a_step_of_another_cycle_cannot_be_touched(client, at, based, analyst, stranger):
    step = add(based, analyst, "drop_duplicates")
    client.force_login(stranger)
    assert client.post(at("change_step", step.pk), {"does": "off"}).status_code == 404
    step.refresh_from_db()
    assert step.is_enabled
