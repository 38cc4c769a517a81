"""Reads about profiles and findings."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from apps.datasets.models import Split, Table
from apps.datasets.queries import current_table, data_subject, sealed_split
from apps.datasets.storage import FileBroken, local
from apps.eda.models import Finding, Profile, Severity
from apps.engine.profile.radar import suspects
from apps.engine.profile.target import QUANTITY
from apps.engine.profile.veil import veil_profile, veil_study
from apps.engine.types import ColumnSpec, Kind
from apps.planning.content import features_of
from apps.planning.queries import current_plan, sensitive_columns, signed_plan
from apps.projects.models import Cycle
from apps.projects.queries import passed_by
from apps.projects.stages import Stage
from apps.web.once import read_once

MOST_PARSED = 8
"""Results that a web process keeps parsed: those of some 2,000 columns are 20 MB each."""


@dataclass(frozen=True)
class Scope:
    """Which rows may be looked at today: development rows only, once a test is sealed."""

    table: Table
    split: Split | None
    parquet: str
    name: str

    @property
    def columns(self) -> tuple[ColumnSpec, ...]:
        """Names and kinds."""
        return self.table.table_spec.columns


def scope_of(cycle: Cycle) -> Scope | None:
    """Today's rows to explore; None before the table is built."""
    table = current_table(cycle)
    if table is None:
        return None
    split = sealed_split(cycle, table)
    if split is None:
        return Scope(table, None, table.parquet, "table")
    return Scope(table, split, split.development, "development")


def rows_in(scope: Scope) -> int:
    """Rows that may be looked at."""
    if scope.split is None:
        return scope.table.rows or 0
    return int(scope.split.report["development_rows"])


def target_of(cycle: Cycle, table: Table) -> str:
    """The plan's target when the table has it."""
    plan = signed_plan(cycle)
    return plan.target if plan and plan.target in table.table_spec.names else ""


def reading_of(cycle: Cycle, scope: Scope) -> str:
    """How the plan says that the target is read, as the engine takes it; "": it is found out."""
    plan, kinds = signed_plan(cycle), {column.name: column.kind for column in scope.columns}
    if plan is None or plan.target not in kinds:
        return ""
    reading = plan.reading(in_notation=scope.split is not None)
    return "" if reading == QUANTITY and kinds[plan.target] != Kind.INTEGER else reading


def positive_of(cycle: Cycle, table: Table) -> str:
    """The plan's positive class of a target that the table has; empty without one."""
    plan = signed_plan(cycle)
    return plan.positive if plan and plan.target in table.table_spec.names else ""


def profile_of(cycle: Cycle, scope: Scope) -> Profile | None:
    """The profile of these rows with the target as today's plan reads it, finished or not."""
    return (
        cycle.profiles.filter(
            parquet=scope.parquet,
            target=target_of(cycle, scope.table),
            reading=reading_of(cycle, scope),
            positive=positive_of(cycle, scope.table),
        )
        .select_related("job")
        .first()
    )


def current_profile(cycle: Cycle) -> Profile | None:
    """The profile of today's rows, finished or not."""
    scope = scope_of(cycle)
    return profile_of(cycle, scope) if scope else None


def result_of(profile: Profile) -> dict[str, Any]:
    """What the engine found, without the values of sensitive columns."""
    return veil_profile(raw_result(profile), sensitive=sensitive_columns(profile.cycle))


def part_of(profile: Profile) -> dict[str, Any] | None:
    """What a running profile found so far, veiled; None before, and once the whole is there."""
    if profile.is_ready or not profile.result:
        return None
    try:
        told = json.loads(local(profile.result, shelf=profile.shelf).read_bytes())
    except FileBroken:  # the whole came since the row was read, and the parts are cleared
        return None
    return veil_profile(told, sensitive=sensitive_columns(profile.cycle))


def study_of(profile: Profile) -> dict[str, Any]:
    """What lies between the columns, without the values of sensitive ones."""
    hidden = sensitive_columns(profile.cycle)
    return veil_study(_parsed(profile.study), sensitive=hidden, target=profile.target)


def raw_result(profile: Profile) -> dict[str, Any]:
    """What the engine found, values of sensitive columns and all: not for a page."""
    return _parsed(profile.result)


@lru_cache(maxsize=MOST_PARSED)
def _parsed(sha256: str) -> dict[str, Any]:
    """A kept result, parsed once: that of a wide table takes longer than its page. Not changed."""
    found: dict[str, Any] = json.loads(local(sha256).read_bytes())
    return found


def suspects_of(
    cycle: Cycle,
    *,
    split: Split | None,
    raw: dict[str, Any],
    study: dict[str, Any],
    target: str,
) -> list[dict[str, Any]]:
    """What may give the target away, from the profile, the study, the plan and the split."""
    plan = current_plan(cycle)
    features = features_of(plan.content) if plan else ()
    # A warning about the target's classes names them.
    told = split is not None and target not in sensitive_columns(cycle)
    return suspects(
        raw,
        study,
        later={feature.name for feature in features if not feature.is_allowed},
        clock=split.time if split else "",
        warnings=split.report.get("warnings", []) if split and told else (),
    )


@read_once
def _findings(cycle: Cycle) -> list[Finding]:
    """All findings in the order in which they were raised: a page lists and looks for them."""
    people = ("owner", "raised_by", "closed_by")
    return list(cycle.findings.select_related(*people).order_by("pk"))


def open_findings(cycle: Cycle) -> list[Finding]:
    """Findings that nobody has answered, the gravest first."""
    found = [finding for finding in _findings(cycle) if finding.is_open]
    return sorted(found, key=lambda finding: (Severity(finding.severity).rank, finding.pk))


def answered_findings(cycle: Cycle) -> list[Finding]:
    """Findings with their answers, in the order in which they were raised."""
    return [finding for finding in _findings(cycle) if not finding.is_open]


def raised_already(cycle: Cycle) -> set[tuple[str, str]]:
    """Column and sentence of each finding, answered or not."""
    return {(finding.column, finding.says) for finding in _findings(cycle)}


def is_data_passed(cycle: Cycle) -> bool:
    """True while the data gate is passed for today's data: a high finding would withdraw it."""
    subject = data_subject(cycle)
    return bool(subject) and passed_by(cycle, Stage.DATA, subject=subject) is not None


@dataclass(frozen=True)
class Hint:
    """Something the profile points at; ``position`` of its column, 0 for the whole table.

    ``leads`` is a word for the page on which to act; its ``address``, the words of the link and
    the address of the column's ``page`` are filled in by the page that shows them.
    """

    column: str
    position: int
    severity: str
    says: str
    suggests: str
    is_raised: bool
    leads: str
    address: str = ""
    action: str = ""
    page: str = ""


_LEADS = {
    **dict.fromkeys(("leakage", "id_like"), "plan"),
    **dict.fromkeys(("skewed", "high_cardinality", "twins", "follows"), "column"),
    **dict.fromkeys(("class_imbalance", "target_unusable"), "target"),
}
"""Where to act on a finding, by its key; the others are mended in the recipe."""


def hints(cycle: Cycle, result: dict[str, Any], *, before: str = "") -> list[Hint]:
    """What to look at first, the gravest first, and whether somebody raised it already.

    ``before`` is what a sentence about a slice begins with.
    """
    positions = {column["name"]: place for place, column in enumerate(result["columns"], start=1)}
    raised = raised_already(cycle)
    return [
        Hint(
            column=found["column"] or "",
            position=positions.get(found["column"], 0),
            severity=found["severity"],
            says=found["says"],
            suggests=found["suggests"],
            is_raised=(found["column"] or "", f"{before}{found['says']}"[:400]) in raised,
            leads=found.get("leads") or _LEADS.get(found["key"], "wrangle"),
        )
        for found in result["findings"]
    ]
