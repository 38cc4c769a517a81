"""The steps that a recipe can have: an explicit list, in the order in which a form offers them."""

from collections.abc import Mapping
from typing import Any

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Step
from apps.engine.recipe.steps.cap_values import CapValues
from apps.engine.recipe.steps.convert_unit import ConvertUnit
from apps.engine.recipe.steps.date_parts import DateParts
from apps.engine.recipe.steps.derive_column import DeriveColumn
from apps.engine.recipe.steps.drop_columns import DropColumns
from apps.engine.recipe.steps.drop_duplicates import DropDuplicates
from apps.engine.recipe.steps.edit_cell import EditCell
from apps.engine.recipe.steps.fill_missing import FillMissing
from apps.engine.recipe.steps.filter_expression import FilterExpression
from apps.engine.recipe.steps.filter_rows import FilterRows
from apps.engine.recipe.steps.flag_missing import FlagMissing
from apps.engine.recipe.steps.map_values import MapValues
from apps.engine.recipe.steps.merge_columns import MergeColumns
from apps.engine.recipe.steps.normalise_text import NormaliseText
from apps.engine.recipe.steps.parse_type import ParseType
from apps.engine.recipe.steps.pseudonymise import Pseudonymise
from apps.engine.recipe.steps.rename_column import RenameColumn
from apps.engine.recipe.steps.replace_text import ReplaceText
from apps.engine.recipe.steps.row_id import RowId
from apps.engine.recipe.steps.set_missing import SetMissing
from apps.engine.recipe.steps.split_column import SplitColumn
from apps.engine.recipe.steps.trim_text import TrimText

STEPS: dict[str, type[Step]] = {
    "parse_type": ParseType,
    "set_missing": SetMissing,
    "fill_missing": FillMissing,
    "flag_missing": FlagMissing,
    "map_values": MapValues,
    "trim_text": TrimText,
    "normalise_text": NormaliseText,
    "replace_text": ReplaceText,
    "split_column": SplitColumn,
    "merge_columns": MergeColumns,
    "derive_column": DeriveColumn,
    "date_parts": DateParts,
    "convert_unit": ConvertUnit,
    "cap_values": CapValues,
    "row_id": RowId,
    "pseudonymise": Pseudonymise,
    "edit_cell": EditCell,
    "filter_rows": FilterRows,
    "filter_expression": FilterExpression,
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
