"""What each metric of the catalogue is for, in words."""

from apps.engine.evaluation.metrics import METRICS
from apps.engine.types import Problem

_PROBLEMS = {
    Problem.BINARY: "two classes",
    Problem.MULTICLASS: "more classes",
    Problem.REGRESSION: "numbers",
    Problem.MULTILABEL: "sets of labels",
}


def problems_in_words(key: str) -> str:
    """What a metric of the catalogue is for: “two classes, more classes”."""
    return ", ".join(word for kind, word in _PROBLEMS.items() if kind in METRICS[key].problems)


def metrics_by_problem() -> dict[str, list[str]]:
    """Keys of the catalogue under what they are for, in its order."""
    found: dict[str, list[str]] = {}
    for key in METRICS:
        found.setdefault(problems_in_words(key), []).append(key)
    return found
