"""Workbooks made in a few lines: by openpyxl, or part by part where no program would make them."""

import io
import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl
from openpyxl.chart import BarChart

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def book(rows=(("a", "b"), (1, "x")), *, change=lambda book: None):
    """The bytes of a workbook whose first sheet has these rows."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(list(row))
    change(made)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def part(name, data, *, of=None):
    """The bytes of a workbook in which one part is another one."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(of or book())) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for each in old.namelist():
            new.writestr(each, data if each == name else old.read(each))
        if name not in old.namelist():
            new.writestr(name, data)
    return file.getvalue()


def sheet(cells, *, before="", after="", dimension=""):
    """The bytes of a workbook whose sheet has this XML for its rows."""
    xml = (
        f'<?xml version="1.0"?>{before}<worksheet xmlns="{SPREADSHEET}">{dimension}'
        f"<sheetData>{cells}</sheetData>{after}</worksheet>"
    )
    return part("xl/worksheets/sheet1.xml", xml)


def typed():
    """Dates, times, booleans, shares, texts that look like numbers."""
    rows = [
        ("id", "code", "day", "moment", "yes", "share", "span", "clock"),
        (
            1,
            "007",
            date(2024, 5, 31),
            datetime(2024, 5, 31, 8, 30),
            True,
            0.5,
            timedelta(1),
            time(8),
        ),
        (2, "12", date(2024, 6, 1), date(2024, 6, 1), False, 0.25, timedelta(2), time(9, 30)),
    ]

    def change(made):
        made.active["F2"].number_format = made.active["F3"].number_format = "0%"

    return book(rows, change=change)


def epoch_1904():
    """A workbook that counts its days from 1904."""

    def change(made):
        made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    return book([("day",), (date(2024, 5, 31),)], change=change)


def several():
    """Two sheets, one of them hidden, and a sheet that is a chart."""

    def change(made):
        second = made.create_sheet("later")
        second.append(["c"])
        second.append([3])
        made.create_sheet("secret").sheet_state = "hidden"
        made.create_chartsheet("drawn").add_chart(BarChart())

    return book(change=change)


def only_charts():
    """A workbook without a sheet of cells."""
    made = openpyxl.Workbook()
    made.create_chartsheet("drawn").add_chart(BarChart())
    made.remove(made.worksheets[0])
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def merged():
    """Merged cells, a hidden row, a title above the header."""
    rows = [("Sales of May",), (), ("a", "b"), (1, "x"), (2, None), (3, "y")]

    def change(made):
        made.active.merge_cells("B4:B5")
        made.active.row_dimensions[6].hidden = True

    return book(rows, change=change)


def ods(body, *, before=""):
    """The bytes of an OpenDocument sheet with this XML for its rows."""
    file = io.BytesIO()
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr(
            "META-INF/manifest.xml",
            '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        made.writestr(
            "content.xml",
            f'<?xml version="1.0"?>{before}<office:document-content {spaces}><office:body>'
            f'<office:spreadsheet><table:table table:name="A">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return file.getvalue()


def ods_row(*cells, repeated=1):
    """One row of texts and numbers."""
    inner = "".join(
        f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
        if isinstance(cell, int)
        else f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p>'
        "</table:table-cell>"
        for cell in cells
    )
    return f'<table:table-row table:number-rows-repeated="{repeated}">{inner}</table:table-row>'


def xlsb(cells, *, sheet="A"):
    """A binary workbook whose sheet has these records: (row, column, number), from 0."""

    def record(kind, body=b""):
        head = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
        return head + bytes([len(body)]) + body

    def text(value):
        return len(value).to_bytes(4, "little") + value.encode("utf-16-le")

    def number(value):
        return value.to_bytes(4, "little")

    rows = b""
    for row, column, value in cells:
        rows += record(0, number(row) + bytes(13))
        rows += record(2, number(column) + bytes(4) + ((value << 2) | 2).to_bytes(4, "little"))
    size = number(0) + number(max(each[0] for each in cells)) + number(0)
    size += number(max(each[1] for each in cells))
    data = record(129) + record(148, size) + record(145) + rows + record(146) + record(130)
    names = record(131) + record(143)
    names += record(156, number(0) + number(1) + text("rId1") + text(sheet))
    names += record(144) + record(132)
    link = f"{_RELATIONS}/worksheet"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("xl/workbook.bin", names)
        made.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{link}" '
            'Target="worksheets/sheet1.bin"/></Relationships>',
        )
        made.writestr("xl/worksheets/sheet1.bin", data)
    return file.getvalue()
