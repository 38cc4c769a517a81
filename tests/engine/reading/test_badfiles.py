"""Every bad file of the table in reliability 2B ends as it must: as a table or as one sentence."""

from pathlib import Path

import pytest

from apps.engine.errors import EngineError
from tests.engine.reading.badfiles import documents, elsewhere, parquets, texts, workbooks
from tests.engine.reading.badfiles.case import Refused

CASES = (*texts.CASES, *documents.CASES, *parquets.CASES, *workbooks.CASES)


NUMBERS = [*(case.number for case in CASES), *(case.number for case in elsewhere.CASES)]
ROOT = Path(__file__).resolve().parents[3]


def test_every_case_of_the_table_has_an_outcome():
    assert sorted({*NUMBERS}) == list(range(1, 97))


@pytest.mark.parametrize("case", elsewhere.CASES, ids=lambda case: f"{case.number} {case.what}")
def test_a_case_that_begins_after_the_reading_has_a_test_there(case):
    assert f"def {case.test}(" in (ROOT / case.path).read_text(encoding="utf-8")


def _told(result):
    decisions = [f"{each['column']}: {each['says']}" for each in result["decisions"]]
    return "\n".join([*result["explanations"], *decisions, *result["warnings"]])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number} {case.what}")
def test_a_bad_file_ends_as_it_must(imported, tmp_path, case):
    def read():
        return imported(
            case.data(), limits=dict(case.limits), filename=case.filename, **case.options
        )

    if isinstance(case.outcome, Refused):
        with pytest.raises(EngineError) as caught:
            read()
        says = str(caught.value)
        assert case.outcome.says in says
        assert says.endswith(".")
        assert "\n" not in says
        assert not (tmp_path / "target.parquet").exists()
        return
    _holds(read(), case.outcome)


def _holds(back, expected):
    assert back.result["rejected_count"] == expected.rejected
    if expected.names is not None:
        assert list(back.frame.columns) == list(expected.names)
    if expected.rows is not None:
        assert len(back.frame) == back.result["rows"] == expected.rows
    if expected.renamed is not None:
        assert back.result["renamed"] == expected.renamed
    for name, values in expected.columns.items():
        assert back.column(name) == list(values)
    for name, kind in expected.kinds.items():
        assert back.kinds[name] == kind
    for part in expected.says:
        assert part in _told(back.result)
