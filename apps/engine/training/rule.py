"""Today's rule, as a person states it: one column, one comparison, two answers."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from apps.engine.errors import BadParameter
from apps.engine.labels import joined, labels_in, matrix_of, names_in

NUMBER_COMPARISONS = {
    "at least": "is at least",
    "more than": "is more than",
    "at most": "is at most",
    "less than": "is less than",
}
ANY_COMPARISONS = {"is": "is", "is not": "is not", "missing": "is missing"}
TRUTHS = {"true": "1", "yes": "1", "false": "0", "no": "0"}
COMPARISONS = NUMBER_COMPARISONS | ANY_COMPARISONS
"""Key -> how a sentence says it."""


class Rule(BaseEstimator):
    """Where the rule holds: for rows of ``frame.model_frame``. A missing cell never holds."""

    def __init__(
        self,
        column: str = "",
        comparison: str = "at least",
        value: str | float = 0.0,
        then: str | float = "",
        otherwise: str | float = "",
    ) -> None:
        self.column = column
        self.comparison = comparison
        self.value = value
        self.then = then
        self.otherwise = otherwise

    def holds(self, features: pd.DataFrame) -> Any:
        """(n,) booleans."""
        cells = features[self.column]
        if self.comparison == "missing":
            return cells.isna().to_numpy()
        if self.comparison == "is":
            return (cells == self.value).to_numpy()
        if self.comparison == "is not":
            return (cells.notna() & (cells != self.value)).to_numpy()
        return {
            "at least": cells.ge,
            "more than": cells.gt,
            "at most": cells.le,
            "less than": cells.lt,
        }[self.comparison](self.value).to_numpy()


class RuleClassifier(ClassifierMixin, Rule):
    """Says ``then`` with probability 1 where the rule holds, else ``otherwise``."""

    def fit(self, features: pd.DataFrame, target: Any) -> Self:
        """Learn nothing but the names of the classes."""
        self.classes_ = np.unique(np.asarray(target, dtype=object).astype(str)).astype(object)
        self.n_features_in_ = features.shape[1]
        return self

    def predict_proba(self, features: pd.DataFrame) -> Any:
        """(n, n_classes) of 0 and 1."""
        said = self.predict(features)
        return (said[:, None] == self.classes_[None, :]).astype("float64")

    def predict(self, features: pd.DataFrame) -> Any:
        """(n,) class names."""
        return np.where(self.holds(features), self.then, self.otherwise).astype(object)


class RuleOfLabels(ClassifierMixin, Rule):
    """Says the set of labels ``then`` where the rule holds, else the set ``otherwise``."""

    def fit(self, features: pd.DataFrame, target: Any) -> Self:
        """Learn nothing but the names of the labels."""
        self.classes_ = np.array(names_in(target), dtype=object)
        self.n_features_in_ = features.shape[1]
        return self

    def predict_proba(self, features: pd.DataFrame) -> Any:
        """(n, n_labels) of 0 and 1."""
        said = np.where(self.holds(features), self.then, self.otherwise)
        return matrix_of(said, list(self.classes_)).astype("float64")


class RuleRegressor(RegressorMixin, Rule):
    """Says the number ``then`` where the rule holds, else ``otherwise``."""

    def fit(self, features: pd.DataFrame, target: Any) -> Self:
        """Learn nothing."""
        del target
        self.n_features_in_ = features.shape[1]
        return self

    def predict(self, features: pd.DataFrame) -> Any:
        """(n,) numbers."""
        return np.where(self.holds(features), float(self.then), float(self.otherwise))


def sentence(rule: Mapping[str, Any]) -> str:
    """A rule as a person would say it."""
    about = f"{rule['column']} {COMPARISONS[rule['comparison']]}"
    if rule["comparison"] != "missing":
        value = rule["value"]
        about += f" {value:g}" if isinstance(value, float) else f" {value}"
    return f"If {about}, say {_said(rule['then'])}, else {_said(rule['otherwise'])}."


def _said(answer: Any) -> str:
    return f"{answer:g}" if isinstance(answer, float) else f"“{answer}”"


def check_rule(
    rule: Mapping[str, Any],
    *,
    numbers: list[str],
    texts: list[str],
    classes: list[str],
    sets: bool = False,
) -> dict[str, Any]:
    """The rule with its values as numbers where they are; ``classes`` is empty for a quantity.

    ``sets``: an answer may be several of them, such as "billing; outage", or "(none)".
    ``numbers`` and ``texts``: the columns of ``frame.model_frame``. Raises BadParameter in words.
    """
    column, comparison = str(rule["column"]), str(rule["comparison"])
    if column not in numbers and column not in texts:
        raise BadParameter(f"The rule asks for “{column}”, which is no column that is offered.")
    if comparison not in COMPARISONS:
        raise BadParameter("Choose how the rule compares.")
    if column in texts and comparison in NUMBER_COMPARISONS:
        raise BadParameter(f"“{column}” holds text: compare it with “is” or “is not”.")
    text = str(rule.get("value") or "")
    value: str | float = text
    if column in numbers and comparison != "missing":
        value = _number(text, says=f"the value that “{column}” is compared with")
    answers = [_answer(rule.get(name), classes, sets) for name in ("then", "otherwise")]
    if not sets and len(classes) == 2 and not answers[1]:
        answers[1] = next(name for name in classes if name != answers[0])
    if not all(answer or isinstance(answer, float) for answer in answers):
        raise BadParameter("Say what the rule answers where it holds, and where it does not.")
    return {
        "column": column,
        "comparison": comparison,
        "value": value,
        "then": answers[0],
        "otherwise": answers[1],
    }


def _answer(told: Any, classes: list[str], sets: bool) -> str | float:
    text = str(told if told is not None else "").strip()
    if not classes:
        return _number(text, says="what the rule answers")
    if text and sets:
        unknown = sorted(set(labels_in(text)) - set(classes))
        if unknown:
            raise BadParameter(
                f"The rule answers “{unknown[0]}”; the labels are {', '.join(classes)}."
            )
        return joined(labels_in(text))
    if text and text not in classes:
        raise BadParameter(f"The rule answers “{text}”; the classes are {', '.join(classes)}.")
    return text


def _number(text: str, *, says: str) -> float:
    try:
        return float(TRUTHS.get(text.lower(), text))
    except ValueError:
        raise BadParameter(f"Write {says} as a number, not “{text}”.") from None
