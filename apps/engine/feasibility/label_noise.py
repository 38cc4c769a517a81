"""What wrong labels allow: the best that even a model that knows the truth can score."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from apps.engine.errors import BadParameter
from apps.engine.evaluation.metrics import Measure
from apps.engine.evaluation.metrics.chances import entropy
from apps.engine.percent import percent


@dataclass(frozen=True)
class NoisyLabels:
    """Two classes whose labels are wrong in a share ``noise`` of the rows, on both sides alike.

    ``base_rate`` is the share of rows that are *labelled* positive. Raises BadParameter where the
    wrong labels alone would be more than that: then they cannot lie on both sides alike.
    """

    base_rate: float
    noise: float

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 0 <= self.noise < 0.5:
            raise BadParameter(f"A share of wrong labels lies from 0 to 0.5, not at {self.noise}.")
        if not self.noise < self.base_rate < 1 - self.noise:
            raise BadParameter(
                f"Wrong labels of {percent(self.noise, 2)} cannot lie on both sides alike when "
                f"{percent(self.base_rate, 2)} of the rows are labelled positive."
            )

    @property
    def true_rate(self) -> float:
        """Share of rows that are positive in truth: p = q (1 - e) + (1 - q) e solved for q."""
        return (self.base_rate - self.noise) / (1 - 2 * self.noise)

    @property
    def alpha(self) -> float:
        """Share of rows labelled positive that are none."""
        return (1 - self.true_rate) * self.noise / self.base_rate

    @property
    def beta(self) -> float:
        """Share of rows labelled negative that are positive."""
        return self.true_rate * self.noise / (1 - self.base_rate)


def ceiling(measure: Measure, labels: NoisyLabels) -> float | None:
    """What a model that knows the truth scores on labels with errors; None where not derived.

    For a metric that shall fall it is the floor. The truth is called positive exactly where it
    is, and the errors hang on nothing that the model sees. With e the noise, p the labelled base
    rate and a, b the shares of wrong labels among the labelled positive and negative rows:
    accuracy and precision 1 - e; recall 1 - a; ROC AUC and balanced accuracy 1 - (a + b) / 2,
    which is the linear relation of Menon, van Rooyen, Ong and Williamson (2015), ICML 32, 125-134
    at a clean AUC of 1; F-measures from that precision and recall; average precision of two
    levels (1 - a)(1 - e) + a p; Brier at least e (1 - e) and log loss the entropy of e, the loss
    of telling 1 - e and e (Angluin and Laird 1988, Machine Learning 2, 343-370, for the model of
    noise). Recall alone has no ceiling, since an alarm for everyone finds every label.
    """
    compute = _CEILINGS.get(measure.of.key)
    return compute(labels, measure) if compute else None


def _f(labels: NoisyLabels, beta: float) -> float:
    precision, recall = 1 - labels.noise, 1 - labels.alpha
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def _average_precision(labels: NoisyLabels, measure: Measure) -> float:
    found = 1 - labels.alpha
    return found * (1 - labels.noise) + labels.alpha * labels.base_rate


def _mcc(labels: NoisyLabels, measure: Measure) -> float:
    q, p = labels.true_rate, labels.base_rate
    return (q * (1 - labels.noise) - q * p) / math.sqrt(q * (1 - q) * p * (1 - p))


def _half_of_both(labels: NoisyLabels, measure: Measure) -> float:
    return 1 - (labels.alpha + labels.beta) / 2


_CEILINGS: dict[str, Callable[[NoisyLabels, Measure], float]] = {
    "accuracy": lambda labels, _: 1 - labels.noise,
    "precision": lambda labels, _: 1 - labels.noise,
    "precision_at_recall": lambda labels, _: 1 - labels.noise,
    "balanced_accuracy": _half_of_both,
    "roc_auc": _half_of_both,
    "f1": lambda labels, _: _f(labels, 1.0),
    "f_beta": lambda labels, measure: _f(labels, measure.parameter or 1.0),
    "mcc": _mcc,
    "average_precision": _average_precision,
    "brier": lambda labels, _: labels.noise * (1 - labels.noise),
    "log_loss": lambda labels, _: entropy(labels.noise),
}
