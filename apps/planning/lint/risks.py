"""Questions about limits and risks."""

from collections.abc import Iterator
from typing import Any

from apps.planning.lint.finding import BLOCK, WARN, PlanProblem, Reading, missing

MEASURED = {"data", "model", "infrastructure"}
"""Kinds of risk that a monitor can notice; that somebody leaves, it cannot."""


def _named(items: list[dict[str, Any]]) -> str:
    more = f" and {len(items) - 1} more" if len(items) > 1 else ""
    return f"“{items[0].get('says')}”{more}"


def _without_threshold(item: dict[str, Any]) -> bool:
    wire = item.get("tripwire")
    return bool(wire) and wire["metric"] != "promise" and wire.get("threshold") is None


def risks_are_owned(plan: Reading) -> Iterator[PlanProblem]:
    """Each risk has an owner, something that is done, and where it can a tripwire."""
    items = plan.task("risks").get("items") or []
    if not items:
        yield PlanProblem(
            "risks.none",
            "risks",
            "items",
            BLOCK,
            "Risks: none is named, so nobody watches for one.",
            "What was thought of beforehand is half answered.",
            "Name at least one thing that may go wrong.",
        )
        return
    asked = (
        ("owner", BLOCK, "no owner", "A risk of everybody is nobody's.", "Name one person."),
        (
            "contingency",
            BLOCK,
            "no answer",
            "When it happens there is no time to think of one.",
            "Say what is done then.",
        ),
    )
    for field, severity, lacks, why, mend in asked:
        found = [item for item in items if missing(item.get(field))]
        if found:
            yield PlanProblem(
                f"risks.{field}",
                "risks",
                field,
                severity,
                f"Risks: {_named(found)}: {lacks}.",
                why,
                mend,
            )
    yield from _tripwires(items)


def _tripwires(items: list[dict[str, Any]]) -> Iterator[PlanProblem]:
    bare = [item for item in items if item.get("category") in MEASURED and not item.get("tripwire")]
    if bare:
        yield PlanProblem(
            "risks.tripwire",
            "risks",
            "tripwire_metric",
            WARN,
            f"Risks: {_named(bare)}: no tripwire.",
            "Without one nobody notices until somebody complains.",
            "Choose what the monitor watches, and from where on it trips.",
        )
    open_ones = [item for item in items if _without_threshold(item)]
    if open_ones:
        yield PlanProblem(
            "risks.tripwire_threshold",
            "risks",
            "tripwire_threshold",
            BLOCK,
            f"Risks: the tripwire of {_named(open_ones)} has no threshold.",
            "A wire that hangs nowhere never trips.",
            "Enter the value from which on it trips; 0.25 is usual for drift (PSI).",
        )


def sensitive_features_are_a_risk(plan: Reading) -> Iterator[PlanProblem]:
    """Who uses a sensitive feature has thought of whom it may harm."""
    columns = plan.task("features").get("columns") or []
    sensitive = [row["name"] for row in columns if row.get("sensitive")]
    items = plan.task("risks").get("items") or []
    told = any(
        item.get("category") == "people and law"
        or any(name.lower() in str(item.get("says")).lower() for name in sensitive)
        for item in items
    )
    if sensitive and items and not told:
        yield PlanProblem(
            "risks.sensitive",
            "risks",
            "items",
            WARN,
            f"Risks: “{sensitive[0]}” is sensitive, and no risk is about people or law.",
            "Somebody will ask who is treated worse because of it.",
            "Add a risk of the kind “people and law”, or take the feature off the list.",
        )
