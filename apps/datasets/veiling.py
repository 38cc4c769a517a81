"""Rows as the data room shows them: of sensitive columns there is no cell, on no page."""

from collections.abc import Collection, Sequence
from typing import Any

from apps.datasets.models import Version
from apps.planning.queries import sensitive_columns
from apps.projects.models import Cycle
from apps.web.refusals import Refusal

HIDDEN = "•••"


def veiled_look(look: dict[str, Any] | None, *, cycle: Cycle) -> dict[str, Any] | None:
    """First rows under other options, or of a query, without cells of sensitive columns."""
    if not look or "rows" not in look:
        return look
    names = [column["name"] for column in look["columns"]]
    return {**look, "rows": veiled_rows(look["rows"], names, hidden=sensitive_columns(cycle))}


def first_rows_of(version: Version | None, *, cycle: Cycle) -> list[Sequence[Any]]:
    """The first rows of a version as they came, without cells of sensitive columns."""
    if version is None or not version.is_ready:
        return []
    names = version.table_spec.names
    return veiled_rows(version.report["preview"], names, hidden=sensitive_columns(cycle))


def veiled_rows(
    rows: Sequence[Sequence[Any]], names: Sequence[str], *, hidden: Collection[str]
) -> list[Sequence[Any]]:
    """``rows``, of which each cell of a ``hidden`` column is HIDDEN, a missing one too."""
    places = [place for place, name in enumerate(names) if name in hidden]
    if not places:
        return list(rows)
    found = [list(row) for row in rows]
    for row in found:
        for place in places:
            row[place] = HIDDEN
    return found


def may_leave(version: Version, *, cycle: Cycle) -> None:
    """Raise Refusal when the bytes of a version hold columns whose values are not shown."""
    names = version.table_spec.names if version.spec else []
    kept = [name for name in names if name in sensitive_columns(cycle)]
    if kept:
        listed = ", ".join(f"“{name}”" for name in kept[:5])
        more = f" and {len(kept) - 5} more" if len(kept) > 5 else ""
        raise Refusal(
            f"{version} is not given out: {listed}{more} hold sensitive values. Who brought the "
            "file has it; what it is stands in its SHA-256."
        )
