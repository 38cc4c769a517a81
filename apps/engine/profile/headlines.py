"""What stands at the top: the few facts that a newcomer has to know, before lesser findings."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from apps.engine.dates import period_text
from apps.engine.percent import percent
from apps.engine.profile.findings import is_id_like
from apps.engine.profile.groups import TOP_GROUPS
from apps.engine.profile.missing import number_text
from apps.engine.profile.strength import told_series
from apps.engine.profile.years import as_year, holds_years

Told = dict[str, Any]

FACT = "fact"
ORDER = ("high", FACT, "medium", "low")
LEAST_GROUP = 30
"""Rows of a group whose rate or mean is told."""
TELLING_AUC = 0.6
TELLING_EFFECT = 0.25
MOST_DRIVERS = 2
MOST_DOUBTFUL = 3
ALIKE = 0.9
"""A second column that goes with the first as closely tells the same."""
MOST_NAMED = 4
LONGEST_NAME = 60
RARE = 0.1


@dataclass(frozen=True)
class Headline:
    """One fact; ``column`` is None for the whole table, ``leads`` names the page to act on."""

    key: str
    column: str | None
    severity: str
    says: str
    suggests: str
    leads: str


def ranked(profile: Told, study: Told, *, suspects: Iterable[Told]) -> list[Told]:
    """Headlines, then the profile's findings that they do not tell already. JSON-ready.

    First what gives the target away, then the balance of the target, what may give it away, what
    tells it most, where its level shifts and which gaps follow a rule; then the findings, the
    gravest first.
    """
    suspects = list(suspects)
    leaks = list(_leaks(suspects))
    drivers = list(_drivers(profile, besides={one["column"] for one in suspects}))
    facts = [
        *_balance(profile),
        *_doubtful(suspects),
        *drivers[:1],
        *(list(_shifts(study, say=_teller(profile))) or _trends(study, say=_teller(profile))),
        *_rules(study),
        *drivers[1:],
        *_later(suspects),
    ]
    headlines = [{**vars(one)} for one in (*leaks, *facts)]
    told = {(one["key"], one["column"]) for one in headlines}
    leaking = {one.column for one in leaks} | _parts(suspects)
    rest = [
        finding
        for finding in profile["findings"]
        if not (finding["key"] in _TOLD_BY_LEAK and finding["column"] in leaking)
        and (_SAME.get(finding["key"], finding["key"]), finding["column"]) not in told
    ]
    grave = [finding for finding in rest if finding["severity"] == "high"]
    others = [finding for finding in rest if finding["severity"] != "high"]
    return [*headlines[: len(leaks)], *grave, *headlines[len(leaks) :], *others]


_SAME = {
    "class_imbalance": "balance",
    "disguised_missing": "rule",
    "mostly_missing": "rule",
}
"""Findings that a headline about the same column tells with more."""
_TOLD_BY_LEAK = {"leakage", "mostly_missing", "high_cardinality", "skewed"}
"""What is no news of a column that has to go."""
_DOUBTFUL = ("power", "written_with", "after")
"""Suspicions that a newcomer should know of, however faint."""


def _later(suspects: list[Told]) -> Iterator[Headline]:
    """What the plan knows of already, in one line."""
    names = [f"“{one['column']}”" for one in suspects if one["key"] == "known_later"]
    if names:
        many = len(names) > MOST_NAMED
        listed = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" * many)
        yield Headline(
            "known_later",
            None,
            "low",
            f"Known only after the decision, as the plan says: {listed}.",
            "They are never trained on; drop them from the table, or correct the plan.",
            "leaks",
        )


def _leaks(suspects: list[Told]) -> Iterator[Headline]:
    """One line for each column, or rule, that gives the target away unknown to the plan."""
    seen = {one["column"] for one in suspects if one["key"] == "known_later"}
    parts = _parts(suspects)
    for one in suspects:
        is_told = one["key"] == "power" and one["column"] in parts  # the rule says more
        if one["severity"] != "high" or is_told or {one["says"], one["column"]} & seen:
            continue
        seen |= {one["says"], one["column"]}
        yield Headline(
            "leak", one["column"] or None, "high", one["says"], one["suggests"], one["leads"]
        )


def _parts(suspects: list[Told]) -> set[str]:
    """Columns of which the target is a sum: the rule that tells so names both."""
    return {one["column"] for one in suspects if one["key"] == "sum"}


def _doubtful(suspects: list[Told]) -> Iterator[Headline]:
    """What may give the target away, the likeliest first."""
    seen = {one["column"] for one in suspects if one["severity"] == "high"}
    found = [one for one in suspects if one["key"] in _DOUBTFUL and one["column"] not in seen]
    found.sort(key=lambda one: (ORDER.index(one["severity"]), _DOUBTFUL.index(one["key"])))
    for one in found[:MOST_DOUBTFUL]:
        yield Headline(
            "doubtful", one["column"], one["severity"], one["says"], one["suggests"], one["leads"]
        )


def _balance(profile: Told) -> Iterator[Headline]:
    target = profile["target"]
    if not target or target["unusable"]:
        return
    name, rarest = target["name"], target["rarest"]
    column = next(one for one in profile["columns"] if one["name"] == name)
    if target["kind"] == "labels":
        yield from [_of_labels(target)] if target["labels"] else []
    elif rarest is not None:
        yield _of_classes(target, column=column)
    elif column.get("mean") is not None:
        quarters = {one["at"]: one["value"] for one in column.get("quantiles") or []}
        half, say = "", _teller(profile)
        if quarters.get(0.25) is not None and quarters.get(0.75) is not None:
            half = f"; half of the rows lie from {say(quarters[0.25])} to {say(quarters[0.75])}"
        says = f"The target is {say(column['mean'])} on average{half}."
        yield Headline("balance", name, FACT, says, "A model has to beat the average.", "target")


def _of_classes(target: Told, *, column: Told) -> Headline:
    rarest, first, classes = target["rarest"], target.get("commonest"), column["distinct"]
    share = rarest["share"]
    digits = 1 if share >= RARE / 10 else 2
    severity = ("high" if share < RARE / 10 else "medium") if share < RARE else FACT
    held = f"{percent(share, digits)} of the rows ({rarest['rows']:,})"
    if classes == 2:
        says = f"The target is “{rarest['value']}” in {held}"
    else:
        says = f"The target has {classes} classes; the rarest, “{rarest['value']}”, is in {held}"
    if first:
        says += f". Always saying “{first['value']}” is right in {percent(first['share'], digits)}"
    suggests = "A model has to beat that." if first else "Look at the classes one by one."
    if share < RARE:
        suggests = "Stratify the split, and do not judge by accuracy."
    return Headline("balance", target["name"], severity, f"{says}.", suggests, "target")


def _of_labels(target: Told) -> Headline:
    """A set of labels is told label by label: the most frequent one and the rarest."""
    first, last = target["labels"][0], target["rarest"]
    rare = last["share"] < RARE
    severity = ("high" if last["share"] < RARE / 10 else "medium") if rare else FACT
    says = (
        f"Each row has {target['size']:.1f} of {len(target['labels'])} labels on average; "
        f"“{first['value']}” is in {percent(first['share'])} of the rows, “{last['value']}” in "
        f"{percent(last['share'], 2 if rare else 1)} ({last['rows']:,})."
    )
    suggests = "Look at each label by itself: rare ones are learnt from few rows."
    return Headline("balance", target["name"], severity, says, suggests, "target")


def _drivers(profile: Told, *, besides: set[str]) -> Iterator[Headline]:
    """The columns that tell the target most, without those that may be leaks or name rows."""
    found, say = [], _teller(profile)
    for column in profile["columns"]:
        relation = column.get("relation")
        is_date = column["kind"] == "datetime"  # its level shift is told, not its latest tenth
        if not relation or is_date or column["name"] in besides or _names_rows(column):
            continue
        strength = _strength(relation)
        if strength is not None and (says := _extremes(column, say=say)):
            found.append((strength, column["name"], says))
    found.sort(key=lambda one: -one[0])
    alike = {
        frozenset((pair["a"], pair["b"]))
        for pair in profile["associations"]["strongest"]
        if abs(pair["value"]) >= ALIKE
    }
    told: list[str] = []
    for _, name, says in found:
        if len(told) < MOST_DRIVERS and not any(frozenset((name, one)) in alike for one in told):
            told.append(name)
            yield Headline("driver", name, FACT, says, "Its page shows every group.", "column")


def _names_rows(column: Told) -> bool:
    """A column that names rows, or that keeps too little to tell by, since it is sensitive."""
    return bool(column.get("sensitive")) or is_id_like(column)


def _strength(relation: Told) -> float | None:
    """How well it tells the target alone, on one scale; None when that is little."""
    auc, effect = relation["auc"], relation["effect"]["value"]
    if auc is not None:
        return float(auc) if auc >= TELLING_AUC else None
    if effect is not None and abs(effect) >= TELLING_EFFECT:
        return abs(float(effect))
    return None


def _extremes(column: Told, *, say: Callable[[float], str]) -> str:
    """The highest and the lowest group whose intervals lie apart, in words; "" without such."""
    relation, series = column["relation"], told_series(column["relation"])
    is_text = column["kind"] == "text"
    groups = list(zip(relation["labels"], relation["rows"], series["points"], strict=True))
    if is_text and column["distinct"] > TOP_GROUPS + 1:
        if groups[TOP_GROUPS][1] > sum(relation["rows"]) / 2:
            return ""  # the frequent values are few of the rows: they tell little of the column
        del groups[TOP_GROUPS]  # all other values together are no group
    groups = [
        (label, rows, point)
        for label, rows, point in groups
        if rows >= LEAST_GROUP and point["low"] is not None and label != "missing"
    ]
    if len(groups) < 2:
        return ""
    most, _, high = max(groups, key=lambda one: one[2]["value"])
    least, _, low = min(groups, key=lambda one: one[2]["value"])
    if high["low"] <= low["high"]:
        return ""
    write = str if holds_years(column) or column["kind"] == "datetime" else _plain
    most, least = (f"“{one}”" if is_text else write(one) for one in (most, least))
    target = f"“{relation['target']}” {'holds' if 'of' in relation else 'is'} "
    where = f"“{column['name'][:LONGEST_NAME]}” is {most}"
    if relation["kind"] == "rate":
        return (
            f"{target}“{series['name']}” in {percent(high['value'])} of the rows where {where}, "
            f"and in {percent(low['value'])} where it is {least}."
        )
    return (
        f"{target}{say(high['value'])} on average where {where}, and "
        f"{say(low['value'])} where it is {least}."
    )


def _shifts(study: Told, *, say: Callable[[float], str]) -> Iterator[Headline]:
    """Where the target takes another level, along the first date that shows it."""
    for told in study["time"]:
        shift = told["shift"]
        if shift and told["target"]:
            what, before, after = told["target"], shift["before"], shift["after"]
            says = f"“{what['of']}” is {say(before)} on average"
            then = say(after)
            if what["kind"] == "rate":
                digits = 1 if max(before, after) >= RARE / 10 else 2
                says = f"The share of “{what['of']}” is {percent(before, digits)}"
                then = percent(after, digits)
            yield Headline(
                "shift",
                told["column"],
                "medium",
                f"{says} before {period_text(told['starts'][shift['at']], told['step'])}, "
                f"and {then} from then on.",
                "Split by time, and ask which level the model will meet.",
                "time",
            )
            return


def _trends(study: Told, *, say: Callable[[float], str]) -> Iterator[Headline]:
    """Where the target rises or falls steadily, along the first date that shows it."""
    for told in study["time"]:
        trend = told["trend"]
        if trend and told["target"]:
            what, first, last = told["target"], trend["first"], trend["last"]
            moves = "rises" if trend["tau"] > 0 else "falls"
            says = f"“{what['of']}” {moves} on average from {say(first)}"
            then = say(last)
            if what["kind"] == "rate":
                digits = 1 if max(first, last) >= RARE / 10 else 2
                says = f"The share of “{what['of']}” {moves} from {percent(first, digits)}"
                then = percent(last, digits)
            yield Headline(
                "trend",
                told["column"],
                "medium",
                f"{says} in the first {told['step']} to {then} in the last.",
                "Split by time, and ask which level the model will meet.",
                "time",
            )
            return


def _rules(study: Told) -> Iterator[Headline]:
    """Gaps that are no accident: missing exactly where another column holds one value."""
    for gap in study["gaps"]["columns"]:
        rule = gap["exactly"]
        if rule:
            yield Headline(
                "rule",
                gap["name"],
                "medium",
                f"It is missing in exactly the {gap['missing']:,} rows in which "
                f"“{rule['column']}” is “{rule['value']}”.",
                "The gap has a meaning: write it down in a recipe step.",
                "wrangle",
            )


def _plain(label: str) -> str:
    """A number or a range as pages write it: thousands parted, fractions cut to four digits."""

    def written(told: re.Match[str]) -> str:
        bare = told[0].replace(",", "")
        return _short(float(bare)) if told[1] else f"{int(bare):,}"

    return re.sub(r"-?\d[\d,]*(\.\d+)?", written, label)


def _teller(profile: Told) -> Callable[[float], str]:
    """How a value of the target is written."""
    name = (profile["target"] or {}).get("name")
    is_year = any(one["name"] == name and holds_years(one) for one in profile["columns"])
    return as_year if is_year else _short


def _short(value: float) -> str:
    rounded = float(f"{value:.4g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 1_000 else number_text(rounded)
