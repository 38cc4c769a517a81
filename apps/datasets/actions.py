"""What a person does with data: bring it in, join it, clean it, build the table, seal the test."""

from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max, Model
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.history import remembered
from apps.datasets.models import Consolidation, Join, Query, Source, Split, Step, Table, Version
from apps.datasets.queries import (
    consolidation_of,
    current_table,
    enabled_steps,
    joins_of,
    newest_version,
    shape_so_far,
    table_inputs,
)
from apps.datasets.quota import require_room
from apps.datasets.storage import keep
from apps.engine.recipe.registry import step_from
from apps.engine.recipe.run import check_recipe
from apps.jobs.actions import enqueue, revive
from apps.jobs.models import Queue
from apps.planning.queries import require_signed_plan
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle, Project
from apps.projects.queries import was_put_live
from apps.web.refusals import Refusal


def may_change(cycle: Cycle, by: User) -> None:
    """Permission, a signed plan, and a cycle that is not live."""
    require(by, Verb.COLLECT, cycle.project)
    if was_put_live(cycle):
        raise Refusal("This cycle is live. Start the next cycle to change its data.")
    require_signed_plan(cycle)


def take_turn(cycle: Cycle) -> None:
    """Put whoever works on this project's data at once in order, until the transaction ends."""
    Project.objects.select_for_update().get(pk=cycle.project_id)


def begin(cycle: Cycle, by: User) -> None:
    """As ``may_change``, and take turns with whoever else changes this project's data."""
    take_turn(cycle)
    may_change(cycle, by)


def tell(
    verb: str, says: str, *, cycle: Cycle, by: User, row: Model | None = None, **facts: Any
) -> None:
    """Write what a person did into the ledger; ``row`` is the insert-only row that it made."""
    ledger.record(
        verb,
        f"{by} {says}",
        actor=by,
        project=cycle.project,
        facts={"cycle": cycle.number, **facts},
        row=row,
    )


@transaction.atomic
def add_source(
    *, cycle: Cycle, name: str, by: User, owner: str = "", describes: str = ""
) -> Source:
    """Name a new source; its first version follows. A removed source comes back with its name."""
    begin(cycle, by)
    source = Source.objects.filter(project=cycle.project, name=name).first()
    if source is not None and source.removed_at is None:
        raise Refusal(f"There is a source called “{name}” already. Upload a new version of it.")
    if source is None:
        source = Source(project=cycle.project, name=name, created_by=by)
    source.owner, source.describes, source.removed_at = owner, describes, None
    source.save()
    tell("data.source_added", f"added the source {name}", cycle=cycle, by=by, source=source.pk)
    return source


def add_version(
    *,
    source: Source,
    cycle: Cycle,
    path: Path,
    filename: str,
    by: User,
    options: dict[str, Any] | None = None,
    waits: bool = False,
) -> Version:
    """Keep the bytes of an uploaded file and have a worker read them.

    ``waits``: it is not used before ``versions.take`` when an earlier version is in use.
    """
    may_change(cycle, by)
    size_bytes = path.stat().st_size
    if size_bytes == 0:
        raise Refusal(f"The file “{filename}” is empty: it has 0 bytes. Choose another file.")
    return record_version(
        source,
        cycle,
        sha256=keep(path),
        size_bytes=size_bytes,
        filename=filename,
        by=by,
        options=options or {},
        waits=waits and newest_version(source) is not None,
    )


@transaction.atomic
def record_version(
    source: Source,
    cycle: Cycle,
    *,
    sha256: str,
    size_bytes: int,
    filename: str,
    by: User,
    options: dict[str, Any],
    waits: bool = False,
    query: Query | None = None,
) -> Version:
    """A version of bytes that are in the store, and the job that reads them."""
    begin(cycle, by)
    require_room(cycle.project, sha256=sha256, size_bytes=size_bytes)
    last = source.versions.aggregate(last=Max("number"))["last"] or 0
    job = enqueue(
        "datasets.read_version",
        queue=Queue.DATA,
        title=f"Read {source.name}",
        project=cycle.project,
        by=by,
    )
    version = Version.objects.create(
        source=source,
        number=last + 1,
        filename=filename[:255],
        sha256=sha256,
        size_bytes=size_bytes,
        options=options,
        waits=waits,
        query=query,
        job=job,
        uploaded_by=by,
    )
    facts = {"source": source.pk, "sha256": sha256, "bytes": size_bytes, "options": options}
    tell("data.uploaded", f"brought in {version}", cycle=cycle, by=by, **facts)
    return version


def read_again(*, version: Version, cycle: Cycle, options: dict[str, Any], by: User) -> Version:
    """Read the same bytes with other options, as a new version: nothing is uploaded again."""
    if not version.sha256:
        raise Refusal("No row of this version was read yet: run its query again.")
    return record_version(
        version.source,
        cycle,
        sha256=version.sha256,
        size_bytes=version.size_bytes,
        filename=version.filename,
        by=by,
        options=options,
        waits=version.waits,
        query=version.query,
    )


@transaction.atomic
def remove_source(*, source: Source, cycle: Cycle, by: User) -> None:
    """Take an unused source out of the lists. Its bytes and its history stay."""
    begin(cycle, by)
    used = Consolidation.objects.filter(cycle=cycle, base=source).exists()
    joined = Join.objects.filter(consolidation__cycle=cycle, source=source, removed_at=None)
    if used or joined.exists():
        raise Refusal(f"“{source.name}” is used in the table. Take it out there first.")
    source.removed_at = timezone.now()
    source.save(update_fields=["removed_at"])
    tell("data.source_removed", f"removed the source {source}", cycle=cycle, by=by)


@transaction.atomic
def set_base(*, cycle: Cycle, source: Source, by: User) -> Consolidation:
    """Choose the source whose rows become the rows of the table."""
    begin(cycle, by)
    if source.removed_at is not None or newest_version(source, cycle=cycle) is None:
        raise Refusal(f"“{source.name}” cannot be the base: no file of it has been read yet.")
    consolidation = consolidation_of(cycle)
    if consolidation and any(join.source == source for join in joins_of(consolidation)):
        raise Refusal(f"“{source.name}” is joined already. Take that join out first.")
    found, _ = Consolidation.objects.update_or_create(
        cycle=cycle, defaults={"base": source, "edited_by": by}
    )
    tell("data.base_chosen", f"chose {source} as the base", cycle=cycle, by=by, source=source.pk)
    return found


@transaction.atomic
def add_step(
    *, cycle: Cycle, step: str, params: dict[str, Any], by: User, reason: str = ""
) -> Step:
    """Add a step at the end of the recipe. Raises an EngineError when it does not fit there."""
    begin(cycle, by)
    data = {"step": step, "params": params}
    sentence, shape = step_from(data).sentence(), shape_so_far(cycle)
    if shape is not None:
        check_recipe(shape, [*(known.as_dict() for known in enabled_steps(cycle)), data])
    last = cycle.steps.aggregate(last=Max("position"))["last"] or 0
    with remembered(cycle, by=by, says=f"added: {sentence}"):
        added = Step.objects.create(
            cycle=cycle, position=last + 1, step=step, params=params, reason=reason, created_by=by
        )
    tell("data.step_added", f"added: {sentence}", cycle=cycle, by=by, **data)
    return added


@transaction.atomic
def set_step_enabled(*, step: Step, enabled: bool, by: User) -> None:
    """Switch a step off or on again. It is never erased."""
    begin(step.cycle, by)
    says = f"switched step {step.position} {'on' if enabled else 'off'}"
    with remembered(step.cycle, by=by, says=says):
        step.is_enabled = enabled
        step.save(update_fields=["is_enabled"])
    tell("data.step_switched", says, cycle=step.cycle, by=by, **step.as_dict())


@transaction.atomic
def move_step(*, step: Step, up: bool, by: User) -> None:
    """Exchange a step with its neighbour."""
    begin(step.cycle, by)
    step.refresh_from_db()
    others = step.cycle.steps.filter(is_fitted=step.is_fitted, is_removed=False)
    others = others.exclude(pk=step.pk)
    beside = (
        others.filter(position__lt=step.position).order_by("-position").first()
        if up
        else others.filter(position__gt=step.position).order_by("position").first()
    )
    if beside is None:
        return
    says = f"moved step {step.position} to place {beside.position}"
    with remembered(step.cycle, by=by, says=says):
        step.position, beside.position = beside.position, step.position
        step.save(update_fields=["position"])
        beside.save(update_fields=["position"])
    tell("data.step_moved", says, cycle=step.cycle, by=by, **step.as_dict())


@transaction.atomic
def build_table(*, cycle: Cycle, by: User) -> Table:
    """Build the table from today's versions, joins and steps. The same inputs build once."""
    begin(cycle, by)
    inputs = table_inputs(cycle)
    if inputs is None:
        raise Refusal("Choose a base whose file has been read; joined sources must be read too.")
    digest = content_hash(inputs)
    found = cycle.tables.filter(inputs_hash=digest).select_related("job").first()
    if found is not None:
        revive(found.job)
        return found
    job = enqueue(
        "datasets.build_table",
        queue=Queue.DATA,
        title="Build the table",
        project=cycle.project,
        by=by,
    )
    table = Table.objects.create(
        cycle=cycle, inputs=inputs, inputs_hash=digest, job=job, built_by=by
    )
    tell("data.table_asked", "asked for the table to be built", cycle=cycle, by=by, inputs=digest)
    return table


@transaction.atomic
def draw_split(
    *,
    cycle: Cycle,
    method: str,
    by: User,
    group: str = "",
    time: str = "",
    folds: int = 5,
    seed: int = 0,
) -> Split:
    """Divide the table into development rows and a sealed test, as the signed plan says.

    It may be drawn again only while the sealed test was never opened. The same choices on the
    same table are drawn once.
    """
    begin(cycle, by)
    plan, table = require_signed_plan(cycle), current_table(cycle)
    if table is None:
        raise Refusal("Build the table first; the split is drawn from it.")
    if cycle.openings.exists():
        raise Refusal(
            "The sealed test was opened in this cycle, so its rows are fixed. Another split "
            "belongs to the next cycle."
        )
    how = {
        "method": method,
        "target": plan.target,
        "group": group,
        "time": time,
        "test_share": plan.test_share,
        "folds": folds,
        "seed": seed,
    }
    drawn = table.splits.filter(plan__foundation=plan.foundation)
    last = drawn.select_related("job").last()
    if last is not None and last.job and all(getattr(last, key) == how[key] for key in how):
        revive(last.job)
        return last
    job = enqueue(
        "datasets.draw_split",
        queue=Queue.DATA,
        title="Draw the split and seal the test",
        project=cycle.project,
        by=by,
    )
    split = Split.objects.create(table=table, plan=plan.plan, job=job, drawn_by=by, **how)
    tell("data.split_asked", f"asked for a {method} split", cycle=cycle, by=by, **how)
    return split
