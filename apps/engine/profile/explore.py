"""Profile and study of a table in one walk over its columns: the worker's one call."""

from typing import Any

from apps.engine.profile.cells import Columns
from apps.engine.profile.so_far import SoFar
from apps.engine.profile.study import Study
from apps.engine.profile.table import profile
from apps.engine.types import Report


def explore_table(
    *,
    table: str,
    target: str | None,
    report: Report,
    positive: str | None = None,
    reading: str = "",
    so_far: str | None = None,
) -> dict[str, Any]:
    """``explore`` a typed table. Job function.

    ``so_far`` names a file for what is known of the columns on the way, see ``SoFar``.
    """
    known = SoFar(so_far) if so_far else None
    return explore(
        Columns(table),
        target=target,
        report=report,
        positive=positive,
        reading=reading,
        so_far=known,
    )


def explore(
    source: Columns,
    *,
    target: str | None,
    report: Report,
    positive: str | None = None,
    reading: str = "",
    so_far: SoFar | None = None,
) -> dict[str, Any]:
    """What each column is and what lies between them: ``profile`` and ``study``, JSON-ready.

    See ``profile`` for the arguments and errors, ``Study.told`` for the study.
    """
    study = Study(source)
    told = profile(
        source,
        target=target,
        report=report,
        positive=positive,
        reading=reading,
        study=study,
        so_far=so_far,
    )
    between = told.pop("study")
    return {"profile": told, "study": between}
