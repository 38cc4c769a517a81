"""Today's rule may ask for a column that the models do not use."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from apps.engine.training.frame import model_columns
from apps.modeling.models import Experiment


def features_with_rule(rule: Mapping[str, Any], experiment: Experiment) -> list[dict[str, Any]]:
    """The features, and behind them the column of the rule where it is not one of them."""
    found: list[dict[str, Any]] = list(experiment.features)
    names = {feature["name"] for feature in found}
    for column in experiment.split.table.table_spec.columns:
        parts = {name for part in model_columns([column]) for name in part}
        if rule["column"] in parts and column.name not in names:
            found.append(asdict(column))
    return found
