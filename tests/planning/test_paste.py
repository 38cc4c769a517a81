"""Features pasted from a spreadsheet: read by their headings, refused by line, never half taken."""

import pytest

from apps.planning.forms import pasted_rows
from apps.projects.models import Role


def read(text, there=()):
    return pasted_rows(text, there=list(there))


def test_headings_in_any_order_name_the_columns():
    rows, wrong = read("Known\tDescription\tFEATURE\tLag in days\nat\tIn €\tamount\t2\n")
    assert not wrong
    assert rows == [
        {"name": "amount", "meaning": "In €", "known": "at", "lag_days": 2.0, "sensitive": False}
    ]


def test_without_headings_the_order_is_name_meaning_source_known():
    rows, wrong = read("amount\tIn €\tpayments\tAT\nbranch\n")
    assert not wrong
    assert [row["name"] for row in rows] == ["amount", "branch"]
    assert rows[0] == {
        "name": "amount",
        "meaning": "In €",
        "source": "payments",
        "known": "at",
        "sensitive": False,
    }
    assert rows[1]["known"] == "unknown"


def test_empty_lines_and_windows_line_ends_do_not_matter_and_lines_are_counted_with_them():
    rows, wrong = read("name\tknown\r\n\r\namount\tat\r\n\r\nx\tlater\r\n")
    assert rows == []
    assert wrong.startswith("Line 5, known: Select a valid choice. later")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name\tcolour\na\tred", "Line 1: the heading “colour” is not known."),
        ("name\tfeature\na\tb", "Line 1: two headings mean “name”."),
        ("name\tknown\n\tat", "Line 2: the feature has no name."),
        ("a\tb\tc\tat\tmore", "Line 1 has 5 cells where 4 are read"),
        ("name\tsensitive\na\tperhaps", "Line 2: under “sensitive” write yes or no."),
        ("name\tlag\na\t-1", "Line 2, lag in days: Ensure this value is greater"),
        ("name\tlag\na\tsoon", "Line 2, lag in days: Enter a number."),
        ("name\ttype\na\tblob", "Line 2, type: Select a valid choice."),
        ("a\nb\na", "Line 3: “a” is in line 1 too."),
        ("old", "Line 1: “old” is in the table already."),
        ('a\t"open\nb\tc', "Line 1: a quotation mark at the start of a cell is not closed"),
        (f"name\n{'x' * 256}", "Line 2, column: Ensure this value has at most 255"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line_and_nothing_is_taken(text, says):
    rows, wrong = read(text, there=[{"name": "old"}])
    assert rows == []
    assert says in wrong


def test_a_cell_with_a_line_break_stays_one_cell():
    rows, wrong = read('name\tmeaning\tknown\na\t"first\nsecond"\tat\nb\tz\tlater')
    assert (rows, wrong[:7]) == ([], "Line 4,")
    rows, wrong = read('name\tmeaning\na\t"first\nsecond"')
    assert rows[0]["meaning"] == "first second"


def test_words_for_yes_and_for_types_are_understood():
    rows, _ = read("name\tsensitive\ttype\na\tX\tBoolean\nb\tno\tcategorical")
    assert [(row["sensitive"], row["type"]) for row in rows] == [
        (True, "yes/no"),
        (False, "category"),
    ]


def test_more_than_a_plan_holds_is_refused():
    text = "\n".join(f"x{number}" for number in range(501))
    assert read(text)[1].startswith("A plan holds up to 500 features")


def test_a_refused_paste_keeps_the_text_and_the_typed_rows(post, saved):
    answer = post("features", {"target": "y"}, pasted="name\tknown\na\tlater", do="paste")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 2, known" in page
    assert "name\tknown\na\tlater</textarea>" in page
    assert 'value="y"' in page
    assert saved("features") == {}


def test_a_good_paste_is_added_below_what_is_typed_and_autosave_leaves_it_alone(post, saved):
    typed = {"columns": [{"name": "old", "known": "at", "sensitive": False}]}
    post("features", typed, htmx=True, pasted="new")
    assert [row["name"] for row in saved("features")["columns"]] == ["old"]
    answer = post("features", typed, pasted="new\tNew one", do="paste", revision=1)
    assert answer.status_code == 302
    assert [row["name"] for row in saved("features")["columns"]] == ["old", "new"]


PASTED = "amount\tSum of the order\tTill\tat"


def test_pasted_features_are_kept_when_two_saves_meet(post, saved, join):
    post("features", {"target": "y"}, revision=0)
    answer = post(
        "features", {"target": "z"}, by=join(Role.ANALYST), revision=0, pasted=PASTED, do="paste"
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert saved("features")["target"] == "y"
    assert f"{PASTED}</textarea>" in page
    assert "feature “amount”" in page  # among what differs
    assert "feature added" not in page
    mine = post("features", {"target": "z"}, revision=0, over=1, pasted=PASTED)
    assert mine.status_code == 302
    assert [row["name"] for row in saved("features")["columns"]] == ["amount"]
    assert saved("features")["target"] == "z"


def test_pasted_features_are_kept_when_another_field_has_a_mistake(post, saved):
    answer = post("features", {"target": "y", "base_rate": 7}, pasted=PASTED, do="paste")
    assert answer.status_code == 422
    assert f"{PASTED}</textarea>" in answer.content.decode()
    assert saved("features") == {}
