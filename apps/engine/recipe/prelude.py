"""What a recipe's script carries along: plain pandas and numpy, nothing of ML Cycle.

``recipe.script`` puts this file, from the line of imports on, at the head of every script.
"""

import hashlib
import hmac
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

DTYPES: dict[str, Any] = {
    "integer": "Int64",
    "number": "float64",
    "boolean": "boolean",
    "datetime": "datetime64[us]",
    "text": "string",
}
ARRAYS: dict[str, Any] = {
    "integer": np.int64,
    "number": np.float64,
    "boolean": np.bool_,
    "datetime": "datetime64[us]",
    "text": object,
}


def kind_of(series: "pd.Series") -> str:
    """What a column holds."""
    return next(kind for kind, dtype in DTYPES.items() if str(series.dtype) == dtype)


def written(value: Any) -> str:
    """A value as text."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return value.isoformat(sep=" ") if isinstance(value, pd.Timestamp) else str(value)


def as_text(series: "pd.Series") -> "pd.Series":
    """A column as texts."""
    if kind_of(series) == "text":
        return series
    cells = [
        None if gone else written(value)
        for value, gone in zip(series.astype(object), series.isna(), strict=True)
    ]
    return pd.Series(pd.array(cells, "string"), index=series.index, name=series.name)


def by_text(series: "pd.Series", change: Callable[[str], Any]) -> "pd.Series":
    """Each different text changed by a function; None is missing."""
    codes, uniques = pd.factorize(series)
    changed = pd.array([change(text) for text in uniques], "string")
    return pd.Series(changed.take(codes, allow_fill=True), index=series.index, name=series.name)


def mapped(series: "pd.Series", pairs: dict[Any, Any]) -> "pd.Series":
    """Values replaced by others, all at once."""
    changed = series
    for source, to in pairs.items():
        changed = changed.mask((series == source).fillna(False).astype(bool), to)
    return changed.astype(series.dtype)


def without_empty(series: "pd.Series") -> "pd.Series":
    """Empty texts as missing."""
    return series.mask(series.str.len() == 0)


def part(parts: list[str], place: int) -> str | None:
    """One part of a split text; None when it is not there or empty."""
    return (parts[place] or None) if place < len(parts) else None


def by_pattern(text: str, find: str, to: str) -> str | None:
    """What fits a pattern replaced, by the same engine for regular expressions (RE2)."""
    return pc.replace_substring_regex(pa.array([text]), find, to)[0].as_py() or None


def normalised(text: str, *, case: str, accents: bool, blanks: bool) -> str | None:
    """A text written in one way."""
    if not accents:
        parts = unicodedata.normalize("NFKD", text)
        plain = "".join(sign for sign in parts if not unicodedata.combining(sign))
        text = unicodedata.normalize("NFC", plain)
    if not blanks:
        text = " ".join(text.split())
    if case == "lower":
        text = text.lower()
    elif case == "upper":
        text = text.upper()
    elif case == "first":
        text = text[:1].upper() + text[1:].lower()
    return text or None


def merged(frame: pd.DataFrame, names: list[str], separator: str, *, skip: bool) -> "pd.Series":
    """Columns put behind each other."""

    def joined(cells: Any) -> str | None:
        there = [cell for cell in cells if cell is not pd.NA]
        return separator.join(there) or None if skip or len(there) == len(cells) else None

    rows = zip(*(as_text(frame[name]) for name in names), strict=True)
    return pd.Series(pd.array([joined(cells) for cells in rows], "string"), index=frame.index)


def row_ids(frame: pd.DataFrame, names: list[str]) -> "pd.Series":
    """20 digits of the SHA-256 of the values of a row, as a JSON list."""

    def id_of(cells: Any) -> str:
        parts = [None if cell is pd.NA else cell for cell in cells]
        told = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:20]

    rows = zip(*(as_text(frame[name]) for name in names), strict=True)
    return pd.Series(pd.array([id_of(cells) for cells in rows], "string"), index=frame.index)


def limited(series: "pd.Series", low: Any, high: Any, *, cap: bool) -> "pd.Series":
    """Values beyond limits set to the limit, or missing."""
    changed = series
    if low is not None:
        below = (series < low).fillna(False).astype(bool)
        changed = changed.mask(below, low if cap else None)
    if high is not None:
        above = (series > high).fillna(False).astype(bool)
        changed = changed.mask(above, high if cap else None)
    return changed.astype(series.dtype)


def date_part(series: "pd.Series", name: str) -> "pd.Series":
    """One part of a date; Monday is weekday 0."""
    word = {"day of year": "day_of_year", "weekday": "day_of_week"}.get(name, name)
    return getattr(series.dt, word).astype("Int64")


def pseudonym(text: str) -> str:
    """The first 32 digits of an HMAC-SHA-256 with the installation's key."""
    key = bytes.fromhex(os.environ["PSEUDONYM_KEY_HEX"])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
DECIMAL_CELL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}|$)")


def cell_as(text: str, kind: str, date_format: str) -> Any:
    """One text as a value of a kind; None when it is none."""
    if kind == "text":
        return text
    if kind == "integer":
        number = int(text) if WHOLE.fullmatch(text) else None
        return number if number is not None and -(2**63) <= number < 2**63 else None
    if kind == "number":
        value = float(text) if DECIMAL_CELL.fullmatch(text) else np.nan
        return value if np.isfinite(value) else None
    if kind == "boolean":
        lower = text.lower()
        return lower in TRUE if lower in (*TRUE, *FALSE) else None
    return moment(text, date_format)


def moment(text: str, date_format: str) -> Any:
    """One text as a time, in UTC when it names a zone; None when it is none."""
    if text.lower() in ("now", "today") or re.search(r"\.[0-9]{6}[0-9]*[1-9]", text):
        return None
    if not date_format and not ISO.match(text):
        return None
    zoned = not date_format or "%z" in date_format
    try:
        time = pd.to_datetime(
            pd.Series([text]), format=date_format or "ISO8601", errors="coerce", utc=zoned
        )[0]
    except ValueError:  # the format itself is not a format
        return None
    if pd.isna(time):
        return None
    time = time.tz_convert("UTC").tz_localize(None) if time.tzinfo else time
    return time.as_unit("us") if 1 <= time.year <= 9999 else None


def converted(series: "pd.Series", kind: str, *, date_format: str, must: bool) -> "pd.Series":
    """A column as another kind, by way of its text; ``must``: every cell has to convert."""
    before = as_text(series)
    if kind in ("integer", "number") and kind_of(series) == "boolean":
        before = mapped(before, {"true": "1", "false": "0"})
    codes, uniques = pd.factorize(before)
    values = [cell_as(text, kind, date_format) for text in uniques]
    if must and None in values:
        raise SystemExit(f"{series.name}: {uniques[values.index(None)]!r} is not {kind}")
    made = pd.array(values, DTYPES[kind])
    taken = made.take(codes, allow_fill=True)
    return pd.Series(taken, index=series.index, name=series.name).astype(DTYPES[kind])


def pair(series: "pd.Series") -> tuple[Any, Any]:
    """A column as two arrays: values, and where they are missing."""
    kind, missing = kind_of(series), series.isna().to_numpy(dtype=bool)
    if kind == "text":
        return series.astype(object).where(~missing, "").to_numpy(dtype=object), missing
    if kind in ("integer", "boolean"):
        series = series.fillna(False if kind == "boolean" else 0)
    return series.to_numpy(dtype=ARRAYS[kind]), missing


def constant(value: Any) -> tuple[Any, Any]:
    """A value as two arrays of length 1."""
    if value is None:
        return np.array([""], dtype=object), np.array([True])
    if isinstance(value, str):
        return np.array([value], dtype=object), np.array([False])
    if isinstance(value, pd.Timestamp):
        return np.array([value.to_pydatetime()], dtype="datetime64[us]"), np.array([False])
    return np.array([value]), np.array([False])


def column(found: tuple[Any, Any], kind: str, frame: pd.DataFrame) -> "pd.Series":
    """Two arrays as a column of a kind."""
    data, missing = found
    if data.dtype == object and kind != "text":
        data = np.zeros(1)
    data = np.broadcast_to(data, len(frame)).astype(ARRAYS[kind])
    missing = np.broadcast_to(missing, len(frame))
    made = pd.Series(data, index=frame.index, dtype=object if kind == "text" else None)
    if kind == "text":
        return made.where(~missing, None).astype("string")
    return made.astype(DTYPES[kind]).mask(missing)


def main(recipe: Callable[[pd.DataFrame], pd.DataFrame], kinds: dict[str, str]) -> None:
    """``python recipe.py joined.parquet cleaned.parquet``."""
    if len(sys.argv) != 3:
        raise SystemExit("Usage: python recipe.py joined.parquet cleaned.parquet")
    dtypes = {name: DTYPES[kind] for name, kind in kinds.items()}
    frame = pd.read_parquet(sys.argv[1])[list(kinds)].astype(dtypes)
    recipe(frame).reset_index(drop=True).to_parquet(sys.argv[2], index=False)
