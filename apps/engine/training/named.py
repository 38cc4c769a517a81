"""For classifiers that take only numbered classes: the names are put back on."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone


class NamedClasses(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Fits ``estimator`` on 0, 1, 2 … in the order of the sorted names of the classes."""

    def __init__(self, estimator: Any = None) -> None:
        self.estimator = estimator

    def fit(self, inputs: Any, target: Any) -> Self:
        """Fit a copy of the estimator."""
        self.classes_, codes = np.unique(np.asarray(target, dtype=object), return_inverse=True)
        self.estimator_ = clone(self.estimator).fit(inputs, codes)
        return self

    def predict_proba(self, inputs: Any) -> Any:
        """(n, n_classes) in the order of ``classes_``."""
        return self.estimator_.predict_proba(inputs)

    def predict(self, inputs: Any) -> Any:
        """(n,) names."""
        return self.classes_[self.predict_proba(inputs).argmax(axis=1)]
