"""What a worker does with contracts: draft one, hold tables against the one in force."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.agreeing import record
from apps.datasets.contracts import in_force
from apps.datasets.models import Contract, ContractRun, Source
from apps.datasets.queries import enabled_steps
from apps.datasets.storage import keep, local, scratch
from apps.engine.contract.rule import rules_from
from apps.jobs.models import Job
from apps.jobs.runner import Desk
from apps.planning.queries import sensitive_columns, signed_plan
from apps.projects import ledger
from apps.projects.models import Project


def _now() -> str:
    """Now in UTC, without a zone, as moments of tables are."""
    return timezone.now().replace(tzinfo=None).isoformat(timespec="seconds")


def draft_contract(job: Job, desk: Desk) -> None:
    """Propose rules in a limited child process; keep them as the next version."""
    run = ContractRun.objects.select_related("project", "source", "asked_by").get(job=job)
    cycle = run.project.cycle
    plan = signed_plan(cycle)
    told = desk.child(
        "apps.engine.contract.draft:draft_contract",
        table=str(local(run.parquet)),
        today=_now(),
        target=plan.target if plan else "",
        sensitive=sorted(sensitive_columns(cycle)),
        steps=[] if run.source else [step.as_dict() for step in enabled_steps(cycle)],
    )
    by = run.asked_by
    assert by is not None, "a person asks for a draft"
    with desk.finishing():
        Project.objects.select_for_update().get(pk=run.project_id)
        rules = rules_from(told["rules"])
        says = f"{len(rules)} rules drafted from {told['rows']:,} rows, the plan and the recipe"
        made = record(cycle=cycle, source=run.source, rules=rules, says=says, by=by)
        run.report = {"rules": [], "rows": told["rows"], "version": made.number}
        run.save(update_fields=["report"])


@dataclass(frozen=True)
class Checked:
    """What a table was held against, what was found, and the file of failing rows."""

    contract: Contract
    parquet: str
    split_file: str
    report: dict[str, Any]
    failing: str


def checked(contract: Contract, parquet: str, desk: Desk, *, split_file: str = "") -> Checked:
    """Hold a stored table against a contract, in a limited child process."""
    with scratch() as folder:
        failing = folder / "failing.parquet"
        report = desk.child(
            "apps.engine.contract.check:check_table",
            table=str(local(parquet)),
            rules=contract.rules,
            today=_now(),
            failing=str(failing),
            split=str(local(split_file)) if split_file else None,
        )
        kept = keep(failing) if failing.exists() else ""
    return Checked(contract, parquet, split_file, report, kept)


def checked_by_force(
    project: Project, source: Source | None, parquet: str, desk: Desk, *, split_file: str = ""
) -> Checked | None:
    """A new table held against the contract in force; None where none was accepted."""
    contract = in_force(project, source)
    if contract is None:
        return None
    return checked(contract, parquet, desk, split_file=split_file)


def keep_check(found: Checked | None, *, by: User | None, run: ContractRun | None = None) -> None:
    """Store a check with its line in the ledger. Inside a transaction."""
    if found is None:
        return
    contract = found.contract
    if run is None:
        run, _ = ContractRun.objects.get_or_create(
            contract=contract,
            parquet=found.parquet,
            defaults={
                "project": contract.project,
                "source": contract.source,
                "split_file": found.split_file,
                "asked_by": by,
            },
        )
    run.report, run.failing = found.report, found.failing
    run.save(update_fields=["report", "failing"])
    broken = sum(rule["state"] != "held" for rule in found.report["rules"])
    ledger.record(
        "data.contract_checked",
        f"{contract} was checked on {found.report['rows']:,} rows: {broken} of "
        f"{len(found.report['rules'])} rules do not hold",
        actor=by,
        project=contract.project,
        facts={
            "contract": contract.content_hash,
            "parquet": found.parquet,
            "failing_rows": found.report["failing_rows"],
        },
    )


def check_contract(job: Job, desk: Desk) -> None:
    """Hold the table that was asked for against its contract."""
    run = ContractRun.objects.select_related("contract__project", "contract__source").get(job=job)
    assert run.contract is not None, "a check has a contract"
    found = checked(run.contract, run.parquet, desk, split_file=run.split_file)
    with desk.finishing():
        keep_check(found, by=job.by, run=run)
