"""Fitted choices: a list of their own beside the recipe, looked at on development rows."""

import pandas as pd
import pytest

from apps.datasets import actions, fitted, fitted_actions, wrangling
from apps.datasets.models import FittedLook, Step
from apps.datasets.queries import enabled_steps, fitted_choices, table_inputs
from apps.datasets.storage import local
from apps.engine.errors import BadParameter, ColumnMissing
from apps.planning.models import Draft
from apps.projects.models import Event
from apps.web.refusals import Refusal

MEDIAN = {"choice": "fill_numbers", "params": {"columns": ["mean radius"], "method": "median"}}
ROBUST = {"choice": "scale", "params": {"method": "robust"}}


@pytest.fixture
def chosen(opened, analyst):
    """``chosen(MEDIAN)`` makes a choice."""

    def make(data, **more):
        return fitted_actions.add_choice(cycle=opened, by=analyst, **data, **more)

    return make


def sentences(cycle):
    return [line.sentence for line in fitted.fitted_view(cycle, spec=None).lines]


def test_choices_are_a_list_of_their_own_and_leave_the_table_as_it_is(
    table, opened, analyst, chosen
):
    before = table_inputs(opened)
    chosen(MEDIAN, reason="skewed")
    chosen(ROBUST)
    assert table_inputs(opened) == before
    assert enabled_steps(opened) == []
    assert fitted_choices(opened) == [MEDIAN, ROBUST]
    first = Step.objects.get(step="fill_numbers")
    actions.move_step(step=first, up=False, by=analyst)
    assert fitted_choices(opened) == [ROBUST, MEDIAN]
    actions.set_step_enabled(step=first, enabled=False, by=analyst)
    assert fitted_choices(opened) == [ROBUST]


def test_what_is_removed_comes_back_by_the_history_that_both_lists_share(
    table, opened, analyst, chosen
):
    step = chosen(MEDIAN)
    fitted_actions.change_choice(step=step, params={"method": "mean"}, by=analyst)
    wrangling.remove_step(step=step, by=analyst)
    assert fitted_choices(opened) == []
    wrangling.go_to(cycle=opened, where="undo", by=analyst)
    assert sentences(opened) == [
        "Fill gaps in every number column with the mean, and mark each gap"
    ]
    wrangling.go_to(cycle=opened, where="undo", by=analyst)
    assert fitted_choices(opened) == [MEDIAN]
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert {"data.choice_made", "data.choice_changed", "data.step_removed"} <= verbs


def test_a_choice_that_fits_no_column_is_refused_at_once(table, chosen):
    with pytest.raises(ColumnMissing, match="no column named"):
        chosen({"choice": "scale", "params": {"method": "robust", "columns": ["gone"]}})
    with pytest.raises(BadParameter, match="is no limit"):
        chosen({"choice": "group_rare", "params": {"least": "none"}})
    assert not Step.objects.exists()


def test_before_there_is_a_split_one_can_choose_but_not_look(client, at, table, opened, analyst):
    answer = client.post(at("add_choice", "scale"), {"method": "robust"})
    assert (answer.status_code, fitted_choices(opened)) == (302, [ROBUST])
    assert b"waits for the split" in client.get(at("wrangle")).content
    assert b"waits for the split" in client.get(at("add_choice", "fill_numbers")).content
    with pytest.raises(Refusal, match="draw the split first"):
        fitted_actions.look_at_choices(cycle=opened, by=analyst)
    assert client.post(at("add_choice", "scale"), {"method": "magic"}).status_code == 422
    assert client.get(at("add_choice", "magic")).status_code == 404


def looked(client, at, jobs, key, **fields):
    """The look of a draft, by the form as a browser sends it."""
    with jobs():
        answer = client.post(at("add_choice", key), {**fields, "look": "1"})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return FittedLook.objects.latest("pk"), client.get(answer["Location"])


def test_a_draft_is_looked_at_on_development_rows_and_then_chosen(client, at, sealed, opened, jobs):
    look, page = looked(client, at, jobs, "scale", method="standard")
    told = page.context["told"]
    rows = pd.read_parquet(local(sealed.development))
    assert (told["rows"], told["of"]) == (len(rows), len(rows))
    radius = next(each for each in told["columns"] if each["column"] == "mean radius")
    at_median = next(line for line in radius["lines"] if line["says"] == "median")
    assert at_median["before"] == pytest.approx(rows["mean radius"].median())
    assert fitted_choices(opened) == []
    assert b"Choose this" in page.content
    client.post(at("fitted_look", look.pk))
    assert fitted_choices(opened) == look.choices
    assert b"Choose this" not in client.get(at("fitted_look", look.pk)).content
    with jobs():
        answer = client.post(at("look_at_choices"))
    assert str(look.pk) in answer["Location"], "the same is looked at once"


def test_a_look_at_other_choices_says_that_it_is_old(client, at, sealed, opened, jobs, chosen):
    step = chosen(ROBUST)
    with jobs():
        client.post(at("change_choice", step.pk), {"method": "quantile", "look": "1"})
    look = FittedLook.objects.get()
    assert [each["params"]["method"] for each in look.choices] == ["quantile"]
    assert fitted.is_todays(look)
    client.post(at("fitted_look", look.pk))
    assert fitted_choices(opened)[0]["params"]["method"] == "quantile"
    chosen(MEDIAN)
    assert not fitted.is_todays(look)


def test_values_of_sensitive_columns_are_not_shown(client, at, sealed, opened, jobs, analyst):
    columns = [{"name": "mean radius", "sensitive": True}]
    Draft.objects.update_or_create(
        cycle=opened, defaults={"content": {"features": {"columns": columns}}}
    )
    chosen = {"method": "keep the best by an F test", "share": "30%"}
    fitted_actions.add_choice(cycle=opened, choice="select", params=chosen, by=analyst)
    _, page = looked(client, at, jobs, "scale", method="standard")
    radius = next(
        each for each in page.context["told"]["columns"] if each["column"] == "mean radius"
    )
    assert (radius["veiled"], radius["lines"]) == (True, [])
    assert b"marks as sensitive" in page.content
