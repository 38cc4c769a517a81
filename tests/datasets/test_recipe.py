"""Issues that suggest steps; a recipe that is changed, undone, exported and taken over."""

import json
import re
from urllib.parse import parse_qs

import pandas as pd
import pytest

from apps.datasets import actions, fitted_actions, wrangling
from apps.datasets.examining import issues_view
from apps.datasets.grids import first_rows
from apps.datasets.history import current_state
from apps.datasets.models import RecipeState
from apps.datasets.queries import enabled_steps
from apps.datasets.recipes import exported, wrangle_page
from apps.engine.errors import BadParameter, ColumnMissing
from apps.jobs.children import Child
from apps.planning.models import Draft
from apps.projects import keys
from apps.projects.actions import start_project
from apps.web.refusals import Refusal

PEOPLE = pd.DataFrame(
    {
        "id": [f"c{number:03}" for number in range(60)],
        "email": [f"person{number}@example.org" for number in range(60)],
        "age": [*map(str, range(20, 76)), "?", "?", "n/a", "41"],
        "city": ["Paris"] * 40 + ["paris"] * 3 + ["Rome"] * 17,
        "fixed": ["same"] * 60,
    }
)


@pytest.fixture
def based(bring, opened, analyst):
    actions.set_base(cycle=opened, source=bring("people", PEOPLE), by=analyst)
    return opened


@pytest.fixture
def looked(based, analyst, jobs):
    with jobs():
        wrangling.examine(cycle=based, by=analyst)
    return based


def add(cycle, analyst, step, **params):
    return actions.add_step(cycle=cycle, step=step, params=params, by=analyst)


def choose(cycle, analyst, choice, **params):
    return fitted_actions.add_choice(cycle=cycle, choice=choice, params=params, by=analyst)


def sentences(cycle):
    return [line.sentence for line in wrangle_page(cycle).lines]


def test_the_page_lists_issues_and_one_click_shows_what_the_suggested_step_would_do(
    client, at, looked
):
    page = client.get(at("wrangle"))
    lines = {
        (line.issue["key"], line.issue["column"]): line
        for line in page.context["page"].issues.lines
    }
    assert {
        ("mixed", "age"),
        ("spelling", "city"),
        ("constant", "fixed"),
        ("personal", "email"),
    } <= set(lines)
    query = lines["mixed", "age"].suggests[0].query
    assert "3 of them mean “missing”" in page.content.decode()
    shown = client.get(f"{at('wrangle')}?{query}")
    assert shown.context["preview"].effect["cells_changed"] == 3
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    client.post(at("add_step", asked.pop("step")), asked)
    assert sentences(looked) == ["Convert “age” to integer, failures become missing"]
    assert looked.steps.get().reason == "Whole numbers kept as text"


def test_the_same_table_is_looked_at_once_and_a_changed_one_anew(looked, analyst, jobs):
    first = wrangling.examine(cycle=looked, by=analyst)
    assert issues_view(looked, spec=None).is_current
    add(looked, analyst, "drop_columns", columns=["fixed"])
    page = wrangle_page(looked)
    assert not page.issues.is_current
    assert "fixed" not in {line.issue["column"] for line in page.issues.lines}
    with jobs():
        second = wrangling.examine(cycle=looked, by=analyst)
    assert second != first
    assert issues_view(looked, spec=None).is_current


def test_no_value_of_a_sensitive_or_personal_column_is_on_the_list(client, at, looked):
    draft = Draft.objects.get(cycle=looked)
    draft.content["features"]["columns"].append({"name": "city", "sensitive": True})
    draft.save()
    veiled = [one.issue for one in issues_view(looked, spec=None).lines if one.issue["veiled"]]
    assert {one["column"] for one in veiled} >= {"city", "email"}
    text = client.get(at("wrangle")).content.decode()
    assert "paris" not in text
    assert "person1@" not in text


def test_a_step_is_changed_at_its_place_with_a_look_before(client, at, based, analyst):
    step = add(based, analyst, "map_values", column="city", mapping=[["paris", "Paris"]])
    add(based, analyst, "drop_columns", columns=["fixed"])
    page = client.get(at("edit_step", step.pk)).content.decode()
    assert "paris =&gt; Paris" in page
    changed = {"column": "city", "mapping": "Rome => Roma", "reason": "as they say"}
    looked = client.post(at("edit_step", step.pk), {**changed, "preview": "1"})
    assert looked.context["preview"].effect["cells_changed"] == 17
    assert based.steps.first().params["mapping"] == [["paris", "Paris"]]
    assert client.post(at("edit_step", step.pk), changed).status_code == 302
    assert based.steps.first().params["mapping"] == [["Rome", "Roma"]]
    wrong = client.post(at("edit_step", step.pk), {**changed, "mapping": "Rome"})
    assert wrong.status_code == 422


def test_undo_and_redo_walk_along_and_a_new_change_leaves_the_old_branch(
    client, at, based, analyst
):
    first = add(based, analyst, "drop_columns", columns=["fixed"])
    add(based, analyst, "trim_text", columns=["city"])
    client.post(at("change_step", first.pk), {"does": "remove"})
    assert sentences(based) == ["Trim “city”"]
    removed = current_state(based)
    client.post(at("recipe_go_to"), {"where": "undo"})
    assert sentences(based) == ["Leave out “fixed”", "Trim “city”"]
    client.post(at("recipe_go_to"), {"where": "redo"})
    assert sentences(based) == ["Trim “city”"]
    for _ in range(3):
        client.post(at("recipe_go_to"), {"where": "undo"})
    assert sentences(based) == []
    add(based, analyst, "drop_duplicates")
    assert len(enabled_steps(based)) == 1
    client.post(at("recipe_go_to"), {"where": str(removed.pk)})
    assert sentences(based) == ["Trim “city”"]
    page = client.get(at("recipe_history")).content.decode()
    assert page.count("Go back here") == 4
    with pytest.raises(Refusal, match="no such state"):
        wrangling.go_to(cycle=based, where="redo", by=analyst)


def test_going_back_gives_a_step_its_old_parameters_and_its_place(based, analyst):
    one = add(based, analyst, "trim_text", columns=["city"])
    two = add(based, analyst, "drop_columns", columns=["fixed"])
    before = current_state(based)
    wrangling.edit_step(step=one, params={"columns": ["id"]}, reason="", by=analyst)
    actions.move_step(step=two, up=True, by=analyst)
    actions.set_step_enabled(step=two, enabled=False, by=analyst)
    assert sentences(based) == ["Leave out “fixed”", "Trim “id”"]
    wrangling.go_to(cycle=based, where=str(before.pk), by=analyst)
    assert sentences(based) == ["Trim “city”", "Leave out “fixed”"]
    assert len(enabled_steps(based)) == 2


def test_a_conflict_names_the_step_that_is_the_reason(based, analyst):
    dropped = add(based, analyst, "trim_text", columns=["city"])
    add(based, analyst, "drop_columns", columns=["city"])
    actions.move_step(step=based.steps.last(), up=True, by=analyst)
    page = wrangle_page(based)
    assert page.spec is None
    assert [line.conflict for line in page.lines] == [
        "",
        "It uses “city”, which step 1 (Leave out “city”) takes away: move it up, or change one of "
        "the two.",
    ]
    with pytest.raises(ColumnMissing):
        wrangling.edit_step(step=dropped, params={"columns": ["city"]}, reason="", by=analyst)


def test_a_recipe_is_exported_and_another_project_takes_what_fits(
    client, at, based, analyst, team, pass_gate, bring
):
    add(based, analyst, "map_values", column="city", mapping=[["paris", "Paris"]])
    add(based, analyst, "derive_column", to="old", expression="length(fixed) > 3")
    recipe = client.get(at("recipe_json"))
    assert json.loads(recipe.content)["steps"] == exported(based)["steps"]
    script = client.get(at("recipe_script"))
    assert "mapped(frame['city']" in script.content.decode()
    other = start_project(team=team, name="Other", by=analyst)
    for step in based.steps.all():  # the other project has them, and this one has none
        step.pk, step.cycle = None, other.cycle
        step.save(force_insert=True)
    wrangling.go_to(cycle=based, where="undo", by=analyst)
    wrangling.go_to(cycle=based, where="undo", by=analyst)
    add(based, analyst, "drop_columns", columns=["fixed"])
    looked = client.post(at("take_recipe"), {"project": other.slug, "look": "1"})
    assert [bool(line.problem) for line in looked.context["lines"]] == [False, True]
    client.post(at("take_recipe"), {"text": recipe.content.decode(), "add": "1"})
    assert sentences(based) == ["Leave out “fixed”", "Map 1 value of “city”"]


def test_fitted_choices_travel_with_the_recipe_and_are_held_against_the_new_table(
    client, at, based, analyst
):
    add(based, analyst, "rename_column", column="city", to="town")
    choose(based, analyst, "fill_categories", columns=["age"], method="most frequent value")
    choose(based, analyst, "group_rare", columns=["town"], least="5")
    told = json.loads(client.get(at("recipe_json")).content)
    assert told["consolidation"] == {"base": "people", "joins": []}
    assert [one["choice"] for one in told["choices"]] == ["fill_categories", "group_rare"]
    script = client.get(at("recipe_script")).content.decode()
    assert "# Not done here: what a model's pipeline learns" in script
    assert "#   Fill gaps in “age” with the most frequent value\n" in script
    while based.recipe_states.filter(is_current=True, parent__isnull=False).exists():
        wrangling.go_to(cycle=based, where="undo", by=analyst)
    choose(based, analyst, "fill_categories", columns=["age"], method="most frequent value")
    del told["steps"][0]  # so that there is no “town” here
    told["choices"] += [{"choice": "scale", "params": {"method": "robust"}}, {"choice": "magic"}]
    told["choices"] += [{"choice": "scale", "params": 1}]
    sent = {"text": json.dumps(told)}
    lines = client.post(at("take_recipe"), {**sent, "look": "1"}).context["lines"]
    assert [line.problem[:25] for line in lines] == [
        "It is chosen here already",
        "There is no column named ",
        "",
        "There is no fitted choice",
        "Its parameters cannot be ",
    ]
    page = client.post(at("take_recipe"), {**sent, "add": "1"}, follow=True).content.decode()
    assert "Taken over from a file: 1 fitted choice." in page
    chosen = based.steps.filter(is_fitted=True, is_removed=False)
    assert [step.step for step in chosen] == ["fill_categories", "scale"]


def test_states_are_counted_in_the_recipe_itself(client, at, based, analyst):
    other = start_project(team=based.project.team, name="Other", by=analyst).cycle
    RecipeState.objects.create(cycle=other, steps=[], says="elsewhere", by=analyst)
    add(based, analyst, "rename_column", column="city", to="town")
    add(based, analyst, "rename_column", column="town", to="place")
    page = client.get(at("recipe_history")).content.decode()
    told = re.findall(r"· (state \d(?:, after state \d)?)<", page)
    assert told == ["state 3, after state 2", "state 2, after state 1", "state 1"]


@pytest.mark.once  # a file, before anything is kept
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "holds no recipe"),
        ('{"steps": [1]}', "holds no recipe"),
        ('{"steps": [], "choices": {}}', "list of “choices”"),
        ('{"steps": [{"step": "trim_text", "reason": "\\u0000"}]}', "no text"),
        ('{"steps": [{"step": "trim_text", "reason": "\\ud800"}]}', "no text"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_in_words(text, says):
    with pytest.raises(BadParameter, match=says):
        wrangling.recipe_in(text)


def test_pseudonyms_are_the_same_in_the_page_and_in_the_table(based, analyst, jobs, client, at):
    asked = {"step": "pseudonymise", "preview": "1", "columns": ["email"]}
    shown = client.get(at("wrangle"), asked).context["preview"].effect["examples"][0]["after"]
    assert len(shown) == 32
    add(based, analyst, "pseudonymise", columns=["email"])
    with jobs():
        table = actions.build_table(cycle=based, by=analyst)
    table.refresh_from_db()
    assert first_rows(table.parquet, cells=1_000)["email"][0] == shown
    assert "person0@" not in json.dumps(table.report)


def test_only_a_child_whose_recipe_makes_pseudonyms_is_told_the_key():
    told = {
        step: json.loads(Child("a:b", {"steps": [{"step": step, "params": {}}]}).request)
        for step in ("pseudonymise", "trim_text")
    }
    assert bytes.fromhex(told["pseudonymise"]["pseudonym_key"]) == keys.for_pseudonyms()
    assert set(told["trim_text"]) == {"call", "arguments"}
