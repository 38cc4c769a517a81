"""Issues inside one column of numbers or dates: impossible, outlying, out of range."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from apps.engine.profile.issues.issue import Issue, Suggestion, count, shown
from apps.engine.profile.missing import number_text
from apps.engine.splitting.entities import BIRTH_WORDS, words_of

FENCE = 3.0
"""Interquartile ranges beyond a quartile: the outer fence of Tukey (1977), p. 44."""
MOST_OUTLYING = 0.01
LEAST_DISTINCT = 20
MOST_NEGATIVE = 0.01
EARLIEST = 1900
PLACEHOLDERS = ("1900-01-01", "1970-01-01", "2099-12-31", "9999-12-31")
_BOUNDS: tuple[tuple[frozenset[str], float | None, float | None, str], ...] = (
    (frozenset({"age"}), 0, 120, "Nobody is younger than 0 or older than 120 years."),
    (frozenset({"latitude", "lat"}), -90, 90, "A latitude lies between -90 and 90 degrees."),
    (frozenset({"longitude", "lon", "lng"}), -180, 180, "A longitude lies within 180 degrees."),
    (frozenset({"month"}), 0, 12, "A year has twelve months."),
    (frozenset({"hour"}), 0, 24, "A day has 24 hours."),
    (frozenset({"probability"}), 0, 1, "A probability lies between 0 and 1."),
    (frozenset({"percent", "percentage"}), -100, None, "Less than -100 % cannot be lost."),
    (
        frozenset({"count", "quantity", "price", "weight", "height", "duration", "visits"}),
        0,
        None,
        "Such a quantity is not negative.",
    ),
)


def number_issues(column: "pd.Series") -> Iterator[Issue]:
    """All issues of a column of numbers. O(n log n)."""
    name, filled = str(column.name), column.dropna().astype("float64")
    filled = filled[np.isfinite(filled)]
    impossible = next(_impossible(name, filled), None)
    if impossible is not None:
        yield impossible
    elif len(filled):
        yield from _rarely_negative(name, filled)
        yield from _outlying(name, filled)


def _impossible(name: str, filled: "pd.Series") -> Iterator[Issue]:
    for words, low, high, why in _BOUNDS:
        if not words_of(name) & words:
            continue
        wrong = pd.Series(False, index=filled.index)
        if low is not None:
            wrong |= filled < low
        if high is not None:
            wrong |= filled > high
        if not 0 < wrong.sum() < len(filled) / 2:  # more than half: it means something else
            continue
        limits = {"low": low, "high": high}
        params = {key: number_text(float(one)) for key, one in limits.items() if one is not None}
        yield Issue(
            "impossible",
            "Impossible values",
            "high",
            int(wrong.sum()),
            f"{count(int(wrong.sum()))} with a value that cannot be.",
            why,
            column=name,
            examples=shown(number_text(float(one)) for one in filled[wrong].unique()),
            suggests=(
                Suggestion(
                    "Set them missing",
                    "cap_values",
                    {"column": name, **params, "beyond": "set missing"},
                ),
            ),
        )


def _rarely_negative(name: str, filled: "pd.Series") -> Iterator[Issue]:
    negative = filled[filled < 0]
    if not 0 < len(negative) <= MOST_NEGATIVE * len(filled):
        return
    if filled.nunique() < LEAST_DISTINCT or (filled == -1).sum() == len(negative):
        return  # few codes, or the -1 that stands for missing
    yield Issue(
        "rarely_negative",
        "A few negative values",
        "low",
        len(negative),
        f"{len(negative):,} of {len(filled):,} filled rows are below 0.",
        "Where nearly all are positive, a minus may be a slip, a refund, or a code.",
        column=name,
        examples=shown(number_text(float(one)) for one in negative.unique()),
        suggests=(
            Suggestion(
                "Set them missing",
                "cap_values",
                {"column": name, "low": "0", "beyond": "set missing"},
            ),
        ),
    )


def _outlying(name: str, filled: "pd.Series") -> Iterator[Issue]:
    low, high = np.quantile(filled, [0.25, 0.75])
    width = FENCE * (high - low)
    if width <= 0 or filled.nunique() < LEAST_DISTINCT:
        return
    far = filled[(filled < low - width) | (filled > high + width)]
    if not 0 < len(far) <= MOST_OUTLYING * len(filled):
        return
    ends = [filled[filled >= low - width].min(), filled[filled <= high + width].max()]
    params = {"low": number_text(float(ends[0])), "high": number_text(float(ends[1]))}
    yield Issue(
        "outlying",
        "Far from all others",
        "low",
        len(far),
        f"{len(far):,} of {len(filled):,} filled rows lie more than three interquartile ranges "
        "beyond the quartiles.",
        "Ask the source first: the far values may be the ones that matter. Limits that are "
        "learned from the rows belong to the model.",
        column=name,
        examples=shown(number_text(float(one)) for one in np.sort(far.unique())[::-1]),
        suggests=(Suggestion("Limit the range", "cap_values", {"column": name, **params}, True),),
    )


def date_issues(column: "pd.Series", *, today: date) -> Iterator[Issue]:
    """Dates before EARLIEST, after today, or on a day that stands for “unknown”. O(n)."""
    name, filled = str(column.name), column.dropna()
    if not len(filled):
        return
    first, last = pd.Timestamp(EARLIEST, 1, 1), pd.Timestamp(today) + pd.Timedelta(days=1)
    early, late = filled[filled < first], filled[filled > last]
    is_birth = bool(words_of(name) & BIRTH_WORDS)
    if 0 < len(late) < len(filled) / 2 or (is_birth and len(late)):
        yield _out_of_range(name, late, says="after today", high=f"{today} 23:59:59")
    if 0 < len(early) < len(filled) / 2:
        yield _out_of_range(name, early, says=f"before {EARLIEST}", low=str(first.date()))
    days = filled.dt.strftime("%Y-%m-%d")
    held = days[days.isin(PLACEHOLDERS)]
    if len(held) >= max(3, 0.01 * len(filled)):
        tokens = list(held.unique())
        yield Issue(
            "placeholder_dates",
            "Days that stand for “unknown”",
            "medium",
            len(held),
            f"{count(len(held))} with a day that programs write when they know none.",
            "It looks like a date and is a gap.",
            column=name,
            examples=shown(tokens),
            suggests=(
                Suggestion(
                    "Set them missing", "set_missing", {"columns": [name], "tokens": tokens}, True
                ),
            ),
        )


def _out_of_range(name: str, wrong: "pd.Series", *, says: str, **limit: str) -> Issue:
    return Issue(
        "dates_out_of_range",
        "Dates out of range",
        "medium",
        len(wrong),
        f"{count(len(wrong))} {says}.",
        "Mostly a slip of the pen or of a date format.",
        column=name,
        examples=shown(str(one.date()) for one in wrong.unique()),
        suggests=(
            Suggestion(
                "Set them missing",
                "cap_values",
                {"column": name, **limit, "beyond": "set missing"},
            ),
        ),
    )
