"""Several curves in one chart: of candidates that are compared, or of the classes of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.modeling.models import Trial


@dataclass(frozen=True)
class Overlay:
    """A curve: its path in a diagnosis, its two columns, and what the axes are called."""

    title: str
    path: tuple[str, ...]
    across: str
    up: str
    across_says: str
    up_says: str
    shares: bool = True
    diagonal: bool = False

    def of(self, diagnosis: Mapping[str, Any]) -> list[tuple[float, float]]:
        """The points; none where the diagnosis has no such curve."""
        told: Any = diagnosis
        for name in self.path:
            told = told.get(name, {})
        return list(zip(told.get(self.across, []), told.get(self.up, []), strict=True))


_ROC = ("false_positive_rate", "true_positive_rate", "False alarms", "Found")
_RECALL = ("recall", "precision", "Recall", "Precision")
OVERLAID = {
    "roc": Overlay("Found by false alarms (ROC)", ("curves", "roc"), *_ROC, diagonal=True),
    "recall": Overlay("Precision by recall", ("curves", "precision_recall"), *_RECALL),
    "predicted": Overlay(
        "Truth by prediction",
        ("points",),
        "predicted",
        "truth",
        "Predicted",
        "True, its mean or the quantile predicted",
        shares=False,
        diagonal=True,
    ),
    "residuals": Overlay(
        "Errors, least to greatest",
        ("points", "errors"),
        "share",
        "error",
        "Share of the rows",
        "Predicted less true",
        shares=False,
    ),
}
"""Charts of Compare by their name in the address."""
OF_CLASSES = {
    "class-roc": Overlay("ROC curve of each class", ("roc",), *_ROC, diagonal=True),
    "class-recall": Overlay("Precision and recall of each class", ("precision_recall",), *_RECALL),
}
"""Charts of one trial with several classes."""


def overlays_of(trials: Sequence[Trial]) -> dict[str, str]:
    """Names and titles of the charts that all of the trials can be drawn in."""
    return {
        name: one.title
        for name, one in OVERLAID.items()
        if trials and all(one.of(trial.diagnosis) for trial in trials)
    }
