"""The settings that a search tries: the usual ones first, then points of a space."""

from typing import Any

import numpy as np

RANGES: dict[str, tuple[float, float]] = {
    "num_leaves": (4, 192),
    "min_child_samples": (3, 160),
    "learning_rate": (0.02, 0.2),
    "colsample_bytree": (0.4, 1.0),
    "subsample": (0.6, 1.0),
    "reg_alpha": (1e-3, 10.0),
    "reg_lambda": (1e-3, 30.0),
}
"""Settings of LightGBM, all searched on a logarithmic scale."""
WHOLE = {"num_leaves", "min_child_samples"}
CELL_S = {"forest": 2e-5, "extra_trees": 2e-5, "mlp": 6e-6}
"""Seconds for a row and column of candidates whose fit cannot be ended in between."""
FIRST: tuple[tuple[str, dict[str, Any]], ...] = (
    ("linear", {}),
    ("lightgbm", {"learning_rate": 0.1}),
    ("lightgbm", {"learning_rate": 0.05, "num_leaves": 63, "colsample_bytree": 0.7}),
    ("forest", {}),
    ("lightgbm", {"learning_rate": 0.05, "num_leaves": 7, "min_child_samples": 5}),
    ("lightgbm", {"learning_rate": 0.1, "num_leaves": 31, "extra_trees": True}),
    ("extra_trees", {}),
    ("mlp", {}),
)


def quantile_line_s(rows: float, columns: float) -> float:
    """Seconds of a linear quantile model: a linear programme, whose time outgrows its rows.

    Measured on 1,000 to 20,000 rows of 10 to 50 numbers (scikit-learn's "highs").
    """
    return float(7e-8 * rows**1.7 * columns)


def fit_seconds(candidate: str, rows: int, columns: int, *, level: float | None) -> float | None:
    """Seconds that a fit may take which cannot be ended; None where it can, or takes no time."""
    if candidate == "linear" and level is not None:
        return quantile_line_s(rows, columns)
    return CELL_S[candidate] * rows * columns if candidate in CELL_S else None


def settings_at(place: Any) -> dict[str, Any]:
    """Settings at a point of the unit cube."""
    found: dict[str, Any] = {"subsample_freq": 1}
    for (name, (low, high)), at in zip(RANGES.items(), place, strict=True):
        value = float(np.exp(np.log(low) + at * (np.log(high) - np.log(low))))
        found[name] = round(value) if name in WHOLE else float(f"{value:.4g}")
    return found


def place_of(params: dict[str, Any]) -> Any:
    """The point of settings; where one is not named, the middle."""
    return np.array(
        [
            (np.log(params[name]) - np.log(low)) / (np.log(high) - np.log(low))
            if name in params
            else 0.5
            for name, (low, high) in RANGES.items()
        ]
    )
