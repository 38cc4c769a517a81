"""Profile a table. Columns are read one at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.errors import ColumnMissing, NotEnoughData
from apps.engine.profile.associations import Compared, Trait, trait_of
from apps.engine.profile.categorical import (
    Coded,
    profile_values,
    same_but_for_spelling,
)
from apps.engine.profile.cells import Columns
from apps.engine.profile.datetime import profile_dates, spans
from apps.engine.profile.duplicates import RowHashes
from apps.engine.profile.findings import find
from apps.engine.profile.gaps import Gap
from apps.engine.profile.gram import Scaled
from apps.engine.profile.groups import Groups, group_numbers, group_values
from apps.engine.profile.helpers import HELPERS, LEAST_CELLS, Crew
from apps.engine.profile.leakage import leak
from apps.engine.profile.missing import disguised_numbers, disguised_texts
from apps.engine.profile.mutual import Binned, mutual_matrix
from apps.engine.profile.numeric import profile_numbers
from apps.engine.profile.ordering import Sorted
from apps.engine.profile.sample import MOST_ROWS, Excerpt, prepared
from apps.engine.profile.so_far import SoFar
from apps.engine.profile.study import Piece, Study
from apps.engine.profile.target import Target, has_target, prepare_target
from apps.engine.types import Kind, Report

MOST_SPELLINGS = 20
MOST_SPELLING_VALUES = 10_000
MOST_BYTES_A_ROW = 11
"""What is kept of a compared row of a column, and told to another process."""


def profile(
    source: Columns,
    *,
    target: str | None,
    report: Report,
    positive: str | None = None,
    reading: str = "",
    study: Study | None = None,
    so_far: SoFar | None = None,
) -> dict[str, Any]:
    """Profile columns, exactly and on all their rows; pairs of them on ``compared_rows``.

    Parameters
    ----------
    source : Columns
        Of a typed table (Parquet); a few columns at a time are in memory, and what is kept of
        the rows on which at most MOST_COLUMNS columns are compared.
    target : str or None
        Column to relate every other column to.
    positive : str or None
        Class of the target whose rate is told; None chooses (see ``class_target``).
    reading : str
        How the plan says that the target is read (see ``prepare_target``); "" finds out.
    study : Study or None
        Gathers what lies between the columns, on the way.
    so_far : SoFar or None
        Is told the columns that are done, now and then, with what is found in them.

    Returns
    -------
    dict, JSON-ready
        ``rows``, ``columns`` (one profile each, in table order), ``column_count``,
        ``missing_cells``, ``duplicate_rows``, ``memory_bytes``, ``target``,
        ``associations``, ``findings`` (what to look at first) and ``study`` when there is one.

    Raises
    ------
    ColumnMissing
        If the table has no column ``target``.
    NotEnoughData
        If the table has no rows.
    """
    names = source.names
    if target is not None and target not in names:
        raise ColumnMissing(f"The table has no column “{target}”; choose the target again.")
    if not source.rows:
        raise NotEnoughData("The table has no rows, so there is nothing to profile.")
    walk = _Walk(source, target=target, positive=positive, reading=reading, study=study)
    columns = []
    with _crew(walk) as crew:
        for done, column in enumerate(crew.results(names)):
            report(done, len(names) + 1, f"Profiling “{names[done]}”")
            columns.append(walk.kept(column))
            if so_far is not None and so_far.is_due:
                so_far.tell(_with_findings(walk.told(columns)))
        report(len(names), len(names) + 1, "Comparing columns")
        mutual = crew.ask(list(study.bins.values())) if study else None
        told = walk.told(columns)
        told["associations"] = walk.compared.matrix()
        told["duplicate_rows"] = walk.hashes.repeated()
        told = _with_findings(told)
        if study is not None and mutual is not None:
            told["study"] = study.told(told, mutual=mutual)
    report(len(names) + 1, len(names) + 1, "Profiled")
    return told


def _with_findings(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "findings": find(told)}


def _helpers_for(source: Columns) -> int:
    """Other processes that are worth their start."""
    if source.rows * len(source.names) < LEAST_CELLS:
        return 0
    return min(HELPERS, len(source.names) - 1)


def _crew(walk: "_Walk") -> Crew[str, "_Column"]:
    """The processes among which the columns are shared out."""
    rows, names, helpers = walk.source.rows, walk.source.names, _helpers_for(walk.source)
    column_bytes = MOST_BYTES_A_ROW * min(rows, MOST_ROWS) + rows // 8 + 4_096
    return Crew(
        walk.column,
        aside=mutual_matrix,
        helpers=helpers,
        shelf_bytes=len(names) * column_bytes + 8 * rows,
        types={each.__name__: each for each in (_Column, Trait, Scaled, Piece, Gap, Binned)},
        gathered=walk.hashes.told,
        gather=walk.hashes.join,
    )


@dataclass(frozen=True)
class _Column:
    """What is kept of a column until its turn comes."""

    profile: dict[str, Any]
    trait: Trait
    nbytes: int
    piece: Piece | None


class _Walk:
    """One pass over the columns, and what is carried from one to the next."""

    def __init__(
        self,
        source: Columns,
        *,
        target: str | None,
        positive: str | None,
        reading: str,
        study: Study | None,
    ) -> None:
        self.source, self.study = source, study
        self.hashes = RowHashes(source.rows)
        self.memory_bytes = 0
        self.compared = Compared(reserved=target)
        self.target_name = target
        self.target: Target | None = None
        self.has_target: NDArray[np.bool_] | None = None  # None: every row has one
        self.target_says: dict[str, Any] | None = None
        if target is not None:
            series = source.series(target)
            usable = has_target(series)
            self.has_target = None if usable.all() else usable
            self.target, self.target_says = prepare_target(
                series[usable].reset_index(drop=True),
                rows=source.rows,
                positive=positive,
                reading=reading,
            )
        if study is not None:
            study.begin(self.target, self.has_target)

    def column(self, name: str) -> _Column:
        """Read and profile one column, in this process or in a helper."""
        cells = self.source.read(name)
        profile: dict[str, Any] = {
            "name": name,
            "kind": str(cells.kind),
            "count": len(cells.present) - cells.missing,
            "missing": cells.missing,
            "missing_share": cells.missing / len(cells.present),
        }
        feature = prepared(cells)
        profile |= _describe(feature, kind=cells.kind)
        if self.target is not None and name != self.target_name:
            related = feature if self.has_target is None else prepared(cells.of(self.has_target))
            groups = _groups(related, kind=cells.kind)
            profile["relation"] = self.target.relate(groups, feature=related)
            profile["leak"] = leak(profile["relation"])
        excerpt = Excerpt.of(feature)
        trait, piece = trait_of(name, excerpt), None
        if self.study is not None:
            is_target = name == self.target_name
            piece = self.study.look(
                trait, profile, cells=cells, excerpt=excerpt, is_target=is_target
            )
        self.hashes.add(cells, feature=feature)
        return _Column(profile, trait, cells.nbytes, piece)

    def kept(self, column: _Column) -> dict[str, Any]:
        """Take over a column in the order of the table; its profile."""
        self.memory_bytes += column.nbytes
        is_compared = self.compared.add(column.trait)
        if self.study is not None and column.piece is not None:
            self.study.keep(column.piece, is_compared=is_compared)
        return column.profile

    def told(self, columns: list[dict[str, Any]]) -> dict[str, Any]:
        """The table as far as these columns tell it: no two are compared, no row is counted."""
        return {
            "rows": self.source.rows,
            "column_count": len(self.source.names),
            "missing_cells": sum(column["missing"] for column in columns),
            "memory_bytes": self.memory_bytes,
            "columns": columns,
            "target": self.target_says,
            "associations": {"strongest": []},
            "duplicate_rows": 0,
        }


def _describe(feature: Sorted | Coded, *, kind: Kind) -> dict[str, Any]:
    if isinstance(feature, Coded):
        few = feature.distinct <= MOST_SPELLING_VALUES
        return {
            **profile_values(feature),
            "disguised_missing": disguised_texts(feature),
            "spellings": same_but_for_spelling(feature)[:MOST_SPELLINGS] if few else [],
        }
    if kind == Kind.DATETIME:
        return profile_dates(feature.ascending)
    return {**profile_numbers(feature), "disguised_missing": disguised_numbers(feature)}


def _groups(feature: Sorted | Coded, *, kind: Kind) -> Groups:
    if isinstance(feature, Coded):
        return group_values(feature)
    if kind == Kind.DATETIME:
        return group_numbers(feature, words=spans(feature.ascending))
    return group_numbers(feature)
