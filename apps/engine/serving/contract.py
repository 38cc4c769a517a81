"""What a row of a request has to look like: drafted from development rows, checked per request."""

import difflib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pandas as pd

from apps.engine.contract.after import After
from apps.engine.contract.requests import (
    Breach,
    Test,
    breaches_of,
    left_to_ask,
    narrowed,
    test_of,
)
from apps.engine.contract.rule import Rule, rules_from
from apps.engine.errors import ColumnMissing
from apps.engine.reading.tables import kind_of_series
from apps.engine.recipe.lineage import origins
from apps.engine.serving.fields import Field, UsualRow, usual_row
from apps.engine.training.frame import LARGEST
from apps.engine.types import Kind

MOST_ROWS = 10_000
MOST_CATEGORIES = 200
MOST_TEXT = 10_000
MOST_ERRORS = 100
MOST_WARNINGS = 100
_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True)
class Contract:
    """All fields of a request row, and the rules of the data contract that it is held against.

    ``rules`` are about what comes; ``made`` about what ``steps`` of the recipe make of it.
    """

    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()
    made: tuple[Rule, ...] = ()
    steps: tuple[Mapping[str, Any], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Field names in order."""
        return tuple(item.name for item in self.fields)

    @cached_property
    def usual(self) -> UsualRow:
        """The quick check of a row about which nothing is to be said."""
        return usual_row(narrowed(self.fields, self.rules), self.left_to_ask)

    @cached_property
    def left_to_ask(self) -> list[Test]:
        """What a row of usual cells is still asked: True says that it breaks a rule."""
        tests = left_to_ask(self.fields, self.rules)
        return tests if self._after is None else [*tests, self._after.breaks]

    @property
    def agreed(self) -> tuple[Rule, ...]:
        """All its rules."""
        return (*self.rules, *self.made)

    @cached_property
    def known(self) -> dict[str, Field]:
        """Each field by its name."""
        return {item.name: item for item in self.fields}

    @cached_property
    def _asked(self) -> tuple[tuple[Rule, Test], ...]:
        return tuple((rule, test_of(rule)) for rule in self.rules)

    @cached_property
    def _after(self) -> After | None:
        return After(self.made, self.steps, names=self.names) if self.made else None

    def breaches(self, row: Mapping[str, Any]) -> list[Breach]:
        """The rules that a row in the contract's types breaks; of part of a row, those about it."""
        found = breaches_of(row, self._asked)
        if self._after is not None and len(row) == len(self.fields):
            found += self._after.breaches(row)
        return found

    def origin_of(self, rule: Rule) -> tuple[str, ...]:
        """Columns of a request that the rule is about."""
        found = origins(self.names, self.steps)
        return tuple(dict.fromkeys(each for name in rule.columns for each in found[name]))

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form; without rules it is as it was before there were any."""
        told: dict[str, Any] = {"fields": [asdict(item) for item in self.fields]}
        if self.rules:
            told["rules"] = [rule.as_dict() for rule in self.rules]
        if self.made:
            told["made"] = [rule.as_dict() for rule in self.made]
            told["steps"] = [dict(step) for step in self.steps]
        return told

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Contract":
        """Rebuild from ``as_dict``."""
        return cls(
            tuple(
                Field(
                    **{
                        **item,
                        "kind": Kind(item["kind"]),
                        "categories": None
                        if item["categories"] is None
                        else tuple(item["categories"]),
                    }
                )
                for item in data["fields"]
            ),
            rules_from(data.get("rules", ())),
            rules_from(data.get("made", ())),
            tuple(data.get("steps", ())),
        )

    def example(self) -> dict[str, Any]:
        """A row that passes."""
        return {item.name: item.example for item in self.fields}

    def typed_example(self) -> dict[str, Any]:
        """The same row in the contract's types, as a check makes it."""
        return {
            item.name: datetime.fromisoformat(item.example)
            if item.kind == Kind.DATETIME and item.example
            else item.example
            for item in self.fields
        }


@dataclass
class Checked:
    """The outcome of a check: either errors, or rows in the contract's types."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    unlisted: int = 0  # warnings beyond MOST_WARNINGS

    @property
    def is_full(self) -> bool:
        """Whether no further error would be told."""
        return len(self.errors) >= MOST_ERRORS

    def warn(self, warning: dict[str, Any]) -> None:
        """Keep a warning, or count it when enough are listed."""
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(warning)
        else:
            self.unlisted += 1

    def tell_unlisted(self) -> None:
        """Say with the last warning how many are not listed. Once, behind all rows."""
        if self.unlisted:
            self.warnings[-1]["message"] += f" {self.unlisted:,} more warnings are not listed."


def draft_contract(frame: pd.DataFrame, *, needed: Sequence[str]) -> Contract:
    """Contract for the needed columns of development rows, before the recipe. O(cells)."""
    fields = []
    for name in needed:
        if name not in frame.columns:
            raise ColumnMissing(f'The column "{name}" is not in the development rows.')
        fields.append(_field(name, frame[name]))
    return Contract(tuple(fields))


def _field(name: str, series: pd.Series) -> Field:
    kind = kind_of_series(series) or Kind.TEXT
    present = series.dropna()
    low = high = None
    categories = None
    if kind in (Kind.INTEGER, Kind.NUMBER) and len(present):
        low, high = float(present.min()), float(present.max())
    elif kind == Kind.TEXT and present.nunique() <= MOST_CATEGORIES:
        categories = tuple(sorted(str(value) for value in present.unique()))
    missing = float(series.isna().mean()) if len(series) else 0.0
    return Field(
        name, kind, missing > 0, low, high, categories, _example(present, kind), round(missing, 6)
    )


def _example(present: pd.Series, kind: Kind) -> Any:
    if not len(present):
        return None
    if kind in (Kind.INTEGER, Kind.NUMBER):
        # A value that a row has: the mean of two would have digits that no row has.
        middle = float(present.quantile(0.5, interpolation="lower"))
        return int(middle) if kind == Kind.INTEGER else middle
    usual = present.mode().iloc[0]
    if kind == Kind.BOOLEAN:
        return bool(usual)
    return usual.isoformat() if kind == Kind.DATETIME else str(usual)


def check_rows(rows: Sequence[Any], contract: Contract, *, most_rows: int = MOST_ROWS) -> Checked:
    """Check all rows; one bad value refuses the whole request. O(cells).

    Errors and warnings are ``{"row" (from 1), "field", "code", "message"}``, at most MOST_ERRORS
    and MOST_WARNINGS; the last warning counts those that are not listed. Names decide, not order.
    Unknown categories and numbers outside of the development range are answered with a warning;
    what breaks a rule of the data contract is refused or warned of, as the rule says.
    """
    checked = Checked()
    if not rows:
        checked.errors.append(_told(None, None, "no_rows", "There is no row to predict."))
    if len(rows) > most_rows:
        says = f"{len(rows):,} rows were sent and at most {most_rows:,} are answered at once."
        checked.errors.append(_told(None, None, "too_many_rows", says))
        return checked
    usual = contract.usual
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            says = "A row is an object of column names and values."
            checked.errors.append(_told(number, None, "bad_row", says))
        elif (clean := usual(row)) is not None:
            checked.rows.append(clean)
        else:
            check_one(number, row, contract, checked)
        if checked.is_full:
            break
    checked.tell_unlisted()
    return checked


def _told(row: int | None, name: str | None, code: str, message: str) -> dict[str, Any]:
    return {"row": row, "field": name, "code": code, "message": message}


def check_one(number: int, row: dict[str, Any], contract: Contract, checked: Checked) -> None:
    """The full check of one row, which counts as ``number``: its outcome goes to ``checked``."""
    known = contract.known
    for name in row:
        if name not in known and not checked.is_full:
            says = _unknown(name, known)
            checked.errors.append(_told(number, _shown(name), "unknown_field", says))
    clean = _cleaned(number, row, known, checked)
    if clean is None:
        return
    told = _held(number, contract.breaches(clean), checked)
    for name, value in clean.items():
        note = None if name in told else _note(known[name], value)
        if note:
            checked.warn(_told(number, name, *note))
    checked.rows.append(clean)


def _cleaned(
    number: int, row: dict[str, Any], known: Mapping[str, Field], checked: Checked
) -> dict[str, Any] | None:
    """The values that are of their type; None once no further error would be told."""
    clean: dict[str, Any] = {}
    for name, item in known.items():
        if checked.is_full:
            return None
        if name not in row:
            says = f'The column "{name}" is missing.'
            checked.errors.append(_told(number, name, "missing_field", says))
            continue
        code, says, value = _value(item, row[name])
        if code:
            checked.errors.append(_told(number, name, code, says))
            continue
        clean[name] = value
    return clean


def _held(number: int, breaches: Sequence[Breach], checked: Checked) -> set[str]:
    """Tell of the rules of the data contract that a row breaks; the fields that they are about."""
    told = set()
    for breach in breaches:
        says = _told(number, breach.field, breach.code, breach.message)
        told.add(breach.field)
        if not breach.rule.refuses:
            checked.warn(says)
        elif not checked.is_full:
            checked.errors.append(says)
    return told


def _shown(name: str) -> str:
    """A name that a client made up: short, and storable whatever is in it."""
    return "".join(letter if letter.isprintable() else "�" for letter in name[:80])


def _unknown(name: str, known: Mapping[str, Field]) -> str:
    near = difflib.get_close_matches(name[:80], known, n=1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return f'"{_shown(name)}" is no column of this model.{hint}'


def _value(item: Field, value: Any) -> tuple[str, str, Any]:
    """Error code and sentence (empty when it is fine), and the value in the field's type."""
    if value is None:
        if item.nullable:
            return "", "", None
        return "null", f'"{item.name}" must have a value: it was never missing in training.', None
    return _READERS[item.kind](item, value)


def _wrong(item: Field, value: Any, wanted: str) -> tuple[str, str, Any]:
    return "wrong_type", f'"{item.name}" takes {wanted}, not {_named(value)}.', None


def _named(value: Any) -> str:
    """A value of another type in words; what is short is shown as JSON writes it."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, str):
        return f'"{_shown(value[:40])}"'
    is_long = isinstance(value, int) and abs(value) > _LARGEST_INTEGER
    return "a very large number" if is_long else json.dumps(value)


def _number(item: Field, value: Any) -> tuple[str, str, Any]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _wrong(item, value, "a number")
    if isinstance(value, float) and not math.isfinite(value):
        return "not_finite", f'"{item.name}" is too large for a number.', None
    if item.kind == Kind.INTEGER:
        if isinstance(value, float) and not value.is_integer():
            return _wrong(item, value, "a whole number")
        most: float = _LARGEST_INTEGER
    else:
        most = LARGEST
    if abs(value) > most:
        return "out_of_range", f'"{item.name}" takes numbers up to {most:.3g}.', None
    return "", "", int(value) if item.kind == Kind.INTEGER else float(value)


def _boolean(item: Field, value: Any) -> tuple[str, str, Any]:
    return ("", "", value) if isinstance(value, bool) else _wrong(item, value, "true or false")


def _text(item: Field, value: Any) -> tuple[str, str, Any]:
    if not isinstance(value, str):
        return _wrong(item, value, "text in quotes")
    if len(value) > MOST_TEXT:
        return "too_long", f'"{item.name}" has more than {MOST_TEXT:,} characters.', None
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        return "bad_text", f'"{item.name}" holds a character that is no text.', None
    return "", "", value


def _datetime(item: Field, value: Any) -> tuple[str, str, Any]:
    if not isinstance(value, str):
        return _wrong(item, value, "a date such as 2024-05-31T12:00:00")
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):  # the latter: year 1 or 9999 moved by its zone
        return _wrong(item, value, "a date such as 2024-05-31T12:00:00")
    return "", "", moment


_READERS = {
    Kind.INTEGER: _number,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.TEXT: _text,
    Kind.DATETIME: _datetime,
}


def _note(item: Field, value: Any) -> tuple[str, str] | None:
    """Code and sentence of a warning, or None."""
    if value is None:
        return None
    if item.categories is not None and value not in item.categories:
        return (
            "unknown_category",
            f'"{item.name}": "{_shown(value[:40])}" was never seen in training.',
        )
    if item.low is not None and item.high is not None and not item.low <= value <= item.high:
        return (
            "out_of_training_range",
            f'"{item.name}": {value:g} lies outside of {item.low:g} to {item.high:g}.',
        )
    return None
