"""Reads about contracts: what is in force, what a table is held against, what a page shows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from apps.datasets.models import Contract, ContractRun, Source, Version
from apps.datasets.queries import (
    current_split,
    current_table,
    features_among,
    newest_version,
)
from apps.datasets.storage import local
from apps.datasets.veiling import veiled_lines
from apps.engine.contract.check import BREAKS, ROW
from apps.engine.contract.requests import why_not
from apps.engine.contract.rule import REFUSE, Rule
from apps.engine.recipe.lineage import changed_by, needed, origins
from apps.engine.types import TableSpec
from apps.planning.models import Sensitivity
from apps.planning.queries import column_classes, sensitive_columns, signed_plan
from apps.projects.models import Cycle, Project

MOST_VERSIONS = 30


@dataclass(frozen=True)
class Subject:
    """A typed table that is held against a contract; ``split_file`` where it is the development
    rows of one, since a sealed test stays sealed."""

    parquet: str
    spec: TableSpec
    split_file: str = ""


def subject_of(cycle: Cycle, source: Source | None) -> Subject | None:
    """Today's table, its development rows once a test is sealed, or the newest of a source."""
    if source is not None:
        version = newest_version(source)
        return Subject(version.parquet, version.table_spec) if version else None
    table, split = current_table(cycle), current_split(cycle)
    if table is None:
        return None
    if split is not None:
        return Subject(split.development, table.table_spec, split.split_file)
    return Subject(table.parquet, table.table_spec)


def versions_of(project: Project, source: Source | None) -> list[Contract]:
    """All versions of a contract, the newest first."""
    found = project.contracts.filter(source=source).select_related("author", "source")
    return list(found.select_related("acceptance__person").order_by("-number"))


def in_force(project: Project, source: Source | None) -> Contract | None:
    """The version that was accepted last."""
    accepted = project.contracts.filter(source=source, acceptance__isnull=False)
    return accepted.select_related("source", "acceptance__person").order_by("-number").first()


def run_of(contract: Contract, parquet: str) -> ContractRun | None:
    """The check of a table against a version, finished or not."""
    return contract.runs.filter(parquet=parquet).select_related("job", "contract").first()


def broken_version(version: Version) -> ContractRun | None:
    """The check by which a version of a source breaks rules that refuse it; None else."""
    contract = in_force(version.source.project, version.source)
    run = run_of(contract, version.parquet) if contract and version.parquet else None
    return run if run is not None and run.broken(REFUSE) else None


@dataclass(frozen=True)
class RuleLine:
    """A rule on its page: its place among the rules, where it is asked, what the check found."""

    place: int
    rule: Rule
    asked: str
    found: dict[str, Any] | None
    veiled: bool

    @property
    def says(self) -> str:
        """Its sentence."""
        return self.rule.sentence()


@dataclass(frozen=True)
class ColumnLine:
    """A column with its class and the rules that are about it alone."""

    name: str
    kind: str
    level: Sensitivity | None
    is_marked: bool
    rules: list[RuleLine]

    @property
    def broken(self) -> int:
        """How many of its rules do not hold."""
        return sum(1 for line in self.rules if line.found and line.found["state"] != "held")


@dataclass(frozen=True)
class ContractPage:
    """A contract as its page shows it: the newest version, with the check of today's table."""

    source: Source | None
    contract: Contract | None
    force: Contract | None
    versions: list[Contract]
    subject: Subject | None
    run: ContractRun | None
    drafting: ContractRun | None
    columns: list[ColumnLine]
    relations: list[RuleLine]
    sources: list[tuple[Source, Contract | None]]

    @property
    def lines(self) -> list[RuleLine]:
        """All rules in their order."""
        found = [line for column in self.columns for line in column.rules]
        return sorted([*found, *self.relations], key=lambda line: line.place)

    @property
    def is_accepted(self) -> bool:
        """The newest version is in force."""
        return self.contract is not None and self.contract == self.force

    @property
    def counts(self) -> dict[str, int]:
        """Rules by what the check found."""
        found = [line.found["state"] for line in self.lines if line.found]
        return {state: found.count(state) for state in ("held", "broken", "not asked")}


def contract_page(cycle: Cycle, source: Source | None) -> ContractPage:
    """Everything the page of a contract shows. Reads no rows."""
    project, subject = cycle.project, subject_of(cycle, source)
    versions = versions_of(project, source)
    contract = versions[0] if versions else None
    run = run_of(contract, subject.parquet) if contract and subject else None
    drafts = project.contract_runs.filter(source=source, contract=None).select_related("job")
    lines = _lines(cycle, contract, run, of_table=source is None)
    return ContractPage(
        source=source,
        contract=contract,
        force=in_force(project, source),
        versions=versions[:MOST_VERSIONS],
        subject=subject,
        run=run,
        drafting=drafts.order_by("-pk").first(),
        columns=_columns(cycle, subject, lines),
        relations=[line for line in lines if len(line.rule.columns) > 1],
        sources=_sources(project),
    )


def _sources(project: Project) -> list[tuple[Source, Contract | None]]:
    force = {
        contract.source_id: contract
        for contract in project.contracts.filter(acceptance__isnull=False).order_by("number")
    }
    rows = project.sources.filter(removed_at=None).order_by("name")
    return [(source, force.get(source.pk)) for source in rows]


def _lines(
    cycle: Cycle, contract: Contract | None, run: ContractRun | None, *, of_table: bool
) -> list[RuleLine]:
    if contract is None:
        return []
    found = run.report.get("rules", []) if run else []
    hidden, where = sensitive_columns(cycle), _where(cycle) if of_table else _of_source
    lines = []
    for place, rule in enumerate(contract.agreed):
        veiled = bool(hidden & set(rule.columns))
        lines.append(
            RuleLine(place, rule, where(rule), found[place] if len(found) > place else None, veiled)
        )
    return lines


def _of_source(rule: Rule) -> str:
    """Of a rule about a source: where it is asked."""
    return "each new version. Sources are not part of a request."


def _where(cycle: Cycle) -> Callable[[Rule], str]:
    """A function that says where a rule about the table is asked."""
    table = current_table(cycle)
    steps = table.inputs["steps"] if table else []
    changed, has = changed_by(steps), origins(_asked(cycle), steps)

    def where(rule: Rule) -> str:
        if why := why_not(rule, has=has, changed=changed):
            return f"each new version. {why}"
        made = changed & set(rule.columns)
        return f"each new version and each request{', after the recipe' if made else ''}"

    return where


def _asked(cycle: Cycle) -> list[str]:
    """Columns of a request to a model that uses all features: those of the joined table that
    features come from."""
    table, plan = current_table(cycle), signed_plan(cycle)
    if table is None or plan is None or not table.consolidated_spec:
        return []
    names = TableSpec.from_dict(table.consolidated_spec).names
    split = current_split(cycle)
    used = features_among(table.table_spec, plan, group=split.group if split else "")
    wanted = [column.name for column in used]
    return needed(names, wanted, table.inputs["steps"], target=plan.target)


def _columns(cycle: Cycle, subject: Subject | None, lines: list[RuleLine]) -> list[ColumnLine]:
    """Columns of the table in their order, then those that only a rule knows."""
    classes, marked = column_classes(cycle.project_id), sensitive_columns(cycle)
    kinds = {column.name: str(column.kind) for column in subject.spec.columns} if subject else {}
    of: dict[str, list[RuleLine]] = {name: [] for name in kinds}
    for line in lines:
        if len(line.rule.columns) == 1:
            of.setdefault(line.rule.column, []).append(line)
    return [
        ColumnLine(name, kinds.get(name, ""), classes.get(name), name in marked, rules)
        for name, rules in of.items()
    ]


def failing_lines(run: ContractRun, *, cycle: Cycle) -> Iterator[list[Any]]:
    """Head and rows of the file of failing rows, batch by batch; sensitive values taken out.

    Text that a spreadsheet would run as a formula gets a quote before it.
    """
    hidden = sensitive_columns(cycle) - {ROW, BREAKS}
    return veiled_lines(local(run.failing), hidden=hidden)


def may_download(run: ContractRun, *, cycle: Cycle) -> bool:
    """Whether the failing rows may be shown: those of a table only while it is today's, since
    rows that were sealed later stand among those of before."""
    if not run.failing:
        return False
    if run.source is not None:
        return True
    subject = subject_of(cycle, None)
    return subject is not None and subject.parquet == run.parquet


@dataclass(frozen=True)
class Held:
    """How today's table stands to the contract in force."""

    contract: Contract | None
    runs: list[ContractRun]
    is_checked: bool

    def broken(self, severity: str) -> list[str]:
        """Sentences of rules that do not hold, each once."""
        found = [rule for run in self.runs for rule in run.broken(severity)]
        return list(dict.fromkeys(rule["says"] for rule in found))


def held_by(cycle: Cycle) -> Held:
    """The contract of the table with its checks: of the whole table as it was built, and of its
    development rows since a test is sealed."""
    contract, table = in_force(cycle.project, None), current_table(cycle)
    subject = subject_of(cycle, None)
    if contract is None or table is None or subject is None:
        return Held(contract, [], is_checked=False)
    tables = {table.parquet, subject.parquet}
    runs = [run for run in contract.runs.filter(parquet__in=tables) if run.is_ready]
    return Held(contract, runs, is_checked=any(run.parquet == subject.parquet for run in runs))
