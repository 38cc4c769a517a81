"""What is wrong with the table: what would be examined, and what was found."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from apps.datasets.models import Examination, Split
from apps.datasets.queries import current_split, table_inputs
from apps.datasets.storage import local
from apps.datasets.written import written
from apps.engine.errors import EngineError
from apps.engine.profile.issues.issue import veil
from apps.engine.recipe.registry import STEPS, step_from
from apps.engine.types import TableSpec
from apps.planning.content import features_of
from apps.planning.queries import SignedPlan, current_plan, sensitive_columns, signed_plan
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle


@dataclass(frozen=True)
class Subject:
    """What would be examined today, and what of the plan it is examined by.

    Development rows once a test is sealed, else all.
    """

    inputs: dict[str, Any]
    target: str

    @property
    def digest(self) -> str:
        """Its hash."""
        return content_hash(self.inputs)


def subject_of(cycle: Cycle) -> Subject | None:
    """None while there is no table to make."""
    inputs, split, plan = table_inputs(cycle), current_split(cycle), signed_plan(cycle)
    if inputs is None:
        return None
    if split:
        inputs = {"development": split.development}
    # The same rows read otherwise are another subject.
    return Subject({**inputs, **_read_by(cycle, plan, split)}, plan.target if plan else "")


def _read_by(cycle: Cycle, plan: SignedPlan | None, split: Split | None) -> dict[str, Any]:
    """What of the plan decides what is found, where it says something."""
    newest = current_plan(cycle)
    features = features_of(newest.content) if newest else ()
    told = {
        "reading": plan.reading(in_notation=split is not None) if plan else "",
        "positive": plan.positive if plan else "",
        "later": sorted(feature.name for feature in features if not feature.is_allowed),
    }
    return {name: value for name, value in told.items() if value}


@dataclass(frozen=True)
class Suggested:
    """A step to look at, and the address query that shows what it would do."""

    says: str
    query: str


@dataclass(frozen=True)
class IssueLine:
    """An issue as the page shows it."""

    issue: dict[str, Any]
    suggests: list[Suggested]


@dataclass(frozen=True)
class IssuesView:
    """The newest examination; ``is_current``: of today's table, as today's plan reads it."""

    examination: Examination | None
    is_current: bool
    lines: list[IssueLine]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Issues of each severity that has some."""
        grave = [line.issue["severity"] for line in self.lines]
        return [(one, grave.count(one)) for one in ("high", "medium", "low") if one in grave]

    @property
    def is_running(self) -> bool:
        """A worker is at it."""
        job = self.examination.job if self.examination else None
        return bool(job and job.is_live)


def issues_view(cycle: Cycle, *, spec: TableSpec | None) -> IssuesView:
    """The issues that still concern the table of shape ``spec``. Reads one small file."""
    todays = _todays(cycle)
    shown = _shown(cycle, todays)
    issues = _issues(shown, cycle=cycle) if shown else []
    return IssuesView(
        examination=todays or shown,
        is_current=shown is not None and shown == todays,
        lines=[IssueLine(one, _suggested(one, spec)) for one in issues if _is_left(one, spec)],
    )


def spelling_groups(cycle: Cycle, column: str) -> list[dict[str, Any]]:
    """Groups of a column's values that look like one each, of the examination that is shown.

    Empty where none were found, and where values of the column are not shown.
    """
    shown = _shown(cycle, _todays(cycle))
    found = _issues(shown, cycle=cycle) if shown else []
    groups = [one for one in found if one["key"] == "spelling" and one["column"] == column]
    return [group for one in groups for group in one.get("groups", [])]


def _todays(cycle: Cycle) -> Examination | None:
    """The examination of today's table as today's plan reads it, finished or not."""
    subject = subject_of(cycle)
    if subject is None:
        return None
    asked = cycle.examinations.filter(subject=subject.digest, target=subject.target)
    return asked.select_related("job").first()


def _shown(cycle: Cycle, todays: Examination | None) -> Examination | None:
    """Today's if it is finished, else the newest that is."""
    if todays is not None and todays.is_ready:
        return todays
    return cycle.examinations.exclude(result="").order_by("-pk").first()


def _issues(examination: Examination, *, cycle: Cycle) -> list[dict[str, Any]]:
    found = json.loads(local(examination.result).read_bytes())["issues"]
    return veil(found, sensitive=sensitive_columns(cycle))


def _is_left(issue: dict[str, Any], spec: TableSpec | None) -> bool:
    """Whether its column is in the table still."""
    return not issue["column"] or spec is None or issue["column"] in spec.names


def _suggested(issue: dict[str, Any], spec: TableSpec | None) -> list[Suggested]:
    found = []
    for each in issue["suggests"]:
        step = {"step": each["step"], "params": each["params"]}
        try:
            if spec is not None:
                step_from(step).check(spec)
        except EngineError:
            continue  # done already, or another step took its column
        data = written(STEPS[each["step"]], each["params"])
        asked = {"step": each["step"], "preview": "1", **data, "reason": issue["title"]}
        found.append(Suggested(each["says"], urlencode(asked, doseq=True)))
    return found
