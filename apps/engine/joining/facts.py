"""What the keys of two tables tell about a join: overlap, cardinality, match rates, rows after."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from apps.engine.errors import EngineError
from apps.engine.joining.clashes import MOST_PAIRS, clashes
from apps.engine.joining.how import AGGREGATING, COMPARES, EQUAL, FILTERS, JoinHow, JoinKind
from apps.engine.joining.join import codes_of, matched_places, refusal
from apps.engine.joining.matching import Matches, Places, comparable, key_codes
from apps.engine.joining.nearest import instants, nearest_places
from apps.engine.reading.tables import kind_of_series
from apps.engine.types import Kind

AGREED_TO_ANY = 2**62


@dataclass
class Seen:
    """The columns of both tables that decide what matches, and what was found out about them."""

    how: JoinHow
    left: pd.DataFrame
    right: pd.DataFrame
    unmatched: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    """For each side that is asked about: which rows find no match."""

    @cached_property
    def matches(self) -> Matches:
        """Keys held against each other."""
        return codes_of(self.left, self.right, self.how)

    @cached_property
    def used(self) -> Places:
        """For each row on the left: the records on the right that it uses."""
        if self.how.kind in EQUAL:
            return self.matches.per_left
        return matched_places(self.left, self.right, self.how)


def facts_of(seen: Seen, *, paths: tuple[str, str], columns: int) -> dict[str, Any]:
    """Everything that ``preview_join`` tells of keys and rows; fills ``seen.unmatched``.

    ``columns`` is the number after the join. O(rows log rows); reads the columns that clash.
    """
    how, left = seen.how, seen.left
    keys = [_pair(seen, place) for place in range(len(how.left_on))]
    if not all(pair["fits"] for pair in keys):
        return {
            "keys": keys,
            "needs_yes": False,
            "cardinality": "",
            "rows_before": len(left),
            "rows_after": None,
            "would_match": _would_match(seen, matched=0),
        }
    found = int((seen.used > 0).sum())
    facts = {"keys": keys, **_sides(seen), **_rows(seen, columns=columns)}
    if how.kind in EQUAL and found < len(left):
        facts["would_match"] = _would_match(seen, matched=found)
    if pairs := _pairs(seen):
        facts["clashes"] = clashes(*paths, how, pairs)
    if how.kind is JoinKind.NEAREST:
        facts["gaps"] = _gaps(seen)
    return facts


def _pair(seen: Seen, place: int) -> dict[str, Any]:
    """One pair of key columns: kinds, different values, and how many values both have."""
    mine, theirs = seen.how.left_on[place], seen.how.right_on[place]
    ours, others = seen.left[mine], seen.right[theirs]
    kinds = kind_of_series(ours), kind_of_series(others)
    told: dict[str, Any] = {
        "left": mine,
        "right": theirs,
        "left_kind": str(kinds[0]),
        "right_kind": str(kinds[1]),
        "same_kind": comparable(*kinds),
        "left_values": int(ours.nunique()),
        "right_values": int(others.nunique()),
    }
    try:
        first, second = key_codes(
            seen.left,
            seen.right,
            left_on=[mine],
            right_on=[theirs],
            compare=seen.how.compare,
        )
    except EngineError:
        return {**told, "fits": False, "shared_values": 0}
    shared = np.intersect1d(first[first >= 0], second[second >= 0])
    return {**told, "fits": True, "shared_values": len(shared)}


def _sides(seen: Seen) -> dict[str, Any]:
    """Rows that match on each side, and rows that cannot since a key is missing."""
    how = seen.how
    found = {"left": (seen.left, seen.used > 0, how.left_on)}
    if how.kind in EQUAL or how.kind is JoinKind.GROUP:
        found["right"] = (seen.right, seen.matches.per_right > 0, how.right_on)
    told: dict[str, Any] = {}
    for side, (frame, matched, names) in found.items():
        seen.unmatched[side] = ~matched
        told[side] = {
            "rows": len(frame),
            "matched": int(matched.sum()),
            "unmatched": int((~matched).sum()),
            "missing": int(frame[list(names)].isna().any(axis=1).sum()),
            "match_rate": float(matched.mean()) if len(frame) else None,
        }
    return told


def _rows(seen: Seen, *, columns: int) -> dict[str, Any]:
    how, before = seen.how, len(seen.left)
    if how.kind not in EQUAL:
        one = "n:1" if how.kind in AGGREGATING else ""
        same = {"rows_before": before, "rows_after": before}
        return {**same, "needs_yes": False, "cardinality": one}
    matches = seen.matches
    agreed = replace(how, agreed_rows=AGREED_TO_ANY)
    too_large = refusal(matches, seen.right, agreed, columns=columns)
    return {
        "rows_before": before,
        "rows_after": matches.rows_after(how.kind),
        "needs_yes": matches.multiplies and how.kind not in FILTERS,
        "cardinality": matches.cardinality,
        "too_large": str(too_large or ""),
    }


def _would_match(seen: Seen, *, matched: int) -> list[dict[str, Any]]:
    """Other ways to compare the keys by which more rows would match, the best first."""
    found = []
    keys = [seen.left[name] for name in seen.how.left_on]
    keys += [seen.right[name] for name in seen.how.right_on]
    has_text = any(kind_of_series(key) is Kind.TEXT for key in keys)
    for compare in COMPARES:
        if compare == seen.how.compare or not has_text:
            continue
        try:
            matches = codes_of(seen.left, seen.right, replace(seen.how, compare=compare))
        except EngineError:
            continue
        rows = int((matches.per_left > 0).sum())
        if rows > matched:
            found.append({"compare": compare, "matched": rows, "rate": rows / len(seen.left)})
    return sorted(found, key=lambda way: -way["matched"])


def _pairs(seen: Seen) -> tuple[Places, Places] | None:
    """Rows that would stand beside each other; None where columns of both never do."""
    how = seen.how
    if how.kind is JoinKind.NEAREST:
        places = nearest_places(seen.left, seen.right, how)
        found = np.flatnonzero(places >= 0)
        return found, places[found]
    if how.kind not in EQUAL - FILTERS or seen.matches.rows_after(JoinKind.INNER) > MOST_PAIRS:
        return None
    return seen.matches.pairs(JoinKind.INNER)


def _gaps(seen: Seen) -> dict[str, Any] | None:
    """How far the nearest record is away: median and longest, in seconds or units."""
    pairs = _pairs(seen)
    if pairs is None or not len(pairs[0]):
        return None
    how = seen.how
    first, second, unit = instants(seen.left[how.left_time], seen.right[how.right_time])
    apart = first.iloc[pairs[0]].to_numpy(float) - second.iloc[pairs[1]].to_numpy(float)
    distance = np.abs(apart) / unit
    return {
        "median": float(np.median(distance)),
        "longest": float(distance.max()),
        "later": int((apart < 0).sum()),
        "is_seconds": unit != 1,
    }
