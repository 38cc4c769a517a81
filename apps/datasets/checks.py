"""Questions about the data that a reviewer would ask."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django.urls import reverse

from apps.datasets.contracts import held_by
from apps.datasets.datasheets import Sheet, sheet_of
from apps.datasets.models import Split, Table, Version
from apps.datasets.queries import current_split, current_table
from apps.engine.contract.rule import REFUSE, WARN
from apps.engine.percent import percent
from apps.planning.problems import testability
from apps.planning.queries import SignedPlan, signed_plan
from apps.projects.evidence import Check, Evidence
from apps.projects.models import Cycle, Tier

FEW_TEST_ROWS = 100
LARGE_LOSS = 0.05


def _link(cycle: Cycle, name: str) -> str:
    return reverse(f"datasets:{name}", args=[cycle.project.slug])


def _versions(table: Table) -> list[Version]:
    """The versions whose typed tables went into this one, first of those with equal bytes."""
    used = [table.inputs["base"], *(join["parquet"] for join in table.inputs["joins"])]
    rows = Version.objects.filter(source__project=table.cycle.project_id, parquet__in=used)
    first: dict[str, Version] = {}
    for version in rows.select_related("source").order_by("pk"):
        first.setdefault(version.parquet, version)
    return [first[parquet] for parquet in dict.fromkeys(used) if parquet in first]


def _sources_are_read(cycle: Cycle) -> Evidence:
    table, link = current_table(cycle), _link(cycle, "sources")
    if table is None:
        return Evidence(
            ok=False, says="No table is built: choose a base whose file was read.", link=link
        )
    versions = _versions(table)
    rejected = sum(version.report.get("rejected_count", 0) for version in versions)
    rows = sum(version.rows or 0 for version in versions)
    count = len(versions)
    return Evidence(
        ok=rejected == 0,
        warning=rejected > 0,
        says=f"{count} file{'s were' if count > 1 else ' was'} read with {rows:,} rows; "
        f"{rejected:,} rows were rejected.",
        facts={"sources": {version.source.name: version.sha256 for version in versions}},
        link=link,
    )


def _table_is_built(cycle: Cycle) -> Evidence:
    table, link = current_table(cycle), _link(cycle, "wrangle")
    if table is None:
        return Evidence(ok=False, says="The table is not built from today's inputs.", link=link)
    columns, steps = len(table.spec["columns"]), len(table.inputs["steps"])
    return Evidence(
        ok=True,
        says=f"{table.rows:,} rows and {columns} columns from {steps} "
        f"step{'' if steps == 1 else 's'}.",
        facts={"parquet": table.parquet, "inputs": table.inputs_hash},
        link=link,
    )


def _nothing_is_lost_unseen(cycle: Cycle) -> Evidence:
    table, link = current_table(cycle), _link(cycle, "wrangle")
    if table is None:
        return Evidence(ok=False, says="There is no table yet.", link=link)
    way = table.report["waterfall"]
    first, last = way[0]["rows"], table.rows or 0
    # Joins may add rows too: what was lost is told beside all rows that ever came in.
    steps = [(after["says"], before["rows"], after["rows"]) for before, after in pairwise(way)]
    came = first + sum(max(0, after - before) for _, before, after in steps)
    share = sum(max(0, before - after) for _, before, after in steps) / came
    dropping = [f"“{says}” ({before - after:,})" for says, before, after in steps if after < before]
    says = f"{first:,} rows came in and {last:,} are used"
    says += f": {percent(share)} left out by {', '.join(dropping[:3])}." if dropping else "."
    lost = _lost_of_target(current_split(cycle))
    return Evidence(
        ok=share <= LARGE_LOSS and not lost,
        warning=True,
        says=f"{says} {lost}".strip(),
        facts={"first": first, "last": last},
        link=link,
    )


def _lost_of_target(split: Split | None) -> str:
    """A sentence when one class of the target lost a clearly larger share than the others."""
    classes = (split.report.get("losses") or {}).get("classes", []) if split else []
    shares = {row["value"]: max(0.0, 1 - row["after"] / row["before"]) for row in classes}
    if not shares or max(shares.values()) - min(shares.values()) <= LARGE_LOSS:
        return ""
    worst = max(shares, key=lambda value: shares[value])
    return (
        f"“{worst}” lost {percent(shares[worst])} of its rows, others as little as "
        f"{percent(min(shares.values()))}."
    )


def _target_is_there(cycle: Cycle) -> Evidence:
    table, plan, link = current_table(cycle), signed_plan(cycle), _link(cycle, "table")
    if table is None or plan is None:
        return Evidence(ok=False, says="There is no table or no signed plan yet.", link=link)
    column = next((item for item in table.table_spec.columns if item.name == plan.target), None)
    split = current_split(cycle)
    if column is None:
        problem = f"The plan's target “{plan.target}” is no column of the table."
    elif column.missing:
        problem = f"The target is empty in {column.missing:,} of {table.rows:,} rows. Filter them."
    else:
        problem = _wrong_positive(plan, split)
    if problem:
        return Evidence(ok=False, says=problem, link=link)
    return Evidence(
        ok=True,
        says=f"“{plan.target}” is filled in all {table.rows:,} rows{_classes_say(split)}.",
        facts={"classes": split.report["classes"] if split else []},
        link=link,
    )


def _wrong_positive(plan: SignedPlan, split: Split | None) -> str:
    classes = split.report["classes"] if split else []
    if classes and plan.positive and plan.positive not in classes:
        shown = ", ".join(f"“{name}”" for name in classes[:5])
        return f"The plan predicts “{plan.positive}”, but the target holds {shown}."
    return ""


def _classes_say(split: Split | None) -> str:
    balance = split.report["balance"] if split else {}
    if balance.get("kind") not in ("classes", "labels"):
        return ""
    counted: dict[str, int] = {}
    for part in balance["parts"]:
        for row in part["classes"]:
            counted[row["value"]] = counted.get(row["value"], 0) + row["rows"]
    return ": " + ", ".join(f"{rows:,} {value}" for value, rows in list(counted.items())[:5])


def _features_are_there(cycle: Cycle) -> Evidence:
    table, plan, link = current_table(cycle), signed_plan(cycle), _link(cycle, "table")
    if table is None or plan is None:
        return Evidence(ok=False, says="There is no table or no signed plan yet.", link=link)
    wanted = [feature.name for feature in plan.features if feature.is_allowed]
    missing = [name for name in wanted if name not in table.table_spec.names]
    late = [
        feature.name
        for feature in plan.features
        if not feature.is_allowed and feature.name in table.table_spec.names
    ]
    if missing:
        return Evidence(
            ok=False,
            warning=True,
            says=f"{len(missing)} planned features are not in the table: {', '.join(missing[:5])}.",
            facts={"missing": missing},
            link=link,
        )
    says = f"All {len(wanted)} planned features are there." if wanted else "The plan names none."
    if late:
        says += f" Known too late and never trained on: {', '.join(late[:5])}."
    return Evidence(ok=True, says=says, facts={"late": late}, link=link)


def _split_is_sealed(cycle: Cycle) -> Evidence:
    split, link = current_split(cycle), _link(cycle, "split")
    if split is None:
        return Evidence(ok=False, says="No test rows are sealed for today's table.", link=link)
    drawn = Split.objects.filter(table__cycle=cycle, pk__lte=split.pk).exclude(sealed_test="")
    times, told = drawn.count(), split.report
    again = f" It was drawn {times} times in this cycle." if times > 1 else ""
    return Evidence(
        ok=True,
        says=f"{split.get_method_display().split(':')[0]}: {told['development_rows']:,} "
        f"development rows in {split.folds} folds, {told['test_rows']:,} test rows sealed.{again}",
        facts={"split": split.split_file, "rows": told["row_ids_sha256"], "drawn": times},
        link=link,
    )


def _test_is_large_enough(cycle: Cycle) -> Evidence:
    split, plan, link = current_split(cycle), signed_plan(cycle), _link(cycle, "split")
    if split is None or plan is None:
        return Evidence(ok=False, says="There is no split or no signed plan yet.", link=link)
    rows = split.report["test_rows"]
    told = testability(_as_it_came(plan, split))
    few = f" Below {FEW_TEST_ROWS} a verdict is rarely conclusive." if rows < FEW_TEST_ROWS else ""
    noise = f" {told.says}" if told.known else ""
    return Evidence(
        ok=rows >= FEW_TEST_ROWS and (told.ok or not told.known),
        warning=True,
        says=f"The test holds {rows:,} rows.{few}{noise}",
        facts={"test_rows": rows},
        link=link,
    )


def _as_it_came(plan: SignedPlan, split: Split) -> dict[str, Any]:
    """The plan's content with the rows and the base rate that there really are."""
    content, told = plan.plan.content, split.report
    metrics, features = dict(content["metrics"]), dict(content["features"])
    metrics |= {"expected_rows": told["rows"], "test_share": told["test_rows"] / told["rows"]}
    test = next(part for part in told["balance"]["parts"] if part["part"] == "test")
    if plan.sets:
        shares = [row["share"] for row in test["classes"]]
        features["base_rate"] = sum(shares) / len(shares)
    for row in test.get("classes", []):
        if row["value"] == plan.positive:
            features["base_rate"] = row["share"]
    return {**content, "metrics": metrics, "features": features}


def _split_is_clean(cycle: Cycle) -> Evidence:
    split, link = current_split(cycle), _link(cycle, "split")
    if split is None:
        return Evidence(ok=False, says="There is no split yet.", link=link)
    warnings = split.report["warnings"]
    return Evidence(
        ok=not warnings,
        warning=bool(warnings),
        says=" ".join(warnings) or "No row or entity stands on both sides.",
        facts={"warnings": warnings},
        link=link,
    )


def _contract_is_held(cycle: Cycle) -> Evidence:
    """Rules that refuse block at every tier; that nothing was agreed blocks where most hangs on."""
    held, link = held_by(cycle), _link(cycle, "contract")
    is_grave = cycle.project.tier == Tier.HIGH
    if current_table(cycle) is None:
        return Evidence(ok=False, says="There is no table yet.", link=link)
    if held.contract is None:
        says = "Nobody has accepted a data contract: have one drafted, read it, accept it."
        return Evidence(ok=False, warning=not is_grave, says=says, link=link)
    facts = {"contract": held.contract.content_hash, "version": held.contract.number}
    rules = len(held.contract.rules)
    if not held.is_checked:
        says = f"Today's rows were not held against the contract ({rules} rules): check them."
        return Evidence(ok=False, warning=not is_grave, says=says, facts=facts, link=link)
    refused, warned = held.broken(REFUSE), held.broken(WARN)
    if not refused and not warned:
        says = f"All {rules} rules of version {held.contract.number} hold."
        return Evidence(ok=True, says=says, facts=facts, link=link)
    counted = f"{len(refused)} of {rules} rules that refuse" if refused else ""
    counted += " and " if refused and warned else ""
    counted += f"{len(warned)} of {rules} rules that warn" if warned else ""
    return Evidence(
        ok=False,
        warning=not refused,
        says=f"{counted} do not hold: {[*refused, *warned][0]}",
        facts={**facts, "refused": refused, "warned": warned},
        link=link,
        more=tuple([*refused, *warned][1:6]),
    )


def sheets_of(table: Table) -> list[Sheet]:
    """The datasheets of the sources that went into a table."""
    sources = dict.fromkeys(version.source for version in _versions(table))
    return [sheet_of(source, cycle=table.cycle) for source in sources]


def _datasheets_are_filled(cycle: Cycle) -> Evidence:
    """Where most hangs on it an open question blocks; elsewhere it is weighed."""
    table = current_table(cycle)
    if table is None:
        return Evidence(ok=False, says="There is no table yet.", link=_link(cycle, "sources"))
    sheets = sheets_of(table)
    facts = {
        "datasheets": {
            sheet.source.name: sheet.newest.number if sheet.newest else 0 for sheet in sheets
        }
    }
    waiting = [sheet for sheet in sheets if sheet.open]
    if not waiting:
        says = f"The datasheet{'s' if len(sheets) > 1 else ''} of {len(sheets)} "
        says += f"source{'s answer' if len(sheets) > 1 else ' answers'} all that is asked for."
        return Evidence(ok=True, says=says, facts=facts, link=_link(cycle, "sources"))
    first = waiting[0]
    link = reverse("datasets:datasheet", args=[cycle.project.slug, first.source.pk])
    told = [f"{sheet.source.name}: {len(sheet.open)}" for sheet in waiting]
    return Evidence(
        ok=False,
        warning=cycle.project.tier != Tier.HIGH,
        says=f"Questions are open in the datasheets of {', '.join(told[:5])}. "
        f"The first: {first.open[0].asks}",
        facts={**facts, "open": [[one.source.name, [q.key for q in one.open]] for one in waiting]},
        link=link,
    )


CHECKS = (
    Check("data.sources_are_read", "Were all files read without rejected rows?", _sources_are_read),
    Check("data.table_is_built", "Is there one table, built from today's inputs?", _table_is_built),
    Check("data.nothing_is_lost_unseen", "What was left out on the way?", _nothing_is_lost_unseen),
    Check("data.target_is_there", "Is the target there in every row?", _target_is_there),
    Check("data.features_are_there", "Are the planned features there?", _features_are_there),
    Check("data.contract_is_held", "Is a data contract accepted, and held?", _contract_is_held),
    Check("data.datasheets_are_filled", "Is known where the data is from?", _datasheets_are_filled),
    Check("data.split_is_sealed", "Are the test rows sealed?", _split_is_sealed),
    Check("data.test_is_large_enough", "Is the test large enough?", _test_is_large_enough),
    Check("data.split_is_clean", "Does anything leak across the split?", _split_is_clean),
)


_HANDS_ON = (
    "data.base_chosen",
    "data.joined",
    "data.join_changed",
    "data.join_moved",
    "data.join_removed",
    "data.join_restored",
    "data.join_switched",
    "data.carried_over",
    "data.step_added",
    "data.step_switched",
    "data.step_moved",
    "data.table_asked",
    "data.split_asked",
    "data.contract_written",
    "data.contract_accepted",
)


def contributors(cycle: Cycle) -> Iterable[int]:
    """Everyone who brought a file in or joined, cleaned, built or drew in this cycle."""
    acted = cycle.project.events.filter(verb__in=_HANDS_ON, facts__cycle=cycle.number)
    found = set(acted.exclude(actor=None).values_list("actor_id", flat=True))
    table = current_table(cycle)
    return found | {version.uploaded_by_id for version in (_versions(table) if table else [])}
