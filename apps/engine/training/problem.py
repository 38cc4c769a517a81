"""What kind of problem a target poses."""

import pandas as pd

from apps.engine.errors import NotEnoughData
from apps.engine.labels import names_in
from apps.engine.splitting.target import is_class_target
from apps.engine.types import Problem

MOST_CLASSES = 50


_WORDS = {
    Problem.BINARY: "two classes",
    Problem.MULTICLASS: "several classes",
    Problem.MULTILABEL: "sets of labels",
    Problem.REGRESSION: "regression",
}


def kind_in_words(problem: Problem, *, level: float | None) -> str:
    """The kind of problem as a person says it; ``level``: of a quantile, None for the mean."""
    return _WORDS[problem] if level is None else f"quantile regression at level {level:g}"


def problem_of(target: pd.Series, *, joined_by: str = "") -> tuple[Problem, str]:
    """Kind of problem, and the reason as a sentence.

    What counts as classes is told by ``splitting.target.is_class_target``, so that a split is
    stratified exactly when the model will tell classes apart. ``joined_by``: why its cells are
    sets of labels, in the notation of engine's ``labels``; "" where they are not.

    Raises
    ------
    NotEnoughData
        The target is empty, has one value only, or has too many classes.
    """
    values = target.dropna()
    if joined_by:
        count = len(names_in(values))
        return Problem.MULTILABEL, f"Each row has a set of {count} labels. {joined_by}"
    distinct = int(values.nunique())
    if distinct == 0:
        raise NotEnoughData(f'The target "{target.name}" is empty in every row.')
    if distinct == 1:
        raise NotEnoughData(
            f'The target "{target.name}" has one value only ({values.iloc[0]}): there is nothing '
            "to tell apart. Choose another target or add rows of the other kind."
        )
    if not is_class_target(values):
        return Problem.REGRESSION, f"The target is a quantity with {distinct:,} distinct values."
    if distinct == 2:
        return Problem.BINARY, "The target has two classes."
    if distinct > MOST_CLASSES:
        raise NotEnoughData(
            f'The target "{target.name}" has {distinct:,} classes; at most {MOST_CLASSES} can be '
            "told apart. Group the rare ones in a wrangling step."
        )
    return Problem.MULTICLASS, f"The target has {distinct} classes."
