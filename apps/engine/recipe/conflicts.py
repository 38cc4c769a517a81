"""Steps that cannot be done where they stand, and which other step is the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.engine.errors import EngineError
from apps.engine.recipe.registry import step_from
from apps.engine.recipe.step import Step
from apps.engine.types import TableSpec


@dataclass(frozen=True)
class Conflict:
    """``place`` counts from 1 among all steps, those that are switched off included."""

    place: int
    says: str


@dataclass(frozen=True)
class _Line:
    place: int
    step: Step | None
    is_on: bool
    problem: str = ""


def find_conflicts(
    spec: TableSpec, steps: Sequence[dict[str, Any]], *, on: Sequence[bool]
) -> list[Conflict]:
    """Why steps do not fit, from the columns that each uses and makes. Reads no row.

    ``on``: which steps are switched on. A step that does not fit is passed over by those behind
    it, so that each reason is told once.
    """
    both = zip(steps, on, strict=True)
    lines = [_line(place, data, is_on) for place, (data, is_on) in enumerate(both, start=1)]
    removed: dict[str, _Line] = {}
    found = []
    for line in lines:
        if not line.is_on:
            continue
        if line.step is None:
            found.append(Conflict(line.place, line.problem))
            continue
        try:
            after = line.step.check(spec)
        except EngineError as error:
            found.append(Conflict(line.place, _reason(line, spec, removed, lines) or str(error)))
            continue
        for name in set(spec.names) - set(after.names):
            removed[name] = line
        spec = after
    return found


def _line(place: int, data: dict[str, Any], is_on: bool) -> _Line:
    try:
        return _Line(place, step_from(data), is_on)
    except EngineError as error:
        return _Line(place, None, is_on, str(error))


def _reason(line: _Line, spec: TableSpec, removed: dict[str, _Line], lines: Sequence[_Line]) -> str:
    """The step that takes a needed column away, or makes it too late; empty when there is none."""
    assert line.step is not None
    absent = next((name for name in line.step.uses() if name not in spec.names), None)
    if absent is None:
        return ""
    if absent in removed:
        other = removed[absent]
        assert other.step is not None
        return (
            f"It uses “{absent}”, which step {other.place} ({other.step.sentence()}) takes away: "
            "move it up, or change one of the two."
        )
    for other in lines:
        if other.step is None or absent not in other.step.flow() or other is line:
            continue
        if not other.is_on:
            return f"It uses “{absent}”, which step {other.place} makes, and that is switched off."
        if other.place > line.place:
            return f"It uses “{absent}”, which only step {other.place} makes: move it down."
    return f"It uses “{absent}”, and the joined table has no such column."
