"""Fitted choices on the page of wrangling: what is chosen, what each column gets, what was seen."""

import json
from dataclasses import dataclass
from typing import Any

from apps.datasets.models import FittedLook, Split, Step
from apps.datasets.queries import current_split, features_among, fitted_choices, sentence_of
from apps.datasets.storage import local
from apps.engine.errors import EngineError
from apps.engine.training.fitted.choices import CHOICES, Choice, choice_from, holds_of, misfits
from apps.engine.training.fitted.settle import settle
from apps.engine.types import ColumnSpec, TableSpec
from apps.planning.queries import sensitive_columns, signed_plan
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle


@dataclass(frozen=True)
class ChoiceLine:
    """A choice as the page lists it; ``problem``: why it fits no column of the table."""

    step: Step
    sentence: str
    problem: str


@dataclass(frozen=True)
class FittedView:
    """The list of fitted choices, and which of them counts for which columns.

    ``split``: None while there are no development rows to look at them on.
    """

    lines: list[ChoiceLine]
    offered: list[tuple[str, str]]
    gets: list[tuple[list[str], list[str]]]
    split: Split | None


def fitted_view(cycle: Cycle, *, spec: TableSpec | None) -> FittedView:
    """What the wrangle page shows of them. ``spec``: the table after the recipe. Reads no rows."""
    steps = list(cycle.steps.filter(is_removed=False, is_fitted=True))
    found = misfits([step.as_choice() for step in steps], spec) if spec else {}
    return FittedView(
        lines=[
            ChoiceLine(step, sentence_of(step), found.get(place, "") if step.is_enabled else "")
            for place, step in enumerate(steps)
        ],
        offered=[(key, made.title) for key, made in CHOICES.items()],
        gets=_gets(cycle, spec),
        split=current_split(cycle),
    )


def _gets(cycle: Cycle, spec: TableSpec | None) -> list[tuple[list[str], list[str]]]:
    """Features and the sentences that count for them."""
    if spec is None:
        return []
    try:
        settled = settle(fitted_choices(cycle), features_of(cycle, spec))
    except EngineError:
        return []
    return [
        (list(group.features), [each.sentence() for each in group.choices])
        for group in settled.groups
    ]


def features_of(cycle: Cycle, spec: TableSpec) -> list[ColumnSpec]:
    """Columns that a model may use; all while no plan is signed."""
    plan, split = signed_plan(cycle), current_split(cycle)
    if plan is None:
        return list(spec.columns)
    return features_among(spec, plan, group=split.group if split else "")


def spec_for(cycle: Cycle, spec: TableSpec, kind: type[Choice]) -> TableSpec:
    """The columns that a choice can be about."""
    features = features_of(cycle, spec)
    return TableSpec(spec.rows, tuple(each for each in features if holds_of(each) == kind.holds))


def look_subject(split: Split, choices: list[dict[str, Any]], features: list[Any]) -> str:
    """Hash of what a look rests on."""
    about = {"development": split.development, "target": split.target}
    return content_hash({**about, "choices": choices, "features": features})


def choices_with(cycle: Cycle, draft: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Choices that count, with the draft at the end or in the place of the one that it changes."""
    steps = cycle.steps.filter(is_enabled=True, is_fitted=True)
    found = [(step.pk, step.as_choice()) for step in steps]
    if not draft:
        return [choice for _, choice in found]
    drafted, replaced = _drafted(draft), draft.get("step")
    if any(pk == replaced for pk, _ in found):
        return [drafted if pk == replaced else choice for pk, choice in found]
    return [*(choice for _, choice in found), drafted]


def is_todays(look: FittedLook) -> bool:
    """Whether the rows and the choices are still those that were looked at."""
    split = current_split(look.cycle)
    fresh = (choices_with(look.cycle, look.draft), fitted_choices(look.cycle))
    return split is not None and split.pk == look.split_id and look.choices in fresh


def is_made(look: FittedLook) -> bool:
    """Whether what was looked at is what counts today: there is nothing left to choose."""
    return not look.draft or look.choices == fitted_choices(look.cycle)


def _drafted(draft: dict[str, Any]) -> dict[str, Any]:
    return {key: draft[key] for key in ("choice", "params")}


def told_by(look: FittedLook) -> dict[str, Any] | None:
    """What was found, without values of sensitive columns; None while it is not finished."""
    if not look.is_ready:
        return None
    told = json.loads(local(look.result).read_bytes())
    if look.draft:
        told["drafted"] = choice_from(_drafted(look.draft)).sentence()
    return veiled(told, hidden=sensitive_columns(look.cycle))


def veiled(told: dict[str, Any], *, hidden: frozenset[str]) -> dict[str, Any]:
    """The same without what tells values of the ``hidden`` columns; ``same``: columns in which
    nothing changes, which are only named."""
    columns = []
    for each in told["columns"]:
        if _owner(each["column"], hidden):
            each = {**each, "veiled": True, "lines": [], "grouped": [], "encoded": [], "out": []}
        columns.append(each)
    select = told["select"]
    if select is not None:
        lines = [
            {**line, "name": f"a column made of {line['column']}"}
            if _owner(line["column"], hidden)
            else line
            for line in select["lines"]
        ]
        select = {**select, "lines": lines}
    same = [each["column"] for each in columns if not _changes(each)]
    columns = [each for each in columns if _changes(each)]
    return {**told, "columns": columns, "same": same, "select": select}


def _changes(column: dict[str, Any]) -> bool:
    """Whether any cell of these rows comes out otherwise than it went in."""
    moved = any(line["before"] != line["after"] for line in column["lines"])
    return bool(column["filled"] or column["grouped"] or column["encoded"] or moved) or (
        len(column["out"]) > 1 or column.get("veiled", False)
    )


def _owner(name: str, hidden: frozenset[str]) -> bool:
    """A column of the model frame comes from a hidden one: by its name, or as part of its date."""
    return any(name == each or name.startswith(f"{each}: ") for each in hidden)
