"""A query as the origin of a source: written, looked at, imported, run again, compared."""

import hashlib
from pathlib import Path

import pytest

from apps.datasets import actions, connections, querying
from apps.datasets.models import Source, Version
from apps.datasets.queries import newest_version
from apps.datasets.storage import local
from apps.jobs.models import JobState
from apps.projects.models import Membership, Role, Team
from apps.web.refusals import Refusal
from tests.databases import PASSWORD

SQL = "SELECT id, name FROM people WHERE id >= :low ORDER BY id"


@pytest.fixture
def shop(sqlite, settings, team, join, asked_here):
    """The SQLite database of the tests, connected to the team."""
    path = Path(sqlite.address["database"])
    settings.SQLITE_FOLDER = str(path.parent)
    return connections.add_connection(
        team=team, by=join(Role.ADMIN), password="", name="shop", dialect="sqlite",
        database=path.name, tls="off",
    )  # fmt: skip


def form(shop, **changes):
    data = {
        "name": "people", "connection": shop.pk, "sql": SQL, "kind-low": "whole number",
        "value-low": "1",
    }  # fmt: skip
    return data | changes


@pytest.fixture
def people(client, at, opened, jobs, shop) -> Source:
    """A source that was read by a query."""
    with jobs():
        answer = client.post(at("new_query"), form(shop))
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return Source.objects.get(name="people")


def test_an_analyst_looks_at_the_first_rows_and_nothing_is_kept(client, at, opened, shop):
    page = client.post(at("new_query"), form(shop, look="1")).content.decode()
    assert "All rows: 4" in page
    assert "Åsa 🙂" in page
    assert "DROP TABLE people; --" in page
    assert not Source.objects.exists()


def test_a_parameter_without_a_value_is_asked_for(client, at, opened, shop):
    data = {"name": "people", "connection": shop.pk, "sql": SQL, "look": "1"}
    answer = client.post(at("new_query"), data)
    assert answer.status_code == 422
    assert "Value of :low" in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sql": "SELECT 1; DROP TABLE people"}, "Only one statement may be given"),
        ({"sql": "DELETE FROM people"}, "Only a SELECT statement may be given"),
        ({"value-low": "one"}, "is not a whole number"),
        ({"connection": "999"}, "Select a valid choice"),
        ({"sql": "SELECT nothing_here FROM people", "look": "1"}, "no such column: nothing_here"),
    ],
)
def test_what_cannot_be_asked_is_said_on_the_page(client, at, opened, shop, change, says):
    answer = client.post(at("new_query"), form(shop, **change))
    assert answer.status_code in (200, 422)
    assert says in answer.content.decode()
    assert not Source.objects.exists()


def test_an_imported_query_is_a_version_like_that_of_a_file(client, at, people, project):
    version = newest_version(people)
    assert (version.rows, version.query.parameters[0]["value"]) == (4, "1")
    assert version.table_spec.names == ("id", "name")
    original = local(version.sha256)
    assert hashlib.sha256(original.read_bytes()).hexdigest() == version.sha256
    assert version.size_bytes == original.stat().st_size
    page = client.get(at("source", people.pk)).content.decode()
    assert "Read from “shop” (SQLite" in page
    assert "NULL is missing; an empty text stays an empty text." in page
    assert SQL.partition(" WHERE")[0] in page
    verbs = set(project.events.values_list("verb", flat=True))
    assert {"data.source_added", "data.queried", "data.read"} <= verbs


def test_the_same_answer_can_be_read_with_other_kinds_without_asking_again(
    client, at, people, jobs, shop, manager
):
    connections.remove_connection(connection=shop, by=manager)
    version = newest_version(people)
    page = client.get(at("source", people.pk)).content.decode()
    assert "differently, without asking the database again" in page
    with jobs():
        client.post(at("read_again", version.pk), {"kind0": "text"})
    again = newest_version(people)
    assert again.table_spec.kind_of("id") == "text"
    assert (again.sha256, again.query) == (version.sha256, version.query)


def test_run_again_a_query_gives_a_version_that_is_compared_and_waits(
    client, at, people, jobs, sqlite
):
    sqlite.run("INSERT INTO people VALUES (5, 'Eve')")
    try:
        with jobs():
            client.post(at("run_again", people.pk))
    finally:
        sqlite.run("DELETE FROM people WHERE id = 5")
    newer = people.versions.get(number=2)
    assert newest_version(people).number == 1
    compared = newer.report["compared"]
    assert (compared["rows_before"], compared["rows_after"], compared["new_rows"]) == (4, 5, 1)
    assert "Take version 2 into use" in client.get(at("source", people.pk)).content.decode()


def test_a_changed_query_starts_from_the_last_one(client, at, people, jobs, shop):
    page = client.get(at("change_query", people.pk)).content.decode()
    assert "id &gt;= :low" in page
    assert 'value="1"' in page
    with jobs():
        answer = client.post(at("change_query", people.pk), form(shop, **{"value-low": "3"}))
    assert answer.status_code == 302
    assert people.versions.get(number=2).rows == 2
    assert people.queries.count() == 2


def test_a_query_that_fails_leaves_a_job_that_says_why_and_the_page_stands(
    client, at, opened, analyst, jobs, shop, settings, sqlite
):
    source = actions.add_source(cycle=opened, name="people", by=analyst)
    settings.SQL_ROWS = 3
    with jobs():
        version = querying.ask(
            source=source, cycle=opened, connection=shop, sql="SELECT * FROM people",
            parameters=[], by=analyst,
        )  # fmt: skip
    version.refresh_from_db()
    assert version.job.state == JobState.FAILED
    assert "more than 3 rows" in version.job.problem
    assert (version.sha256, version.parquet) == ("", "")
    answer = client.get(at("source", source.pk))
    assert answer.status_code == 200
    assert "more than 3 rows" in answer.content.decode()
    assert client.get(at("sources")).status_code == 200
    assert client.get(at("original", version.pk)).status_code == 409
    with pytest.raises(Refusal, match="run its query again"):
        actions.read_again(version=version, cycle=opened, options={}, by=analyst)


def test_only_databases_of_the_own_team_are_asked(opened, analyst, shop, join):
    other = Team.objects.create(name="Others")
    Membership.objects.create(team=other, user=analyst, role=Role.MANAGER)
    theirs = connections.add_connection(
        team=other, by=analyst, password="", name="theirs", dialect="sqlite",
        database=shop.database, tls="off",
    )  # fmt: skip
    source = actions.add_source(cycle=opened, name="people", by=analyst)
    for does in (
        lambda: querying.ask(
            source=source, cycle=opened, connection=theirs, sql=SQL, parameters=[], by=analyst
        ),
        lambda: querying.preview(
            cycle=opened, connection=theirs, sql=SQL, parameters=[], by=analyst
        ),
    ):
        with pytest.raises(Refusal, match="does not belong to the team"):
            does()


def test_who_may_not_collect_writes_no_query(client, at, people, viewer, manager):
    for person in (viewer, manager):
        client.force_login(person)
        assert client.get(at("new_query")).status_code == 403
        assert client.post(at("run_again", people.pk)).status_code == 403
        page = client.get(at("source", people.pk)).content.decode()
        assert "Run the query again" not in page


def test_a_worker_asks_a_server_in_a_child_and_the_password_is_in_no_row(
    postgresql, opened, analyst, manager, run_jobs, settings, team, caplog
):
    settings.SQL_HOSTS = ["localhost"]
    address = postgresql.address
    connection = connections.add_connection(
        team=team, by=manager, password=PASSWORD, name="warehouse", dialect="postgresql",
        host="localhost", port=5432, database=address["database"], username=address["username"],
        tls="off",
    )  # fmt: skip
    source = actions.add_source(cycle=opened, name="people", by=analyst)
    with run_jobs():
        version = querying.ask(
            source=source, cycle=opened, connection=connection,
            sql=f"SELECT * FROM {postgresql.people}", parameters=[], by=analyst,
        )  # fmt: skip
    version.refresh_from_db()
    assert version.job.state == JobState.DONE, version.job.problem
    assert version.rows == 4
    values = str([*Version.objects.values(), *type(version.job).objects.values()])
    assert PASSWORD not in values + caplog.text
