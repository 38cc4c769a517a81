"""Sets of labels: one model for each label, or one that learns all of them at once."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone

from apps.engine.labels import matrix_of, names_in

LEAST_LABEL_ROWS = 5
"""Training rows that a label needs on both sides to be learnt; else its share is the answer."""


class LabelSets(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Learns (n,) sets of labels in the notation of ``labels``; only of the rows it is given.

    ``at_once``: ``estimator`` takes the matrix of the labels; else a copy of it is fitted for each
    label against the rest (binary relevance: Tsoumakas and Katakis 2007, International Journal of
    Data Warehousing and Mining 3). A label with fewer than LEAST_LABEL_ROWS rows with it, or
    without it, is answered by its share of the rows.
    """

    def __init__(self, estimator: Any = None, at_once: bool = False) -> None:
        self.estimator = estimator
        self.at_once = at_once

    def fit(self, inputs: Any, target: Any) -> Self:
        """Fit copies of the estimator; ``classes_`` are the labels, sorted."""
        names = names_in(target)
        matrix = matrix_of(target, names)
        rows = matrix.sum(axis=0)
        self.classes_ = np.array(names, dtype=object)
        self.shares_ = rows / len(matrix)
        self.learnt_ = np.flatnonzero(np.minimum(rows, len(matrix) - rows) >= LEAST_LABEL_ROWS)
        self.estimators_ = []
        if self.at_once and len(self.learnt_) > 1:
            wanted = matrix[:, self.learnt_].astype(int)
            self.estimators_.append(clone(self.estimator).fit(inputs, wanted))
            return self
        for place in self.learnt_:
            wanted = matrix[:, place].astype(int)
            self.estimators_.append(clone(self.estimator).fit(inputs, wanted))
        return self

    def predict_proba(self, inputs: Any) -> Any:
        """(n, n_labels) probability of each label by itself, in the order of ``classes_``."""
        told = np.tile(self.shares_, (len(inputs), 1))
        answers = [model.predict_proba(inputs) for model in self.estimators_]
        if len(answers) < len(self.learnt_):
            # Of all labels at once: a matrix, or (as trees tell) two columns for each label.
            (answers,) = answers
            whole = isinstance(answers, np.ndarray)
            chances = answers if whole else np.column_stack([part[:, 1] for part in answers])
            told[:, self.learnt_] = chances
        elif answers:
            told[:, self.learnt_] = np.column_stack([part[:, 1] for part in answers])
        return told

    def predict(self, inputs: Any) -> Any:
        """(n, n_labels) 0 or 1: which labels are at least as probable as not."""
        return (self.predict_proba(inputs) >= 0.5).astype(int)
