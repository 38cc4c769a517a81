"""What a person does with fitted choices: make one, change one, have them looked at."""

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.datasets.actions import begin, tell
from apps.datasets.fitted import choices_with, features_of, look_subject
from apps.datasets.history import remembered
from apps.datasets.models import FittedLook, Step
from apps.datasets.queries import current_split, enabled_steps, shape_so_far
from apps.engine.recipe.run import check_recipe
from apps.engine.training.fitted.choices import choice_from
from apps.engine.types import TableSpec
from apps.jobs.actions import enqueue, revive
from apps.jobs.models import Queue
from apps.projects.models import Cycle
from apps.web.refusals import Refusal


@transaction.atomic
def add_choice(
    *, cycle: Cycle, choice: str, params: dict[str, Any], by: User, reason: str = ""
) -> Step:
    """Put a choice at the end of the list. Raises an EngineError when it fits no such table."""
    begin(cycle, by)
    sentence = _checked(cycle, choice, params)
    last = cycle.steps.aggregate(last=Max("position"))["last"] or 0
    with remembered(cycle, by=by, says=f"chose: {sentence}"):
        added = Step.objects.create(
            cycle=cycle,
            position=last + 1,
            step=choice,
            params=params,
            is_fitted=True,
            reason=reason,
            created_by=by,
        )
    tell("data.choice_made", f"chose: {sentence}", cycle=cycle, by=by, **added.as_choice())
    return added


@transaction.atomic
def change_choice(*, step: Step, params: dict[str, Any], by: User, reason: str = "") -> None:
    """Give a choice other parameters; it keeps its place."""
    begin(step.cycle, by)
    step.refresh_from_db()
    if step.is_removed:
        raise Refusal("This choice was removed meanwhile. Go back in the history to bring it back.")
    sentence, before = _checked(step.cycle, step.step, params), step.as_choice()
    with remembered(step.cycle, by=by, says=f"chose instead: {sentence}"):
        step.params, step.reason = params, reason
        step.save(update_fields=["params", "reason"])
    tell(
        "data.choice_changed",
        f"chose instead: {sentence}",
        cycle=step.cycle,
        by=by,
        before=before,
        **step.as_choice(),
    )


def _checked(cycle: Cycle, choice: str, params: dict[str, Any]) -> str:
    """The choice in words, held against today's table where there is one."""
    made, spec = choice_from({"choice": choice, "params": params}), _spec_after_recipe(cycle)
    if spec is not None:
        made.check(spec)
    return made.sentence()


def _spec_after_recipe(cycle: Cycle) -> TableSpec | None:
    shape = shape_so_far(cycle)
    if shape is None:
        return None
    return check_recipe(shape, [step.as_dict() for step in enabled_steps(cycle)])


@transaction.atomic
def look_at_choices(*, cycle: Cycle, by: User, draft: dict[str, Any] | None = None) -> FittedLook:
    """Have a worker show what the choices make of development rows; the same is shown once.

    ``draft``: one that is not made yet ("choice", "params", "reason"), or made otherwise
    ("step": the primary key of the one that it would replace).
    """
    begin(cycle, by)
    split = current_split(cycle)
    if split is None:
        raise Refusal(
            "There are no development rows yet: draw the split first. Choices can be made before."
        )
    choices = choices_with(cycle, draft)
    if not choices:
        raise Refusal("Nothing is chosen yet: make a choice first, then look at it.")
    spec = split.table.table_spec
    for each in choices:
        choice_from(each).check(spec)
    features = [asdict(column) for column in features_of(cycle, spec)]
    subject = look_subject(split, choices, features)
    found = cycle.fitted_looks.filter(subject=subject).select_related("job").first()
    if found is not None:
        revive(found.job)
        found.draft = draft or {}
        found.save(update_fields=["draft"])
        return found
    job = enqueue(
        "datasets.look_at_choices",
        queue=Queue.DATA,
        title="Look at fitted choices",
        project=cycle.project,
        by=by,
    )
    return FittedLook.objects.create(
        cycle=cycle,
        subject=subject,
        split=split,
        choices=choices,
        features=features,
        draft=draft or {},
        job=job,
        asked_by=by,
    )
