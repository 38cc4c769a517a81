"""The catalogue of metrics, and one function that computes any of them."""

from apps.engine.evaluation.metrics.catalogue import METRICS, measure_of, metrics_for, score
from apps.engine.evaluation.metrics.kinds import Measure, Metric, Parameter, Predictions

__all__ = [
    "METRICS",
    "Measure",
    "Metric",
    "Parameter",
    "Predictions",
    "measure_of",
    "metrics_for",
    "score",
]
