"""What may be shown of columns that the plan marks as sensitive: counts and distances only."""

from collections.abc import Collection, Iterable
from typing import Any

LEAST_ROWS = 10
"""A group with fewer rows could be one person: it is not shown. The usual threshold rule of
statistical offices: Hundepool and others (2012), Statistical Disclosure Control, chapter 4."""
KEPT = (
    *("name", "kind", "count", "missing", "missing_share", "distinct", "infinite"),
    *("relation", "leak"),
)
HIDDEN = "not shown"
_WITHOUT_VALUES = {
    "disguised_missing": "Some rows hold texts or numbers that often mean a missing value.",
    "spelling": "Some values are written in several ways.",
    "class_imbalance": "One of its classes is rare.",
    "target_unusable": "It has too few different values to learn from.",
}

Told = dict[str, Any]


def veil_profile(profile: Told, *, sensitive: Collection[str]) -> Told:
    """A profile without any value of the sensitive columns; the given one is not changed.

    They keep counts of rows and of different values, and how their unnamed groups of at least
    LEAST_ROWS rows relate to the target.
    """
    if not sensitive:
        return profile
    target = profile["target"]
    hides_target = target is not None and target["name"] in sensitive
    return {
        **profile,
        "columns": [
            _column(column, hidden=column["name"] in sensitive, hides_target=hides_target)
            for column in profile["columns"]
        ],
        "target": _target(target) if hides_target else target,
        "findings": [_finding(finding, sensitive=sensitive) for finding in profile["findings"]],
    }


def _column(column: Told, *, hidden: bool, hides_target: bool) -> Told:
    told = {key: column[key] for key in KEPT if key in column} if hidden else dict(column)
    if hidden:
        told["sensitive"] = True
    relation = told.get("relation")
    if relation and (hidden or hides_target):
        told["relation"] = _relation(relation, hidden=hidden, hides_target=hides_target)
    return told


def _relation(relation: Told, *, hidden: bool, hides_target: bool) -> Told:
    kept = [place for place, rows in enumerate(relation["rows"]) if rows >= LEAST_ROWS]
    labels = [relation["labels"][place] for place in kept]
    if hidden:
        labels = [
            label if label == "missing" and place == len(relation["labels"]) - 1 else f"group {n}"
            for n, (label, place) in enumerate(zip(labels, kept, strict=True), start=1)
        ]
    of = relation.get("of")
    if of and hides_target:
        place = next(n for n, one in enumerate(relation["series"], start=1) if one["name"] == of)
        of = f"class {place}"
    return {
        **relation,
        **({"of": of} if of else {}),
        "labels": labels,
        "rows": [relation["rows"][place] for place in kept],
        "series": [
            {
                "name": f"class {number}" if hides_target else series["name"],
                "points": [series["points"][place] for place in kept],
            }
            for number, series in enumerate(relation["series"], start=1)
        ],
    }


def _target(target: Told) -> Told:
    rarest = target["rarest"] and {**target["rarest"], "value": HIDDEN}
    hidden = {"shown": [HIDDEN for _ in target["shown"]], "rarest": rarest, "commonest": None}
    if "labels" not in target:
        return {**target, **hidden}
    labels = [{**one, "value": f"label {n}"} for n, one in enumerate(target["labels"], start=1)]
    return {**target, **hidden, "labels": [one for one in labels if one["rows"] >= LEAST_ROWS]}


def _finding(finding: Told, *, sensitive: Collection[str]) -> Told:
    if finding["column"] not in sensitive:
        return finding
    return {**finding, "says": _WITHOUT_VALUES.get(finding["key"], finding["says"])}


def veil_study(study: Told, *, sensitive: Collection[str], target: str) -> Told:
    """A study without any value, small group or date of the sensitive columns."""
    if not sensitive:
        return study
    hides_target = target in sensitive
    return {
        **study,
        "gaps": _gaps(study["gaps"], sensitive=sensitive, hides_target=hides_target),
        "time": [
            _time(told, hides_target=hides_target)
            for told in study["time"]
            if told["column"] not in sensitive
        ],
    }


def _gaps(gaps: Told, *, sensitive: Collection[str], hides_target: bool) -> Told:
    def is_small(rows: int, names: Iterable[str]) -> bool:
        return rows < LEAST_ROWS and any(name in sensitive for name in names)

    kept = [one for one in gaps["patterns"] if not is_small(one["rows"], one["columns"])]
    rest = gaps["rest"]
    return {
        **gaps,
        "columns": [
            _gap(gap, sensitive=sensitive, hides_target=hides_target) for gap in gaps["columns"]
        ],
        "patterns": kept,
        "rest": {
            "patterns": rest["patterns"] + len(gaps["patterns"]) - len(kept),
            "rows": rest["rows"]
            + sum(one["rows"] for one in gaps["patterns"])
            - sum(one["rows"] for one in kept),
        },
        "groups": [
            group
            for group in gaps.get("groups", ())  # a study kept by an earlier version has none
            if not is_small(group["all"], group["columns"])
        ],
    }


def _gap(gap: Told, *, sensitive: Collection[str], hides_target: bool) -> Told:
    exactly, effect = gap["exactly"], gap["effect"]
    if exactly and (exactly["column"] in sensitive or gap["name"] in sensitive):
        exactly = None
    if effect and hides_target:
        tells = effect["tells"] and {**effect["tells"], "value": "one class"}
        effect = {**effect, "of": HIDDEN, "tells": tells}
    return {**gap, "exactly": exactly, "effect": effect}


def _time(told: Told, *, hides_target: bool) -> Told:
    if not hides_target:
        return told
    seasons = [
        {**season, "target": _by_group(season["target"], season["rows"])}
        for season in told["seasons"]
    ]
    return {**told, "target": _by_group(told["target"], told["rows"]), "seasons": seasons}


def _by_group(target: Told | None, rows: list[int]) -> Told | None:
    if target is None:
        return None
    nothing = {"value": None, "low": None, "high": None}
    points = [
        point if count >= LEAST_ROWS else nothing
        for point, count in zip(target["points"], rows, strict=True)
    ]
    return {**target, "of": HIDDEN, "points": points}
