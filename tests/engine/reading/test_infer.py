import pytest

from apps.engine.reading.infer import Guess
from apps.engine.types import Kind


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", "0"], "integer"),
        (["1", "", "3"], "integer"),
        (["9007199254740993", "", "1"], "integer"),
        (["1", "2.5", "-.5", "1e3"], "number"),
        (["true", "False", "TRUE"], "boolean"),
        (["0", "1"], "integer"),
        (["true", "1"], "text"),
        (["007", "8"], "text"),
        (["00.5", "1.5"], "text"),
        (["-01", "2"], "text"),
        (["12345678901234567890"], "text"),
        (["12345678901234567890", "1.5"], "text"),
        (["9007199254740993", "1.5"], "text"),
        (["NA", "None", "null", "nan"], "text"),
        (["inf", "1"], "text"),
        (["1e400", "1"], "text"),
        (["nan", "1.5"], "text"),
        (["0x10", "1"], "text"),
        (["1_000"], "text"),
        (["1,000"], "text"),
        (["50%"], "text"),
        (["$1,200"], "text"),
        (["+1", "2"], "text"),
        (["+1.5", "2.5"], "text"),
        ([" 1", "2"], "text"),
        (["=1+1"], "text"),
        (["", ""], "text"),
        (["2024-05-31", "0001-01-01", "9999-12-31"], "datetime"),
        (["2024-05-31 10:00", "2024-05-31 11:30"], "datetime"),
        (["2024-05-31T10:00:00.123456"], "datetime"),
        (["2024-05-31T10:00:00+02:00", "2024-05-31T10:00:00Z"], "datetime"),
        (["31.05.2024"], "datetime"),
        (["13/02/2024", "01/02/2024"], "datetime"),
        (["01/02/2024", "13/02/2024"], "datetime"),
        (["02/13/2024", "01/02/2024"], "datetime"),
        (["01/02/2024", "03/04/2024"], "text"),
        (["13/02/2024", "02/13/2024"], "text"),
        (["2024-05-31", "now"], "text"),
        (["2024-02-30"], "text"),
        (["2024-05-31T10:00:00.123456789"], "text"),
        (["20240531", "20240601"], "integer"),
    ],
)
def test_a_column_becomes_the_narrowest_kind_that_loses_nothing(imported, cells, kind):
    text = "a,b\n" + "".join(f'"{cell}",x\n' for cell in cells)
    back = imported(text, delimiter=",")
    assert back.kinds["a"] == kind
    if kind == "text":
        assert back.column("a") == [cell or None for cell in cells]


def test_a_big_identifier_beside_a_missing_cell_keeps_its_last_digit(imported):
    back = imported("id,b\n9007199254740993,x\n,y\n")
    assert back.column("id") == [9007199254740993, None]


@pytest.mark.parametrize(
    ("cells", "moment"),
    [
        (["13/02/2024", "01/02/2024"], "2024-02-13"),
        (["02/13/2024", "01/02/2024"], "2024-02-13"),
        (["31.12.2023"], "2023-12-31"),
    ],
)
def test_one_row_that_tells_day_from_month_decides_the_column(imported, cells, moment):
    back = imported("d\n" + "\n".join(cells) + "\n")
    assert back.column("d")[0].strftime("%Y-%m-%d") == moment


def test_an_ambiguous_date_says_which_formats_it_could_be(imported):
    says = imported("d\n01/02/2024\n").says("d")
    assert "%d/%m/%Y or %m/%d/%Y" in says


def test_offsets_become_utc_and_the_decision_says_so(imported):
    back = imported("t\n2024-05-31T10:00:00+02:00\n")
    assert back.column("t")[0].isoformat() == "2024-05-31T08:00:00"
    assert "converted to UTC" in back.says("t")


def test_digits_beyond_a_float_are_counted(imported):
    back = imported("pi,b\n3.14159265358979323846,x\n0.1,y\n")
    assert "1 have more digits" in back.says("pi")


def test_a_guess_without_cells_is_text():
    assert Guess().kind() is Kind.TEXT


def test_a_units_row_below_the_header_is_pointed_out(imported):
    cells = ["mm", *[str(number) for number in range(20)]]
    assert "first 'mm' in row 1" in imported("length\n" + "\n".join(cells) + "\n").says("length")
