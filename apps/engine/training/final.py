"""Job function of a frozen candidate: fit it on all development rows, explain it, keep it."""

import os
from typing import Any

import numpy as np

from apps.engine.training.asked import Asked
from apps.engine.training.explain import explain
from apps.engine.training.files import file_sha256, save_model
from apps.engine.training.task import versions
from apps.engine.types import Report


def fit_final(
    *,
    target_file: str,
    report: Report,
    **arguments: Any,
) -> dict[str, Any]:
    """Fit a candidate on all development rows and write it as a skops file. Job function.

    ``arguments``: those of ``asked.Asked``.
    Returns hash and size of the file, class names, versions, fit seconds, the hash of the rows
    that it was trained on, the features that were left out because they are empty, and what
    ``explain.explain`` tells, measured on rows that did not train: for that the candidate is
    fitted once more on each fold.
    """
    asked = Asked(**arguments)
    task, rows, folds = asked.task, asked.rows(), asked.folds()
    steps = 2 + len(folds)
    report(0, steps, "Fitting on all development rows")
    pipeline, fit_s = task.fit(rows, np.arange(len(rows.target)))
    report(1, steps, "Writing the model file")
    sha256 = save_model(pipeline, target_file)
    told = explain(task, rows, folds, report=lambda done, _, says: report(2 + done, steps, says))
    return {
        "sha256": sha256,
        "size_bytes": os.path.getsize(target_file),
        "fit_s": fit_s,
        "rows": len(task.sampled(np.arange(len(rows.target)))),
        "classes": [str(name) for name in getattr(pipeline, "classes_", [])],
        "trained_on": file_sha256(asked.development),
        "left_out": [
            str(feature["name"])
            for feature in asked.features
            if rows.table[feature["name"]].isna().all()
        ],
        **told,
        "versions": versions(),
    }
