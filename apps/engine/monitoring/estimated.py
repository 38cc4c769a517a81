"""How good the answers probably are while nobody knows the truth, and how far off that may be.

Both ways draw a truth for each answer from what is known of answers like it, score the answers
against it with the promised metric, and do so often. So every metric of the catalogue can be
estimated, and one back-test tells the error of each.

- Classes: a class is drawn from the calibrated probabilities (confidence-based estimation).
- Sets of labels: each label is drawn from its own probability, as if they came independently.
- Numbers: a tree puts answers with errors of like size together, and an error is drawn from those
  of the same leaf (direct loss estimation).

What neither can see is a world in which the same rows have another truth than before.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from apps.engine.errors import NotEnoughData
from apps.engine.evaluation.metrics import Measure, Predictions, score
from apps.engine.evaluation.verdict import Promise
from apps.engine.evaluation.weak_spots import loss_of_rows
from apps.engine.labels import matrix_of, sets_of
from apps.engine.monitoring.performance import FEW_ROWS_A_PERIOD
from apps.engine.monitoring.sketch import numbers
from apps.engine.reading.tables import kind_of_series
from apps.engine.training.answers import Answers
from apps.engine.training.rows import labelled
from apps.engine.types import Kind

CONFIDENCE, LOSS = "confidence", "loss"
FEW_ROWS = 100
ISOTONIC_ROWS = 1_000
DRAWS = 60
TRIAL_DRAWS = 20
TRIAL_ROWS = 500
MOST_TRIALS = 12
MOST_CODES = 50
ERRORS_A_LEAF = 41
MOST_GROUPS = 12
_GONE = -1e15  # stands for a missing number: a tree takes no NaN


def estimator_of(
    answers: Answers,
    frame: pd.DataFrame,
    promises: Sequence[Promise],
    *,
    positive: str | None,
    threshold: float = 0.5,
    seed: int = 0,
) -> dict[str, Any]:
    """What is to be kept of out-of-fold answers to estimate later; JSON, some kilobytes.

    Parameters
    ----------
    answers : of n development rows that did not train the model which answered
    frame : (n_rows, columns) the development table as a request has it; ``answers.row`` points here

    Returns
    -------
    dict
        What ``estimate`` takes; ``trials`` per metric: ``error`` (mean distance of estimate and
        truth on rows that were not used for it), ``worst``, ``trials`` and their ``rows``;
        ``loss``: mean, deviation and count of the loss of a row, and by group. Empty below
        FEW_ROWS answers.
    """
    if len(answers.row) < FEW_ROWS:
        return {}
    told = labelled(answers.told, positive=positive, threshold=threshold)
    answers = Answers(answers.row, answers.fold, answers.truth, told)
    rows = frame.iloc[answers.row].reset_index(drop=True)
    return {
        **_fit(answers, rows, seed=seed),
        "trials": _back_test(answers, rows, promises, positive=positive, seed=seed),
        "loss": _losses(answers, rows),
    }


def estimate(
    estimator: dict[str, Any],
    promises: Sequence[Promise],
    told: Predictions,
    frame: pd.DataFrame,
    *,
    positive: str | None,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, Any]:
    """Each promised metric on answers whose truth nobody knows.

    Returns ``kind``, ``rows`` and ``metrics``: ``metric``, ``title``, ``role``, ``direction``,
    ``threshold``, ``value``, ``low`` and ``high`` (95 % of what the truth may turn out to be),
    and of the back-test ``error``, ``worst``, ``trials``, ``trial_rows``. O(draws x rows).
    """
    found = []
    truths = _drawn(estimator, told, frame, draws=draws, seed=seed)
    for promise in promises:
        values = _scores(promise.measure, truths, told, positive=positive)
        if values is None:
            continue
        tried = estimator["trials"].get(promise.key, {})
        low, high = np.percentile(values, [2.5, 97.5])
        found.append(
            {
                "metric": promise.key,
                "title": promise.title,
                "role": promise.role,
                "direction": promise.direction,
                "threshold": promise.threshold,
                "value": float(np.mean(values)),
                "low": float(low),
                "high": float(high),
                "error": tried.get("error"),
                "worst": tried.get("worst"),
                "trials": tried.get("trials", 0),
                "trial_rows": tried.get("rows", 0),
            }
        )
    return {"kind": estimator["kind"], "rows": len(told.labels), "metrics": found}


def estimated_days(
    estimator: dict[str, Any],
    promise: Promise,
    told: Predictions,
    frame: pd.DataFrame,
    *,
    days: Sequence[str],
    positive: str | None,
) -> list[dict[str, Any]]:
    """The estimate of one promise day by day: at, rows, value, low, high; as ``realised`` does."""
    found = []
    order = np.asarray(days)
    for day in sorted(set(days)):
        rows = np.flatnonzero(order == day)
        if len(rows) < FEW_ROWS_A_PERIOD:
            continue
        line = estimate(
            estimator,
            [promise],
            told.take(rows),
            frame.iloc[rows].reset_index(drop=True),
            positive=positive,
            draws=TRIAL_DRAWS,
        )["metrics"]
        found += [
            {"at": day, "rows": len(rows), **{key: item[key] for key in ("value", "low", "high")}}
            for item in line
        ]
    return found


def _fit(answers: Answers, rows: pd.DataFrame, *, seed: int) -> dict[str, Any]:
    if answers.told.probabilities is None:
        return _fit_tree(answers, rows, seed=seed)
    classes = answers.told.classes
    if answers.told.sets:
        happened = matrix_of(answers.truth, classes)
    else:
        happened = np.column_stack([answers.truth == name for name in classes])
    maps = [
        _calibration(answers.told.probabilities[:, place], happened[:, place])
        for place in range(len(classes))
    ]
    told = {"kind": CONFIDENCE, "classes": list(classes), "maps": maps}
    return {**told, "sets": True} if answers.told.sets else told


def _calibration(chances: Any, happened: Any) -> list[list[float]]:
    """A rising line through points (probability said, share that happened).

    Isotonic from ISOTONIC_ROWS rows on (Zadrozny, Elkan 2002, KDD), logistic below (Platt 1999).
    """
    if not happened.any() or happened.all():
        return [[0.0, 1.0], [float(happened.mean())] * 2]
    if len(chances) >= ISOTONIC_ROWS:
        fitted = IsotonicRegression(out_of_bounds="clip").fit(chances, happened)
        return [fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist()]
    points = np.linspace(0, 1, 101)
    line = LogisticRegression(C=1e3).fit(_log_odds(chances), happened)
    return [points.tolist(), line.predict_proba(_log_odds(points))[:, 1].tolist()]


def _log_odds(chances: Any) -> Any:
    inside = np.clip(chances, 1e-6, 1 - 1e-6)
    return np.log(inside / (1 - inside)).reshape(-1, 1)


def _fit_tree(answers: Answers, rows: pd.DataFrame, *, seed: int) -> dict[str, Any]:
    codes = {
        str(name): [str(value) for value in counts.index[:MOST_CODES]]
        for name, series in rows.items()
        if not _is_number(series)
        for counts in [series.dropna().astype("string").value_counts()]
    }
    columns = [str(name) for name in rows.columns]
    errors = np.asarray(answers.truth, dtype="float64") - answers.told.labels
    matrix = _matrix(rows, columns, codes, answers.told)
    least = max(30, len(errors) // 50)
    tree = DecisionTreeRegressor(max_depth=4, min_samples_leaf=least, random_state=seed)
    leaf = tree.fit(matrix, np.abs(errors)).apply(matrix)
    tails = (np.arange(ERRORS_A_LEAF) + 0.5) / ERRORS_A_LEAF
    shape = tree.tree_
    return {
        "kind": LOSS,
        "columns": columns,
        "codes": codes,
        "feature": shape.feature.tolist(),
        "threshold": shape.threshold.tolist(),
        "left": shape.children_left.tolist(),
        "right": shape.children_right.tolist(),
        "errors": {
            str(place): np.quantile(errors[leaf == place], tails).tolist()
            for place in np.unique(leaf)
        },
    }


def _is_number(series: "pd.Series[Any]") -> bool:
    return kind_of_series(series) in (Kind.INTEGER, Kind.NUMBER, Kind.DATETIME)


def _matrix(
    frame: pd.DataFrame, columns: list[str], codes: dict[str, list[str]], told: Predictions
) -> Any:
    """(n, 1 + columns) float32: the answer, then each column; a text is its place in ``codes``."""
    found = [np.asarray(told.labels, dtype="float64")]
    for name in columns:
        series = frame[name]
        if name in codes:
            places = {value: place for place, value in enumerate(codes[name])}
            text = series.astype("string")
            found.append(text.map(places).astype("float64").fillna(-1.0).to_numpy())
        else:
            found.append(np.nan_to_num(_floats(series), nan=_GONE))
    return np.column_stack(found).astype("float32")


def _floats(series: "pd.Series[Any]") -> Any:
    if kind_of_series(series) == Kind.DATETIME:
        return np.where(series.isna(), np.nan, numbers(series))
    return series.to_numpy(dtype="float64", na_value=np.nan)


def _leaves(estimator: dict[str, Any], matrix: Any) -> Any:
    """(n,) the leaf of each row: all rows go down one level at a time."""
    left, right = np.asarray(estimator["left"]), np.asarray(estimator["right"])
    feature, threshold = np.asarray(estimator["feature"]), np.asarray(estimator["threshold"])
    place = np.zeros(len(matrix), dtype=int)
    while (inner := np.flatnonzero(left[place] >= 0)).size:
        at = place[inner]
        goes_left = matrix[inner, feature[at]] <= threshold[at]
        place[inner] = np.where(goes_left, left[at], right[at])
    return place


def _drawn(
    estimator: dict[str, Any], told: Predictions, frame: pd.DataFrame, *, draws: int, seed: int
) -> list[Any]:
    """So many possible truths of the same answers."""
    random = np.random.default_rng(seed)
    if estimator["kind"] == LOSS:
        matrix = _matrix(frame, estimator["columns"], estimator["codes"], told)
        leaf = _leaves(estimator, matrix)
        errors = np.array([estimator["errors"][str(place)] for place in leaf])
        each = np.arange(len(leaf))
        return [
            told.labels + errors[each, random.integers(0, errors.shape[1], len(leaf))]
            for _ in range(draws)
        ]
    names = np.asarray(estimator["classes"], dtype=object)
    if estimator.get("sets"):
        each = calibrated(estimator, told)
        labels = estimator["classes"]
        return [sets_of(random.random(each.shape) < each, labels) for _ in range(draws)]
    chances = np.cumsum(calibrated(estimator, told), axis=1)
    return [
        names[np.minimum((random.random((len(chances), 1)) > chances).sum(1), len(names) - 1)]
        for _ in range(draws)
    ]


def calibrated(estimator: dict[str, Any], told: Predictions) -> Any:
    """(n, n_classes) probabilities as often as they come true, in the estimator's classes.

    Those of labels stand for themselves; those of classes add up to 1.
    """
    chances = np.column_stack(
        [
            np.interp(told.chance_of(name), *points)
            for name, points in zip(estimator["classes"], estimator["maps"], strict=True)
        ]
    )
    if estimator.get("sets"):
        return chances
    total = chances.sum(axis=1, keepdims=True)
    even = np.full_like(chances, 1 / chances.shape[1])
    return np.where(total > 0, chances / np.where(total > 0, total, 1.0), even)


def _scores(
    measure: Measure, truths: list[Any], told: Predictions, *, positive: str | None
) -> Any | None:
    found = []
    for truth in truths:
        try:
            found.append(score(measure, truth, told, positive=positive))
        except NotEnoughData:
            continue  # this truth has one class only
    return np.array(found) if 2 * len(found) > len(truths) else None


def _back_test(
    answers: Answers,
    rows: pd.DataFrame,
    promises: Sequence[Promise],
    *,
    positive: str | None,
    seed: int,
) -> dict[str, Any]:
    """Estimate parts of each fold from the other folds, and hold it against the truth there."""
    gaps: dict[str, list[float]] = {promise.key: [] for promise in promises}
    sizes: list[int] = []
    for part in _parts(answers.fold, seed=seed):
        others = np.flatnonzero(answers.fold != answers.fold[part[0]])
        if len(others) < FEW_ROWS:
            continue
        fitted = _fit(answers.take(others), rows.iloc[others], seed=seed)
        here = answers.take(part)
        truths = _drawn(fitted, here.told, rows.iloc[part], draws=TRIAL_DRAWS, seed=seed)
        sizes.append(len(part))
        for promise in promises:
            values = _scores(promise.measure, [here.truth, *truths], here.told, positive=positive)
            if values is not None and len(values) == TRIAL_DRAWS + 1:
                gaps[promise.key].append(abs(float(np.mean(values[1:]) - values[0])))
    return {
        key: {
            "error": float(np.mean(found)),
            "worst": float(np.max(found)),
            "trials": len(found),
            "rows": int(np.median(sizes)),
        }
        for key, found in gaps.items()
        if found
    }


def _parts(fold: Any, *, seed: int) -> list[Any]:
    """Positions of up to MOST_TRIALS samples of one fold each, of TRIAL_ROWS rows at the most."""
    random = np.random.default_rng(seed)
    names = np.unique(fold)
    each = max(1, MOST_TRIALS // len(names)) if len(names) > 1 else 0
    found = []
    for name in names:
        rows = np.flatnonzero(fold == name)
        size = min(TRIAL_ROWS, len(rows))
        if size >= FEW_ROWS // 2:
            found += [random.choice(rows, size, replace=False) for _ in range(each)]
    return found


def _losses(answers: Answers, rows: pd.DataFrame) -> dict[str, Any]:
    """The loss of a row as it was, over all and per value of each column with few of them."""
    loss = pd.Series(loss_of_rows(answers.truth, answers.told))
    groups: dict[str, dict[str, float]] = {}
    for name, series in rows.items():
        if _is_number(series):
            continue
        text = series.astype("string").reset_index(drop=True)
        if 2 <= text.nunique() <= MOST_GROUPS:
            groups[str(name)] = {
                str(value): float(mean) for value, mean in loss.groupby(text).mean().items()
            }
    return {
        "mean": float(loss.mean()),
        "deviation": float(loss.std(ddof=1)),
        "rows": len(loss),
        "groups": groups,
    }
