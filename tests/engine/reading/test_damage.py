"""Whatever bytes arrive, the answer is a table or one sentence."""

import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.engine.errors import EngineError
from tests.engine.reading.badfiles import books
from tests.engine.reading.badfiles.workbooks import zipped

CSV = b'id,name,when,x\n1,"Ann ""A""",2024-05-31,1.5\n2,"two\nlines",2024-06-01,\n' * 3


def _parquet():
    file = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2, None], "b": ["x", "y", None], "c": [0.5, 1, 2]}), file)
    return file.getvalue()


FILES = {
    "csv": CSV,
    "gzip": gzip.compress(CSV, mtime=0),
    "parquet": _parquet(),
    "zip": zipped(("a.csv", CSV)),
    "xlsx": books.typed(),
    "xlsb": books.xlsb([(0, 0, 7), (1, 0, 1), (2, 0, 2)]),
    "ods": books.ods(books.ods_row("a", "b") + books.ods_row(1, "x")),
    "json": b'[{"id": 1, "at": {"city": "Oslo"}}, {"id": 2.5, "l": [1, "x"]}]',
    "lines": b'{"a": 1, "b": "x"}\n{"b": "y", "c": 12345678901234567890}\n',
}
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["set", "cut", "insert"]),
        st.integers(0, 10_000),
        st.binary(min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=4,
)


def mutated(data, mutations):
    for how, where, piece in mutations:
        at = where % (len(data) + 1)
        skip = {"set": len(piece), "cut": 7, "insert": 0}[how]
        data = data[:at] + (b"" if how == "cut" else piece) + data[at + skip :]
    return data


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutations=MUTATIONS)
def test_a_damaged_file_is_read_or_refused_in_one_sentence(imported, kind, mutations):
    outcome = _sentence_or_table(imported, mutated(FILES[kind], mutations))
    if isinstance(outcome, str):
        assert outcome.endswith(".")
        assert "\n" not in outcome
    else:
        assert len(outcome.frame) == outcome.result["rows"]


def _sentence_or_table(imported, data):
    try:
        return imported(data)
    except EngineError as error:
        return str(error)
