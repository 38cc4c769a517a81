"""Case 64 and its like: JSON, where it is a table and where it is not."""

from tests.engine.reading.badfiles.case import Case, Refused, Table

ROWS = '[{"id": 1, "at": {"city": "Oslo", "zip": "007"}}, {"id": 2, "at": {"city": "Rome"}}]'
LINES = '{"a": 1, "b": "x"}\n\n{"b": "y", "c": 12345678901234567890}\n'

CASES = (
    Case(
        64,
        "a list of objects, saved as .csv",
        ROWS,
        Table(
            names=["id", "at.city", "at.zip"],
            columns={"id": [1, 2], "at.city": ["Oslo", "Rome"], "at.zip": ["007", None]},
            says=["a JSON document", "dotted names"],
        ),
    ),
    Case(
        64,
        "one list for each column",
        '{"a": [1, 2], "b": ["x", null]}',
        Table(columns={"a": [1, 2], "b": ["x", None]}, says=["one list for each column"]),
    ),
    Case(
        64,
        "lists of different length",
        '{"a": [1, 2], "b": [1]}',
        Refused("the columns differ in length"),
    ),
    Case(
        64,
        "rows under a name",
        '{"page": 1, "rows": [{"a": 1}]}',
        Table(columns={"a": [1]}, says=["list under 'rows'", "left out: 'page'"]),
    ),
    Case(
        64,
        "JSON Lines with names that come and go",
        LINES,
        Table(
            columns={
                "a": [1, None],
                "b": ["x", "y"],
                "c": [None, "12345678901234567890"],
            },
            says=["JSON Lines"],
        ),
    ),
    Case(
        64,
        "digits that are text in the file",
        '[{"a": "12"}, {"a": "34"}]',
        Table(columns={"a": ["12", "34"]}, says=["choose integer to read it so"]),
    ),
    Case(
        64,
        "lists inside rows",
        '[{"a": [1, 2.50, "x"]}]',
        Table(columns={"a": ['[1,2.50,"x"]']}, says=["a list is kept as text"]),
    ),
    Case(
        64,
        "not a number, and infinity",
        '[{"a": NaN}, {"a": Infinity}, {"a": 1}]',
        Table(columns={"a": ["NaN", "Infinity", "1"]}),
    ),
    Case(
        64,
        "empty texts beside nulls",
        '[{"a": ""}, {"a": null}, {"a": "x"}]',
        Table(columns={"a": [None, None, "x"]}, says=["1 empty texts are missing here"]),
    ),
    Case(64, "a name twice in one object", '[{"a": 1, "a": 2}]', Refused("the name 'a' twice")),
    Case(
        64,
        "names that meet when flattened",
        '[{"a.b": 1, "a": {"b": 2}}]',
        Table(names=["a.b", "a.b (2)"], columns={"a.b": [1], "a.b (2)": [2]}),
    ),
    Case(64, "JSON that is cut off", ROWS[:-20], Refused("is not JSON")),
    Case(64, "a line that is not JSON", LINES + "{x}\n", Refused("Line 4 is not JSON")),
    Case(64, "a line that is no object", LINES + "[1]\n", Refused("Line 4 is not an object")),
    Case(64, "a list of numbers", "[1, 2, 3]", Refused("Element 1 of the list is not an object")),
    Case(64, "lists 100,000 deep", "[" * 100_000 + "1", Refused("nested too deeply")),
    Case(64, "objects without names", "[{}, {}]", Refused("have no names")),
    Case(64, "NUL in a text", '[{"a": "x\\u0000y"}]', Refused("holds a NUL character")),
    Case(64, "half a character", '[{"a": "\\ud800"}]', Refused("a lone surrogate")),
    Case(
        64,
        "a document above the limit",
        ROWS,
        Refused("more than 10 bytes"),
        limits={"json_bytes": 10},
    ),
    Case(
        64,
        "more names than columns are allowed",
        '[{"a": 1}, {"b": 1}, {"c": 1}]',
        Refused("more than 2 different names"),
        limits={"columns": 2},
    ),
)
