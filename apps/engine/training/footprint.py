"""What a fitted model costs to use: the time of one row, and the size of its file."""

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from apps.engine.training.files import save_model
from apps.engine.training.rows import predict
from apps.engine.types import Problem

LEAST_TIMED, MOST_TIMED = 5, 20
ENOUGH_MS = 50.0
"""A slow model is known after a few rows: its trial should not wait for twenty."""


def footprint(
    pipeline: Any, features: pd.DataFrame, *, problem: Problem, positive: str | None
) -> dict[str, float]:
    """Cost of a model as scikit-learn runs it here: a compiled release answers faster.

    Returns ``one_row_ms``, the median time of answers of one row each after one that warms up
    (MOST_TIMED rows of ``features`` are asked; LEAST_TIMED where these took ENOUGH_MS), and
    ``size_bytes`` of its skops file.
    """
    spent_ms: list[float] = []
    for number in range(min(MOST_TIMED + 1, len(features))):
        if number > LEAST_TIMED and sum(spent_ms) > ENOUGH_MS:
            break
        began = time.perf_counter()
        predict(pipeline, features.iloc[[number]], problem=problem, positive=positive)
        spent_ms.append(1000 * (time.perf_counter() - began))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.skops"
        save_model(pipeline, file)
        size_bytes = os.path.getsize(file)
    return {
        "one_row_ms": statistics.median(spent_ms[1:] or spent_ms),
        "size_bytes": size_bytes,
    }
