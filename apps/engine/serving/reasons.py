"""Why a row is answered as it is: what each column does to its answer, one column at a time."""

from collections.abc import Mapping
from typing import Any

from apps.engine.serving.score import Scorer
from apps.engine.types import Problem

MOST_REASONS = 3
MOST_ROWS = 100
"""Of a request with reasons: each row is answered once more for each of its columns."""


def reasons_of(scorer: Scorer, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The columns that move the answer of a checked row most, the strongest first.

    Each is ``{"field", "value", "usual", "effect"}``. The effect is the answer of the row less that
    of the same row with the field at its usual value (the median of development, the commonest
    category): of the probability of the positive class, where there is none of the class that is
    named, or of the number. Of a set of labels it is that of the ``"label"`` whose probability the
    field moves most. Effects of columns that work together do not add up. Columns without an effect
    are left out; at most MOST_REASONS are told.

    Notes
    -----
    Occlusion of one feature (Zeiler and Fergus 2014, ECCV). O(columns) answers. Raises EngineError
    where a step of the recipe refuses the row.
    """
    usual = scorer.contract.typed_example()
    changed = [name for name, value in row.items() if value != usual[name]]
    answers, _ = scorer.predict([row, *({**row, name: usual[name]} for name in changed)])
    told, *others = answers
    found = [
        {"field": name, "value": row[name], "usual": usual[name], **_effect(scorer, told, other)}
        for name, other in zip(changed, others, strict=True)
    ]
    strongest = sorted(found, key=lambda reason: -abs(reason["effect"]))
    return [reason for reason in strongest[:MOST_REASONS] if reason["effect"]]


def _effect(scorer: Scorer, told: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """How much more the answer ``told`` is than ``other``, and of which label of a set."""
    chances = told["probabilities"]
    if chances is None:
        return {"effect": float(told["prediction"]) - float(other["prediction"])}
    effects = {name: float(chances[name] - other["probabilities"][name]) for name in chances}
    if scorer.problem == Problem.MULTILABEL:
        label = max(effects, key=lambda name: abs(effects[name]))
        return {"effect": effects[label], "label": label}
    return {
        "effect": effects[scorer.positive if scorer.positive in chances else told["prediction"]]
    }
