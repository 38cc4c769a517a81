"""Cases 54, 58 and 71 to 77: archives and workbooks, of which small ones can be the largest."""

import io
import stat
import zipfile

from tests.engine.reading.badfiles import books
from tests.engine.reading.badfiles.case import Case, Refused, Table

CSV = b"a,b\n1,x\n2,y\n"
SECRET = "EncryptedPackage".encode("utf-16-le")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
XML = "xl/worksheets/sheet1.xml"
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{each} "{"&a;" * 10}">' for each in range(10))
    + "]>"
)


def zipped(*members, change=lambda info: None):
    """A zip archive of (name, bytes)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            change(info)
            made.writestr(info, data)
    return file.getvalue()


def encrypted():
    """A zip archive whose member says that it is encrypted."""
    data = bytearray(zipped(("a.csv", CSV)))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


def overlapping():
    """A zip archive in which two directory entries share the same bytes."""
    data = zipped(("a.csv", CSV), ("b.csv", CSV))
    entry = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", entry + 4)
    return data[: second + 42] + bytes(4) + data[second + 46 :]


def link(info):
    """Make a member a symbolic link."""
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def bomb(size):
    """A zip archive with one member of zeros: a thousand to one."""
    return zipped(("a.csv", b"0" * size))


ARCHIVES = (
    Case(
        71,
        "a zip with one CSV",
        zipped(("in/a.csv", CSV), ("__MACOSX/in/._a.csv", b"x")),
        Table(columns={"a": [1, 2]}, says=["The file 'in/a.csv' of the zip archive is read"]),
    ),
    Case(71, "a zip with two CSVs", zipped(("a.csv", CSV), ("b.csv", CSV)), Refused("choose one")),
    Case(
        71,
        "a zip with two CSVs, one chosen",
        zipped(("a.csv", CSV), ("b.csv", b"c\n3\n")),
        Table(columns={"c": [3]}),
        options={"member": "b.csv"},
    ),
    Case(
        71,
        "a zip without the chosen file",
        zipped(("a.csv", CSV)),
        Refused("no file named 'x.csv'"),
        options={"member": "x.csv"},
    ),
    Case(71, "a zip with nothing", zipped(), Refused("holds no file")),
    Case(71, "a zip in a zip", zipped(("a.zip", zipped(("a.csv", CSV)))), Refused("by itself")),
    Case(71, "a zip with a password", encrypted, Refused("protected by a password")),
    Case(71, "a zip that climbs out", zipped(("../../a.csv", CSV)), Refused("leads outside")),
    Case(71, "a zip with an absolute path", zipped(("/etc/a.csv", CSV)), Refused("leads outside")),
    Case(
        71, "a zip with a link", zipped(("a.csv", b"/etc/passwd"), change=link), Refused("a link")
    ),
    Case(71, "a zip whose files overlap", overlapping, Refused("overlap")),
    Case(
        71,
        "a zip with 100,000 files",
        lambda: zipped(*((f"{each}.csv", b"") for each in range(100_000))),
        Refused("100,000 files and the limit is 1,000"),
    ),
    Case(71, "a zip that is cut off", zipped(("a.csv", CSV))[:-30], Refused("cut off")),
    Case(71, "a zip packed like a bomb", lambda: bomb(50_000_000), Refused("as only a bomb does")),
    Case(
        71,
        "a zip with a workbook",
        zipped(("a.xlsx", books.book())),
        Table(columns={"a": [1], "b": ["x"]}),
    ),
)

BOMBS = (
    Case(
        72,
        "one cell far away",
        books.sheet('<row r="20000"><c r="XFD20000"><v>1</v></c></row>'),
        Refused("column 16,384 of the sheet and the limit is 2,000"),
    ),
    Case(
        72,
        "one cell in the last row and column",
        books.sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        Refused("column 16,384"),
    ),
    Case(
        72,
        "cells that span a thousand million others",
        books.sheet(
            '<row r="1"><c r="A1"><v>1</v></c></row>'
            '<row r="1048576"><c r="BXX1048576"><v>1</v></c></row>'
        ),
        Refused("at most 30,000,000 cells are read"),
    ),
    Case(
        72,
        "cells without an address",
        books.sheet('<row r="1">' + "<c><v>1</v></c>" * 2_001 + "</row>"),
        Refused("column 2,001"),
    ),
    Case(
        72,
        "one cell far away in a binary workbook",
        books.xlsb([(0, 0, 1), (20_000, 16_383, 2)]),
        Refused("column 16,384"),
    ),
    Case(
        72,
        "rows that are repeated a million times",
        books.ods(books.ods_row("a", "b") + books.ods_row(*range(100), repeated=1_048_575)),
        Refused("at most 30,000,000 cells are read"),
    ),
    Case(
        73,
        "20,000 rows",
        lambda: books.book([("a", "b"), *((each, f"name {each}") for each in range(20_000))]),
        Table(rows=20_000, kinds={"a": "integer", "b": "text"}),
    ),
    Case(
        74,
        "a sheet packed like a bomb",
        lambda: books.part(XML, b"<worksheet>" + b" " * 50_000_000),
        Refused("as only a bomb does"),
    ),
    Case(
        74,
        "shared texts packed like a bomb",
        lambda: books.part("xl/sharedStrings.xml", b"<si><t>a</t></si>" * 3_000_000),
        Refused("as only a bomb does"),
    ),
    Case(
        74,
        "styles packed like a bomb",
        lambda: books.part("xl/styles.xml", b"<xf/>" * 10_000_000),
        Refused("as only a bomb does"),
    ),
    Case(
        74,
        "a workbook above the limit",
        books.book(),
        Refused("bytes unpacked and the limit is 1,000"),
        limits={"workbook_bytes": 1_000, "bytes": 2_000_000_000},
    ),
    Case(75, "a billion laughs", books.sheet("", before=LAUGHS), Refused("a document type")),
    Case(
        75,
        "an entity that names a file",
        books.sheet(
            '<row><c t="inlineStr"><is><t>&e;</t></is></c></row>',
            before='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        ),
        Refused("a document type"),
    ),
    Case(
        75,
        "an entity that names an address",
        books.part(
            "xl/sharedStrings.xml",
            '<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1/x">%e;]><sst/>',
        ),
        Refused("a document type"),
    ),
    Case(
        75,
        "entities in an OpenDocument sheet",
        books.ods(books.ods_row("a"), before=LAUGHS),
        Refused("a document type"),
    ),
)

SHEETS = (
    Case(
        54,
        "dates of a workbook that counts from 1904",
        books.epoch_1904(),
        Table(kinds={"day": "datetime"}, says=["%Y-%m-%d"]),
    ),
    Case(
        58,
        "formulas and links that are never run",
        books.sheet(
            '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
            '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>'
            '<row r="3"><c r="A3"><f>WEBSERVICE("http://127.0.0.1/")</f></c></row>'
        ),
        Table(
            rows=1,
            columns={"a": [2]},
            says=["2 cells hold a formula", "1 formulas have no kept result"],
        ),
    ),
    Case(76, "a workbook with a password", OLE + bytes(600) + SECRET, Refused("by a password")),
    Case(76, "an old Office file", OLE + bytes(600), Refused("not a workbook")),
    Case(
        76,
        "an old workbook that is damaged",
        OLE + bytes(600) + "Workbook".encode("utf-16-le"),
        Refused("damaged"),
    ),
    Case(
        76,
        "a workbook with a macro, which is not run",
        books.part("xl/vbaProject.bin", b"Sub AutoOpen()"),
        Table(columns={"a": [1]}),
    ),
    Case(
        76,
        "an OpenDocument sheet",
        books.ods(books.ods_row("a", "b") + books.ods_row(1, "x")),
        Table(columns={"a": [1], "b": ["x"]}, says=["(ods)"]),
    ),
    Case(
        76,
        "a binary workbook",
        books.xlsb([(0, 0, 7), (1, 0, 1), (2, 0, 2)]),
        Table(columns={"7": [1, 2]}, says=["(xlsb)"]),
    ),
    Case(
        76,
        "a workbook that is cut off",
        books.book()[:-40],
        Refused("cut off or damaged"),
    ),
    Case(76, "a workbook of charts", books.only_charts(), Refused("no sheet with cells")),
    Case(
        76,
        "several sheets",
        books.several(),
        Table(columns={"a": [1]}, says=["of 3 sheets: choose another if needed"]),
    ),
    Case(
        76,
        "several sheets, one chosen",
        books.several(),
        Table(columns={"c": [3]}),
        options={"sheet": "later"},
    ),
    Case(
        76,
        "a hidden sheet that is chosen",
        books.several(),
        Refused("is empty"),
        options={"sheet": "secret"},
    ),
    Case(
        76,
        "a sheet that is not there",
        books.several(),
        Refused("no sheet named 'x'"),
        options={"sheet": "x"},
    ),
    Case(
        76,
        "merged cells, a hidden row and a title",
        books.merged(),
        Table(
            columns={"a": [1, 2, 3], "b": ["x", None, "y"]},
            says=["1 merged cells", "1 hidden rows", "The first 2 rows are a title"],
        ),
    ),
    Case(
        76,
        "a dimension that lies",
        books.sheet(
            '<row r="1"><c r="A1"><v>5</v></c></row><row r="2"><c r="A2"><v>6</v></c></row>',
            dimension='<dimension ref="A1:XFD1048576"/>',
        ),
        Table(columns={"5": [6]}),
    ),
    Case(
        77,
        "error cells",
        books.sheet(
            '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c>'
            '<c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
            '<row r="2"><c r="A2" t="e"><v>#N/A</v></c><c r="B2"><v>1</v></c></row>'
            '<row r="3"><c r="A3" t="e"><v>#DIV/0!</v></c><c r="B3"><v>2</v></c></row>'
        ),
        Table(columns={"a": [None, None], "b": [1, 2]}, says=["2 cells hold an error"]),
    ),
    Case(
        77,
        "types of the workbook",
        books.typed(),
        Table(
            kinds={
                "id": "integer",
                "code": "text",
                "day": "datetime",
                "moment": "datetime",
                "yes": "boolean",
                "share": "number",
            },
            columns={"code": ["007", "12"], "yes": [True, False], "share": [0.5, 0.25]},
        ),
    ),
    Case(
        77,
        "texts of digits, which the workbook stores as text",
        books.book([("code",), ("12",), ("34",)]),
        Table(columns={"code": ["12", "34"]}, says=["choose integer to read it so"]),
    ),
    Case(
        77,
        "numbers of more than fifteen digits",
        books.book([("id",), (12345678901234567890,)]),
        Table(says=["1 numbers have more than fifteen digits"]),
    ),
)

CASES = (*ARCHIVES, *BOMBS, *SHEETS)
