"""The steps that a recipe can have: an explicit list, in the order in which a form offers them."""

from collections.abc import Mapping
from typing import Any

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Step
from apps.engine.recipe.steps.drop_columns import DropColumns
from apps.engine.recipe.steps.drop_duplicates import DropDuplicates
from apps.engine.recipe.steps.filter_rows import FilterRows
from apps.engine.recipe.steps.map_values import MapValues
from apps.engine.recipe.steps.parse_type import ParseType
from apps.engine.recipe.steps.rename_column import RenameColumn
from apps.engine.recipe.steps.set_missing import SetMissing
from apps.engine.recipe.steps.trim_text import TrimText

STEPS: dict[str, type[Step]] = {
    "parse_type": ParseType,
    "set_missing": SetMissing,
    "map_values": MapValues,
    "trim_text": TrimText,
    "filter_rows": FilterRows,
    "drop_duplicates": DropDuplicates,
    "rename_column": RenameColumn,
    "drop_columns": DropColumns,
}


def step_from(data: Mapping[str, Any]) -> Step:
    """Step from its JSON form ``{"step": key, "params": {...}}``; BadParameter when unusable."""
    kind = STEPS.get(str(data.get("step")))
    if kind is None:
        raise BadParameter(f"The step {data.get('step')!r} is not known.")
    return kind.from_params(data.get("params") or {})
