"""Rules on what the recipe makes of a request: asked behind the steps that make it, and told by
the columns that the caller sent."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from apps.engine.contract.requests import Breach, Row, Test, breaches_of, test_of, told
from apps.engine.contract.rule import Rule
from apps.engine.errors import EngineError
from apps.engine.recipe.lineage import origins
from apps.engine.recipe.registry import step_from


class After:
    """The rules of ``requests.Asked.made`` on checked rows of a request. Thread-safe.

    ``names``: columns of a request.
    """

    def __init__(
        self, rules: Sequence[Rule], steps: Sequence[Mapping[str, Any]], *, names: Sequence[str]
    ) -> None:
        self._asked = [(rule, test_of(rule)) for rule in rules]
        self._tests: list[Test] = [test for _, test in self._asked]
        self._steps = [step_from(step) for step in steps]
        self._from = origins(names, steps)

    def breaks(self, row: Row) -> bool:
        """Whether a row breaks any of the rules, or has to be looked at. Some microseconds."""
        try:
            made = self._made(row)
            return any(broken(made) for broken in self._tests)
        except EngineError:
            return True

    def breaches(self, row: Row) -> list[Breach]:
        """The rules that a row breaks. ``field`` is a column of the request.

        None where a step refuses the row: then the answer is refused, in the words of the step.
        """
        with suppress(EngineError):
            made = self._made(row)
            return [self._named(found, row, made) for found in breaches_of(made, self._asked)]
        return []

    def _made(self, row: Row) -> dict[str, Any]:
        made = dict(row)
        for step in self._steps:
            made = step.replay(made)
        return made

    def _named(self, breach: Breach, row: Row, made: Row) -> Breach:
        """The breach at a column that was sent, with what the recipe made of which values."""
        says = [breach.message]
        for name in breach.rule.columns[:3]:
            sources = self._from[name]
            if sources != (name,):
                says.append(f"The recipe makes {name} of {told(row, sources)}.")
            elif name in row and row[name] != made[name]:
                says.append(f"What was sent: {told(row, sources)}.")
        return replace(breach, field=self._from[breach.field][0], message=" ".join(says))
