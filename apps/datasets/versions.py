"""A newer version of a source: what it would do to what stands on it, and taking it."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.actions import begin, tell
from apps.datasets.contracts import broken_version
from apps.datasets.models import Version
from apps.datasets.queries import (
    consolidation_of,
    current_table,
    enabled_joins,
    enabled_steps,
    newest_version,
    source_inputs,
    with_paths,
)
from apps.engine.contract.rule import REFUSE
from apps.engine.errors import EngineError
from apps.engine.joining.how import JoinHow
from apps.engine.recipe.build import consolidated_shape
from apps.engine.recipe.registry import step_from
from apps.engine.types import TableSpec
from apps.projects.models import Cycle
from apps.web.refusals import Refusal


@dataclass(frozen=True)
class Downstream:
    """One thing that stands on the source, and whether it still applies."""

    what: str
    applies: bool
    says: str = ""


def may_be_taken(version: Version) -> bool:
    """Whether it was read, waits, and is newer than what is in use."""
    used = newest_version(version.source)
    return bool(
        version.is_ready and version.waits and (used is None or version.number > used.number)
    )


@transaction.atomic
def take(*, version: Version, cycle: Cycle, by: User) -> None:
    """Use this version from now on. Table, split and data gate follow from it anew."""
    begin(cycle, by)
    version.refresh_from_db()
    if not may_be_taken(version):
        raise Refusal(
            f"Version {version.number} cannot be taken: it was taken already, is not read, or a "
            "newer one is in use."
        )
    broken = broken_version(version)
    if broken is not None:
        says = broken.broken(REFUSE)[0]["says"]
        raise Refusal(
            f"Version {version.number} breaks the contract of {version.source}: {says} Bring in a "
            "mended file, or change the contract and accept it first."
        )
    version.waits, version.taken_at = False, timezone.now()
    version.save(update_fields=["waits", "taken_at"])
    facts = {"source": version.source_id, "parquet": version.parquet}
    tell("data.version_taken", f"took {version} into use", cycle=cycle, by=by, **facts)


def downstream(version: Version, *, cycle: Cycle) -> list[Downstream]:
    """Joins, steps and table of the cycle, each held against the newer version. Reads no row."""
    inputs, used = source_inputs(cycle), newest_version(version.source)
    consolidation = consolidation_of(cycle)
    if inputs is None or used is None or consolidation is None:
        return []
    joined = [join.source_id for join in enabled_joins(consolidation)]
    if version.source_id not in (consolidation.base_id, *joined):
        return []
    lines, shape = _joins(_with(inputs, version, cycle=cycle))
    if shape is None:
        return lines
    lines += _steps(cycle, shape)
    if current_table(cycle) is not None:
        lines.append(
            Downstream("The table", True, "It has to be built anew; split and data gate follow.")
        )
    return lines


def _with(inputs: dict[str, Any], version: Version, *, cycle: Cycle) -> dict[str, Any]:
    """The inputs with the version in the place of the one in use."""
    consolidation = consolidation_of(cycle)
    assert consolidation is not None, "inputs have a consolidation"
    joins = [
        {**data, "parquet": version.parquet} if join.source_id == version.source_id else data
        for join, data in zip(enabled_joins(consolidation), inputs["joins"], strict=True)
    ]
    is_base = consolidation.base_id == version.source_id
    return {**inputs, "base": version.parquet if is_base else inputs["base"], "joins": joins}


def _joins(inputs: dict[str, Any]) -> tuple[list[Downstream], TableSpec | None]:
    paths = with_paths(inputs)
    lines: list[Downstream] = []
    shape = consolidated_shape(base=paths["base"], joins=[])
    for place, join in enumerate(paths["joins"], start=1):
        how = JoinHow.from_dict(join)
        on = f" on {how.keys}" if how.keys else ""
        what = f"{how.title} with {join['name']}{on}"
        try:
            shape = consolidated_shape(base=paths["base"], joins=paths["joins"][:place])
        except EngineError as error:
            return [*lines, Downstream(what, False, str(error))], None
        lines.append(Downstream(what, True))
    return lines, shape


def _steps(cycle: Cycle, shape: TableSpec) -> list[Downstream]:
    """Each step by itself: one that fails leaves the shape as it is for the next."""
    lines = []
    for place, known in enumerate(enabled_steps(cycle), start=1):
        step = step_from(known.as_dict())
        what = f"Step {place}: {step.sentence()}"
        try:
            shape = step.check(shape)
        except EngineError as error:
            lines.append(Downstream(what, False, str(error)))
        else:
            lines.append(Downstream(what, True))
    return lines
