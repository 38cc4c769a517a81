"""Every state that a recipe had. A change makes a new one; going back makes an old one current."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from apps.accounts.models import User
from apps.datasets.models import RecipeState, Step
from apps.projects.models import Cycle

KEPT = ("params", "reason", "is_enabled")


def snapshot(cycle: Cycle) -> list[dict[str, Any]]:
    """The steps of the recipe in their order, with all that a person can change about them."""
    return [
        {"id": step.pk, **{name: getattr(step, name) for name in KEPT}}
        for step in cycle.steps.filter(is_removed=False)
    ]


def current_state(cycle: Cycle) -> RecipeState | None:
    """Where the recipe stands; None before its first change."""
    return cycle.recipe_states.filter(is_current=True).select_related("parent").first()


@contextmanager
def remembered(cycle: Cycle, *, by: User, says: str) -> Iterator[None]:
    """Keep the state that comes out of the block. Inside the transaction of an action."""
    before = current_state(cycle)
    if before is None:  # a recipe that is older than its history, or an empty one
        before = RecipeState.objects.create(
            cycle=cycle, steps=snapshot(cycle), says="as it was before", by=by
        )
    yield
    steps = snapshot(cycle)
    if steps == before.steps:
        return
    RecipeState.objects.filter(pk=before.pk).update(is_current=False)
    RecipeState.objects.create(cycle=cycle, parent=before, steps=steps, says=says[:300], by=by)


def restore(state: RecipeState) -> None:
    """Make a state the current one: its steps as they were then, all others removed."""
    cycle = state.cycle
    cycle.recipe_states.filter(is_current=True).update(is_current=False)
    RecipeState.objects.filter(pk=state.pk).update(is_current=True)
    steps = {step.pk: step for step in cycle.steps.all()}
    for step in steps.values():
        step.is_removed, step.is_enabled = True, False
    for place, kept in enumerate(state.steps, start=1):
        step = steps[kept["id"]]
        step.position, step.is_removed = place, False
        for name in KEPT:
            setattr(step, name, kept[name])
    Step.objects.bulk_update(steps.values(), ["position", "is_removed", *KEPT])


def before_and_after(state: RecipeState | None) -> tuple[RecipeState | None, RecipeState | None]:
    """Where undo and redo would lead: the parent, and the newest of the children."""
    if state is None:
        return None, None
    return state.parent, state.children.order_by("-pk").first()
