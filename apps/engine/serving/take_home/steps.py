# mypy: allow-untyped-defs, allow-untyped-calls
"""The row-wise steps of a recipe on one row (a dict, None where missing). Needs numpy only.

In a bundle the functions of expressions stand in this file, so that it needs no other.
"""

import hashlib
import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta

import numpy as np

from apps.engine.recipe.expression.functions import FUNCTIONS

WHOLE_CELL = re.compile(r"[+-]?[0-9]{1,19}")
NUMBER_CELL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
TRUE_CELLS, FALSE_CELLS = ("true", "yes", "1"), ("false", "no", "0")
LOOKS_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}|$)")
ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
DIGITS = {"Y": "([0-9]{4})", **dict.fromkeys("mdHMS", "([0-9]{2})")}
EXACT_UP_TO = 2**53
DTYPES = {
    "text": np.dtype(object),
    "integer": np.dtype(np.int64),
    "number": np.dtype(np.float64),
    "boolean": np.dtype(bool),
    "datetime": np.dtype("datetime64[us]"),
}


class Refused(ValueError):
    """A row does not fit."""


def kind_of(value):
    """What kind a value is of."""
    for types, kind in ((bool, "boolean"), (int, "integer"), (float, "number")):
        if isinstance(value, types):
            return kind
    return "datetime" if isinstance(value, datetime) else "text"


def revived(told):
    """A value as it was before JSON: moments stand there as {"moment": "2024-05-31T00:00:00"}."""
    return datetime.fromisoformat(told["moment"]) if isinstance(told, dict) else told


def as_cell(value):
    """A value as the recipe writes it; None where missing."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_UP_TO:
        return str(int(value))
    return str(value)


def on_texts_of(row, step, change):
    """The row with a function on each of the columns that holds a text."""
    changed = {
        name: change(row[name]) for name in step["columns"] if isinstance(row.get(name), str)
    }
    return {**row, **changed}


def drop_columns(row, step):
    """Without the columns."""
    return {name: value for name, value in row.items() if name not in step["columns"]}


def rename_column(row, step):
    """With the new name."""
    return {step["to"] if name == step["column"] else name: row[name] for name in row}


def trim_text(row, step):
    """Without white space at both ends."""
    return on_texts_of(row, step, lambda cell: cell.strip(step["white_space"]) or None)


def map_values(row, step):
    """With the value replaced. ``mapping``: by kind of the value, pairs."""
    value = row.get(step["column"])
    if value is None:
        return row
    for source, to in step["mapping"].get(kind_of(value), ()):
        if value == revived(source):
            return {**row, step["column"]: revived(to)}
    return row


def set_missing(row, step):
    """With disguised missing values made missing. ``values``: by kind of the value."""
    values = {kind: list(map(revived, told)) for kind, told in step["values"].items()}
    hidden = {
        name: None
        for name in step["columns"]
        if row.get(name) is not None and row[name] in values.get(kind_of(row[name]), ())
    }
    return {**row, **hidden}


def fill_missing(row, step):
    """With the gap filled."""
    name = step["column"]
    if name not in row or row[name] is not None:
        return row
    return {**row, name: row.get(step["other"]) if step["other"] else revived(step["value"])}


def flag_missing(row, step):
    """With columns that say what is missing."""
    return {**row, **{to: row[name] is None for name, to in step["names"] if name in row}}


def cap_values(row, step):
    """With the value inside the limits. ``low`` and ``high``: by kind of the value, or None."""
    name = step["column"]
    value = row.get(name)
    if value is None:
        return row
    changed = value
    for limits, is_low in ((step["low"], True), (step["high"], False)):
        if limits is not None:
            limit = revived(limits[kind_of(value)])
            if (value < limit) if is_low else (value > limit):
                changed = limit if step["cap"] else None
    return {**row, name: changed}


def convert_unit(row, step):
    """With the value in another unit."""
    name = step["column"]
    value = row.get(name)
    if value is None:
        return row
    applies = not step["unit_column"] or row.get(step["unit_column"]) == step["unit"]
    value = float(value)
    return {**row, name: value * step["factor"] + step["plus"] if applies else value}


PARTS = {
    "year": lambda at: at.year,
    "quarter": lambda at: (at.month - 1) // 3 + 1,
    "month": lambda at: at.month,
    "day": lambda at: at.day,
    "weekday": lambda at: at.weekday(),
    "hour": lambda at: at.hour,
    "minute": lambda at: at.minute,
    "day of year": lambda at: at.timetuple().tm_yday,
}


def date_parts(row, step):
    """With columns of the parts of a date."""
    if step["column"] not in row:
        return row
    value = row[step["column"]]
    known = isinstance(value, datetime)
    return {**row, **{to: PARTS[part](value) if known else None for part, to in step["parts"]}}


def split_column(row, step):
    """With the parts of a text."""
    if step["column"] not in row:
        return row
    value, names = row[step["column"]], step["names"]
    parts = value.split(step["separator"], len(names) - 1) if isinstance(value, str) else []
    parts += [""] * (len(names) - len(parts))
    return {**row, **{name: part or None for name, part in zip(names, parts, strict=True)}}


def merge_columns(row, step):
    """With values put behind each other."""
    if any(name not in row for name in step["columns"]):
        return row
    cells = [as_cell(row[name]) for name in step["columns"]]
    there = [cell for cell in cells if cell is not None]
    joined = step["separator"].join(there) or None
    return {**row, step["to"]: joined if step["skip"] or len(there) == len(cells) else None}


def row_id(row, step):
    """With an id of what it holds."""
    if any(name not in row for name in step["columns"]):
        return row
    cells = [as_cell(row[name]) for name in step["columns"]]
    told = json.dumps(cells, ensure_ascii=False, separators=(",", ":"))
    made = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
    return {**row, step["to"]: made[: step["digits"]]}


def normalise_text(row, step):
    """With texts written in one way."""

    def change(cell):
        if step["remove_accents"]:
            parts = unicodedata.normalize("NFKD", cell)
            plain = "".join(sign for sign in parts if not unicodedata.combining(sign))
            cell = unicodedata.normalize("NFC", plain)
        if step["single_blanks"]:
            cell = " ".join(cell.split())
        if step["case"] == "first":
            cell = cell[:1].upper() + cell[1:].lower()
        elif step["case"]:
            cell = getattr(cell, step["case"])()
        return cell or None

    return on_texts_of(row, step, change)


def replace_text(row, step):
    """With a text, or what fits a pattern, replaced."""
    find, to = step["find"], step["to"]
    if step["how"] == "part":
        return on_texts_of(row, step, lambda cell: cell.replace(find, to) or None)
    if step["how"] == "whole":
        return on_texts_of(row, step, lambda cell: (to or None) if cell == find else cell)
    pattern = re.compile(find, re.ASCII)

    def written(found):
        return re.sub(r"\\([0-9\\])", lambda mark: filled(found, mark[1]), to)

    return on_texts_of(row, step, lambda cell: pattern.sub(written, cell) or None)


def filled(found, mark):
    """What stands for one mark of a replacement."""
    return "\\" if mark == "\\" else found[int(mark)] or ""


def parse_type(row, step):
    """With the value converted, by way of its text."""
    name, kind = step["column"], step["kind"]
    value = row.get(name)
    if value is None:
        return row
    is_flag = isinstance(value, bool) and kind in ("integer", "number")
    cell = str(int(value)) if is_flag else as_cell(value)
    made = cell_as_kind(cell, kind, step["date_format"])
    if made is None and step["must"]:
        raise Refused(f'{cell!r} in "{name}" is not {kind}.')
    return {**row, name: made}


def cell_as_kind(cell, kind, date_format):
    """One text as a value of a kind; None when it is none."""
    if kind == "text":
        return cell
    if kind == "integer":
        whole = int(cell) if WHOLE_CELL.fullmatch(cell) else None
        return whole if whole is not None and -(2**63) <= whole < 2**63 else None
    if kind == "number":
        value = float(cell) if NUMBER_CELL.fullmatch(cell) else np.nan
        return value if np.isfinite(value) else None
    if kind == "boolean":
        lower = cell.lower()
        return lower in TRUE_CELLS if lower in (*TRUE_CELLS, *FALSE_CELLS) else None
    return moment_in(cell, date_format) if date_format else iso_moment(cell)


def iso_moment(cell):
    """ISO 8601 as a moment, in UTC when it names a zone; None when it is none."""
    found = ISO.fullmatch(cell)
    if found is None:
        if LOOKS_ISO.match(cell):
            raise Refused(f"{cell!r}: write a time as 2024-05-31 17:00:00.")
        return None
    *parts, fraction, zone = found.groups()
    micros = int((fraction or "0").ljust(6, "0"))
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in parts)
        made = datetime(year, month, day, hour, minute, second, micros)  # noqa: DTZ001
        if zone and zone != "Z":
            away = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
            made = made - away if zone[0] == "+" else made + away
    except (ValueError, OverflowError):
        return None
    return made


def moment_in(cell, date_format):
    """A moment written in a format of %Y %m %d %H %M %S; None when it is none."""
    marks = re.findall(r"%(.)", date_format)
    pieces = re.split(r"%.", date_format)
    strict = re.escape(pieces[0]) + "".join(
        DIGITS[mark] + re.escape(piece) for mark, piece in zip(marks, pieces[1:], strict=True)
    )
    found = re.fullmatch(strict, cell)
    try:
        made = datetime.strptime(cell, date_format).replace(tzinfo=UTC).replace(tzinfo=None)
    except ValueError:
        return None
    if found is None:  # readers differ about days and months of one digit
        raise Refused(f"{cell!r}: write a time exactly as {date_format}.")
    return made


def derive_column(row, step):
    """With a column that an expression gives; ``tree``: the expression as nested lists."""
    if any(name not in row for name in step["uses"]):
        return row
    data, missing = computed(step["tree"], row)
    if missing[0]:
        return {**row, step["to"]: None}
    value = data[0]
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    return {**row, step["to"]: value.item() if isinstance(value, np.generic) else value}


def computed(tree, row):
    """A tree as a pair of arrays of length 1: values, and whether they are missing."""
    what, told, *inputs = tree
    if what == "call":
        return FUNCTIONS[told](*(computed(each, row) for each in inputs))
    value = row[told] if what == "column" else revived(told)
    if value is None:
        return np.array([""], dtype=object), np.array([True])
    return np.array([value], dtype=DTYPES[kind_of(value)]), np.array([False])


STEPS = {
    step.__name__: step
    for step in (
        cap_values,
        convert_unit,
        date_parts,
        derive_column,
        drop_columns,
        fill_missing,
        flag_missing,
        map_values,
        merge_columns,
        normalise_text,
        parse_type,
        rename_column,
        replace_text,
        row_id,
        set_missing,
        split_column,
        trim_text,
    )
}
