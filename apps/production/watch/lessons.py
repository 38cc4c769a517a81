"""What a live release taught the next plan: only what was measured, each change as a sentence."""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from apps.engine.evaluation.intervals import rate_interval
from apps.engine.monitoring.cause import COLUMN, GROUP
from apps.engine.monitoring.performance import FEW_ROWS
from apps.engine.percent import percent
from apps.planning.models import Plan
from apps.production.models import Incident, Release, WatchReport

MOST_RISKS = 3


@dataclass(frozen=True)
class Lesson:
    """One field of the next plan: ``value`` replaces it, or is added to a list."""

    task: str
    field: str
    value: Any
    says: str
    adds: bool = False


def lessons(release: Release) -> list[Lesson]:
    """Everything that the watch measured and the plan of this release says otherwise."""
    plan = release.candidate.trial.experiment.plan
    report = release.watch_reports.order_by("-at").first()
    wrong = release.deployment.incidents.exclude(outcome=Incident.Outcome.FALSE)
    return [
        *(_measured(plan, report) if report else ()),
        *_troubles(plan, list(wrong.order_by("-raised_at"))),
    ]


def taught(content: dict[str, Any], found: Sequence[Lesson]) -> dict[str, Any]:
    """A plan's content with the lessons in it; the given one stays as it is."""
    content = copy.deepcopy(content)
    for lesson in found:
        task = content.setdefault(lesson.task, {})
        if lesson.adds:
            task[lesson.field] = [*(task.get(lesson.field) or []), lesson.value]
        else:
            task[lesson.field] = lesson.value
    return content


def _measured(plan: Plan, report: WatchReport) -> Iterator[Lesson]:
    seen = report.performance
    primary = next((row for row in seen.get("verdicts", []) if row["role"] == "primary"), None)
    if primary and primary["result"] is not None:
        value = round(float(primary["result"]), 4)
        before = plan.task("metrics").get("baseline")
        says = f"Today's {primary['title']} is what the live release reaches: {value:g}"
        yield Lesson("metrics", "baseline", value, f"{says}{_was(before)}.")
    delay, planned = seen.get("delay"), plan.task("features").get("delay_days")
    if delay and abs(delay["p90_days"] - (planned or 0)) > 1:
        days = float(math.ceil(delay["p90_days"]))
        says = f"The truth of nine in ten answers is known after {days:g} days"
        yield Lesson("features", "delay_days", days, f"{says}{_was(planned)}.")
    yield from _base_rate(plan, seen.get("money") or {})


def _was(before: Any) -> str:
    return "" if before is None else f"; the plan said {before:g}"


def _base_rate(plan: Plan, money: dict[str, Any]) -> Iterator[Lesson]:
    """The share of positives, where the planned one is beyond chance."""
    known, planned = money.get("known", 0), plan.task("features").get("base_rate")
    if known < FEW_ROWS:
        return
    positives = money["hits"] + money["missed"]
    low, high = rate_interval(positives, known)
    if planned is None or not low <= planned <= high:
        rate = round(positives / known, 4)
        said = "" if planned is None else f"; the plan said {percent(planned, None)}"
        found = plan.task("features").get("positive")
        says = f"The share of {found} is {percent(rate, None)}{said}."
        yield Lesson("features", "base_rate", rate, says)


def _troubles(plan: Plan, incidents: list[Incident]) -> Iterator[Lesson]:
    """Causes that no risk of the plan foresaw, and groups that nobody looked at."""
    foreseen = " ".join(item["says"] for item in plan.task("risks").get("items") or [])
    groups = set(plan.task("metrics").get("slices") or [])
    told: set[str] = set()
    for incident in incidents:
        cause = incident.cause
        name = cause.get("name", "")
        if cause.get("kind") not in {COLUMN, GROUP} or name in told or len(told) == MOST_RISKS:
            continue
        told.add(name)
        column = name.split(" is ")[0]
        if cause["kind"] == GROUP and column not in groups:
            groups.add(column)
            yield Lesson(
                "metrics", "slices", column, f"Groups of {column} are judged too.", adds=True
            )
        if name not in foreseen:
            yield Lesson("risks", "items", _risk(incident), f"A new risk: {name}.", adds=True)


def _risk(incident: Incident) -> dict[str, Any]:
    """The incident as a risk of the next plan; what nobody has said yet is left to be said."""
    cause = incident.cause
    told = {
        "says": f"Again: {cause['says']}"[:300],
        "category": "data",
        "likelihood": 3,
        "impact": 3 if incident.severity == "high" else 2,
        "owner": str(incident.owner),
        "contingency": (incident.resolution or incident.action)[:300],
        "tripwire": {"metric": "psi", "operator": ">", "threshold": 0.25, "window_days": 1}
        if cause["kind"] == COLUMN
        else {"metric": "promise", "operator": ">"},
    }
    return {key: value for key, value in told.items() if value}
