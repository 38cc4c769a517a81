import csv
import io
import json
import time
from contextlib import nullcontext
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.engine.errors import BadFile, BadParameter, ColumnMissing, Stopped, TooLarge
from apps.engine.reading import content

DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data sets are not here")
CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"),
    max_size=6,
) | st.sampled_from(["", '"', ",", "\n", "\r\n", "a,b", "007", " "])


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of a few bytes, so that a small file crosses all their borders."""

    def set_to(count):
        monkeypatch.setattr(content, "CHUNK_BYTES", count)

    return set_to


@needs_data
@pytest.mark.parametrize(
    "name",
    sorted(each.stem for each in (DATA / "corpus_csv_spectrum" / "csvs").glob("*.csv")),
)
def test_each_file_of_the_csv_spectrum_corpus_reads_as_its_json(imported, name):
    folder = DATA / "corpus_csv_spectrum"
    data = (folder / "csvs" / f"{name}.csv").read_bytes()
    expected = json.loads((folder / "json" / f"{name}.json").read_text(encoding="utf-8"))
    if b"\r" not in data:  # some copies of the corpus have their line ends rewritten
        expected = [{k: v.replace("\r\n", "\n") for k, v in row.items()} for row in expected]
    result = imported(data).result
    names = [column["name"] for column in result["spec"]["columns"]]
    cells = [[cell or "" for cell in row] for row in result["preview"]]
    assert [dict(zip(names, row, strict=True)) for row in cells] == expected


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=12),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    chunk=st.sampled_from([3, 17, 4_096]),
)
def test_any_table_written_as_csv_reads_back_cell_by_cell(imported, monkeypatch, rows, end, chunk):
    monkeypatch.setattr(content, "CHUNK_BYTES", chunk)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b", "c"])
    writer.writerows(rows)
    back = imported(
        text.getvalue(), encoding="utf-8", delimiter=",", kinds=dict.fromkeys("abc", "text")
    )
    assert [back.column(name) for name in "abc"] == [
        [cell or None for cell in column] for column in zip(*rows, strict=True)
    ]


def test_a_good_file_gives_spec_decisions_options_and_preview(imported):
    back = imported("id,name,when\n1,Ann,2024-05-31\n2,,2024-06-01\n")
    assert back.kinds == {"id": "integer", "name": "text", "when": "datetime"}
    assert back.result["rows"] == 2
    assert back.result["spec"]["columns"][1]["missing"] == 1
    assert back.result["spec"]["columns"][2]["format"] == "%Y-%m-%d"
    assert back.result["options"]["delimiter"] == ","
    assert back.result["preview"] == [["1", "Ann", "2024-05-31"], ["2", None, "2024-06-01"]]
    assert back.result["warnings"] == []
    assert [str(each) for each in back.frame.dtypes] == ["Int64", "string", "datetime64[us]"]


def test_a_header_alone_is_a_table_without_rows(imported):
    back = imported("a,b\n")
    assert back.frame.shape == (0, 2)


def test_a_longer_row_is_left_out_and_named_by_its_line(imported):
    back = imported('a,b\n1,2\n"x\ny",3\n4,5,6\n7,8\n')
    assert back.result["rejected"] == [{"line": 5, "says": "3 cells where the header has 2."}]
    assert back.result["rejected_count"] == 1
    assert back.column("b") == [2, 3, 8]


def test_a_shorter_row_is_filled_and_counted(imported):
    back = imported("a,b\n1\n2,3\n")
    assert back.column("b") == [None, 3]
    assert any("1 rows have fewer cells" in says for says in back.result["warnings"])


def test_every_row_longer_than_the_header_is_refused_and_never_shifted(imported):
    with pytest.raises(BadFile, match="Every row has more cells"):
        imported("a,b\n1,2,3\n4,5,6\n")


def test_a_delimiter_at_the_end_of_every_row_is_left_out(imported):
    back = imported("a,b\n1,2,\n3,4,\n")
    assert (back.column("a"), back.column("b")) == ([1, 3], [2, 4])
    assert back.result["rejected_count"] == 0


def test_more_rejected_than_read_is_refused(imported, tmp_path):
    with pytest.raises(BadFile, match="2 rows have more cells than the header and only 1 fit"):
        imported("a,b\n1,2\n1,2,3\n1,2,3\n")
    assert not (tmp_path / "target.parquet").exists()


def test_duplicate_and_blank_names_get_names_of_their_own(imported):
    back = imported("a,a,,a (2)\n1,2,3,4\n")
    assert list(back.frame.columns) == ["a", "a (3)", "column 3", "a (2)"]
    assert back.result["renamed"] == {"a [2]": "a (3)", "(blank) [3]": "column 3"}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'a,b\n1,2\n3,"x\n4,5\n', "line 3 is never closed"),
        (b'a,b\n1,2\n"x"y,3\n', "begins in line 3, text follows a closing quote"),
        (b"a,b\n1,2\n3,\0\n", "Line 3 holds a NUL"),
        (b"a\0,b\n1,2\n", "Line 1 holds a NUL"),
        (b"a,b\n\xc3\xa9,2\n3,\xff\n", "(?i)line 3 holds bytes that are not"),
        (b"a,b\n\xed\xa0\x80,\xc3\xa9\n", "line 2"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(imported, data, says):
    with pytest.raises(BadFile, match=says):
        imported(data)


@pytest.mark.parametrize("quote_line", [2, 3_000])
def test_an_unclosed_quote_is_found_across_chunks(imported, small_chunks, quote_line):
    small_chunks(1_000)
    lines = [f"{number},x" for number in range(2, 6_000)]
    lines[quote_line - 2] = '0,"x'
    with pytest.raises(BadFile, match=f"line {quote_line:,} is never closed"):
        imported("a,b\n" + "\n".join(lines) + "\n")


def test_quotes_inside_plain_cells_stay_and_are_reported(imported):
    back = imported('size,n\n5" pipe,1\nplain,2\n')
    assert back.column("size") == ['5" pipe', "plain"]
    assert any("Quotes stand inside" in says for says in back.result["warnings"])


def test_blank_lines_are_left_out_and_counted(imported):
    back = imported("a,b\n\n1,2\n   \n3,4\n\n")
    assert back.column("a") == [1, 3]
    assert "3 blank lines are left out." in back.result["warnings"]


def test_a_kind_that_a_late_row_changes_is_right_in_the_whole_table(imported, small_chunks):
    small_chunks(2_000)
    numbers = [str(number) for number in range(3_000)]
    back = imported("a\n" + "\n".join([*numbers, "x"]) + "\n")
    assert back.column("a") == [*numbers, "x"]
    assert back.says("a") == ("Kept as text: numbers are mixed with text, first 'x' in row 3,001.")


def test_losses_are_counted_once_even_with_a_second_pass(imported, small_chunks):
    small_chunks(500)
    rows = [f"{number}," for number in range(400)]
    back = imported("a,b\n" + "\n".join([*rows, "x,"]) + "\n")
    assert [column["missing"] for column in back.result["spec"]["columns"]] == [0, 401]


def test_a_chosen_kind_counts_what_does_not_convert(imported):
    back = imported("a\n1\nx\n2\ny\n", kinds={"a": "integer"})
    assert back.column("a") == [1, None, 2, None]
    assert back.says("a") == "Chosen by a person."
    assert any("2 cells of 'a'" in w and "'x' in row 2" in w for w in back.result["warnings"])


def test_a_chosen_date_format_settles_an_ambiguous_column(imported):
    assert imported("d\n01/02/2024\n").kinds == {"d": "text"}
    back = imported("d\n01/02/2024\n", date_formats={"d": "%d/%m/%Y"})
    assert (back.kinds["d"], back.column("d")[0].month) == ("datetime", 2)


def test_chosen_missing_words_let_the_numbers_through(imported):
    assert "name 'NA' as missing" in imported("a,b\n1,x\nNA,y\n2,z\n").says("a")
    back = imported("a,b\n1,x\nNA,y\n2,z\n", missing=["", "NA"])
    assert back.column("a") == [1, None, 2]


def test_decimal_comma_and_thousands_are_read_when_chosen(imported):
    back = imported("a;b\n1.234,5;x\n2,25;y\n", decimal=",", thousands=".")
    assert back.column("a") == [1234.5, 2.25]


def test_a_file_without_header_gets_numbered_names(imported):
    back = imported("1,2\n3,4\n", header=False)
    assert list(back.frame.columns) == ["column 1", "column 2"]
    assert back.column("column 1") == [1, 3]


@pytest.mark.parametrize(
    ("data", "limits", "says"),
    [
        ("a\n1\n2\n3\n", {"rows": 2}, "more than 2 rows"),
        ("a,b,c\n1,2,3\n", {"columns": 2}, "3 columns and the limit is 2"),
        ("a,b\n" + "x" * 50 + ",1\n", {"cell_bytes": 20}, "20"),
        ("a\n" + "1\n" * 50, {"bytes": 60}, "limit is 60"),
        ("a" * 30 + ",b\n1,2\n", {"name_characters": 20}, "30 characters"),
    ],
)
def test_beyond_a_limit_is_refused_with_the_number(imported, tmp_path, data, limits, says):
    with pytest.raises((TooLarge, BadFile), match=says):
        imported(data, limits=limits)
    assert not (tmp_path / "target.parquet").exists()


def test_unknown_options_limits_and_columns_are_refused(imported):
    with pytest.raises(BadParameter, match="'delimeter' is not known"):
        imported("a\n1\n", delimeter=";")
    with pytest.raises(BadParameter, match="'row' is not known"):
        imported("a\n1\n", limits={"row": 1})
    with pytest.raises(ColumnMissing, match="'b'"):
        imported("a\n1\n", kinds={"b": "text"})


def test_stopping_leaves_nothing_behind(imported, tmp_path):
    def stop(done, total, says):
        raise Stopped

    with pytest.raises(Stopped):
        imported("a\n1\n", report=stop)
    assert [each.name for each in tmp_path.iterdir()] == ["source"]


@needs_data
def test_the_telco_table_is_typed_and_its_blank_charges_are_named(imported):
    back = imported((DATA / "telco_churn" / "Telco-Customer-Churn.csv").read_bytes())
    assert back.frame.shape == (7043, 21)
    assert (back.kinds["tenure"], back.kinds["MonthlyCharges"]) == ("integer", "number")
    assert back.kinds["TotalCharges"] == "text"
    assert (
        "11 cells of 'TotalCharges' hold only spaces: are they missing?"
        in (back.result["warnings"])
    )


@needs_data
def test_the_montreal_table_is_latin_with_semicolons_and_days_first(imported):
    back = imported((DATA / "montreal_bikes" / "bikes.csv").read_bytes())
    assert back.result["options"]["delimiter"] == ";"
    assert "Brébeuf (données non disponibles)" in back.kinds
    assert back.frame["Date"].iloc[-1].strftime("%Y-%m-%d") == "2012-11-05"


@pytest.mark.parametrize(
    ("data", "refused"),
    [("a,b\n1,2\n1,2,3\n1,2,3\n", True), ("a\n" + "1\n" * 99 + "x\n", False)],
    ids=["refused at the end", "another kind in a later block"],
)
def test_a_file_is_closed_only_after_its_last_block_is_written(
    imported, small_chunks, monkeypatch, data, refused
):
    """Closing while a thread writes ends the process with a segmentation fault."""
    small_chunks(64)
    events = []

    def slow(writer, batch, *args, write=pq.ParquetWriter.write_batch):
        time.sleep(0.1)
        events.append((id(writer), "written"))
        write(writer, batch, *args)

    def close(writer, close=pq.ParquetWriter.close):
        events.append((id(writer), "closed"))
        close(writer)

    monkeypatch.setattr(pq.ParquetWriter, "write_batch", slow)
    monkeypatch.setattr(pq.ParquetWriter, "close", close)
    with pytest.raises(BadFile) if refused else nullcontext():
        imported(data)
    first_writer = [what for writer, what in events if writer == events[0][0]]
    assert first_writer[0] == "written"
    assert first_writer[-1] == "closed"
