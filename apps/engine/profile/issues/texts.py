"""Issues inside one column of texts: mixed kinds, blanks, spellings, units. By different value."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.profile.gap_words import hides_a_gap
from apps.engine.profile.issues.issue import Issue, Suggestion, count, shown
from apps.engine.reading.convert import convert
from apps.engine.recipe.clusters import MOST_VALUES, Cluster, clusters
from apps.engine.recipe.steps.trim_text import WHITE_SPACE
from apps.engine.types import Kind

MOSTLY = 0.9
"""Share of the filled rows that has to be of a kind before the others count as wrong."""
MOST_PAIRS = 25
MOST_GROUPS = 100
_UNIT = re.compile(r"[+-]?\s*[0-9][0-9.,]*\s*(?P<unit>[^\W\d_]{1,6}|%|°[CF]|[€$£])")
_UNWRITABLE = re.compile(r"=>|[\r\n]")  # the form writes one pair a line
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]")


@dataclass(frozen=True)
class Values:
    """The different texts of a column, most frequent first, with their rows."""

    column: str
    words: list[str]
    rows: list[int]

    @property
    def filled(self) -> int:
        """Rows that have a text."""
        return sum(self.rows)

    def where(self, holds: list[bool]) -> "Values":
        """Those for which it holds."""
        kept = [at for at, one in enumerate(holds) if one]
        return Values(self.column, [self.words[at] for at in kept], [self.rows[at] for at in kept])


def text_issues(values: Values) -> Iterator[Issue]:
    """All issues of one column. O(different values)."""
    if not values.words:
        return
    yield from _padded(values)
    mixed = list(_mixed(values))
    yield from mixed
    if mixed:
        return
    yield from _units(values)
    if len(values.words) <= MOST_VALUES:
        yield from _spellings(values)


def _padded(values: Values) -> Iterator[Issue]:
    padded = values.where([word != word.strip(WHITE_SPACE) for word in values.words])
    padded = padded.where([bool(word.strip(WHITE_SPACE)) for word in padded.words])
    if padded.words:
        yield Issue(
            "blanks",
            "Blanks around texts",
            "medium",
            padded.filled,
            f"{count(padded.filled)} with blanks at the ends of a text.",
            "“a” and “a ” are two values for a program and one for a person.",
            column=values.column,
            examples=shown(f"“{word}”" for word in padded.words),
            suggests=(Suggestion("Trim", "trim_text", {"columns": [values.column]}),),
        )


def _mixed(values: Values) -> Iterator[Issue]:
    """Numbers or dates among which a few cells are something else."""
    cells = pa.array([word.strip(WHITE_SPACE) for word in values.words], pa.string())
    if any(_LEADING_ZERO.match(word) for word in values.words):
        return  # 007 names something
    hidden = hides_a_gap(pa.array(values.words, pa.string()))
    for kind, word in (
        (Kind.INTEGER, "whole numbers"),
        (Kind.NUMBER, "numbers"),
        (Kind.DATETIME, "dates"),
    ):
        fits = pc.is_valid(convert(cells, kind=kind)).to_pylist()
        right = values.where(fits)
        wrong = values.where([not one for one in fits])
        if right.filled < MOSTLY * values.filled or len(right.words) < 2:
            continue
        meant = values.where([bool(gap) and not one for gap, one in zip(hidden, fits, strict=True)])
        said = wrong.filled - meant.filled
        yield Issue(
            "mixed",
            f"{word.capitalize()} kept as text",
            "medium",
            values.filled,
            f"{right.filled:,} of {count(values.filled)} with a value hold {word}; "
            f"{wrong.filled:,} do not ({meant.filled:,} of them mean “missing”).",
            "As text it has no order and no mean: a model sees only names.",
            column=values.column,
            examples=shown(
                f"“{word}” in {count(rows)}"
                for word, rows in zip(wrong.words, wrong.rows, strict=True)
            ),
            suggests=tuple(_mends(values.column, kind, meant=meant, lost=said)),
        )
        return


def _mends(column: str, kind: Kind, *, meant: Values, lost: int) -> Iterator[Suggestion]:
    price = f": {count(lost, 'value')} would be lost" if lost else ""
    params: dict[str, Any] = {"column": column, "kind": str(kind), "on_failure": "set missing"}
    yield Suggestion(f"Convert, the others become missing{price}", "parse_type", params)
    words = [word for word in meant.words if word.strip(WHITE_SPACE)]
    if words:
        params = {"columns": [column], "tokens": words}
        yield Suggestion("First set these values missing", "set_missing", params, True)


def _units(values: Values) -> Iterator[Issue]:
    found = [_UNIT.fullmatch(word.strip(WHITE_SPACE)) for word in values.words]
    measured = values.where([match is not None for match in found])
    if measured.filled < MOSTLY * values.filled or len(measured.words) < 3:
        return
    units: Counter[str] = Counter()
    for match, rows in zip(found, values.rows, strict=True):
        if match is not None:
            units[match["unit"]] += rows
    mixed = len(units) > 1
    yield Issue(
        "units_mixed" if mixed else "unit",
        "Units are mixed" if mixed else "Numbers with their unit",
        "high" if mixed else "medium",
        measured.filled,
        f"{measured.filled:,} rows hold a number with a unit behind it, {len(units)} different.",
        "5 pounds are less than 3 kilograms: only one unit can be compared."
        if mixed
        else "With a unit behind it a number is a text.",
        column=values.column,
        examples=shown(f"“{unit}” in {rows:,} rows" for unit, rows in units.most_common()),
        suggests=(_parted(values.column) if mixed else _without(values.column, next(iter(units))),),
    )


def _without(column: str, unit: str) -> Suggestion:
    params = {"columns": [column], "find": rf"\s*{re.escape(unit)}\s*$", "how": "a pattern"}
    says = "Take the unit off, then convert the column"
    return Suggestion(says, "replace_text", params, names_values=True)


def _parted(column: str) -> Suggestion:
    params = {
        "column": column,
        "separator": " ",
        "names": [f"{column} number", f"{column} unit"],
    }
    says = "Split number and unit, then convert the rows of one unit"
    return Suggestion(says, "split_column", params)


def _spellings(values: Values) -> Iterator[Issue]:
    groups = clusters(dict(zip(values.words, values.rows, strict=True)))
    writable = [group for group in map(_writable, groups) if group is not None]
    pairs = [[other, group.best] for group in writable for other in group.others]
    if not pairs:
        return
    rows = sum(sum(group.rows[1:]) for group in groups)
    sure = all(group.how == "spelling" for group in groups)
    yield Issue(
        "spelling",
        "One thing written in several ways",
        "medium" if sure else "low",
        rows,
        f"{count(len(groups), 'group')} of values that look like one value each; "
        f"{count(rows)} with a rarer spelling.",
        "Each spelling is learned as a thing of its own, from fewer rows.",
        column=values.column,
        examples=shown(
            f"“{group.best}” ({group.rows[0]:,}) ← "
            + ", ".join(
                f"“{word}” ({rows:,})"
                for word, rows in zip(group.others, group.rows[1:], strict=True)
            )
            for group in groups
        ),
        suggests=(
            Suggestion(
                "Merge them, after you have looked at each",
                "map_values",
                {"column": values.column, "mapping": pairs[:MOST_PAIRS]},
                names_values=True,
            ),
        ),
        groups=tuple(asdict(group) for group in writable[:MOST_GROUPS]),
    )


def _writable(group: Cluster) -> Cluster | None:
    """The group without values that a mapping cannot name; None where no two are left."""
    kept = [
        (word, rows)
        for word, rows in zip(group.words, group.rows, strict=True)
        if word == word.strip() and not _UNWRITABLE.search(word)
    ]
    if len(kept) < 2 or kept[0][0] != group.best:
        return None
    return Cluster(group.how, tuple(word for word, _ in kept), tuple(rows for _, rows in kept))
