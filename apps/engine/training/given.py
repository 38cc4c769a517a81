"""A pipeline that a notebook sent: unfitted, and trained by us on our folds like any other."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from apps.engine.errors import BadModelFile
from apps.engine.training.files import load_model
from apps.engine.types import Problem

GIVEN = "given"
"""The candidate's key. It is no part of the catalogue: a person brings it."""


def given_pipeline(params: Mapping[str, Any] | None, *, problem: Problem) -> Any:
    """The estimator of a skops file, unfitted: what it learnt elsewhere is forgotten.

    ``params``: ``file`` (a path) and ``sha256``. Raises BadModelFile where the file is no skops
    file of classes on the list (see files.TRUSTED), or holds nothing that can be fitted and asked.
    """
    asked = params or {}
    model = load_model(str(asked.get("file", "")), sha256=str(asked.get("sha256", "")))
    wanted = ["fit", "predict"] if problem == Problem.REGRESSION else ["fit", "predict_proba"]
    missing = [name for name in wanted if not hasattr(model, name)]
    if missing or not hasattr(model, "get_params"):
        raise BadModelFile(
            "The file of the notebook holds no scikit-learn estimator with "
            f"{' and '.join(wanted)}. Send the pipeline itself: skops.io.dumps(pipeline)."
        )
    settings = model.get_params(deep=True)
    if any(isinstance(part, FrozenEstimator) for part in (model, *settings.values())):
        raise BadModelFile(
            "The pipeline holds a FrozenEstimator, which keeps what it learnt elsewhere. Send the "
            "estimator itself: it is fitted on each fold."
        )
    threads = [name for name in settings if name == "n_jobs" or name.endswith("__n_jobs")]
    return clone(model).set_params(**dict.fromkeys(threads, 1))  # trials do not fight for cores
