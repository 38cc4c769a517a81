"""Find what makes rows depend on each other: repeated entities, dates, equal rows."""

import re
from functools import lru_cache

import numpy as np
import pandas as pd

from apps.engine.splitting.folds import TEST, Folds

ENTITY_WORDS = frozenset(
    {"id", "ids", "uuid", "guid", "email", "phone", "account", "customer", "client", "user"}
    | {"member", "patient", "person", "subject", "household", "family", "employee", "student"}
    | {"device", "machine", "vehicle", "terminal", "ticket", "session"}
)
QUANTITY_WORDS = frozenset(
    {"count", "number", "num", "total", "amount", "age", "days", "hours", "rate", "mean", "avg"}
)
BIRTH_WORDS = frozenset({"birth", "birthday", "dob", "born"})
LEAST_ENTITIES = 10
LEAST_SHARE_OF_ROWS = 0.02
"""Fewer different values than this share of the rows is a category, not an entity."""


@lru_cache(maxsize=10_000)  # a page of a wide table asks for each column several times
def words_of(name: str) -> frozenset[str]:
    """Lower-case words of a column name: ``customerID`` and ``CUSTOMER_ID`` both hold "id"."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return frozenset(re.findall(r"[a-z]+", parted.lower()))


def entity_columns(frame: pd.DataFrame, *, target: str) -> list[str]:
    """Columns that name something which has several rows, the most repeated first.

    A column counts when its name says so (id, customer, patient …), it holds text or whole
    numbers, and its values repeat without being a mere category. O(rows) a column.
    """
    found = []
    for name in frame.columns:
        column = frame[name]
        if name == target or not _may_name(column):
            continue
        filled = int(column.notna().sum())
        distinct = int(column.nunique())
        least = max(LEAST_ENTITIES, LEAST_SHARE_OF_ROWS * filled)
        if least <= distinct < filled * 0.95:
            found.append((filled / distinct, str(name)))
    return [name for _, name in sorted(found, key=lambda pair: (-pair[0], pair[1]))]


def time_columns(frame: pd.DataFrame, *, target: str) -> list[str]:
    """Columns that may say when a row happened: complete dates that are not birthdays."""
    return [
        str(name)
        for name in frame.columns
        if name != target
        and pd.api.types.is_datetime64_any_dtype(frame[name].dtype)
        and not words_of(str(name)) & BIRTH_WORDS
        and not frame[name].isna().any()
        and frame[name].nunique() >= LEAST_ENTITIES
    ]


def shared_rows(column: pd.Series, *, fold: Folds) -> int:
    """Test rows whose value also occurs in development."""
    tests = column[fold == TEST]
    return int(tests[tests.notna()].isin(column[fold != TEST].dropna()).sum())


def repeated_rows(frame: pd.DataFrame, *, fold: Folds) -> int:
    """Test rows that are equal, in every column, to a development row (by 64-bit hash)."""
    hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return int(np.isin(hashes[fold == TEST], hashes[fold != TEST]).sum())


def _may_name(column: pd.Series) -> bool:
    words = words_of(str(column.name))
    if not words & ENTITY_WORDS or words & QUANTITY_WORDS:
        return False
    return pd.api.types.is_string_dtype(column.dtype) or pd.api.types.is_integer_dtype(column.dtype)
