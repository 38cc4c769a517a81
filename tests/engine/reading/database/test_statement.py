"""What passes as one SELECT, where its parameters are, and what reaches the driver."""

import pytest

from apps.engine.errors import BadParameter, BadQuery
from apps.engine.reading.database.statement import Dialect, Parameter, ParameterKind, look_at

PG, MY, LITE = Dialect.POSTGRESQL, Dialect.MYSQL, Dialect.SQLITE


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [
        ("SELECT 1", PG),
        ("select 1;\n-- done\n", PG),
        ("(SELECT 1) UNION (SELECT 2)", PG),
        ("WITH x AS (SELECT 1) SELECT * FROM x", LITE),
        ("/* DROP TABLE x; /* nested */ */ SELECT 1", PG),
        ("SELECT 'a; DROP TABLE x', \"insert into\" FROM t", PG),
        ("SELECT $a$ ; DELETE FROM x $a$, $$;$$", PG),
        ("SELECT E'it\\'s; DELETE', 1", PG),
        ("SELECT 'it\\'s; DELETE' # ; drop\n, INSERT('Quadratic', 3, 4, 'What')", MY),
        ("SELECT `update` FROM t -- ; x", MY),
        ("SELECT [delete] FROM t", LITE),
        ("SELECT t.update FROM t", PG),
    ],
)
def test_one_select_passes_whatever_stands_in_quotes_and_comments(sql, dialect):
    assert look_at(sql, dialect).parameters == ()


@pytest.mark.parametrize(
    ("sql", "dialect", "says"),
    [
        ("", PG, "no query"),
        ("-- nothing", PG, "Only a SELECT"),
        ("DROP TABLE x", PG, "Only a SELECT"),
        ("EXPLAIN ANALYZE DELETE FROM x", PG, "Only a SELECT"),
        ("PRAGMA query_only = OFF", LITE, "Only a SELECT"),
        ("SELECT 1; DROP TABLE x", PG, "Only one statement"),
        ("SELECT 1; ; SELECT 2", MY, "Only one statement"),
        ("SELECT '\\'; DROP TABLE x; --'", PG, "Only one statement"),  # \ is plain there
        ("SELECT 1 /* /* */ ; DROP TABLE x */; SELECT 2", PG, "Only one statement"),
        ("SELECT 1 /* /* */ ; DROP TABLE x", LITE, "Only one statement"),  # not nested there
        ("SELECT 1 --1; DROP TABLE x", MY, "Only one statement"),  # minus minus one
        ("WITH x AS (DELETE FROM t RETURNING 1) SELECT * FROM x", PG, "DELETE"),
        ("SELECT * INTO copy FROM t", PG, "INTO"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", MY, "INTO"),
        ("SELECT * FROM t FOR UPDATE", PG, "UPDATE"),
        ("SELECT * FROM t LOCK IN SHARE MODE", MY, "LOCK"),
        ("SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */", MY, "would run"),
        ("SELECT 1 /*M!100100 , 2 */", MY, "would run"),
        ("SELECT 'open", PG, "never closed"),
        ("SELECT 1 /* open", PG, "never closed"),
        ("SELECT 1 /* open", MY, "never closed"),
        ("SELECT 1\0", PG, "NUL"),
        ("SELECT 1 -- \rDROP; SELECT 2", PG, "Only one statement"),
    ],
)
def test_anything_else_is_refused_with_the_reason(sql, dialect, says):
    with pytest.raises(BadQuery, match=says):
        look_at(sql, dialect)


@pytest.mark.parametrize("dialect", Dialect)
def test_a_parameter_is_a_name_after_a_colon_outside_of_quotes(dialect):
    sql = "SELECT ':no', \":no\" /* :no */ FROM t WHERE a >= :since AND b=:b OR a < :since -- :no"
    assert look_at(sql, dialect).parameters == ("since", "b")


def test_casts_slices_and_times_are_no_parameters():
    assert look_at("SELECT a::int, b[1:n], '12:30' FROM t", PG).parameters == ()
    assert look_at("SELECT @a:=1", MY).parameters == ()


def test_the_driver_gets_its_own_marks_and_percent_signs_stay():
    found = look_at("SELECT '50%' WHERE a LIKE :like", PG)
    assert found.for_driver() == "SELECT '50%%' WHERE a LIKE %(like)s"
    assert look_at("SELECT '50%' WHERE a = :x", LITE).for_driver().endswith("'50%' WHERE a = :x")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ParameterKind.INTEGER, "1.5"),
        (ParameterKind.NUMBER, "Infinity"),
        (ParameterKind.DATE, "31.12.2024"),
        (ParameterKind.DATETIME, "yesterday"),
        (ParameterKind.BOOLEAN, "perhaps"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_how_it_is_written(kind, value):
    with pytest.raises(BadParameter, match=f":x is not a {kind}: write"):
        Parameter("x", kind, value).bound()
