"""What a person should know before a join is made, in sentences."""

from collections.abc import Iterator
from typing import Any

from apps.engine.joining.how import JoinHow, JoinKind
from apps.engine.percent import percent

LOW_RATE = 0.5


def warnings_of(how: JoinHow, told: dict[str, Any]) -> list[str]:
    """Sentences about a join that was looked at (see ``preview_join``)."""
    return [
        *_keys(told),
        *_rows(how, told),
        *_names(told),
        *_time(how, told),
        *(_stacked(told) if how.kind is JoinKind.UNION else ()),
    ]


def _keys(told: dict[str, Any]) -> Iterator[str]:
    for pair in told.get("keys", []):
        if not pair["same_kind"]:
            yield (
                f"“{pair['left']}” is {pair['left_kind']} and “{pair['right']}” is "
                f"{pair['right_kind']}: 007 and 7 are equal only where both are read as numbers."
            )
    for side, words in (("left", "of the table so far"), ("right", "of the joined source")):
        missing = told.get(side, {}).get("missing", 0)
        if missing:
            yield f"{missing:,} rows {words} have no key: a missing key matches nothing."
    for way in told.get("would_match", [])[:1]:
        yield (
            f"{way['matched']:,} rows ({percent(way['rate'])}) would match if the keys were "
            f"compared {_COMPARED[way['compare']]}."
        )


_COMPARED = {
    "exact": "as they are",
    "number": "as numbers",
    "text": "as text",
    "loose": "as text without case and outer spaces",
}


def _rows(how: JoinHow, told: dict[str, Any]) -> Iterator[str]:
    if told.get("needs_yes"):
        yield (
            f"Keys repeat in the joined source: {told['rows_before']:,} rows become "
            f"{told['rows_after']:,}. Copies of one case may end up in training and in the test."
        )
    left, right = told.get("left", {}), told.get("right", {})
    lost = left.get("matched" if how.kind is JoinKind.ANTI else "unmatched", 0)
    if how.kind in {JoinKind.INNER, JoinKind.RIGHT, JoinKind.SEMI, JoinKind.ANTI} and lost:
        yield f"{lost:,} rows of the table so far are left out."
    if how.kind in {JoinKind.RIGHT, JoinKind.OUTER} and right.get("unmatched"):
        yield (
            f"{right['unmatched']:,} rows come from the joined source alone: everything else, "
            "also a target, is missing in them."
        )
    rate = left.get("match_rate")
    if rate is not None and rate < LOW_RATE and how.kind is not JoinKind.ANTI:
        yield f"Only {percent(rate)} of the rows find a match: is this the right key?"


def _names(told: dict[str, Any]) -> Iterator[str]:
    for clash in told.get("clashes", []):
        if clash["means"] == "other":
            yield (
                f"“{clash['name']}” stands in both tables and says the same in "
                f"{percent(clash['agrees'])} of the matched rows only: it means two things. The "
                f"joined one will be called “{clash['called']}”."
            )


def _time(how: JoinHow, told: dict[str, Any]) -> Iterator[str]:
    gaps = told.get("gaps") or {}
    if how.kind is JoinKind.NEAREST and how.direction != "backward":
        yield (
            f"Looking {'forward' if how.direction == 'forward' else 'both ways'} takes records "
            f"from after the row's own time ({gaps.get('later', 0):,} of the matches): at the "
            "time of a prediction they do not exist yet. That is a leak unless they are known in "
            "advance."
        )
    if how.kind is JoinKind.GROUP:
        yield (
            "Groups are computed from all rows of the source, also from those of later days. Where "
            "the source goes on while cases are decided, that is a leak: take a look-back window."
        )


def _stacked(told: dict[str, Any]) -> Iterator[str]:
    if told.get("in_both"):
        yield (
            f"{told['in_both']:,} rows of the joined source stand in the table already, as far as "
            "the matched columns tell."
        )
    for side, words in (("only_left", "the joined rows"), ("only_right", "the rows so far")):
        names = told.get(side, [])
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            yield f"Missing in {words}: {', '.join(names[:5])}{more}."
