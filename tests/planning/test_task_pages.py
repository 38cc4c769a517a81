"""The task pages: saving as one types, rows, and two who write at the same time."""

import re

import pytest
from django.urls import reverse

from apps.planning.catalogue import TASKS
from apps.projects.models import Role
from tests import builders

pytestmark = pytest.mark.once  # pages, the same on every database


@pytest.fixture
def second(join):
    return join(Role.ANALYST, name="Bo Berg")


def problem(**but):
    return {"who": "The desk", "decision": "who is called", **but}


def test_typing_saves_the_task_and_the_fragment_carries_the_next_revision(post, saved):
    answer = post("problem", problem(), htmx=True, revision=0)
    assert answer.status_code == 200
    assert saved("problem") == problem()
    assert 'name="revision" value="1"' in answer.content.decode()
    assert "<html" not in answer.content.decode()
    again = post("problem", problem(today="By hand"), htmx=True, revision=1)
    assert again.status_code == 200
    assert saved("problem")["today"] == "By hand"


def test_an_error_while_typing_keeps_the_draft_and_names_the_field(post, saved):
    answer = post("metrics", {"test_share": 3}, htmx=True)
    assert answer.status_code == 422
    assert "Not saved: Share of rows for the sealed test" in answer.content.decode()
    assert saved("metrics") == {}


def test_two_people_on_two_tasks_do_not_meet(post, second, saved):
    post("problem", problem(), revision=0)
    assert post("objective", {"kpi": "Calls"}, by=second, revision=0).status_code == 302
    assert saved("problem")
    assert saved("objective")["kpi"] == "Calls"


@pytest.mark.parametrize("htmx", [True, False])
def test_the_later_of_two_people_sees_both_versions_and_overwrites_nothing(
    post, second, saved, htmx
):
    post("problem", problem(who="The front desk"), revision=0)
    answer = post("problem", problem(today="By <b>hand</b>"), by=second, revision=0, htmx=htmx)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert saved("problem")["who"] == "The front desk"
    assert "Ann Lind saved it after you opened this page" in page
    assert '<td data-label="Saved meanwhile">The front desk</td>' in page
    assert '<td data-label="What you typed">The desk</td>' in page
    assert "By &lt;b&gt;hand&lt;/b&gt;" in page  # what they typed is still there
    assert 'name="over" value="1"' in page
    assert 'name="do" value="theirs"' in page
    assert 'name="revision" value="0"' in page  # the next autosave is no consent
    assert ("<html" in page) is not htmx


def test_save_mine_overwrites_exactly_what_was_shown(post, second, saved):
    post("problem", problem(who="One"), revision=0)
    post("problem", problem(who="Two"), revision=1)
    late = post("problem", problem(who="Mine"), by=second, revision=0, over=1)
    assert late.status_code == 409  # they saw revision 1, and another save came after it
    assert saved("problem")["who"] == "Two"
    assert post("problem", problem(who="Mine"), by=second, revision=0, over=2).status_code == 302
    assert saved("problem")["who"] == "Mine"


def seen_in(answer):
    """The revision that the page carries along."""
    return re.search('name="revision" value="([0-9]+)"', answer.content.decode())[1]


@pytest.mark.parametrize("htmx", [True, False])
def test_a_mistake_is_no_consent_to_overwrite_what_was_saved_meanwhile(post, second, saved, htmx):
    post("metrics", {"baseline": 0.5}, revision=0)
    wrong = post("metrics", {"test_share": 3}, by=second, revision=0, htmx=htmx)
    assert (wrong.status_code, seen_in(wrong)) == (422, "0")
    mended = post("metrics", {"test_share": 0.3}, by=second, revision=seen_in(wrong), htmx=htmx)
    assert mended.status_code == 409
    assert saved("metrics")["baseline"] == 0.5


def test_a_mistake_after_choosing_mine_is_no_consent_to_a_third_save(post, second, saved):
    post("metrics", {"baseline": 0.5}, revision=0)
    wrong = post("metrics", {"test_share": 3}, by=second, revision=0, over=1)
    post("metrics", {"baseline": 0.6}, revision=1)
    mended = post("metrics", {"test_share": 0.3}, by=second, revision=seen_in(wrong))
    assert mended.status_code == 409
    assert saved("metrics")["baseline"] == 0.6


def test_a_save_of_another_task_meanwhile_does_not_stop_the_one_that_is_mended(post, second, saved):
    wrong = post("metrics", {"test_share": 3}, by=second, revision=0)
    post("problem", problem(), revision=0)
    assert post("metrics", {"test_share": 0.3}, by=second, revision=seen_in(wrong)).url
    assert saved("metrics")["test_share"] == 0.3


def test_take_theirs_saves_nothing_and_shows_what_is_there(post, second, saved, client):
    post("problem", problem(who="The front desk"), revision=0)
    answer = post("problem", problem(who="Mine"), by=second, revision=0, do="theirs")
    assert answer.status_code == 302
    assert saved("problem")["who"] == "The front desk"
    assert "The front desk" in client.get(answer.url).content.decode()


def test_the_same_person_in_two_tabs_is_warned_too(post, saved):
    post("problem", problem(who="First tab"), revision=0)
    answer = post("problem", problem(who="Second tab"), revision=0)
    assert answer.status_code == 409
    assert "You saved it in another tab" in answer.content.decode()
    assert saved("problem")["who"] == "First tab"


def test_two_who_write_the_same_words_do_not_disagree(post, second):
    post("problem", problem(), revision=0)
    assert post("problem", problem(), by=second, revision=0).status_code == 302


def test_rows_are_added_without_javascript_and_what_was_typed_is_saved(post, saved, client):
    answer = post("features", {"columns": [{"name": "a"}]}, do="rows")
    assert answer.url.endswith("?rows=5#rows-end")
    assert saved("features")["columns"][0]["name"] == "a"
    assert client.get(answer.url).content.decode().count("data-filter-row") == 6


def test_a_row_is_removed_by_its_button_however_many_empty_rows_lie_before_it(post, saved):
    rows = [{"name": "a"}, {}, {"name": "b"}, {"name": "c"}]
    post("features", {"columns": rows}, remove="2")
    assert [row["name"] for row in saved("features")["columns"]] == ["a", "c"]
    post("features", {"columns": [{"name": "a"}, {}]}, remove="1", revision=1)
    assert [row["name"] for row in saved("features")["columns"]] == ["a"]
    assert post("features", {"columns": [{"name": "a"}]}, remove="9").status_code == 302


def test_what_another_tab_added_does_not_swallow_a_row(post, saved):
    """The posted rows are judged by themselves, not beside what is stored by now."""
    row = {"name": "b", "known": "at", "sensitive": False}
    post("features", {"columns": [{"name": "a"}, row]})
    post("features", {"columns": [{"name": "a"}, row, {"name": "c"}]}, over=1)
    assert [each["name"] for each in saved("features")["columns"]] == ["a", "b", "c"]


def test_two_hundred_features_fit_on_one_page_and_can_be_filtered(post, saved, client, project):
    rows = [{"name": f"x{number}", "known": "at"} for number in range(200)]
    assert post("features", {"columns": rows}).status_code == 302
    assert len(saved("features")["columns"]) == 200
    page = client.get(reverse("planning:features", args=[project.slug])).content.decode()
    assert page.count("data-filter-row") == 201
    assert "data-filter-for" in page


def test_a_feature_known_too_late_stays_on_the_page_marked_as_excluded(post, client, project):
    post("features", {"columns": [{"name": "refund", "known": "after"}]})
    page = client.get(reverse("planning:features", args=[project.slug])).content.decode()
    assert 'value="refund"' in page
    assert "excluded</span>" in page


@pytest.mark.parametrize("task", ["problem", "objective", "features", "risks", "metrics"])
def test_every_task_page_opens_empty_and_full(client, analyst, viewer, project, cycle, task):
    address = reverse(f"planning:{task}", args=[project.slug])
    for person in (analyst, viewer):
        client.force_login(person)
        assert client.get(address).status_code == 200
    builders.make_plan(cycle, analyst)
    assert client.get(f"{address}?rows=1000000").status_code == 200
    assert "Your role reads the plan" in client.get(address).content.decode()


def test_a_viewer_who_posts_is_refused(post, viewer, saved):
    assert post("problem", problem(), by=viewer).status_code == 403
    assert saved("problem") == {}


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 40, "½"])
def test_a_revision_that_is_no_number_counts_as_nothing_seen(post, revision, saved):
    post("problem", problem(), revision=0)
    assert post("problem", problem(who="Other"), revision=revision).status_code == 409
    assert saved("problem")["who"] == "The desk"


def test_the_objective_page_computes_the_value_beside_the_estimate(client, analyst, project, draft):
    client.force_login(analyst)
    page = client.get(reverse("planning:objective", args=[project.slug])).content.decode()
    assert "Computed: 177,600 a year" in page  # 12 * 400 * 0.37 * 100
    assert "Your own estimate: 50,000 to 150,000" in page


def test_a_template_is_offered_until_something_is_written(post, client, analyst, project):
    client.force_login(analyst)
    address = reverse("planning:risks", args=[project.slug])
    assert "Choose one on the plan page" in client.get(address).content.decode()
    post("problem", problem())
    assert "Choose one on the plan page" not in client.get(address).content.decode()


def test_the_same_reason_is_told_once(client, analyst, project):
    client.force_login(analyst)
    page = client.get(reverse("planning:problem", args=[project.slug])).content.decode()
    assert page.count("it is not said") == 3
    assert page.count("A model is worth what it does better") == 1


FEATURE = {"name": "age", "meaning": "Years since birth", "known": "at"}


@pytest.fixture
def read(client, viewer, project, draft, post):
    """``read("metrics")`` is the page as somebody sees it whose role writes no plan."""
    post("features", {**builders.plan_content()["features"], "columns": [FEATURE]}, revision=5)

    def page(task):
        client.force_login(viewer)
        return client.get(reverse(f"planning:{task}", args=[project.slug])).content.decode()

    return page


@pytest.mark.parametrize("task", ["features", "risks", "metrics"])
def test_who_only_reads_a_plan_sees_no_empty_row_and_no_button(read, saved, task):
    there = len(saved(task)[TASKS[task].rows.key])
    page = read(task)
    assert {int(number) for number in re.findall(r'name="row-(\d+)-', page)} == {*range(there)}
    for button in ("Remove", "Add rows", "Paste features"):
        assert button not in page


def test_who_only_reads_a_plan_sees_whole_texts_that_take_no_input(read):
    page = read("features")
    told = re.findall(r'<(?:input|select|textarea)\b[^>]*name="(?:row-\d|target)[^>]*>', page)
    assert len(told) > 5
    assert all(" disabled" in one for one in told)
    assert re.search(r'<textarea name="row-0-name"[^>]*rows="1"[^>]*>\s*age</textarea>', page)


def test_a_plan_without_features_says_so_to_who_reads_it(read, post, saved):
    post("features", builders.plan_content()["features"], revision=6)
    assert saved("features")["columns"] == []
    assert "None is named" in read("features")


def test_who_writes_it_still_has_fields_and_buttons(read, client, analyst, project):
    client.force_login(analyst)
    page = client.get(reverse("planning:features", args=[project.slug])).content.decode()
    assert "Add rows" in page
    assert re.search(r'<input type="text" name="row-0-name"', page)
