"""What to look at first: rules over the profile, each a sentence with a number."""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from apps.engine.percent import percent
from apps.engine.splitting.entities import ENTITY_WORDS, words_of

SEVERITIES = ("high", "medium", "low")
MOSTLY_MISSING = 0.5
STRONG_SKEW = 3.0
MANY_VALUES = 50
AMOUNT = re.compile(r"[-+]?(0|[1-9]\d*)([.,]\d+)?")
ID_SHARE = 0.95
LEAST_ID_ROWS = 20
RARE_CLASS = 0.1
VERY_RARE_CLASS = 0.01
TWINS = 0.98


@dataclass(frozen=True)
class Finding:
    """One thing to look at; ``column`` is None when it is about the whole table."""

    key: str
    column: str | None
    severity: str
    says: str
    suggests: str


Column = dict[str, Any]


def find(profile: dict[str, Any]) -> list[dict[str, Any]]:
    """All findings of a table profile, the gravest first, then in column order."""
    found = [*_of_table(profile)]
    for column in profile["columns"]:
        found += [finding for rule in RULES if (finding := rule(column)) is not None]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return [asdict(finding) for finding in found]


def is_id_like(column: Column) -> bool:
    """Whether (nearly) every row has its own text, or a whole number that counts the rows."""
    filled = column["count"]
    if filled < LEAST_ID_ROWS or column["distinct"] < ID_SHARE * filled:
        return False
    if column["kind"] == "text":
        return True
    if column["kind"] != "integer":
        return False
    dense = column["maximum"] - column["minimum"] < 1.5 * column["distinct"]
    return dense or bool(words_of(column["name"]) & ENTITY_WORDS)


def _constant(column: Column) -> Finding | None:
    if column["count"] == 0:
        return Finding("empty", column["name"], "medium", "No row has a value.", "Drop the column.")
    if column["distinct"] > 1 or column["missing"]:
        return None
    return Finding(
        "constant",
        column["name"],
        "medium",
        f"All {column['count']:,} rows have the same value.",
        "Drop the column: it cannot tell rows apart.",
    )


def _mostly_missing(column: Column) -> Finding | None:
    if not column["count"] or column["missing_share"] <= MOSTLY_MISSING:
        return None
    return Finding(
        "mostly_missing",
        column["name"],
        "medium",
        f"{percent(column['missing_share'])} of the rows have no value.",
        "Ask the source why, then drop the column or keep only whether it is filled.",
    )


def _disguised(column: Column) -> Finding | None:
    hidden = column.get("disguised_missing")
    if not hidden:
        return None
    rows = sum(entry["rows"] for entry in hidden)
    tokens = ", ".join(f"“{entry['value'].strip() or 'blank'}”" for entry in hidden[:3])
    return Finding(
        "disguised_missing",
        column["name"],
        "medium",
        f"{rows:,} rows hold {tokens}, which often means that the value is missing.",
        "Set these values missing in a recipe step, or note what they mean.",
    )


def _infinite(column: Column) -> Finding | None:
    if not column.get("infinite"):
        return None
    return Finding(
        "infinite",
        column["name"],
        "high",
        f"{column['infinite']:,} rows hold an infinite number.",
        "Set them missing in a recipe step: no model can learn from infinity.",
    )


def _id_like(column: Column) -> Finding | None:
    if not is_id_like(column):
        return None
    return Finding(
        "id_like",
        column["name"],
        "low",
        f"{column['distinct']:,} different values in {column['count']:,} filled rows: it names "
        "rows.",
        "Do not use it as a feature.",
    )


def _many_values(column: Column) -> Finding | None:
    if column["kind"] != "text" or column["distinct"] <= MANY_VALUES or is_id_like(column):
        return None
    if _are_numbers(column.get("top") or ()):
        return Finding(
            "numbers_as_text",
            column["name"],
            "medium",
            f"Its frequent values are numbers, kept as {column['distinct']:,} different texts.",
            "Amounts become numbers by a recipe step; leave codes as they are.",
        )
    return Finding(
        "high_cardinality",
        column["name"],
        "low",
        f"{column['distinct']:,} different texts.",
        "Merge rare values in a recipe step, or check that each has enough rows to learn from.",
    )


def _are_numbers(top: Iterable[dict[str, Any]]) -> bool:
    """The texts are amounts but for blanks; one with a leading zero, as in 00501, is a code."""
    texts = [one["value"].strip() for one in top]
    return any(texts) and all(AMOUNT.fullmatch(text) for text in texts if text)


def _skewed(column: Column) -> Finding | None:
    skew = column.get("skew")
    if skew is None or abs(skew) < STRONG_SKEW or column["distinct"] < 3 or is_id_like(column):
        return None
    side = "above" if skew > 0 else "below"
    return Finding(
        "skewed",
        column["name"],
        "low",
        f"Strongly skewed ({skew:.1f}): a few rows lie far {side} the rest.",
        "Check the far values; a linear model may need another scale.",
    )


def _spelling(column: Column) -> Finding | None:
    groups = column.get("spellings")
    if not groups:
        return None
    example = " and ".join(f"“{value}”" for value in groups[0][:2])
    return Finding(
        "spelling",
        column["name"],
        "medium",
        f"{len(groups)} value{'s are' if len(groups) > 1 else ' is'} written in several ways, "
        f"for example {example}.",
        "Trim or map them to one spelling in a recipe step.",
    )


def _leaks(column: Column) -> Finding | None:
    leak = column.get("leak")
    if leak is None or is_id_like(column):
        return None
    return Finding(
        "leakage",
        column["name"],
        "high",
        f"It {leak}.",
        "Check that it is known before the outcome; if not, drop it.",
    )


RULES: tuple[Callable[[Column], Finding | None], ...] = (
    _leaks,
    _infinite,
    _constant,
    _mostly_missing,
    _disguised,
    _spelling,
    _id_like,
    _many_values,
    _skewed,
)


def _of_table(profile: dict[str, Any]) -> Iterable[Finding]:
    repeated = profile["duplicate_rows"]
    if repeated:
        yield Finding(
            "duplicate_rows",
            None,
            "medium",
            f"{repeated:,} of {profile['rows']:,} rows are equal to an earlier row.",
            "Drop them in a recipe step unless each is an event of its own.",
        )
    target = profile["target"]
    if target is not None:
        yield from _of_target(target, rows=profile["rows"])
    yield from _of_twins(profile, besides=target["name"] if target else "")


def _of_twins(profile: dict[str, Any], *, besides: str) -> Iterable[Finding]:
    """One finding for each column that others repeat, however many they are."""
    distinct = {column["name"]: column["distinct"] for column in profile["columns"]}
    compared, rows = profile["associations"].get("rows", 0), profile["rows"]
    on = f", on {compared:,} of {rows:,} rows" if compared < rows else ""
    kept: dict[str, list[str]] = {}
    gone: set[str] = set()
    for pair in profile["associations"]["strongest"]:
        ends = pair["a"], pair["b"]
        if abs(pair["value"]) < TWINS or besides in ends or gone & set(ends):
            continue
        if pair["method"] == "cramers_v" and distinct[ends[0]] != distinct[ends[1]]:
            less, more = sorted(ends, key=lambda name: distinct[name])
            gone.add(less)
            yield Finding(
                "follows",
                less,
                "low",
                f"It follows from “{more}” (Cramér's V {pair['value']:.2f}{on}), which has "
                f"{distinct[more]} values instead of {distinct[less]}.",
                "Keep the other one: it says the same and more.",
            )
            continue
        first, other = ends if ends[1] not in kept else ends[::-1]
        kept.setdefault(first, []).append(other)
        gone.add(other)
    for name, others in kept.items():
        listed = (", " if len(others) > 2 else " and ").join(f"“{other}”" for other in others[:2])
        more = f" and {len(others) - 2} more" if len(others) > 2 else ""
        yield Finding(
            "twins",
            name,
            "low",
            f"Says almost the same as {listed}{more} (rank correlation or association of "
            f"{TWINS} or more{on}).",
            "Keep one of them.",
        )


def _of_target(target: dict[str, Any], *, rows: int) -> Iterable[Finding]:
    if target["missing"]:
        yield Finding(
            "target_missing",
            target["name"],
            "high",
            f"{target['missing']:,} of {rows:,} rows have no target.",
            "Drop these rows in a recipe step: nothing can be learned from them.",
        )
    if target["unusable"]:
        yield Finding(
            "target_unusable",
            target["name"],
            "high",
            target["unusable"],
            "Choose another target or more rows.",
        )
    rarest = target["rarest"]
    if rarest is not None and rarest["share"] < RARE_CLASS:
        yield Finding(
            "class_imbalance",
            target["name"],
            "high" if rarest["share"] < VERY_RARE_CLASS else "medium",
            f"The {'label' if target['kind'] == 'labels' else 'class'} “{rarest['value']}” is "
            f"{'in ' if target['kind'] == 'labels' else ''}{percent(rarest['share'], 2)} of the "
            f"rows ({rarest['rows']:,}).",
            "Stratify the split, and do not judge by accuracy.",
        )
