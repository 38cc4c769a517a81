"""Templates, copies and files: what fills a draft, and what does not get in."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.planning import actions as planning
from apps.planning.catalogue import TASKS
from apps.planning.forms import forms_of
from apps.planning.models import Draft
from apps.planning.problems import problems_of
from apps.planning.schema import MOST_BYTES, as_file, complaint, plan_schema, read_file
from apps.planning.starters import STARTERS
from apps.projects import actions as projects
from apps.projects.models import Role, Team
from tests import builders

FILLED = [key for key in STARTERS if key != "blank"]


@pytest.fixture
def fill(client, project, analyst):
    """``fill("start", starter="fraud")`` posts to one of the doors as the analyst."""

    def send(door, *, by=analyst, **data):
        client.force_login(by)
        return client.post(reverse(f"planning:{door}", args=[project.slug]), data)

    return send


def content_of(cycle):
    return Draft.objects.get(cycle=cycle).content


def file_of(content, **but):
    whole = json.loads(as_file(content)) | but
    return SimpleUploadedFile("plan.json", json.dumps(whole).encode())


@pytest.mark.once  # no database at all
@pytest.mark.parametrize("key", FILLED)
def test_a_template_is_a_plan_file_that_the_forms_would_have_written(key):
    content = STARTERS[key].content
    assert complaint(json.loads(as_file(content)), plan_schema()) == ""
    for task in TASKS:
        forms = forms_of(task, content[task])
        assert forms.is_valid(), forms.problems()
        assert forms.content() == content[task]


@pytest.mark.once  # no database at all
@pytest.mark.parametrize("key", FILLED)
def test_a_template_does_not_pass_as_it_stands_and_keeps_the_teams_numbers_empty(key):
    content = STARTERS[key].content
    asked = {gap.task for gap in problems_of(content)}
    assert {"objective", "risks", "metrics"} <= asked
    own = ("today", "target", "due_on", "owner", "value_right", "value_low", "decisions_per_month")
    assert not set(own) & set(content["objective"])
    assert not {"base_rate", "label_noise"} & set(content["features"])
    assert not {"baseline", "expected_rows"} & set(content["metrics"])
    assert all("threshold" not in item for item in content["metrics"]["items"])
    assert all("owner" not in item for item in content["risks"]["items"])
    late = [row for row in content["features"]["columns"] if row["known"] == "after"]
    assert late, "each shows a feature that comes too late"


def test_a_template_fills_the_empty_draft(fill, cycle):
    assert fill("start", starter="churn").status_code == 302
    assert content_of(cycle) == STARTERS["churn"].content


def test_a_draft_that_says_something_is_replaced_only_with_an_explicit_yes(fill, draft, cycle):
    before = content_of(cycle)
    answer = fill("start", starter="churn")
    assert answer.status_code == 409
    assert "Replace what the draft holds" in answer.content.decode()
    assert content_of(cycle) == before
    assert fill("start", starter="churn", replace="yes").status_code == 302
    assert content_of(cycle) == STARTERS["churn"].content
    assert fill("start", starter="blank", replace="yes").status_code == 302
    assert not any(content_of(cycle).values())


def test_who_writes_while_the_draft_is_filled_is_told(fill, post, saved):
    post("problem", {"who": "The desk"}, revision=0)
    fill("start", starter="churn", replace="yes")
    assert post("problem", {"who": "Mine"}, revision=1).status_code == 409
    assert saved("problem")["who"] == "The retention team"


def test_an_unknown_template_is_refused(fill):
    assert fill("start", starter="../secret").status_code == 422


def test_the_newest_plan_of_another_project_of_the_team_is_copied(fill, team, analyst, cycle):
    other = projects.start_project(team=team, name="Earlier", by=analyst)
    builders.make_plan(other.cycle, analyst)
    builders.make_plan(other.cycle, analyst, objective={"target": 70.0})
    assert fill("copy", project=other.slug).status_code == 302
    assert content_of(cycle) == builders.plan_content(objective={"target": 70.0})
    assert fill("copy", project=other.slug).status_code == 409


def test_a_project_of_strangers_is_neither_offered_nor_copied(
    fill, client, stranger, project, analyst
):
    home = Team.objects.get(memberships__user=stranger)
    hidden = projects.start_project(team=home, name="Hidden", by=stranger)
    builders.make_plan(hidden.cycle, stranger)
    answer = fill("copy", project=hidden.slug)
    assert answer.status_code == 422
    assert "Hidden" not in answer.content.decode()
    assert not Draft.objects.filter(cycle__project=project).exists()


def test_a_version_comes_back_from_its_file_as_it_was(
    fill, client, draft, cycle, project, team, analyst
):
    address = reverse("planning:export", args=[project.slug, 1, 1])
    client.force_login(analyst)
    answer = client.get(address)
    told = json.loads(answer.content)
    assert answer["Content-Disposition"] == 'attachment; filename="card-fraud-plan-1.1.json"'
    assert told["from"]["content_hash"] == cycle.plans.get().content_hash
    assert complaint(told, plan_schema()) == ""
    other = projects.start_project(team=team, name="Other", by=analyst)
    file = SimpleUploadedFile("plan.json", answer.content)
    client.post(reverse("planning:import", args=[other.slug]), {"file": file})
    assert content_of(other.cycle) == content_of(cycle)


def wrong(task, **but):
    return builders.plan_content(**{task: but})


@pytest.mark.once  # nothing is kept; what is, above
@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"goal": {}}, "At “plan”: “goal” is not known here. Known are: problem, objective"),
        (wrong("problem", colour="red"), "At “plan › problem”: “colour” is not known here."),
        (wrong("objective", target="90"), "At “plan › objective › target”: a number is expected"),
        (wrong("objective", target=True), "At “plan › objective › target”: a number is expected"),
        (wrong("objective", due_on="30.6.2027"), "due_on”: &quot;30.6.2027&quot; is no date."),
        (wrong("features", base_rate=3), "At “plan › features › base_rate”: 3 is above 1."),
        (wrong("metrics", openings=1.5), "openings”: a whole number is expected; there is 1.5."),
        (
            wrong("features", columns=[{"name": "a"}, {"name": "b", "known": "later"}]),
            "At “plan › features › columns 2 › known”: &quot;later&quot; is none of:",
        ),
        (wrong("features", columns=[{}]), "columns 1”: “name” is missing."),
        (wrong("features", columns=[{"name": ""}]), "columns 1 › name”: it is empty."),
        (wrong("problem", who="x" * 301), "who”: the text has 301 characters; 300 fit."),
        (wrong("metrics", items=[{"metric": "luck", "direction": "up"}]), "is none of:"),
        (wrong("risks", items=[{"says": "x", "tripwire": {"metric": "z"}}]), "tripwire › metric”"),
        (
            wrong("metrics", items=[{"metric": "roc_auc", "direction": "up", "threshold": 7}]),
            "In “Success metrics”: Promise 1, Promise:",
        ),
        (wrong("problem", who="a\x00b"), "In “Problem”: Who has the problem?: Null characters"),
        (wrong("problem", who="\ud800"), "the text holds half of a character."),
        ([], "At “plan”: an object is expected; there is []."),
    ],
)
def test_a_file_that_is_no_plan_is_refused_with_its_place(fill, cycle, content, says):
    answer = fill("import", file=file_of(content))
    assert answer.status_code == 422
    assert "Nothing was imported." in answer.content.decode()
    assert says in answer.content.decode()
    assert not Draft.objects.filter(cycle=cycle).exists()


@pytest.mark.once  # nothing is kept
@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"{", "no whole JSON: line 1, column 2"),
        (b'{"format": "ml-cycle/plan", "version": 1, "plan": {', "no whole JSON"),
        (b"\x89PNG\r\n\x1a\n", "no text in UTF-8"),
        (b"[1, 2]", "The file is no plan of ML Cycle"),
        (b'{"format": "other"}', "The file is no plan of ML Cycle"),
        (b'{"format": "ml-cycle/plan", "version": 2, "plan": {}}', "says version 2 of the format"),
        (b'{"format": "ml-cycle/plan", "version": true, "plan": {}}', "says version true"),
        (b'{"format": "ml-cycle/plan", "version": 1}', "“plan” is missing"),
        (b'{"format": NaN}', "The file holds NaN"),
        (b'{"format": 1e999}', "The number 1e999 of the file is too large"),
        (b'{"format": ' + b"9" * 5000 + b"}", "The number 999999999999… of the file is too large"),
        (b'{"a": 1, "a": 2}', "“a” stands twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * (MOST_BYTES + 1), "a plan has 2,000,000 at most"),
    ],
)
def test_a_foreign_or_damaged_file_is_one_clear_sentence(fill, raw, says):
    answer = fill("import", file=SimpleUploadedFile("x.json", raw))
    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_an_import_without_a_file_and_a_blank_field_are_refused(fill):
    assert fill("import").status_code == 422


def test_a_byte_order_mark_does_not_matter():
    assert read_file(b"\xef\xbb\xbf" + as_file({}).encode()) == {}


@pytest.mark.parametrize("door", ["start", "copy", "import"])
@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.MANAGER, 403)])
def test_only_who_may_plan_fills_a_draft(fill, join, door, role, status):
    assert fill(door, by=join(role)).status_code == status


def test_a_stranger_finds_no_door(fill, stranger):
    assert fill("start", by=stranger, starter="fraud").status_code == 404


def test_the_schema_is_published_for_everybody_and_is_the_one_of_the_document(client, settings):
    answer = client.get(reverse("plan_schema"))
    assert answer.status_code == 200
    document = (settings.ROOT / "docs" / "plan.schema.json").read_text("utf-8")
    assert answer.json() == plan_schema() == json.loads(document)


def test_every_field_of_the_forms_is_in_the_schema_and_the_other_way_round():
    tasks = plan_schema()["properties"]["plan"]["properties"]
    assert list(tasks) == list(TASKS)
    for task, told in TASKS.items():
        inside = dict(tasks[task]["properties"])
        if told.rows:
            row = dict(inside.pop(told.rows.key)["items"]["properties"])
            flat = {
                f"{name}_{key}" if "properties" in value else name
                for name, value in row.items()
                for key in value.get("properties", {name: 0})
            }
            assert flat == {field.key for field in told.rows.fields}
        assert set(inside) == {field.key for field in told.fields}


def test_the_schema_and_the_forms_agree_on_bounds_and_choices():
    """What the schema lets through, the forms take: there is one catalogue behind both."""
    tasks = plan_schema()["properties"]["plan"]["properties"]
    for task, told in TASKS.items():
        for field in told.fields:
            shape = tasks[task]["properties"][field.key]
            for word, bound in (("minimum", field.low), ("maximum", field.high)):
                assert shape.get(word) == bound
                if bound is not None:
                    assert forms_of(task, {field.key: bound}).is_valid()
                    beyond = bound + (1 if word == "maximum" else -1)
                    assert not forms_of(task, {field.key: beyond}).is_valid()
                    assert complaint(beyond, shape)


def test_a_draft_that_was_saved_meanwhile_is_not_replaced_unseen(fill, cycle, analyst):
    builders.make_plan(cycle, analyst)
    seen = Draft.objects.get(cycle=cycle).revision
    planning.save_task(
        cycle=cycle, task="problem", content={"who": "Bo"}, revision=seen, by=analyst
    )
    answer = fill("start", starter="churn", replace="yes", revision=seen)
    assert answer.status_code == 409
    assert "saved the draft after you opened this page" in answer.content.decode()
    assert content_of(cycle)["problem"] == {"who": "Bo"}
    assert fill("start", starter="churn", replace="yes", revision=seen + 1).status_code == 302
