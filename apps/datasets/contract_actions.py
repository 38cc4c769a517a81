"""What a person does with contracts and datasheets: have one drafted, change, accept, check it."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.datasets.actions import may_change, tell
from apps.datasets.agreeing import record
from apps.datasets.contracts import in_force, run_of, subject_of
from apps.datasets.datasheets import LONGEST, NEEDED, QUESTIONS
from apps.datasets.models import Acceptance, Contract, ContractRun, Datasheet, Source
from apps.engine.contract.rule import Rule
from apps.jobs.actions import enqueue, revive
from apps.jobs.models import Job, Queue
from apps.projects.access import Verb, require
from apps.projects.models import Cycle, Project
from apps.web.refusals import Refusal

NOT_READ = "There is no table to look at yet: bring in a file, and build the table."


def _begin(cycle: Cycle, by: User) -> None:
    """Permission and a signed plan, and writers of this project in order."""
    Project.objects.select_for_update().get(pk=cycle.project_id)
    may_change(cycle, by)


@transaction.atomic
def draft(*, cycle: Cycle, source: Source | None, by: User) -> ContractRun:
    """Have a worker propose rules from the table, the plan and the recipe, as a new version."""
    _begin(cycle, by)
    subject = subject_of(cycle, source)
    if subject is None:
        raise Refusal(NOT_READ)
    open_ = cycle.project.contract_runs.filter(source=source, contract=None, report={})
    found = open_.filter(parquet=subject.parquet).select_related("job").order_by("-pk").first()
    if found is not None:
        revive(found.job)
        return found
    return ContractRun.objects.create(
        project=cycle.project,
        source=source,
        parquet=subject.parquet,
        split_file=subject.split_file,
        job=_job("datasets.draft_contract", "Draft a data contract", cycle, by),
        asked_by=by,
    )


def _job(task: str, title: str, cycle: Cycle, by: User) -> Job:
    return enqueue(task, queue=Queue.DATA, title=title, project=cycle.project, by=by)


@transaction.atomic
def write(
    *,
    cycle: Cycle,
    source: Source | None,
    rules: Sequence[Rule],
    says: str,
    by: User,
    seen: int | None = None,
) -> Contract:
    """Make the next version of a contract. ``seen``: the number that the writer had before them."""
    _begin(cycle, by)
    return record(cycle=cycle, source=source, rules=rules, says=says, by=by, seen=seen)


@transaction.atomic
def accept(*, contract: Contract, cycle: Cycle, by: User) -> ContractRun | None:
    """Take a version into force, and have today's table held against it."""
    _begin(cycle, by)
    newest = cycle.project.contracts.filter(source=contract.source).order_by("-number").first()
    if newest != contract:
        raise Refusal("A newer version of this contract was made meanwhile: look at it first.")
    if not contract.rules:
        raise Refusal("A contract without any rule agrees on nothing: add one first.")
    if in_force(cycle.project, contract.source) != contract:
        accepted = Acceptance.objects.create(contract=contract, person=by)
        tell(
            "data.contract_accepted",
            f"accepted version {contract.number} of the contract of {contract.about}",
            cycle=cycle,
            by=by,
            row=accepted,
            contract=contract.content_hash,
        )
    return check(contract=contract, cycle=cycle, by=by, quiet=True)


@transaction.atomic
def check(*, contract: Contract, cycle: Cycle, by: User, quiet: bool = False) -> ContractRun | None:
    """Have a worker hold today's table against a version. The same table is checked once.

    ``quiet``: nothing is refused where there is no table.
    """
    _begin(cycle, by)
    subject = subject_of(cycle, contract.source)
    if subject is None:
        if quiet:
            return None
        raise Refusal(NOT_READ)
    found = run_of(contract, subject.parquet)
    if found is not None:
        revive(found.job)
        return found
    return ContractRun.objects.create(
        project=cycle.project,
        source=contract.source,
        contract=contract,
        parquet=subject.parquet,
        split_file=subject.split_file,
        job=_job("datasets.check_contract", f"Check the contract of {contract.about}", cycle, by),
        asked_by=by,
    )


def without(contract: Contract, places: Sequence[int]) -> list[Rule]:
    """The rules but those at ``places``."""
    left_out = set(places)
    return [rule for place, rule in enumerate(contract.agreed) if place not in left_out]


def said(rules: Sequence[Rule], before: Sequence[Rule]) -> str:
    """What a new version changes, in words."""
    new = [rule for rule in rules if rule not in before]
    gone = [rule for rule in before if rule not in rules]
    if len(new) == 1 and len(gone) <= 1:
        return f"{'changed' if gone else 'added'}: {new[0].sentence()}"
    if len(gone) == 1 and not new:
        return f"took out: {gone[0].sentence()}"
    counted: list[Any] = [f"{len(new)} new or changed rules"] if new else []
    if len(gone) > len(new):
        counted.append(f"{len(gone) - len(new)} taken out")
    return ", ".join(counted) or "nothing changed"


@transaction.atomic
def fill_datasheet(*, source: Source, cycle: Cycle, answers: dict[str, str], by: User) -> Datasheet:
    """Write the next version of a datasheet. It may be filled at any time, live or not."""
    require(by, Verb.COLLECT, cycle.project)
    Project.objects.select_for_update().get(pk=cycle.project_id)
    known = {question.key for question in QUESTIONS}
    kept = {key: text.strip() for key, text in answers.items() if key in known and text.strip()}
    if any(len(text) > LONGEST for text in kept.values()):
        raise Refusal(f"An answer has at most {LONGEST:,} characters.")
    last = source.datasheets.order_by("-number").first()
    if last is not None and last.answers == kept:
        return last
    made = Datasheet.objects.create(
        source=source, number=last.number + 1 if last else 1, answers=kept, person=by
    )
    missing = sum(1 for key in NEEDED if key not in kept)
    left = f"{missing} questions are open" if missing else "nothing that is asked for is open"
    tell(
        "data.datasheet_filled",
        f"wrote version {made.number} of the datasheet of {source}; {left}",
        cycle=cycle,
        by=by,
        row=made,
        source=source.pk,
    )
    return made
