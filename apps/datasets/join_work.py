"""What a worker does with joins: compute those that are not known yet, look at one beforehand."""

from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from apps.datasets.joins import how_of, result_key
from apps.datasets.models import Consolidation, Join, JoinPreview, JoinResult
from apps.datasets.queries import consolidation_of, enabled_joins, source_inputs
from apps.datasets.storage import keep, local, scratch
from apps.engine.joining.how import JoinHow
from apps.jobs.models import Job
from apps.jobs.runner import Desk
from apps.projects.models import Cycle, Project
from apps.web.refusals import Refusal


def compute(inputs: dict[str, Any], desk: Desk, *, cycle: Cycle) -> list[JoinResult]:
    """The result of every join in ``inputs``; only those that are not known are computed.

    Raises the EngineError of a join that does not apply. A result follows from the contents of
    its inputs alone, so an attempt that lost its lease may leave one behind: it is what any other
    would find.
    """
    results: list[JoinResult] = []
    left, owners = inputs["base"], _owners(cycle, inputs)
    for data, owner in zip(inputs["joins"], owners, strict=True):
        key = result_key(left, data)
        found = cycle.project.join_results.filter(key=key).first()
        if found is None:
            found = _computed(left, data, desk, project=cycle.project, key=key)
        if owner is not None and found.join_id is None:
            found.join = owner
            found.save(update_fields=["join"])
        results.append(found)
        left = found.parquet
    return results


def _owners(cycle: Cycle, inputs: dict[str, Any]) -> list[Join | None]:
    """The join of today that each of the inputs is; None where the joins were changed since."""
    consolidation = consolidation_of(cycle)
    today = enabled_joins(consolidation) if consolidation else []
    return [
        join if join is not None and join.as_dict() == how_of(data) else None
        for data, join in zip_longest(inputs["joins"], today[: len(inputs["joins"])])
    ]


def _computed(
    left: str, data: dict[str, Any], desk: Desk, *, project: Project, key: str
) -> JoinResult:
    with scratch() as folder:
        done = desk.child(
            "apps.engine.joining.run:join_tables",
            left=str(local(left)),
            right=str(local(data["parquet"])),
            how=how_of(data),
            name=data["name"],
            target=str(folder / "joined.parquet"),
        )
        parquet = keep(folder / "joined.parquet")
    desk.check()
    result, _ = JoinResult.objects.get_or_create(
        project=project, key=key, defaults={**done, "parquet": parquet}
    )
    return result


def told(inputs: dict[str, Any], results: list[JoinResult]) -> dict[str, list[dict[str, Any]]]:
    """ "joins" and "waterfall" of the report of a table, from the base to the last join."""
    base = pq.read_metadata(local(inputs["base"]))
    way = [{"says": "Base table", "rows": base.num_rows, "columns": base.num_columns}]
    reports = []
    for data, result in zip(inputs["joins"], results, strict=True):
        says = JoinHow.from_dict(how_of(data)).line(data["name"])
        reports.append({**result.report, "name": data["name"], "says": says})
        way.append({"says": says, "rows": result.rows, "columns": result.columns})
    return {"joins": reports, "waterfall": way}


def compute_joins(job: Job, desk: Desk) -> None:
    """Compute the joins of a consolidation as they are today."""
    asked = Consolidation.objects.select_related("cycle__project")
    consolidation = asked.filter(job=job).first()
    if consolidation is None:
        return  # the joins were changed since: whoever wants to know asks anew
    inputs = source_inputs(consolidation.cycle)
    if inputs is None:
        raise Refusal("Choose a base whose file has been read; joined sources must be read too.")
    compute(inputs, desk, cycle=consolidation.cycle)


def preview_join(job: Job, desk: Desk) -> None:
    """Find out what a join would do, and keep the rows that find no match."""
    preview = JoinPreview.objects.select_related("project").get(job=job)
    inputs = preview.inputs
    results = compute(inputs, desk, cycle=preview.project.cycle)
    left = results[-1].parquet if results else inputs["base"]
    with scratch() as folder:
        targets = {side: folder / f"{side}.csv" for side in ("left", "right")}
        report = desk.child(
            "apps.engine.joining.preview:preview_join",
            left=str(local(left)),
            right=str(local(inputs["parquet"])),
            how=inputs["how"],
            **{f"unmatched_{side}": str(path) for side, path in targets.items()},
        )
        kept = {side: _kept(path) for side, path in targets.items()}
    with desk.finishing():
        preview.unmatched_left, preview.unmatched_right = kept["left"], kept["right"]
        preview.report = report
        preview.save(update_fields=["report", "unmatched_left", "unmatched_right"])


def _kept(path: Path) -> str:
    return keep(path) if path.exists() else ""
