"""What a worker does with a file of actual values: every row is looked at before one is kept.

What is kept then stays, whoever is killed: the file is read again, what is known passed over.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from apps.datasets.storage import clear, local, scratch
from apps.jobs.models import Job
from apps.jobs.runner import Desk, LostLease
from apps.production.log.actuals import MOST_ERRORS, Cell, fitting, keep
from apps.production.models import ActualsFile
from apps.projects import ledger

PART_ROWS = 5_000
"""So many are kept in a transaction: others write in between."""


def take_file(job: Job, desk: Desk) -> None:
    """Read the file, look at all rows, keep them, and let the file go."""
    asked = ActualsFile.objects.select_related("deployment__project", "person").get(job=job)
    try:
        with scratch() as folder:
            told = _taken(asked, desk, folder / "rows.parquet")
        with desk.finishing():
            asked.report = told
            asked.save(update_fields=["report"])
            ledger.record(
                "production.actuals_told",
                f"{asked.person} brought actual values in “{asked.filename}”: {_outcome(told)}",
                actor=asked.person,
                project=asked.deployment.project,
                facts={
                    "file": asked.sha256,
                    **{key: told[key] for key in ("rows", "accepted", "known_before", "empty")},
                    "misfits": told["misfit_count"],
                },
            )
    except LostLease:
        raise  # another worker is at it
    except Exception:
        clear(asked.shelf)
        raise
    clear(asked.shelf)


def _outcome(told: dict[str, Any]) -> str:
    says = f"{told['accepted']:,} kept, {told['known_before']:,} known before"
    return f"{says}, {told['misfit_count']:,} of {told['rows']:,} rows do not fit"


def _taken(asked: ActualsFile, desk: Desk, target: Path) -> dict[str, Any]:
    deployment = asked.deployment
    release = deployment.releases.exclude(content_hash="").order_by("-number").first()
    told = desk.child(
        "apps.engine.serving.truths:read_truths",
        source=str(local(asked.sha256, shelf=asked.shelf)),
        filename=asked.filename,
        target=str(target),
        id_column=asked.id_column,
        value_column=asked.value_column,
        target_names=[release.candidate.trial.experiment.split.target] if release else [],
    )
    told |= {"accepted": 0, "known_before": 0, "misfits": [], "misfit_count": 0, "empty": 0}
    total = 2 * told["rows"]
    seen: dict[uuid.UUID, int] = {}
    for first, size, rows in _parts(target):
        desk.report(first, total, f"Looking at row {first:,}")
        _, errors = fitting(deployment, rows, told=seen)
        told["empty"] += size - len(rows)
        told["misfits"] += errors[: MOST_ERRORS - len(told["misfits"])]
        told["misfit_count"] += len(errors)
    if told["misfit_count"]:
        return told
    for first, _, rows in _parts(target):
        desk.report(told["rows"] + first, total, f"Keeping row {first:,}")
        fresh, errors = fitting(deployment, rows, told={})  # errors: told otherwise meanwhile
        kept = len(keep(fresh))
        told["accepted"] += kept
        told["known_before"] += len(rows) - kept - len(errors)
        told["misfits"] += errors[: MOST_ERRORS - len(told["misfits"])]
        told["misfit_count"] += len(errors)
    return told


def _parts(path: Path) -> Iterator[tuple[int, int, list[tuple[int, dict[str, Any]]]]]:
    """Number of the first row, how many rows, and those that have a value, each with its number."""
    first = 1
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=PART_ROWS):
            yield (
                first,
                batch.num_rows,
                [
                    (
                        number,
                        {"prediction_id": row["id"], "value": Cell(row["text"], row["number"])},
                    )
                    for number, row in enumerate(batch.to_pylist(), start=first)
                    if row["text"] is not None
                ],
            )
            first += batch.num_rows
