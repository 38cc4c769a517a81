"""The last cell of a notebook: scores; and what sets of labels need beside the other kinds."""

import inspect
from typing import Any

from apps.engine import labels
from apps.engine.training import several
from apps.engine.types import Problem

_OF_CLASSES = """
pd.Series(
    {
        title: log_loss(target[told.index], told[sorted(told)], labels=sorted(told))
        for title, told in answers.items()
    },
    name="log loss of all answers",
).sort_values()
"""

_OF_NUMBERS = """
pd.DataFrame(
    {
        title: {
            "RMSE": root_mean_squared_error(target[told.index], told["number"]),
            "R2": r2_score(target[told.index], told["number"]),
        }
        for title, told in answers.items()
    }
).T.sort_values("RMSE")
"""

_OF_QUANTILES = """
pd.DataFrame(
    {
        title: {
            "pinball loss": mean_pinball_loss(target[told.index], told["number"], alpha=LEVEL),
            "share at or below": np.mean(target[told.index] <= told["number"]),
        }
        for title, told in answers.items()
    }
).T.sort_values("pinball loss")
"""

_OF_SETS = """
pd.DataFrame(
    {
        title: {
            "Hamming loss": np.mean(
                (told.to_numpy() >= 0.5) != matrix_of(target[told.index], list(told.columns))
            ),
            "F1, micro": f1_score(
                matrix_of(target[told.index], list(told.columns)),
                told.to_numpy() >= 0.5,
                average="micro",
                zero_division=0.0,
            ),
        }
        for title, told in answers.items()
    }
).T.sort_values("Hamming loss")
"""


def scores_cell(problem: Problem, *, level: float | None) -> str:
    """The source of the cell. ``level``: of the quantile that is answered, None for the mean."""
    if level is not None:
        return _OF_QUANTILES
    if problem == Problem.MULTILABEL:
        return _OF_SETS
    return _OF_NUMBERS if problem == Problem.REGRESSION else _OF_CLASSES


def scores_used(problem: Problem, *, level: float | None) -> set[str]:
    """Names that the cell takes from ``sklearn.metrics``."""
    if level is not None:
        return {"mean_pinball_loss"}
    if problem == Problem.MULTILABEL:
        return {"f1_score"}
    return (
        {"r2_score", "root_mean_squared_error"} if problem == Problem.REGRESSION else {"log_loss"}
    )


def set_sources() -> list[str]:
    """Source of the notation of sets and of the class that learns them."""
    constants = [
        "from collections.abc import Iterable, Sequence",
        "",
        f"SIGN, NONE = {labels.SIGN!r}, {labels.NONE!r}",
        f"LEAST_LABEL_ROWS = {several.LEAST_LABEL_ROWS}",
    ]
    wanted: list[Any] = [
        labels.labels_in,
        labels.names_in,
        labels.matrix_of,
        several.LabelSets,
    ]
    return ["\n".join(constants), *(inspect.getsource(item) for item in wanted)]
