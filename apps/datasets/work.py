"""What a worker does: read a file, build the table, draw the split and seal the test."""

import json
from pathlib import Path
from typing import Any

from django.utils import timezone

from apps.datasets.contract_work import checked_by_force, keep_check
from apps.datasets.join_work import compute, told
from apps.datasets.layouts import forget, lay_out
from apps.datasets.models import Examination, FittedLook, Split, Table, Version
from apps.datasets.queries import newest_version, with_paths
from apps.datasets.storage import keep, local, scratch
from apps.datasets.vault import seal
from apps.engine.errors import NotEnoughData
from apps.jobs.models import Job
from apps.jobs.runner import Desk
from apps.planning.queries import as_signed, signed_plan
from apps.projects import ledger
from apps.projects.models import Project
from apps.web.refusals import Refusal


def read_version(job: Job, desk: Desk) -> None:
    """Read the original bytes into a typed table, in a limited child process."""
    version = Version.objects.select_related("source__project").get(job=job)
    with scratch() as folder:
        report = typed(version, local(version.sha256), desk=desk, folder=folder)
    with desk.finishing():
        write_reading(version, report, job=job)


def typed(version: Version, original: Path, *, desk: Desk, folder: Path) -> dict[str, Any]:
    """Make and keep the typed table; return the report of reading, with its hash in "parquet"."""
    report = desk.child(
        "apps.engine.reading.imports:import_file",
        source=str(original),
        target=str(folder / "table.parquet"),
        filename=version.filename,
        options=version.options or None,
        limits=None,
        rejects=str(folder / "rejects.csv"),
    )
    report["parquet"] = keep(folder / "table.parquet")
    if (folder / "rejects.csv").exists():
        report["rejects"] = keep(folder / "rejects.csv")
    if version.waits:
        report["compared"] = _compared(version, report["parquet"], desk)
    report["held"] = checked_by_force(
        version.source.project, version.source, report["parquet"], desk
    )
    return report


def write_reading(version: Version, report: dict[str, Any], *, job: Job) -> None:
    """Write what was read, inside of the job's last transaction."""
    held = report.pop("held")
    version.spec, version.rows = report.pop("spec"), report["rows"]
    version.parquet, version.report = report.pop("parquet"), report
    version.save(update_fields=["spec", "rows", "parquet", "report"])
    ledger.record(
        "data.read",
        f"{version} was read: {version.rows:,} rows, {len(version.spec['columns'])} columns, "
        f"{report['rejected_count']:,} rejected",
        actor=job.by,
        project=version.source.project,
        facts={"parquet": version.parquet, "rows": version.rows},
    )
    keep_check(held, by=job.by)


def _compared(version: Version, parquet: str, desk: Desk) -> dict[str, Any] | None:
    """How it differs from the version in use; None when there is none any more."""
    used = newest_version(version.source)
    if used is None:
        return None
    told = desk.child(
        "apps.engine.reading.versions:compare_tables",
        old=str(local(used.parquet)),
        new=str(local(parquet)),
    )
    return {"number": used.number, **told}


def build_table(job: Job, desk: Desk) -> None:
    """Join and clean, in limited child processes; joins that are known are not computed again."""
    table = Table.objects.select_related("cycle__project").get(job=job)
    inputs, plan = table.inputs, signed_plan(table.cycle)
    results = compute(inputs, desk, cycle=table.cycle)
    before = told(inputs, results)
    if results and not results[-1].rows:
        raise NotEnoughData(f"No row is left after {before['waterfall'][-1]['says']}: change it.")
    with scratch() as folder:
        result = desk.child(
            "apps.engine.recipe.build:build_table",
            base=str(local(results[-1].parquet if results else inputs["base"])),
            joins=[],
            steps=inputs["steps"],
            target=str(folder / "table.parquet"),
            consolidated_target=str(folder / "consolidated.parquet"),
            outcome=plan.target if plan else "",
            positive=(plan.positive or "") if plan else "",
        )
        parquet, consolidated = (
            keep(folder / "table.parquet"),
            keep(folder / "consolidated.parquet"),
        )
    lay_out(parquet, desk)
    result["joins"] = before["joins"]
    *way, last = before["waterfall"]
    joined, *cleaned = result["waterfall"]  # the child began with the joined table
    result["waterfall"] = [*way, {**joined, "says": last["says"]}, *cleaned]
    held = checked_by_force(table.cycle.project, None, parquet, desk)
    with desk.finishing():
        table.parquet, table.consolidated, table.rows = parquet, consolidated, result["rows"]
        table.spec, table.consolidated_spec = result.pop("spec"), result.pop("consolidated_spec")
        table.report = result
        table.save()
        ledger.record(
            "data.table_built",
            f"The table is built: {table.rows:,} rows, {len(table.spec['columns'])} columns",
            actor=job.by,
            project=table.cycle.project,
            facts={"parquet": parquet, "inputs": table.inputs_hash},
        )
        keep_check(held, by=job.by)


def examine(job: Job, desk: Desk) -> None:
    """Look for what is wrong with a table, in a limited child; keep the result as a file."""
    examination = Examination.objects.select_related("cycle__project").get(job=job)
    inputs = examination.inputs
    with scratch() as folder:
        about: dict[str, Any] = {
            "folder": str(folder),
            "target": examination.target,
            "positive": inputs.get("positive"),
            "reading": inputs.get("reading", ""),
            "later": inputs.get("later", []),
            "today": timezone.localdate().isoformat(),
        }
        if "development" in inputs:
            about["table"] = str(local(inputs["development"]))
        else:
            about |= {**with_paths(inputs), "steps": inputs["steps"]}
        result = desk.child("apps.engine.profile.issues.examine:examine", **about)
        told = folder / "issues.json"
        told.write_text(json.dumps(result, allow_nan=False))
        stored = keep(told)
    with desk.finishing():
        examination.result = stored
        examination.save(update_fields=["result"])
        ledger.record(
            "data.examined",
            f"{len(result['issues'])} issues were found in {result['rows']:,} rows",
            actor=job.by,
            project=examination.cycle.project,
            facts={"result": stored, "subject": examination.subject},
        )


def look_at_choices(job: Job, desk: Desk) -> None:
    """Fit the fitted choices on development rows, in a limited child; keep what is told."""
    look = FittedLook.objects.select_related("split").get(job=job)
    split = look.split
    told = desk.child(
        "apps.engine.training.fitted.look:look_at_choices",
        development=str(local(split.development)),
        target=split.target,
        features=look.features,
        problem=split.report["problem"],
        choices=look.choices,
    )
    with scratch() as folder:
        file = folder / "look.json"
        file.write_text(json.dumps(told, allow_nan=False))
        stored = keep(file)
    with desk.finishing():
        look.result = stored
        look.save(update_fields=["result"])


def _drawn(split: Split, desk: Desk, folder: Path) -> dict[str, Any]:
    """Write the parts of the split into ``folder``; return the report."""
    plan = as_signed(split.plan)
    result = desk.child(
        "apps.engine.splitting.draw:draw_split",
        table=str(local(split.table.parquet)),
        method=split.method,
        target=split.target,
        group=split.group or None,
        time=split.time or None,
        test_share=split.test_share,
        folds=split.folds,
        seed=split.seed,
        split_file=str(folder / "split.parquet"),
        development=str(folder / "development.parquet"),
        test=str(folder / "test.parquet"),
        raw=str(local(split.table.consolidated)),
        raw_development=str(folder / "raw.parquet"),
        quantity=plan.is_of_numbers,
        sets=plan.sets,
        sign=plan.label_sign,
    )
    result["losses"] = desk.child(
        "apps.engine.recipe.losses:count_losses",
        base=str(local(split.table.inputs["base"])),
        kept=str(local(split.table.consolidated)),
        target=split.target,
    )
    return result


def draw_split(job: Job, desk: Desk) -> None:
    """Divide the table; keep development rows, encrypt test rows, remove the plain ones."""
    split = Split.objects.select_related("table__cycle__project", "plan").get(job=job)
    with scratch() as folder:
        result = _drawn(split, desk, folder)
        split.sealed_test = seal(folder / "test.parquet")
        split.split_file = keep(folder / "split.parquet")
        split.development = keep(folder / "development.parquet")
        split.raw_development = keep(folder / "raw.parquet")
    project = split.table.cycle.project
    held = checked_by_force(project, None, split.development, desk, split_file=split.split_file)
    lay_out(split.development, desk)
    with desk.finishing():
        Project.objects.select_for_update().get(pk=project.pk)
        if split.table.cycle.openings.exists():
            raise Refusal("The sealed test was opened meanwhile: its rows are fixed now.")
        split.report = result
        split.save()
        ledger.record(
            "data.split_sealed",
            f"The split is drawn: {result['development_rows']:,} development rows, "
            f"{result['test_rows']:,} test rows sealed",
            actor=job.by,
            project=project,
            facts={"split": split.split_file, "rows": result["row_ids_sha256"]},
        )
        keep_check(held, by=job.by)
    forget(split.table.parquet)  # from now on pages show development rows
