"""Which choice counts for which column: those that name it, then those for all of its kind."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.engine.training.fitted.choices import Choice, Select, choice_from, holds_of
from apps.engine.training.frame import model_columns
from apps.engine.types import ColumnSpec


@dataclass(frozen=True)
class Group:
    """Columns that the same choices count for, prepared together. ``columns``: of the model frame.

    ``named``: a person named the columns, so a long text among them is a category all the same.
    """

    holds: str
    features: tuple[str, ...]
    columns: tuple[str, ...]
    named: bool
    choices: tuple[Choice, ...]

    def of(self, aspect: str) -> Any:
        """The choice about "fill", "rare", "encode" or "scale"; None where there is none."""
        return next((each for each in self.choices if each.aspect == aspect), None)


@dataclass(frozen=True)
class Settled:
    """All that was chosen, held against the features of one model."""

    groups: tuple[Group, ...] = ()
    select: Select | None = None

    def takes(self, long: Iterable[str]) -> list[tuple[Group, list[str]]]:
        """Groups and their columns, without texts that are read word by word."""
        words = set(long)
        return [
            (each, [name for name in each.columns if each.named or name not in words])
            for each in self.groups
        ]


AUTOMATIC = Settled()
"""Nothing was chosen."""


def settle(choices: Sequence[Mapping[str, Any]], spec: Sequence[ColumnSpec]) -> Settled:
    """Hold choices against features. Raises BadParameter for what is no choice.

    For each column and aspect one choice counts: the last one that names the column, else the
    last one for all of its kind. Columns that are no features are passed over: an attack of the
    adversary suite may take a feature away.
    """
    made = [choice_from(each) for each in choices]
    found: dict[tuple[str, bool, tuple[Choice, ...]], list[ColumnSpec]] = {}
    for column in spec:
        counting = _counting(made, column)
        if counting:
            named = any(column.name in each.columns for each in counting)
            found.setdefault((holds_of(column), named, counting), []).append(column)
    groups = tuple(
        Group(
            holds,
            tuple(column.name for column in columns),
            tuple(name for names in model_columns(columns) for name in names),
            named,
            counting,
        )
        for (holds, named, counting), columns in found.items()
    )
    selects = [each for each in made if isinstance(each, Select)]
    return Settled(groups, selects[-1] if selects else None)


def _counting(choices: Sequence[Choice], column: ColumnSpec) -> tuple[Choice, ...]:
    """The choices that count for a column, one for each aspect, in the order of preparation."""
    chosen: dict[str, Choice] = {}
    about = [each for each in choices if each.holds != "all" and each.concerns(column)]
    for each in sorted(about, key=lambda one: column.name in one.columns):
        chosen[each.aspect] = each
    order = ("fill", "rare", "encode", "scale")
    return tuple(chosen[aspect] for aspect in order if aspect in chosen)
