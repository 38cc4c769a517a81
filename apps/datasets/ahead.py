"""What the data gates of many cycles are about, read at once; ``queries`` then finds it there."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from apps.datasets.models import Consolidation, Join, Split, Step, Table, Version
from apps.datasets.queries import (
    consolidation_of,
    current_table,
    enabled_steps,
    end_of,
    joins_of,
    newest_files,
    sealed_split,
    sources_in,
    table_inputs,
    todays_table,
    usable,
)
from apps.planning.ahead import read_ahead as read_plans
from apps.planning.queries import plan_foundation
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle
from apps.projects.said import Said
from apps.web.once import keep


def read_ahead(cycles: Sequence[Cycle], told: Said) -> None:
    """Table and split of today of each cycle, and all that the plan gate rests on.

    Six questions, and those of the rooms before. Large columns that no subject needs are left out.
    """
    read_plans(cycles, told)
    ends = dict(
        Cycle.objects.filter(pk__in=[cycle.pk for cycle in cycles])
        .annotate(end=_end("project", "number"))
        .values_list("pk", "end")
    )
    for cycle in cycles:
        keep(end_of, ends[cycle.pk], cycle)
    _read_sources(cycles, ends)
    _read_steps(cycles)
    _read_tables(cycles)
    _read_splits(cycles)


def _end(project: str, number: str) -> Subquery:
    """As ``end_of``, of a row that names ``project`` and ``number`` of its cycle."""
    later = Cycle.objects.filter(project=OuterRef(project), number__gt=OuterRef(number))
    return Subquery(later.order_by("number").values("started_at")[:1])


def _with_files(rows: QuerySet[Any], *, source: str, cycle: str) -> QuerySet[Any]:
    """``file``: newest of the source for a cycle that is worked on; ``then``: for one that ended
    at ``end``."""
    versions = Version.objects.filter(source=OuterRef(source))
    then = usable(versions, before=OuterRef("end"))
    return rows.annotate(
        end=_end(f"{cycle}__project", f"{cycle}__number"),
        file=Subquery(usable(versions).values("parquet")[:1]),
        then=Subquery(then.values("parquet")[:1]),
    )


def _read_sources(cycles: Sequence[Cycle], ends: dict[int, datetime | None]) -> None:
    bases = Consolidation.objects.filter(cycle__in=cycles).select_related("base")
    found = {row.cycle_id: row for row in _with_files(bases, source="base", cycle="cycle")}
    joins = Join.objects.filter(consolidation__cycle__in=cycles, removed_at=None)
    joined = defaultdict(list)
    rows = _with_files(
        joins.select_related("source").annotate(of=F("consolidation__cycle")),
        source="source",
        cycle="consolidation__cycle",
    )
    for join in rows:
        joined[join.of].append(join)
    for cycle in cycles:
        consolidation, before = found.get(cycle.pk), ends[cycle.pk]
        keep(consolidation_of, consolidation, cycle)
        if consolidation is None:
            continue
        keep(joins_of, joined[cycle.pk], consolidation)
        rows_of = {join.source_id: join for join in joined[cycle.pk]}
        rows_of[consolidation.base_id] = consolidation
        needed = sources_in(consolidation)
        files = {key: rows_of[key].then if before else rows_of[key].file for key in needed}
        told = {key: file for key, file in files.items() if file}
        keep(newest_files, told, needed, before=before)


def _read_steps(cycles: Sequence[Cycle]) -> None:
    found = defaultdict(list)
    for step in Step.objects.filter(cycle__in=cycles, is_enabled=True, is_fitted=False):
        found[step.cycle_id].append(step)
    for cycle in cycles:
        keep(enabled_steps, found[cycle.pk], cycle)


def _read_tables(cycles: Sequence[Cycle]) -> None:
    tables = Table.objects.filter(cycle__in=cycles).only("cycle", "inputs_hash", "parquet")
    found = {(table.cycle_id, table.inputs_hash): table for table in tables}
    for cycle in cycles:
        inputs = table_inputs(cycle)
        digest = content_hash(inputs) if inputs is not None else ""
        keep(todays_table, found.get((cycle.pk, digest)), cycle)


def _read_splits(cycles: Sequence[Cycle]) -> None:
    tables = {cycle: table for cycle in cycles if (table := current_table(cycle)) is not None}
    sealed = Split.objects.exclude(sealed_test="").filter(table__in=tables.values())
    named = sealed.annotate(foundation=F("plan__foundation")).order_by("pk")
    found = {
        (split.table_id, split.foundation): split
        for split in named.only("table", "plan", "split_file")
    }
    for cycle, table in tables.items():
        keep(sealed_split, found.get((table.pk, plan_foundation(cycle))), cycle, table)
