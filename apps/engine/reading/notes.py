"""Why a column that could have been more was kept as text, and what a person can do about it."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.reading.convert import FALSE_WORDS, TRUE_WORDS
from apps.engine.types import Kind

MISSING_WORDS = {"", "na", "n/a", "null", "none", "nan", "-", "--", "?", "missing", "unknown"}
_DATE_LIKE = r"^[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([ T][0-9]{1,2}:.*)?$"
_NUMBER_LIKE = r"^[+-]?[0-9][0-9.,]*([eE][+-]?[0-9]+)?$"
_INFINITE = r"(?i)^[+-]?inf(inity)?$"
_GROUPED = r"^[+-]?[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)?$"
_GROUPED_BY_POINT = r"^[+-]?[0-9]{1,3}(\.[0-9]{3})*(,[0-9]+)?$"
_COMMA = r"^[+-]?[0-9]+(,[0-9]+)?$"
_SIGNS = "%$€£¥"
_SIGNED = rf"^[+-]?[{_SIGNS}]? ?[0-9][0-9.,]* ?[{_SIGNS}]?$"
_BOOLEAN_WORDS = pa.array((*TRUE_WORDS, *FALSE_WORDS))
DIGITS_NOTE = "its digits start with a zero or a plus, or are more than a number holds"
_SAMPLE = 1_000
_Test = Callable[[pa.StringArray], pa.BooleanArray]


def why_text(cells: pa.StringArray, *, before: Sequence[Kind], seen: int, rows: int) -> str:
    """What ended the column being one of the kinds ``before``; "" when it is plainly text.

    Parameters
    ----------
    cells : StringArray
        The chunk in which it ended; null where missing.
    before : sequence of Kind
        What the column could have been until then.
    seen, rows : int
        Present cells, and rows, before this chunk.

    Notes
    -----
    O(1) for what is plainly text in its first thousand cells, else O(cells).
    """
    present = cells.drop_null()
    if Kind.NUMBER in before and (seen or _share(present[:_SAMPLE], _number_like) >= 0.5):
        return _numeric(cells, present=present, rows=rows)
    if Kind.DATETIME in before and seen:
        return f"the dates stop fitting one format at or after row {rows + 1:,}"
    if seen:
        return ""
    if _all(present, lambda part: pc.is_in(pc.utf8_lower(part), value_set=_BOOLEAN_WORDS)):
        return "its words can be read as true and false: choose boolean to do so"
    if _all(present, _matching(_SIGNED)):
        signs = sorted(
            {sign for cell in pc.unique(present).to_pylist() for sign in cell} & {*_SIGNS}
        )
        return (
            f"numbers with the sign {' and '.join(signs)}: take it out with the step “Replace "
            "text”, then convert"
        )
    if _all(present, _matching(_DATE_LIKE)):
        return "the dates fit no single format: choose one, and the others become missing"
    return ""


def _numeric(cells: pa.StringArray, *, present: pa.StringArray, rows: int) -> str:
    others = pc.unique(present.filter(pc.invert(_matching(_NUMBER_LIKE)(present)))).to_pylist()
    if not others:
        return _marks(present)
    row = rows + 1 + pc.index(cells, others[0]).as_py()
    if len(others) <= 3 and all(each.strip().lower() in MISSING_WORDS for each in others):
        words = " and ".join(repr(each) for each in others)
        return (
            f"all but {words} (first in row {row:,}) are numbers: name {words} as missing to "
            "read it as numbers"
        )
    return f"numbers are mixed with text, first {_short(others[0])} in row {row:,}"


def _marks(present: pa.StringArray) -> str:
    """What is unusual about cells that all look like numbers."""
    if pc.any(pc.match_substring(present, ",")).as_py():
        if _all(present, _matching(_GROUPED)):
            return "the comma groups its digits: choose it as the thousands mark"
        if _all(present, _matching(_GROUPED_BY_POINT)):
            return "it has decimal commas and points between thousands: choose both marks"
        if _all(present, _matching(_COMMA)):
            return "it has decimal commas: choose the comma as the decimal mark"
    return DIGITS_NOTE


def _number_like(cells: pa.StringArray) -> pa.BooleanArray:
    return pc.or_(_matching(_NUMBER_LIKE)(cells), _matching(_INFINITE)(cells))


def _matching(pattern: str) -> _Test:
    return lambda cells: pc.match_substring_regex(cells, pattern)


def _share(cells: pa.StringArray, test: _Test) -> float:
    return (pc.sum(test(cells)).as_py() or 0) / max(len(cells), 1)


def _all(cells: pa.StringArray, test: _Test) -> bool:
    """Whether all cells pass; the first thousand are asked before the others."""
    return bool(pc.all(test(cells[:_SAMPLE])).as_py() and pc.all(test(cells)).as_py())


def _short(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else f"{cell[:39]}…")
