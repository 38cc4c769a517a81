"""A file that is imported from bytes."""

import json

import pytest

from apps.engine.reading.imports import import_file
from apps.engine.reading.tables import read_table
from apps.engine.types import silent


class Imported:
    """Result and table of one import."""

    def __init__(self, result, frame):
        self.result, self.frame = result, frame

    @property
    def kinds(self):
        return {each["name"]: each["kind"] for each in self.result["spec"]["columns"]}

    def column(self, name):
        return [None if value != value else value for value in _plain(self.frame[name])]

    def says(self, name):
        return next(d["says"] for d in self.result["decisions"] if d["column"] == name)


def _plain(series):
    return series.astype(object).where(series.notna(), None).tolist()


@pytest.fixture
def imported(tmp_path):
    """``imported(data, limits=..., **options)`` imports bytes (or text as UTF-8)."""

    def run(data, limits=None, filename="a.csv", report=silent, **options):
        source, target = tmp_path / "source", tmp_path / "target.parquet"
        source.write_bytes(data.encode() if isinstance(data, str) else data)
        result = import_file(
            source=str(source),
            target=str(target),
            filename=filename,
            options=options or None,
            limits=limits,
            report=report,
        )
        json.dumps(result, allow_nan=False)
        return Imported(result, read_table(target))

    return run
