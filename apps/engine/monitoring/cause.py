"""What probably went wrong: which column, which group of rows, the level, the labels; since when.

One measure for all of them: the share of the additional loss that a suspect carries.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from apps.engine.monitoring.drift import drift
from apps.engine.monitoring.since import change_point
from apps.engine.monitoring.sketch import PREDICTION, bins_in
from apps.engine.percent import percent

COLUMN, GROUP, LEVEL, LABELS = "column", "group", "level", "labels"
MOST_CAUSES = 5
LEAST_GROUP = 30
LEAST_SHARE = 0.1
CERTAIN = 3.3  # standard errors: 0.999 of a normal distribution lie within
RANK = {COLUMN: 1.0, GROUP: 0.9, LEVEL: 0.8, LABELS: 0.8}
"""Of two suspects that explain as much, the one who can be asked first is told first."""


@dataclass(frozen=True)
class Recent:
    """Recent answers in the order of time, as far as the truth is known with their loss.

    ``frame``: (n, columns) as they were asked; ``loss``: (n,) loss of each row, NaN where the truth
    is not known; ``level_loss``: the same were the answers shifted to the level of the truth, or
    None; ``is_due``: (n,) bool, the truth should be known by now.
    """

    frame: pd.DataFrame
    loss: Any
    level_loss: Any | None
    is_due: Any


def causes(
    recent: Recent,
    *,
    sketch: Mapping[str, Any],
    reference: Mapping[str, Any] | None = None,
    importance: Mapping[str, float] | None = None,
) -> list[dict[str, Any]]:
    """Suspects, the likeliest first; empty where nothing is out of the ordinary.

    Parameters
    ----------
    sketch : of the development rows, as ``sketch_of`` makes it
    reference : ``mean``, ``deviation``, ``rows`` of the loss in development and ``groups``: mean
        loss per value of a column (``estimated.estimator_of``)
    importance : of each column for the model; used while no loss is known

    Returns
    -------
    list of dict
        ``kind`` (column, group, level, labels), ``name``, ``says``, ``share`` (of the additional
        loss, 0 to 1; of the expected labels for labels), ``of_loss`` (False while the loss is not
        known: then share is of the moved rows, weighted by importance), ``rows`` concerned,
        ``since`` (position of the first row concerned, or None: all the time).

    Notes
    -----
    A row that is in a bin more often than in the reference is surplus with the probability
    1 - expected / actual share: the sum over a column is the total variation distance to the
    reference, missing and new values being bins of their own. The loss that surplus rows carry is
    the column's share.
    """
    found = [
        *_columns(recent, sketch, reference, importance or {}),
        *_labels(recent),
    ]
    moved = {item["name"] for item in found if item["kind"] == COLUMN}
    found += _groups(recent, reference, but=moved)
    found += _level(recent, reference)
    kept = [item for item in found if item["share"] >= LEAST_SHARE]
    kept.sort(key=lambda item: -item["share"] * RANK[item["kind"]])
    return [
        {key: value for key, value in item.items() if key != "series"}
        | {"since": change_point(item["series"])}
        for item in kept[:MOST_CAUSES]
    ]


def _excess(recent: Recent, mean: Any, reference: Mapping[str, Any] | None) -> Any | None:
    """(n,) loss above ``mean``; None unless the loss rose by more than chance."""
    known = recent.loss[~np.isnan(recent.loss)]
    if not reference or len(known) < LEAST_GROUP:
        return None
    rise = float(known.mean()) - reference["mean"]
    error = np.hypot(
        float(known.std(ddof=1)) / np.sqrt(len(known)),
        reference["deviation"] / np.sqrt(reference["rows"]),
    )
    return recent.loss - mean if rise > CERTAIN * error else None


def _columns(
    recent: Recent,
    sketch: Mapping[str, Any],
    reference: Mapping[str, Any] | None,
    importance: Mapping[str, float],
) -> list[dict[str, Any]]:
    excess = _excess(recent, reference["mean"] if reference else 0.0, reference)
    weighed = {name: importance.get(name, 0.0) for name in sketch if name != PREDICTION}
    greatest = max([*weighed.values(), 0.0])
    found = []
    for row in drift(dict(sketch), recent.frame):
        name = row["feature"]
        has_moved = row["state"] in {"drifting", "drifted"}
        if name == PREDICTION or row["is_date"] or not has_moved:
            continue  # dates move on by themselves
        surplus = surplus_of(recent.frame[name], sketch[name])
        weight = weighed[name] / greatest if greatest > 0 else 1.0
        share = (
            _carried(surplus, excess)
            if excess is not None
            else float(surplus.mean()) * (0.5 + 0.5 * weight)
        )
        found.append(
            {
                "kind": COLUMN,
                "name": name,
                "says": _column_says(row),
                "share": share,
                "of_loss": excess is not None,
                "rows": round(float(surplus.sum())),
                "series": surplus,
            }
        )
    return found


def _carried(weight: Any, excess: Any) -> float:
    """Share of the additional loss that rows of this weight carry, 0 to 1."""
    known = ~np.isnan(excess)
    total = float(np.sum(excess[known]))
    return float(np.clip(np.sum(weight[known] * excess[known]) / total, 0.0, 1.0))


def surplus_of(series: "pd.Series[Any]", told: Mapping[str, Any]) -> Any:
    """(n,) probability of each row to be there beyond what the reference has of its bin."""
    bins = bins_in(series, dict(told))
    here = told["missing_rate"]
    expected = np.array([here, *((1 - here) * np.asarray(told["shares"]))])
    actual = np.bincount(bins, minlength=len(expected)) / max(1, len(series))
    expected = np.pad(expected, (0, len(actual) - len(expected)))
    with np.errstate(divide="ignore", invalid="ignore"):
        surplus = np.where(actual > 0, np.clip(1 - expected / actual, 0.0, 1.0), 0.0)
    return surplus[bins]


def _column_says(row: Mapping[str, Any]) -> str:
    name = row["feature"]
    if row["missing_rate"] - row["missing_rate_reference"] >= LEAST_SHARE / 2:
        before = row["missing_rate_reference"]
        return (
            f"{percent(row['missing_rate'], 0)} of {name} are missing, {percent(before, 0)} before"
        )
    if row["new_share"] >= LEAST_SHARE / 10:
        new = ", ".join(f'"{value[:30]}"' for value in row["new_categories"][:3])
        return f"{percent(row['new_share'], 0)} of {name} hold values never seen before ({new})"
    return f"the values of {name} have moved (PSI {row['psi']:.2f})"


def _groups(
    recent: Recent, reference: Mapping[str, Any] | None, *, but: set[str]
) -> list[dict[str, Any]]:
    """Groups in which the additional loss is, and not in the other rows."""
    found = []
    for name, means in (reference or {}).get("groups", {}).items():
        if name in but or name not in recent.frame.columns:
            continue
        text = recent.frame[name].astype("string")
        mean = text.map(means).astype("float64").fillna(reference["mean"]).to_numpy()  # type: ignore[index]
        excess = _excess(recent, mean, reference)
        if excess is None:
            return []
        for value in means:
            inside = (text == value).fillna(False).to_numpy(dtype=bool)
            share = _concentrated(inside, excess)
            if share:
                says = f"the loss rose where {name} is {value}, and not elsewhere"
                series = np.where(inside & ~np.isnan(excess), excess, np.nan)
                found.append(
                    {
                        "kind": GROUP,
                        "name": f"{name} is {value}",
                        "says": says,
                        "share": share,
                        "of_loss": True,
                        "rows": int(inside.sum()),
                        "series": _carried_on(series),
                    }
                )
    return found


def _concentrated(inside: Any, excess: Any) -> float:
    """How far the additional loss is in these rows alone: 0 as everywhere, 1 nowhere else."""
    known = ~np.isnan(excess)
    here, there = excess[known & inside], excess[known & ~inside]
    if min(len(here), len(there)) < LEAST_GROUP:
        return 0.0
    if stats.ttest_ind(here, there, equal_var=False).statistic < CERTAIN:
        return 0.0
    rows = len(here) / (len(here) + len(there))
    share = _carried(inside.astype("float64"), excess)
    return float(np.clip((share - rows) / (1 - rows), 0.0, 1.0))


def _carried_on(series: Any) -> Any:
    """The same with the last known value where there is none; zero before the first."""
    return pd.Series(series).ffill().fillna(0.0).to_numpy()


def _level(recent: Recent, reference: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The truth is higher or lower throughout: shifted answers would be as good as before."""
    excess = _excess(recent, reference["mean"] if reference else 0.0, reference)
    if excess is None or recent.level_loss is None:
        return []
    known = ~np.isnan(excess)
    total = float(np.sum(excess[known]))
    saved = float(np.sum((recent.loss - recent.level_loss)[known]))
    return [
        {
            "kind": LEVEL,
            "name": "level of the truth",
            "says": "the truth lies at another level than the answers, in all rows alike",
            "share": float(np.clip(saved / total, 0.0, 1.0)),
            "of_loss": True,
            "rows": int(known.sum()),
            "series": _carried_on(excess),
        }
    ]


def _labels(recent: Recent) -> list[dict[str, Any]]:
    """The truth came back, and then no longer."""
    known = ~np.isnan(recent.loss[recent.is_due])
    place = change_point(known.astype("float64")) if len(known) else None
    if place is None:
        return []
    before, after = float(known[:place].mean()), float(known[place:].mean())
    if before <= after:
        return []
    series = np.zeros(len(recent.loss))
    series[np.flatnonzero(recent.is_due)[place] :] = 1.0
    return [
        {
            "kind": LABELS,
            "name": "labels",
            "says": f"the truth comes back for {percent(after, 0)} of the answers, "
            f"{percent(before, 0)} before",
            "share": before - after,
            "of_loss": False,
            "rows": len(known) - place,
            "series": series,
        }
    ]


def sentence_of(cause: Mapping[str, Any], *, source: str = "", since: str = "") -> str:
    """One sentence: who, how much, since when. ``source`` is the file that a column comes from."""
    much = f"{percent(cause['share'], 0)} of the additional loss" if cause["of_loss"] else ""
    where = f", from {source}" if source and cause["kind"] == COLUMN else ""
    parts = [f"Likely: {cause['says']}{where}", much, since]
    return ", ".join(part for part in parts if part) + "."
