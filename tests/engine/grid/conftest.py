import pytest

from apps.engine.grid import rows as rows_module
from apps.engine.grid.rows import Rows, lay_out
from apps.engine.reading.tables import write_table
from apps.engine.types import silent


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """``opened(frame)``: its rows from Parquet; ``words`` lays them out with so many words."""

    def make(frame, *, words=None):
        write_table(frame, tmp_path / "t.parquet")
        if words is None:
            return Rows(tmp_path / "t.parquet")
        monkeypatch.setattr(rows_module, "MOST_WORDS", words)
        lay_out(table=str(tmp_path / "t.parquet"), target=str(tmp_path / "t.arrow"), report=silent)
        return Rows(tmp_path / "t.parquet", layout=tmp_path / "t.arrow")

    return make
