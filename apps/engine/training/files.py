"""Model files: skops, checked by hash before they are opened, with a fixed list of classes."""

import hashlib
import os
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from sklearn.pipeline import Pipeline
from skops import io as skops_io
from skops.io.exceptions import UntrustedTypesFoundException

from apps.engine.errors import BadModelFile

TRUSTED = (
    # Beyond skops' own defaults, read one by one: containers of numbers without behaviour, classes
    # of our own, and the imputer that skops knows only where scikit-learn was told to show it.
    "apps.engine.training.named.NamedClasses",
    "apps.engine.training.rule.RuleClassifier",
    "apps.engine.training.rule.RuleOfLabels",
    "apps.engine.training.rule.RuleRegressor",
    "apps.engine.training.several.LabelSets",
    "apps.engine.training.texts.FilledText",
    "catboost.core.CatBoostClassifier",
    "catboost.core.CatBoostRegressor",
    "collections.OrderedDict",
    "collections.defaultdict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
    "sklearn.impute._iterative.IterativeImputer",
    "sklearn.impute._iterative._ImputerTriplet",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
)


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_model(pipeline: Pipeline, path: str | Path) -> str:
    """Write a fitted pipeline and return the SHA-256 of the file."""
    target = Path(path)
    part = target.with_suffix(".part")
    skops_io.dump(pipeline, part)
    os.replace(part, target)
    return file_sha256(target)


def load_model(path: str | Path, *, sha256: str) -> Any:
    """Load a pipeline whose bytes have this hash.

    Raises
    ------
    BadModelFile
        The bytes are not those that were recorded, it is not a skops file, or it contains a
        class that is not on the list. Nothing in it has run by then.
    """
    file = Path(path)
    if not file.exists() or file_sha256(file) != sha256:
        raise BadModelFile("The model file does not match its record and was not opened.")
    try:
        return skops_io.load(file, trusted=list(TRUSTED))
    except UntrustedTypesFoundException as error:
        raise BadModelFile(
            "The model file contains a class that is not allowed and was not opened."
        ) from error
    except (BadZipFile, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadModelFile("The model file is not a skops file and was not opened.") from error
