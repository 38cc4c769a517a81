"""Reads about joins: what is computed of them, what still applies, what can be joined."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from apps.datasets.models import Consolidation, Join, JoinPreview, JoinResult, Source, Version
from apps.datasets.queries import (
    consolidation_of,
    current_table,
    enabled_joins,
    joins_of,
    newest_version,
    read_sources,
    source_inputs,
    with_paths,
)
from apps.datasets.storage import local
from apps.engine.joining.how import JoinHow
from apps.engine.recipe.build import consolidated_shape, what_applies
from apps.engine.types import TableSpec
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle, Project

HIDDEN = "hidden"
HOW = ("kind", "left_on", "right_on", "prefix", "options")


def how_of(join: dict[str, Any]) -> dict[str, Any]:
    """The part of a join that says how, without what it is called and what is joined."""
    return {name: join[name] for name in HOW if name in join}


def result_key(left: str, join: dict[str, Any]) -> str:
    """Hash of everything that the table after a join follows from; contents, not names."""
    return content_hash({"left": left, "right": join["parquet"], "how": how_of(join)})


def computed(project: Project, inputs: dict[str, Any]) -> list[JoinResult | None]:
    """The result of each join that is known, None for the first that is not and all behind it."""
    known: list[JoinResult | None] = []
    left = inputs["base"]
    for join in inputs["joins"]:
        found = None
        if left:
            found = project.join_results.filter(key=result_key(left, join)).first()
        known.append(found)
        left = found.parquet if found else ""
    return known


def consolidated_parquet(cycle: Cycle) -> str:
    """Hash of the table after all joins; empty while one is not computed."""
    inputs = source_inputs(cycle)
    if inputs is None:
        return ""
    results = computed(cycle.project, inputs)
    last = results[-1] if results else None
    return last.parquet if last else "" if results else inputs["base"]


@dataclass(frozen=True)
class JoinLine:
    """A join on the page: whether it applies today, what it did, and what it did before."""

    join: Join
    problem: str
    result: JoinResult | None
    before: JoinResult | None
    """Its last result for other contents; None when there is none or it is today's."""
    version: Version | None
    """What is joined today."""

    @property
    def how(self) -> JoinHow:
        """As the engine reads it."""
        return self.join.how

    @property
    def state(self) -> str:
        """For the badge."""
        if not self.join.is_enabled:
            return "locked"
        return "failed" if self.problem else "done" if self.result else "waiting"

    @property
    def says(self) -> str:
        """Whether it still applies, in a few words."""
        words = {"locked": "switched off", "failed": "does not apply", "done": "applies"}
        return words.get(self.state, "applies, not computed yet")


@dataclass(frozen=True)
class ConsolidatePage:
    """Base, joins, what was taken out, and what could be joined."""

    consolidation: Consolidation | None
    base_rows: int
    base_columns: int
    base_parquet: str
    lines: list[JoinLine]
    removed: list[Join]
    shape: TableSpec | None
    table: Any

    @property
    def base(self) -> Source | None:
        """The source whose rows come first."""
        return self.consolidation.base if self.consolidation else None

    @property
    def problem(self) -> str:
        """Why the joins do not make one table."""
        return next((line.problem for line in self.lines if line.problem), "")

    @property
    def is_computed(self) -> bool:
        """Every join that is switched on has its result."""
        return all(line.result for line in self.lines if line.join.is_enabled)


def consolidate_page(cycle: Cycle) -> ConsolidatePage:
    """How one table comes out of the sources. Reads no rows."""
    consolidation, inputs = consolidation_of(cycle), source_inputs(cycle)
    if consolidation is None or inputs is None:
        return ConsolidatePage(consolidation, 0, 0, "", [], [], None, None)
    base = pq.read_metadata(local(inputs["base"]))
    lines, shape = _lines(consolidation, inputs, project=cycle.project)
    removed = consolidation.joins.exclude(removed_at=None).select_related("source")
    return ConsolidatePage(
        consolidation=consolidation,
        base_rows=base.num_rows,
        base_columns=base.num_columns,
        base_parquet=inputs["base"],
        lines=lines,
        removed=list(removed.order_by("-removed_at")),
        shape=shape,
        table=current_table(cycle),
    )


def _lines(
    consolidation: Consolidation, inputs: dict[str, Any], *, project: Project
) -> tuple[list[JoinLine], TableSpec | None]:
    """Each join held against what is before it, and the shape at the end."""
    joins = joins_of(consolidation)
    results = iter(computed(project, inputs))
    earlier = _results_of(joins)
    lines: list[JoinLine] = []
    found, shape = what_applies(**with_paths(inputs))
    problems = iter(found)
    for join in joins:
        version = newest_version(join.source, cycle=consolidation.cycle)
        if not join.is_enabled:
            lines.append(JoinLine(join, "", None, next(iter(earlier[join.pk]), None), version))
            continue
        result, problem = next(results), next(problems)
        before = next((each for each in earlier[join.pk] if each != result), None)
        lines.append(JoinLine(join, problem, result, before, version))
    return lines, shape


def _results_of(joins: list[Join]) -> dict[int | None, list[JoinResult]]:
    """All results that were computed for a join, the newest first."""
    found: dict[int | None, list[JoinResult]] = {join.pk: [] for join in joins}
    for result in JoinResult.objects.filter(join__in=joins).order_by("-pk"):
        found[result.join_id].append(result)
    return found


def offered_sources(cycle: Cycle) -> list[Source]:
    """Sources that were read, those that are not part of the table first."""
    consolidation = consolidation_of(cycle)
    if consolidation is None:
        return []
    used = {consolidation.base_id, *(join.source_id for join in joins_of(consolidation))}
    return sorted(
        read_sources(cycle.project), key=lambda each: (each.pk in used, each.name.lower())
    )


def used_sources(cycle: Cycle) -> set[int]:
    """Sources that the table is made of today."""
    consolidation = consolidation_of(cycle)
    if consolidation is None:
        return set()
    return {consolidation.base_id, *(join.source_id for join in joins_of(consolidation))}


def preview_inputs(
    cycle: Cycle, source: Source, how: dict[str, Any], *, join: Join | None = None
) -> dict[str, Any] | None:
    """What a preview follows from: all joins, or those before ``join``, which would be changed."""
    inputs, consolidation = source_inputs(cycle), consolidation_of(cycle)
    version = newest_version(source, cycle=cycle)
    if inputs is None or consolidation is None or version is None:
        return None
    joins = inputs["joins"]
    if join is not None:
        earlier = [each for each in enabled_joins(consolidation) if _is_before(each, join)]
        joins = joins[: len(earlier)]
    return {**inputs, "joins": joins, "name": source.name, "parquet": version.parquet, "how": how}


def _is_before(each: Join, join: Join) -> bool:
    return (each.position, each.pk) < (join.position, join.pk)


def preview_key(inputs: dict[str, Any]) -> str:
    """Hash of contents and ways, not of names."""
    joins = [{"parquet": each["parquet"], **how_of(each)} for each in inputs["joins"]]
    return content_hash({**inputs, "joins": joins, "name": "", "base_name": ""})


def veiled(told: dict[str, Any], *, hidden: Collection[str]) -> dict[str, Any]:
    """What a preview tells, without values of columns that the plan marks as sensitive."""
    how, shown = told.get("how") or {}, dict(told)
    for side in ("left", "right"):
        found = told.get(f"unmatched_{side}")
        if not found or not set(hidden) & {*found["columns"], *how.get(f"{side}_on", [])}:
            continue
        away = [name in hidden for name in found["columns"]]
        rows = [
            [HIDDEN if off else cell for cell, off in zip(row, away, strict=True)]
            for row in found["rows"]
        ]
        keys = [] if set(how.get(f"{side}_on", [])) & set(hidden) else found["keys"]
        shown[f"unmatched_{side}"] = {**found, "rows": rows, "keys": keys}
    return shown


def shape_before(preview: JoinPreview) -> TableSpec:
    """Columns of the table that a preview joins to. Raises an EngineError. Reads no rows."""
    return consolidated_shape(**with_paths(preview.inputs))


def shape_of_source(preview: JoinPreview) -> TableSpec:
    """Columns of the joined source. Reads no rows."""
    return consolidated_shape(base=str(local(preview.inputs["parquet"])), joins=[])


def default_prefix(cycle: Cycle, source: Source) -> str:
    """A prefix that no other join of the cycle has: the name of the source, with a number."""
    consolidation = consolidation_of(cycle)
    taken = {join.prefix for join in joins_of(consolidation)} if consolidation else set()
    stem, number = source.name[:36], 2
    prefix = f"{stem}_"
    while prefix in taken:
        prefix, number = f"{stem}{number}_", number + 1
    return prefix
