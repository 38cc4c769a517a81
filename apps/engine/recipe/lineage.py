"""Which columns of a row a recipe's results come from, followed along what its steps declare."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from apps.engine.recipe.registry import step_from
from apps.engine.recipe.step import Step

StepData = Mapping[str, Any]
Origins = dict[str, tuple[str, ...]]
"""Column after the recipe: the columns before it that it comes from."""


def needed(
    names: Iterable[str], wanted: Iterable[str], steps: Sequence[StepData], *, target: str
) -> list[str]:
    """Columns before the recipe, in their order, without which the wanted ones cannot be made.

    A filter's columns are among them, so that it can warn of a request; no request has a target.
    """
    asked = set(wanted)
    for step in map(step_from, reversed(steps)):
        flow = step.flow()
        made = asked & set(flow)
        asked = (asked - made) | {name for each in made for name in flow[each]}
        target = flow.get(target, (target,))[0]
        if step.drops_rows and step.row_wise:
            asked |= set(step.uses()) - {target}
    return [name for name in names if name in asked]


def changed_by(steps: Sequence[StepData]) -> frozenset[str]:
    """Columns of a replayed row that may hold something else than before the recipe."""
    return frozenset(name for step in map(step_from, steps) for name in _flow(step))


def origins(names: Iterable[str], steps: Sequence[StepData]) -> Origins:
    """What a row of these columns has after the recipe, and where it comes from.

    A column that comes from one that the row does not have is not among them.
    """
    found: Origins = {name: (name,) for name in names}
    for step in map(step_from, steps):
        made = {
            name: tuple(dict.fromkeys(each for source in sources for each in found[source]))
            for name, sources in _flow(step).items()
            if found.keys() >= set(sources)
        }
        lost = set(_flow(step)) - set(made)
        found = {name: sources for name, sources in found.items() if name not in lost} | made
    return found


def steps_behind(columns: Collection[str], steps: Sequence[StepData]) -> tuple[StepData, ...]:
    """Only those steps that a replay needs to make the columns, in their order."""
    asked, kept = set(columns), []
    for data in reversed(steps):
        flow = _flow(step_from(data))
        made = asked & set(flow)
        if made:
            kept.append(data)
            asked = (asked - made) | {name for each in made for name in flow[each]}
    return tuple(reversed(kept))


def _flow(step: Step) -> dict[str, tuple[str, ...]]:
    """What a replay of one row does; a step about whole rows of a table is passed over there."""
    return step.flow() if step.row_wise else {}
