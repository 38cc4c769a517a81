"""What a person does with joins: look, join, change, take out, put back."""

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.actions import begin, may_change, tell
from apps.datasets.joins import default_prefix, preview_inputs, preview_key
from apps.datasets.models import Consolidation, Join, JoinPreview, Source
from apps.datasets.queries import (
    consolidation_of,
    earlier_consolidation,
    enabled_joins,
    joins_of,
    newest_version,
    source_inputs,
    with_paths,
)
from apps.engine.joining.how import AGGREGATING, JoinHow
from apps.engine.recipe.build import consolidated_shape
from apps.jobs.actions import enqueue, revive
from apps.jobs.models import Queue
from apps.projects.models import Cycle
from apps.web.refusals import Refusal


@transaction.atomic
def look_at_join(
    *, cycle: Cycle, source: Source, how: dict[str, Any], by: User, join: Join | None = None
) -> JoinPreview:
    """Have a worker find out what a join would do. The same inputs are looked at once.

    ``how`` without keys asks for suggestions. With ``join`` it is looked at in the place of that
    one. Nothing is changed by it, so the ledger does not tell of it.
    """
    may_change(cycle, by)
    _may_be_joined(cycle, source, how)
    if how.get("left_on") or how.get("kind", "left") != "left":
        JoinHow.from_dict(how)
    inputs = preview_inputs(cycle, source, how, join=join)
    if inputs is None:
        raise Refusal("Choose a base first, and join sources that have been read.")
    key = preview_key(inputs)
    found = cycle.project.join_previews.select_related("job").filter(key=key).first()
    if found is not None:
        revive(found.job)
        return found
    job = enqueue(
        "datasets.preview_join",
        queue=Queue.DATA,
        title=f"Look at joining {source.name}",
        project=cycle.project,
        by=by,
    )
    return JoinPreview.objects.create(
        project=cycle.project, source=source, inputs=inputs, key=key, job=job, created_by=by
    )


def _may_be_joined(cycle: Cycle, source: Source, how: dict[str, Any]) -> None:
    """A table is joined to itself only to look back in time or to count its groups."""
    consolidation = consolidation_of(cycle)
    if consolidation is None or newest_version(source, cycle=cycle) is None:
        raise Refusal("Choose a base first, and join sources that have been read.")
    if source.removed_at is not None or source.project_id != cycle.project_id:
        raise Refusal(f"“{source.name}” was removed from the sources.")
    if consolidation.base_id == source.pk and how.get("kind", "left") not in AGGREGATING:
        raise Refusal(f"“{source.name}” is the base: it can be joined to itself only aggregated.")


@transaction.atomic
def apply_preview(
    *, cycle: Cycle, preview: JoinPreview, by: User, agreed: bool, join: Join | None = None
) -> Join:
    """Make the join that was looked at, or change ``join`` to it, if nothing changed since.

    ``agreed``: a person said yes to the number of rows, where rows are multiplied.
    """
    begin(cycle, by)
    told = preview.report
    how = told.get("how")
    inputs = preview_inputs(cycle, preview.source, preview.inputs["how"], join=join)
    if not how or inputs is None or preview_key(inputs) != preview.key:
        raise Refusal("The table or a source changed since this was looked at: look at it again.")
    if told["refused"]:
        raise Refusal(told["refused"])
    if told["needs_yes"]:
        if not agreed:
            raise Refusal(
                f"This turns {told['rows_before']:,} rows into {told['rows_after']:,}: say yes to "
                "that number, or choose another key."
            )
        how = {**how, "options": {**how.get("options", {}), "agreed_rows": told["rows_after"]}}
    if join is not None:
        return change_join(cycle=cycle, join=join, how=how, by=by)
    return add_join(cycle=cycle, source=preview.source, by=by, **how)


@transaction.atomic
def add_join(
    *,
    cycle: Cycle,
    source: Source,
    left_on: list[str],
    right_on: list[str],
    by: User,
    kind: str = "left",
    prefix: str = "",
    options: dict[str, Any] | None = None,
) -> Join:
    """Join a source to the table so far. Raises an EngineError when it does not fit there.

    What only rows tell (whether they multiply) is asked when the join is computed.
    """
    begin(cycle, by)
    how = {"kind": kind, "left_on": left_on, "right_on": right_on, "options": options or {}}
    _may_be_joined(cycle, source, how)
    consolidation = consolidation_of(cycle)
    assert consolidation is not None, "asked just now"
    last = consolidation.joins.aggregate(last=Max("position"))["last"] or 0
    join = Join(
        consolidation=consolidation,
        position=last + 1,
        source=source,
        prefix=prefix or default_prefix(cycle, source),
        created_by=by,
        kind=kind,
        left_on=left_on,
        right_on=right_on,
        options=options or {},
    )
    _refuse_twice(consolidation, join)
    join.save()
    _refuse_misfit(cycle, join)
    _edited(consolidation, by)
    tell("data.joined", f"joined: {join}", cycle=cycle, by=by, source=source.pk, **join.as_dict())
    return join


def _refuse_twice(consolidation: Consolidation, join: Join) -> None:
    for other in joins_of(consolidation):
        if other.source_id == join.source_id and _same(other, join):
            raise Refusal(f"“{join.source.name}” is part of the table already in this way.")


def _same(one: Join, other: Join) -> bool:
    first, second = one.as_dict(), other.as_dict()
    return {**first, "prefix": ""} == {**second, "prefix": ""}


def _refuse_misfit(cycle: Cycle, join: Join) -> None:
    """The error of the engine when the join does not fit where it stands; then nothing is kept."""
    consolidation, inputs = consolidation_of(cycle), source_inputs(cycle)
    if consolidation is None or inputs is None:
        return
    places = [each.pk for each in enabled_joins(consolidation)]
    paths = with_paths(inputs)
    consolidated_shape(base=paths["base"], joins=paths["joins"][: places.index(join.pk) + 1])


@transaction.atomic
def change_join(*, cycle: Cycle, join: Join, how: dict[str, Any], by: User) -> Join:
    """Put another way of joining the same source in the place of a join; the old one is kept."""
    begin(cycle, by)
    _require_there(join)
    changed = Join.objects.create(
        consolidation=join.consolidation,
        position=join.position,
        source=join.source,
        kind=how.get("kind", "left"),
        left_on=how["left_on"],
        right_on=how["right_on"],
        prefix=how.get("prefix", join.prefix),
        options=how.get("options", {}),
        is_enabled=True,
        replaces=join,
        created_by=by,
    )
    _take_away(join)
    _refuse_misfit(cycle, changed)
    says = f"changed a join: {changed}"
    _edited(join.consolidation, by)
    tell("data.join_changed", says, cycle=cycle, by=by, before=join.as_dict(), **changed.as_dict())
    return changed


def _edited(consolidation: Consolidation, by: User) -> None:
    """Who changed it last; what was computed for it as it was is no answer any more."""
    consolidation.job, consolidation.edited_by = None, by
    consolidation.save(update_fields=["job", "edited_by", "edited_at"])


def _require_there(join: Join) -> None:
    join.refresh_from_db()
    if join.removed_at is not None:
        raise Refusal("This join was taken out or changed by somebody else meanwhile.")


def _take_away(join: Join) -> None:
    join.removed_at = timezone.now()
    join.save(update_fields=["removed_at"])


@transaction.atomic
def remove_join(*, cycle: Cycle, join: Join, by: User) -> None:
    """Take a join out of the table. It can be put back."""
    begin(cycle, by)
    _require_there(join)
    _take_away(join)
    source = join.source
    _edited(join.consolidation, by)
    tell("data.join_removed", f"took the join with {source} out", cycle=cycle, by=by)


@transaction.atomic
def restore_join(*, cycle: Cycle, join: Join, by: User) -> None:
    """Put a join back where it was; what stands in its place by a change is taken out."""
    begin(cycle, by)
    join.refresh_from_db()
    if join.removed_at is None:
        raise Refusal("This join is part of the table.")
    for other in joins_of(join.consolidation):
        if _first(other) == _first(join):
            _take_away(other)
    _refuse_twice(join.consolidation, join)
    join.removed_at, join.is_enabled = None, True
    join.save(update_fields=["removed_at", "is_enabled"])
    says = f"put the join with {join.source} back"
    _edited(join.consolidation, by)
    tell("data.join_restored", says, cycle=cycle, by=by, **join.as_dict())


def _first(join: Join) -> Join:
    """The join that this one was before any change."""
    while join.replaces is not None:
        join = join.replaces
    return join


@transaction.atomic
def set_join_enabled(*, cycle: Cycle, join: Join, enabled: bool, by: User) -> None:
    """Switch a join off or on again."""
    begin(cycle, by)
    _require_there(join)
    join.is_enabled = enabled
    join.save(update_fields=["is_enabled"])
    says = f"switched the join with {join.source} {'on' if enabled else 'off'}"
    _edited(join.consolidation, by)
    tell("data.join_switched", says, cycle=cycle, by=by, **join.as_dict())


@transaction.atomic
def move_join(*, cycle: Cycle, join: Join, up: bool, by: User) -> None:
    """Exchange a join with its neighbour."""
    begin(cycle, by)
    _require_there(join)
    joins = joins_of(join.consolidation)
    at = [each.pk for each in joins].index(join.pk)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(joins):
        return
    joins[at], joins[to] = joins[to], joins[at]
    for position, each in enumerate(joins, start=1):
        each.position = position
        each.save(update_fields=["position"])
    says = f"moved the join with {join.source} to place {to + 1}"
    _edited(join.consolidation, by)
    tell("data.join_moved", says, cycle=cycle, by=by, **join.as_dict())


@transaction.atomic
def compute_joins(*, cycle: Cycle, by: User) -> None:
    """Compute the joins that are not known yet."""
    begin(cycle, by)
    consolidation = consolidation_of(cycle)
    if consolidation is None or source_inputs(cycle) is None:
        raise Refusal("Choose a base whose file has been read; joined sources must be read too.")
    if consolidation.job and consolidation.job.is_live:
        return
    consolidation.job = enqueue(
        "datasets.compute_joins",
        queue=Queue.DATA,
        title="Compute the joins",
        project=cycle.project,
        by=by,
    )
    consolidation.save(update_fields=["job"])


@transaction.atomic
def carry_over(*, cycle: Cycle, by: User) -> None:
    """Start from the joins and steps of the newest earlier cycle."""
    begin(cycle, by)
    earlier = earlier_consolidation(cycle)
    if earlier is None or consolidation_of(cycle) is not None or cycle.steps.exists():
        raise Refusal("There is nothing to take over, or this cycle has a table of its own.")
    begun = Consolidation.objects.create(cycle=cycle, base=earlier.base, edited_by=by)
    for join in joins_of(earlier):
        join.pk, join.consolidation, join.created_by, join.replaces = None, begun, by, None
        join.save(force_insert=True)
    for step in earlier.cycle.steps.filter(is_enabled=True):
        step.pk, step.cycle, step.created_by = None, cycle, by
        step.save(force_insert=True)
    tell(
        "data.carried_over",
        f"took joins and steps over from cycle {earlier.cycle.number}",
        cycle=cycle,
        by=by,
    )
