"""Reads about data. ``closed_data`` is the door through which the rooms to the right look."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from apps.datasets.models import Consolidation, Join, Source, Split, Step, Table, Version
from apps.datasets.storage import local
from apps.engine.errors import EngineError
from apps.engine.recipe.build import consolidated_shape
from apps.engine.recipe.registry import step_from
from apps.engine.splitting.folds import TEST, TRAIN_ONLY, read_split
from apps.engine.training.fitted.choices import choice_from
from apps.engine.types import ColumnSpec, TableSpec
from apps.planning.queries import (
    SignedPlan,
    plan_foundation,
    require_signed_plan,
    signed_plan,
)
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle, Project
from apps.projects.queries import GateClosed, passed_by, require_passed, was_put_live
from apps.projects.stages import Stage
from apps.web.once import read_once
from apps.web.ordering import Alphabetical


@dataclass(frozen=True)
class ClosedData:
    """What later rooms may rely on: table and split whose gate is passed today."""

    plan: SignedPlan
    table: Table
    split: Split
    subject: str


def sources_of(project: Project) -> list[Source]:
    """Sources that were not removed, by name."""
    return list(project.sources.filter(removed_at=None).order_by(Alphabetical("name")))


def newest_version(source: Source, *, cycle: Cycle | None = None) -> Version | None:
    """Newest version that was read into a typed table, and taken where it had to be.

    For an earlier ``cycle`` only what was read before the next one began: a live release does
    not change because somebody brings in new rows for its successor.
    """
    return _newest(source, before=end_of(cycle) if cycle else None)


def _newest(source: Source, *, before: datetime | None) -> Version | None:
    return _versions(source, before=before).first()


def _versions(source: Source, *, before: datetime | None) -> QuerySet[Version]:
    return usable(source.versions.all(), before=before)


def usable(
    versions: QuerySet[Version], *, before: datetime | OuterRef | None = None
) -> QuerySet[Version]:
    """Those that may be used, the newest first; ``before``: by an ended cycle, and when it did."""
    versions = versions.exclude(parquet="").filter(waits=False).order_by("-number")
    if before:
        at_once = Q(taken_at=None, job__finished_at__lt=before)
        versions = versions.filter(at_once | Q(taken_at__lt=before))
    return versions


@read_once
def end_of(cycle: Cycle) -> datetime | None:
    """When the next cycle began; None while this one is the newest."""
    later = Cycle.objects.filter(project=cycle.project_id, number__gt=cycle.number)
    return later.order_by("number").values_list("started_at", flat=True).first()


def why_closed(cycle: Cycle) -> str:
    """Why the data of this cycle cannot be changed now, as a sentence; empty when it can."""
    if was_put_live(cycle):
        return "This cycle is live. Start the next cycle to change its data."
    try:
        require_signed_plan(cycle)
    except GateClosed as closed:
        return str(closed)
    return ""


@read_once
def consolidation_of(cycle: Cycle) -> Consolidation | None:
    """How the cycle's table is consolidated; None before a base source is chosen."""
    return Consolidation.objects.filter(cycle=cycle).select_related("base").first()


@read_once
def joins_of(consolidation: Consolidation) -> list[Join]:
    """Joins in their order, those that are switched off among them."""
    return list(consolidation.joins.filter(removed_at=None).select_related("source"))


def enabled_joins(consolidation: Consolidation) -> list[Join]:
    """Joins that the table is made with, in their order."""
    return [join for join in joins_of(consolidation) if join.is_enabled]


def sentence_of(step: Step) -> str:
    """A stored step or fitted choice in words, or why it cannot be read."""
    if not step.is_fitted:
        return in_words(step.as_dict())
    try:
        return choice_from(step.as_choice()).sentence()
    except EngineError as error:
        return str(error)


def in_words(step: dict[str, Any]) -> str:
    """A row-wise step as a recipe keeps it in words, or why it cannot be read."""
    try:
        return step_from(step).sentence()
    except EngineError as error:
        return str(error)


@read_once
def enabled_steps(cycle: Cycle) -> list[Step]:
    """Row-wise steps of the recipe in their order."""
    return list(cycle.steps.filter(is_enabled=True, is_fitted=False))


def fitted_choices(cycle: Cycle) -> list[dict[str, Any]]:
    """Fitted choices that count today, in their order, as the engine takes them."""
    return [step.as_choice() for step in cycle.steps.filter(is_enabled=True, is_fitted=True)]


def features_among(spec: TableSpec, plan: SignedPlan, *, group: str = "") -> list[ColumnSpec]:
    """Columns a model may use: in the table, wished for by the plan, known at decision time.

    A plan that names no features allows every column but the target and the split's ``group``.
    """
    promised, keys = {feature.name for feature in plan.features}, {plan.target, group}
    return [
        column
        for column in spec.columns
        if column.name not in keys
        and (not promised or column.name in promised)
        and plan.allowed(column.name)
    ]


def sources_in(consolidation: Consolidation) -> frozenset[int]:
    """Keys of the sources that a table is made from: its base and those that are joined."""
    joins = enabled_joins(consolidation)
    return frozenset({consolidation.base_id, *(join.source_id for join in joins)})


@read_once
def newest_files(sources: frozenset[int], *, before: datetime | None) -> dict[int, str]:
    """SHA-256 of the typed table of each source, by the source's id, where there is one.

    One query; what else a version holds is much where columns are many.
    """
    versions = Version.objects.filter(source=OuterRef("pk"))
    newest = Subquery(usable(versions, before=before).values("parquet")[:1])
    found = Source.objects.filter(pk__in=sources).order_by().values_list("pk", newest)
    return {source: parquet for source, parquet in found if parquet}


def source_inputs(cycle: Cycle) -> dict[str, Any] | None:
    """Typed tables and joins the cycle's table is made from; None while one is missing."""
    consolidation = consolidation_of(cycle)
    if consolidation is None:
        return None
    needed = sources_in(consolidation)
    files = newest_files(needed, before=end_of(cycle))
    if needed - files.keys():
        return None
    told = [
        {"name": join.source.name, "parquet": files[join.source_id], **join.as_dict()}
        for join in enabled_joins(consolidation)
    ]
    base = consolidation.base
    return {"base": files[base.pk], "base_name": base.name, "joins": told}


def table_inputs(cycle: Cycle) -> dict[str, Any] | None:
    """Everything the cycle's table follows from, JSON-ready; None while something is missing."""
    inputs = source_inputs(cycle)
    if inputs is None:
        return None
    return {**inputs, "steps": [step.as_dict() for step in enabled_steps(cycle)]}


def with_paths(inputs: dict[str, Any]) -> dict[str, Any]:
    """``base`` and ``joins`` as the engine takes them: with paths of whole, checked files."""
    return {
        "base": str(local(inputs["base"])),
        "joins": [{**join, "path": str(local(join["parquet"]))} for join in inputs["joins"]],
    }


def shape_so_far(cycle: Cycle) -> TableSpec | None:
    """Names and kinds after the joins, before the recipe; None without a base.

    Raises an EngineError when a join does not fit. Reads no rows.
    """
    inputs = source_inputs(cycle)
    return consolidated_shape(**with_paths(inputs)) if inputs else None


@read_once
def todays_table(cycle: Cycle) -> Table | None:
    """The row for today's inputs, whether it is built, being built, or failed."""
    inputs = table_inputs(cycle)
    if inputs is None:
        return None
    found = cycle.tables.filter(inputs_hash=content_hash(inputs))
    return found.select_related("job").first()


def current_table(cycle: Cycle) -> Table | None:
    """The table built from today's inputs; None while it is not built or something changed."""
    table = todays_table(cycle)
    return table if table is not None and table.is_ready else None


def current_split(cycle: Cycle) -> Split | None:
    """Newest sealed split of today's table for what today's plan lays down."""
    table = current_table(cycle)
    return sealed_split(cycle, table) if table else None


@read_once
def sealed_split(cycle: Cycle, table: Table) -> Split | None:
    """Newest sealed split of this table for what today's plan lays down."""
    return (
        table.splits.exclude(sealed_test="")
        .filter(plan__foundation=plan_foundation(cycle))
        .order_by("-pk")
        .first()
    )


def latest_draw(cycle: Cycle) -> Split | None:
    """Newest split of today's table, sealed or not."""
    table = current_table(cycle)
    return table.splits.select_related("job").last() if table else None


def split_sizes(split: Split) -> dict[str, Any]:
    """Rows by role, as the drawing of a split takes them."""
    numbers = read_split(local(split.split_file))["fold"].value_counts()
    return {
        "test_rows": int(numbers.get(TEST, 0)),
        "fold_rows": [int(numbers.get(fold, 0)) for fold in range(split.folds)],
        "train_only_rows": int(numbers.get(TRAIN_ONLY, 0)),
        "method": split.method,
    }


def data_subject(cycle: Cycle) -> str:
    """What the data gate is about: the plan's foundation, table and split; empty while one is
    missing."""
    found = _data_of_today(cycle)
    return found[0] if found else ""


def _data_of_today(cycle: Cycle) -> tuple[str, Table, Split] | None:
    """The subject of the data gate with table and split; None while one is missing."""
    table = current_table(cycle)
    split = sealed_split(cycle, table) if table else None
    if table is None or split is None:
        return None
    plan = plan_foundation(cycle)
    subject = content_hash({"plan": plan, "table": table.parquet, "split": split.split_file})
    return (subject, table, split) if plan else None


def closed_data(cycle: Cycle) -> ClosedData | None:
    """Table and split whose gate is passed today, or None."""
    found, plan = _data_of_today(cycle), signed_plan(cycle)
    if found is None or plan is None:
        return None
    subject, table, split = found
    if passed_by(cycle, Stage.DATA, subject=subject) is None:
        return None
    return ClosedData(plan=plan, table=table, split=split, subject=subject)


def require_closed_data(cycle: Cycle) -> ClosedData:
    """Like ``closed_data``; raises GateClosed in plain words."""
    require_signed_plan(cycle)
    require_passed(cycle, Stage.DATA, subject=data_subject(cycle))
    data = closed_data(cycle)
    assert data is not None, "a passed gate has a subject"
    return data


@dataclass(frozen=True)
class SourceLine:
    """A source in the list, with its newest version."""

    source: Source
    newest: Version | None


def source_lines(project: Project) -> list[SourceLine]:
    """All sources with their newest upload, read or not."""
    uploads = Version.objects.filter(source__project=project, source__removed_at=None)
    newest = {row.source_id: row for row in uploads.select_related("job").order_by("number")}
    return [SourceLine(source, newest.get(source.pk)) for source in sources_of(project)]


def shown_version(versions: list[Version], *, asked: str) -> Version | None:
    """The version whose number is asked for, else the newest that was read, else the newest."""
    by_number = {str(version.number): version for version in versions}
    ready = [version for version in versions if version.is_ready]
    return by_number.get(asked) or next(iter(ready or versions), None)


def read_sources(project: Project) -> QuerySet[Source]:
    """Sources that have a version which was read."""
    ready = Version.objects.exclude(parquet="").values("source")
    return project.sources.filter(removed_at=None, pk__in=ready)


@dataclass(frozen=True)
class ColumnReading:
    """How one column was read, and what was decided on the way."""

    name: str
    kind: str
    missing: int
    says: str


def readings(version: Version) -> list[ColumnReading]:
    """Column by column: kind, missing cells, decision."""
    told: dict[str, list[str]] = {}
    for decision in version.report.get("decisions", []):
        told.setdefault(decision["column"], []).append(decision["says"])
    return [
        ColumnReading(column.name, column.kind, column.missing, " ".join(told.get(column.name, [])))
        for column in version.table_spec.columns
    ]


def earlier_consolidation(cycle: Cycle) -> Consolidation | None:
    """How the newest earlier cycle was consolidated, to start from; None when there is none."""
    earlier = Consolidation.objects.filter(
        cycle__project=cycle.project_id, cycle__number__lt=cycle.number
    )
    return earlier.select_related("base", "cycle").order_by("-cycle__number").first()
