"""Batch scoring, read: whether a release may score, the list of batches, the answers as files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from apps.datasets.models import Version
from apps.datasets.queries import sources_of
from apps.datasets.storage import local
from apps.datasets.veiling import WITHHELD, veiled_lines
from apps.jobs.queries import estimate_text
from apps.planning.queries import sensitive_columns
from apps.production.endpoint.standing import Standing, answering
from apps.production.models import Deployment, Release, Scores, Scoring, ScoringRemoval
from apps.projects.models import Project
from apps.web.refusals import Refusal

MOST_LISTED = 50


def what_scores(deployment: Deployment) -> tuple[Release | None, str]:
    """The release whose rows would be scored now, and why it may score none; empty when it may."""
    now = answering(deployment)
    return now.release, why_not(now.release, now) if now.release else ""


def why_not(release: Release, now: Standing) -> str:
    """Why a release may score no rows as it stands, as a sentence; empty when it may.

    As of a request: it has to be signed and what answers, and neither stopped nor replaced.
    """
    if now.release is None:
        return (
            "No release of this endpoint is signed at the production gate, so no rows are scored."
        )
    if now.stopped:
        return f"This endpoint was stopped, so no rows are scored: {now.stopped}"
    if now.rule is not None:
        return "A simple rule answers in the model's place, so the model scores no rows now."
    if now.release.pk != release.pk:
        return (
            f"Release {now.release.number} answers now, not release {release.number}: start "
            "again, and read which one scores."
        )
    return ""


def require_answering(release: Release) -> None:
    """Raise Refusal where ``why_not`` has a reason against it now."""
    if why := why_not(release, answering(release.deployment)):
        raise Refusal(why)


def is_removed(scoring: Scoring) -> bool:
    """Whether its file and answers were removed."""
    return ScoringRemoval.objects.filter(scoring=scoring).exists()


def require_kept(scoring: Scoring) -> None:
    """Raise Refusal where file and answers were removed."""
    if is_removed(scoring):
        raise Refusal(f"File and answers of batch {scoring.number} were removed.")


def rows_of(scoring: Scoring) -> Path:
    """The file to be scored, or the table of the version."""
    return local(scoring.sha256, shelf="" if scoring.version_id else scoring.shelf)


def versions_to_score(project: Project) -> list[Version]:
    """Versions that are read, of the sources in use, the newest first."""
    found = Version.objects.filter(source__in=sources_of(project)).exclude(parquet="")
    return list(found.select_related("source").order_by("source__name", "-number"))


def batches(deployment: Deployment) -> list[Scoring]:
    """The newest batches with their jobs and answers."""
    found = deployment.scorings.select_related(
        "job", "scores", "person", "release__candidate", "removal__person"
    )
    return list(found.order_by("-number")[:MOST_LISTED])


def estimate_of(scoring: Scoring | None) -> str:
    """How long a batch that runs will take, in words."""
    return estimate_text(scoring.job) if scoring else ""


def file_name(scoring: Scoring) -> str:
    """What a file of answers is called: with release and model, which a cell cannot hold."""
    model = scoring.release.candidate.model[:12]
    return (
        f"{scoring.deployment.slug}-batch-{scoring.number}-release-{scoring.release.number}-{model}"
    )


def hidden_columns(scores: Scores) -> frozenset[str]:
    """The file's own columns whose cells are not given out today."""
    cycle = scores.scoring.deployment.project.cycle
    return sensitive_columns(cycle) & frozenset(scores.report["columns"])


def unread_of(scores: Scores) -> Path:
    """A CSV of the records that are no rows."""
    return local(scores.unread, shelf=scores.scoring.shelf)


def _answers(scores: Scores) -> Path:
    return local(scores.sha256, shelf=scores.scoring.shelf)


def lines_of(scores: Scores) -> Iterator[list[Any]]:
    """Head and rows of the answers as CSV; sensitive cells taken out, formulas made harmless."""
    return veiled_lines(_answers(scores), hidden=hidden_columns(scores))


def parquet_of(scores: Scores, *, target: Path) -> Path:
    """The answers as Parquet: as they are kept, or written anew at ``target`` without sensitive
    cells. O(cells), a batch of rows in memory."""
    path, hidden = _answers(scores), hidden_columns(scores)
    if not hidden:
        return path
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        for name in hidden:
            schema = schema.set(schema.get_field_index(name), pa.field(name, pa.string()))
        with pq.ParquetWriter(target, schema) as writer:
            for batch in file.iter_batches():
                cells = [
                    pa.array([WITHHELD] * len(column)) if name in hidden else column
                    for name, column in zip(schema.names, batch.columns, strict=True)
                ]
                writer.write_batch(pa.record_batch(cells, schema=schema))
    return target
