"""Development rows against the sealed test rows: features only, and summary numbers only."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from apps.engine.errors import NotEnoughData
from apps.engine.monitoring.distances import jensen_shannon, psi
from apps.engine.profile.cells import Cells, Columns
from apps.engine.profile.compare import LEAST_ROWS, adjust, binned, by_chance, difference
from apps.engine.profile.pairs import as_floats
from apps.engine.types import Kind, Report

SIDES = ("development", "sealed test")
MOST_TRAINED = 10_000
"""Rows of one side that the classifier learns from, drawn by lot."""
LEAST_TRAINED = 50
"""With fewer rows of a side an AUC says nothing."""
MOST_FEATURES = 200
MOST_CODES = 30
FOLDS = 3


def compare_sealed(
    *, development: str, test: str, without: list[str], apart: list[str], report: Report
) -> dict[str, Any]:
    """Compare the features of both sides of a split. Job function.

    Parameters
    ----------
    development, test : str
        Paths of typed tables; the test rows are plain only while this runs.
    without : list of str
        Columns that are not read: the target, what may stand for it, sensitive ones.
    apart : list of str
        Columns by which the split was drawn: they differ by design, so the classifier does not
        get them.

    Returns
    -------
    dict, JSON-ready
        ``rows`` of both sides; ``columns`` (``psi`` in nats, ``js`` in bits, ``ks`` 0 to 1 or
        None for texts, ``p`` adjusted, ``is_sure``, ``missing``, ``says``), the largest PSI
        first and those that chance may have made last; ``adversary``, see ``tell_apart``.
        No value of a test row: of texts only values of development are named.

    Notes
    -----
    PSI and JS over tenths of development or its most frequent values; KS on every value: Massey
    (1951), Journal of the American Statistical Association 46(253), 68-78. O(cells log n).
    """
    sides = [Columns(path, without=without) for path in (development, test)]
    for name, side in zip(SIDES, sides, strict=True):
        if side.rows < LEAST_ROWS:
            raise NotEnoughData(
                f"The {name} side has {side.rows} rows; {LEAST_ROWS} are needed to compare."
            )
    names, found = [name for name in sides[0].names if name in sides[1].names], []
    for done, name in enumerate(names):
        report(done, len(names) + 1, f"Comparing “{name}”")
        found.append(_compared(name, [side.read(name) for side in sides]))
    adjust(found)
    found.sort(key=lambda column: (not column["is_sure"], -column["psi"]))
    report(len(names), len(names) + 1, "Telling the sides apart")
    return {
        "rows": [side.rows for side in sides],
        "columns": found,
        "adversary": tell_apart(sides, names=[name for name in names if name not in set(apart)]),
    }


def _compared(name: str, cells: list[Cells]) -> dict[str, Any]:
    column = binned(cells, named_by_first=True)
    shares = column.table / column.table.sum(axis=1, keepdims=True)
    # Half a row in every bin (Jeffreys 1946), as on the page that compares slices.
    raised = column.table + 0.5
    raised = raised / raised.sum(axis=1, keepdims=True)
    return {
        "name": name,
        "kind": str(cells[0].kind),
        "psi": round(psi(raised[0], raised[1]), 4),
        "js": round(jensen_shannon(shares[0], shares[1]), 4),
        "ks": None if cells[0].words is not None else _largest_gap(cells),
        "p": by_chance(column.table),
        "missing": shares[:, -1].tolist(),
        "says": difference(column, shares, 1, kind=cells[0].kind),
    }


def _largest_gap(cells: list[Cells]) -> float | None:
    """Largest distance of the two empirical distribution functions, None without values."""
    values = [as_floats(one) for one in cells]
    first, other = (np.sort(one[~np.isnan(one)]) for one in values)
    if not (len(first) and len(other)):
        return None
    every = np.concatenate([first, other])
    gaps = np.searchsorted(first, every, side="right") / len(first)
    gaps -= np.searchsorted(other, every, side="right") / len(other)
    return round(float(np.abs(gaps).max()), 4)


@dataclass(frozen=True)
class _Auc:
    value: float
    low: float
    high: float


def tell_apart(sides: list[Columns], *, names: list[str]) -> dict[str, Any] | None:
    """How well a classifier tells from a row's features which side it stands on.

    ``auc`` out of fold with its 95 % interval: about 0.5 when both sides come from one world.
    Dates are left out, since a later row has a later date; texts by the most frequent
    MOST_CODES values of development. At most MOST_TRAINED rows of a side and the first
    MOST_FEATURES features. None with too few rows or features. Source of the idea: Lopez-Paz,
    Oquab (2017), Revisiting classifier two-sample tests, ICLR.
    """
    rng = np.random.default_rng(0)
    drawn = [_drawn(side.rows, rng) for side in sides]
    if min(len(one) for one in drawn) < LEAST_TRAINED:
        return None
    features = []
    for name in names[:MOST_FEATURES]:
        cells = [side.read(name) for side in sides]
        if cells[0].kind != Kind.DATETIME and _varies(one := _feature(cells, drawn)):
            features.append(one)
    if not features:
        return None
    side = np.repeat([0, 1], [len(one) for one in drawn])
    # Small trees: what tells the sides apart is looked for, not the last thousandth of an area.
    model = HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=8, early_stopping=False, random_state=0
    )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    told = cross_val_predict(
        model, np.column_stack(features), side, cv=folds, method="predict_proba"
    )[:, 1]
    auc = _auc(told, side)
    return {
        "auc": round(auc.value, 4),
        "low": round(auc.low, 4),
        "high": round(auc.high, 4),
        "rows": [len(one) for one in drawn],
        "features": len(features),
    }


def _drawn(rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.permutation(rows)[:MOST_TRAINED]


def _varies(feature: NDArray[np.float64]) -> bool:
    known = feature[~np.isnan(feature)]
    return len(known) > 0 and bool(known.min() < known.max())


def _feature(cells: list[Cells], drawn: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """One column of both sides as numbers, missing as NaN. Shape (drawn rows,)."""
    if cells[0].words is None:
        parts = [as_floats(one)[rows] for one, rows in zip(cells, drawn, strict=True)]
        whole = np.concatenate(parts)
        return np.where(np.isfinite(whole), whole, np.nan)
    return np.concatenate(_codes(cells, drawn))


def _codes(cells: list[Cells], drawn: list[NDArray[np.int64]]) -> list[NDArray[np.float64]]:
    first = cells[0]
    assert first.words is not None
    counts = np.bincount(first.data[first.present], minlength=len(first.words))
    words = first.words.to_pylist()
    known = {words[place]: code for code, place in enumerate(np.argsort(-counts)[:MOST_CODES])}
    parts = []
    for one, rows in zip(cells, drawn, strict=True):
        assert one.words is not None
        # One more place: a column without any text has no word for its rows to point at.
        code_of = np.array([*(known.get(word, MOST_CODES) for word in one.words.to_pylist()), 0.0])
        parts.append(np.where(one.present, code_of[one.data], np.nan)[rows])
    return parts


def _auc(told: NDArray[np.float64], side: NDArray[np.int64]) -> _Auc:
    """Area under the curve with its 95 % interval, Hanley and McNeil (1982), Radiology 143(1)."""
    many, few = int((side == 0).sum()), int((side == 1).sum())
    area = (rankdata(told)[side == 1].sum() - few * (few + 1) / 2) / (many * few)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (few - 1) * (q1 - area**2) + (many - 1) * (q2 - area**2)
    half = 1.96 * float(np.sqrt(max(variance, 0.0) / (many * few)))
    return _Auc(float(area), max(0.0, float(area) - half), min(1.0, float(area) + half))
