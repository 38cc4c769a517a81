"""Rows from a real PostgreSQL, MariaDB and SQLite: exact, read-only, whole or refused."""

import dataclasses
import time
from datetime import datetime

import pytest

from apps.engine.errors import BadQuery, DatabaseAway, EngineError, Stopped, TooLarge
from apps.engine.reading.database import fetch
from apps.engine.reading.database.address import Address
from apps.engine.reading.database.fetch import try_connection
from apps.engine.reading.database.statement import Dialect, Statement, _Token
from apps.engine.types import silent
from tests.databases import PASSWORD, PEOPLE

WIDE = "SELECT a.name FROM " + ", ".join(f"{{0}} {name}" for name in "abcdefghijk")
"""4,194,304 rows: more than what lies between server and reader when one of them goes."""
LEAVES_WITHIN_S = 20.0  # a busy server looks after those who went when it comes to it


def test_a_trial_names_the_server_and_says_that_it_only_reads(server):
    told = try_connection(address=server.address, timeout_s=5, report=silent)
    assert told["says"].startswith("Connected to ")
    assert told["says"].endswith(", in a read-only session.")


def test_rows_come_as_they_are_and_null_is_not_an_empty_text(server, tmp_path):
    report, table = server.imported(f"SELECT id, name FROM {server.people} ORDER BY id", tmp_path)
    assert [each["kind"] for each in report["spec"]["columns"]] == ["integer", "text"]
    assert [
        None if name is None or name != name else name
        for name in table["name"].astype(object).where(table["name"].notna(), None)
    ] == [name for _, name in PEOPLE]
    assert report["spec"]["columns"][1]["missing"] == 1
    assert report["rejected_count"] == 0


def test_the_same_rows_give_the_same_bytes(server, tmp_path):
    sql = f"SELECT id, name FROM {server.people} ORDER BY id"
    files = [tmp_path / "one", tmp_path / "two"]
    for file in files:
        server.fetch(sql, file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_parameter_is_never_a_part_of_the_text(server):
    sql = f"SELECT id FROM {server.people} WHERE name = :name"
    wanted = PEOPLE[3][1]
    assert server.preview(sql, name=("text", wanted))["rows"] == [["4"]]
    assert server.preview(sql, name=("text", "x' OR '1'='1"))["rows"] == []
    assert server.preview(sql, name=("text", "\\' OR 1=1 -- "))["rows"] == []
    with pytest.raises(BadQuery, match=":name has no value"):
        server.preview(sql)


def test_parameters_have_types(server):
    sql = f"SELECT id FROM {server.people} WHERE id > :low AND id * 1.5 < :high ORDER BY id"
    got = server.preview(sql, low=("whole number", "1"), high=("number", "5.5"))
    assert got["rows"] == [["2"], ["3"]]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO {0} VALUES (9, 'x')",
        "DELETE FROM {0}",
        "SELECT 1; DELETE FROM {0}",
        "SELECT 1; COMMIT; DELETE FROM {0}",
        "DROP TABLE {0}",
    ],
)
def test_the_database_refuses_to_write_even_when_nobody_looked_at_the_text(
    server, monkeypatch, sql
):
    monkeypatch.setattr(
        fetch, "look_at", lambda text, of: Statement(of, (_Token("word", text),), ())
    )
    with pytest.raises(EngineError):
        server.preview(sql.format(server.people))
    assert server.count() == len(PEOPLE)


def test_a_function_that_writes_is_refused(postgresql, mysql):
    postgresql.run(
        f"CREATE FUNCTION {postgresql.people}_add() RETURNS int LANGUAGE sql AS "
        f"$$INSERT INTO {postgresql.people} VALUES (9, 'x') RETURNING 1$$"
    )
    mysql.run(
        "CREATE FUNCTION adds() RETURNS INT DETERMINISTIC MODIFIES SQL DATA "
        "BEGIN INSERT INTO people VALUES (9, 'x'); RETURN 1; END"
    )
    for server, call in ((postgresql, f"{postgresql.people}_add()"), (mysql, "adds()")):
        with pytest.raises(BadQuery, match=r"(?i)read.only transaction"):
            server.preview(f"SELECT {call}")
        assert server.count() == len(PEOPLE)


def test_a_session_cannot_be_made_a_writing_one(postgresql):
    with pytest.raises(BadQuery, match="before any query"):
        postgresql.preview("SELECT set_config('transaction_read_only', 'off', false)")


def test_what_a_read_only_transaction_lets_pass_is_rolled_back(postgresql):
    made = postgresql.preview("SELECT lo_create(0)")["rows"][0][0]
    found = "SELECT count(*) FROM pg_largeobject_metadata WHERE oid = %s"
    assert postgresql.run(found, int(made)) == [(0,)]


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM pragma_table_info('people')", "SELECT load_extension('x')"]
)
def test_sqlite_is_opened_for_reading_tables_and_nothing_else(sqlite, sql):
    with pytest.raises(BadQuery, match="not authorized"):
        sqlite.preview(sql)


def test_sqlite_attaches_no_other_file(sqlite, monkeypatch, tmp_path):
    monkeypatch.setattr(
        fetch, "look_at", lambda text, of: Statement(of, (_Token("word", text),), ())
    )
    with pytest.raises(BadQuery, match="not authorized"):
        sqlite.preview(f"ATTACH '{tmp_path / 'other'}' AS other")
    assert not (tmp_path / "other").exists()


SLOW = {
    "postgresql": "SELECT pg_sleep(20)",
    "mysql": "SELECT sleep(20)",
    "sqlite": "SELECT count(*) FROM people a, people b, people c, people d, people e, people f, "
    "people g, people h, people i, people j, people k, people l, people m, people n, people o",
}


def test_a_query_is_stopped_after_its_time(server):
    with pytest.raises(BadQuery, match=r"stopped after 0 s.*MLCYCLE_SQL_TIMEOUT_S"):
        server.preview(SLOW[server.dialect], timeout_s=0.3)


def test_more_rows_than_allowed_are_refused_and_none_are_cut(server, tmp_path):
    sql = f"SELECT id FROM {server.people}"
    assert server.fetch(sql, tmp_path / "all", most_rows=4)["rows"] == 4
    with pytest.raises(TooLarge, match=r"more than 3 rows.*Nothing was kept"):
        server.fetch(sql, tmp_path / "cut", most_rows=3)


def test_a_preview_ends_after_a_hundred_rows_and_says_that_there_are_more(server):
    got = server.preview(WIDE.format(server.people))
    assert len(got["rows"]) == 100
    assert got["more"] is True


def test_no_rows_are_a_table_without_rows_and_servers_still_tell_the_kinds(server, tmp_path):
    report, table = server.imported(f"SELECT id, name FROM {server.people} WHERE id > 9", tmp_path)
    assert report["rows"] == len(table) == 0
    kinds = [each["kind"] for each in report["spec"]["columns"]]
    assert kinds == (["text", "text"] if server.dialect == "sqlite" else ["integer", "text"])


def test_equal_names_are_told_apart_and_reported(server, tmp_path):
    report, table = server.imported(f"SELECT id, name AS id FROM {server.people}", tmp_path)
    assert list(table.columns) == ["id", "id (2)"]
    assert report["renamed"] == {"id [2]": "id (2)"}


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_connection_that_breaks_midway_keeps_nothing_and_says_after_how_many_rows(
    kind, request, tmp_path
):
    server = request.getfixturevalue(kind)

    def report(done, total, says):
        if says.endswith("rows read"):
            server.hang_up()

    with pytest.raises(DatabaseAway, match=r"after [\d,]+ rows; nothing was kept"):
        server.fetch(WIDE.format(server.people), tmp_path / "x", report=report)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_query_that_is_stopped_leaves_no_session_on_the_server(kind, request, tmp_path):
    server = request.getfixturevalue(kind)

    def report(done, total, says):
        if says.endswith("rows read"):
            raise Stopped

    with pytest.raises(Stopped):
        server.fetch(WIDE.format(server.people), tmp_path / "x", report=report)
    over = time.monotonic() + LEAVES_WITHIN_S
    while server.sessions() and time.monotonic() < over:
        time.sleep(0.05)
    assert server.sessions() == []


def test_types_of_postgresql_stay_exact(postgresql, tmp_path):
    report, table = postgresql.imported(
        "SELECT 9223372036854775807 AS big, 1.50::numeric(12,2) AS price, "
        "12345678901234567890.12::numeric AS exact, 7::numeric AS whole, '007'::text AS code, "
        "date '2024-02-29' AS day, timestamptz '2024-06-01 12:00:00.123456+02' AS at, true AS yes, "
        "'NaN'::float8 AS odd, '{\"a\": 1.10}'::jsonb AS doc, interval '1 day' AS span, "
        "time '12:30' AS clock, NULL::int AS nothing, "
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS key",
        tmp_path,
    )
    kinds = {each["name"]: each["kind"] for each in report["spec"]["columns"]}
    assert kinds == {
        "big": "integer", "price": "number", "exact": "text", "whole": "integer", "code": "text",
        "day": "datetime", "at": "datetime", "yes": "boolean", "odd": "number", "doc": "text",
        "span": "text", "clock": "text", "nothing": "integer", "key": "text",
    }  # fmt: skip
    row = table.iloc[0]
    assert row["big"] == 2**63 - 1
    assert (row["price"], row["exact"], row["code"]) == (1.5, "12345678901234567890.12", "007")
    assert row["at"] == datetime(2024, 6, 1, 10, 0, 0, 123456)
    assert row["doc"] == '{"a": 1.10}'
    assert table["odd"].isna().all()
    assert any("'odd' are not number and became missing" in says for says in report["warnings"])
    says = {each["column"]: each["says"] for each in report["decisions"]}
    assert says["price"] == "Stored as numeric(12,2)."
    assert "every digit stays" in says["exact"]
    assert "stored as UTC" in says["at"]


def test_types_of_mariadb_stay_exact(mysql, tmp_path):
    mysql.run("SET SESSION sql_mode = ''")
    mysql.run("CREATE TABLE IF NOT EXISTS odd (day date, big bigint unsigned, small tinyint(1))")
    mysql.run("DELETE FROM odd")
    mysql.run("INSERT INTO odd VALUES ('0000-00-00', 18446744073709551615, 1), (NULL, 1, 0)")
    report, table = mysql.imported(
        "SELECT day, big, small, CAST(1.10 AS decimal(10,2)) AS price, "
        "CAST('26:00:00' AS time) AS span, CAST('2024-02-29' AS date) AS leap FROM odd",
        tmp_path,
    )
    kinds = {each["name"]: each["kind"] for each in report["spec"]["columns"]}
    assert kinds == {
        "day": "datetime", "big": "text", "small": "integer", "price": "number", "span": "text",
        "leap": "datetime",
    }  # fmt: skip
    assert table["big"].tolist() == ["18446744073709551615", "1"]
    assert any("'day' are not datetime and became missing" in says for says in report["warnings"])


def test_sqlite_has_no_types_so_the_values_tell(sqlite, tmp_path):
    report, table = sqlite.imported(
        "SELECT 1 AS a, 1.5 AS b, '007' AS c, '2024-02-29' AS d UNION ALL "
        "SELECT 2, 2, 'x', '2024-03-01'",
        tmp_path,
    )
    kinds = [each["kind"] for each in report["spec"]["columns"]]
    assert kinds == ["integer", "number", "text", "datetime"]
    assert table["c"].tolist() == ["007", "x"]


@pytest.mark.parametrize(
    ("kind", "sql", "says"),
    [
        ("postgresql", r"SELECT '\x00'::bytea", "holds bytes"),
        ("mysql", "SELECT x'00ff'", "holds bytes"),
        ("sqlite", "SELECT x'00'", "holds bytes"),
        ("postgresql", "SELECT ARRAY[1, 2]", "lists or objects"),
        ("mysql", "SELECT concat('a', char(0))", "NUL character|holds bytes"),
        ("sqlite", "SELECT 'a' || char(0)", "NUL character"),
        ("postgresql", "SELECT FROM pg_class", "gives no columns"),
        ("postgresql", "SELECT nothing", 'column "nothing" does not exist'),
        ("mysql", "SELECT nothing", "Unknown column 'nothing'"),
        ("sqlite", "SELECT absent", "no such column: absent"),
    ],
)
def test_what_no_table_can_hold_is_refused_with_what_to_do(kind, sql, says, request):
    with pytest.raises(BadQuery, match=says):
        request.getfixturevalue(kind).preview(sql)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    "change", [{"password": PASSWORD + "-x"}, {"port": 9}, {"tls": "verified"}]
)
def test_who_is_not_let_in_is_told_so_without_the_password(kind, change, request):
    address = {**request.getfixturevalue(kind).address, **change}
    if kind == "postgresql" and "password" in change:
        address["username"] = "nobody_of_this_name"  # this server asks local users for none
    with pytest.raises(DatabaseAway) as refused:
        try_connection(address=address, timeout_s=5, report=silent)
    assert PASSWORD not in str(refused.value)


def test_an_address_does_not_show_its_password():
    address = Address(Dialect.MYSQL, "shop", password=PASSWORD)
    assert PASSWORD not in repr(address)
    assert address.hidden(f"wrong: {PASSWORD}") == "wrong: •••"
    assert dataclasses.replace(address, password="").hidden("a b") == "a b"
