"""Models that see next to nothing: names of rows, gaps, one feature. They should not do well."""

from typing import Any

import numpy as np
import pandas as pd

from apps.engine.training.adversary.bench import Bench, mean
from apps.engine.training.adversary.lines import HOLDS, WEIGH, Line, skipped
from apps.engine.training.frame import model_columns
from apps.engine.training.rows import specs
from apps.engine.types import ColumnSpec

ROW = "row number"
DISTINCT = 0.9
"""A column is a name of its rows when at least this share of its values is distinct."""
IDS_SHARE, GAPS_SHARE, ONE_SHARE = 0.2, 0.5, 0.95
LEAST_GAIN = 0.05
MOST_FEATURES = 200
CONFIRMED = 3


def ids_only(bench: Bench) -> Line:
    """A probe of row numbers and of columns that name rows: they hold no cause of anything."""
    key, title = "ids_only", "Identifiers only"
    bench.tell("identifiers only")
    named = {ROW: np.arange(len(bench.rows.target), dtype="float64"), **_names(bench)}
    reached = mean(bench.probed(named))
    bar = _bar(bench, IDS_SHARE)
    known = ", ".join(named)
    says = f"A model that sees only {known} reaches {reached:.3f}. "
    says += (
        "The names of the rows tell the outcome: the file may be sorted by it, or ids were given "
        "after it was known."
        if reached > bar
        else "The names of the rows tell (next to) nothing of the outcome."
    )
    outcome = WEIGH if reached > bar else HOLDS
    return Line(key, title, outcome, reached, f"up to {bar:.3f}", says, {"columns": list(named)})


def _names(bench: Bench) -> dict[str, Any]:
    """Whole numbers and texts of the table that differ in nearly every row; texts by their rank."""
    found = {}
    for name, values in bench.rows.table.items():
        if name == bench.target or not _may_name(values):
            continue
        if values.nunique() >= DISTINCT * len(values):
            ranks = values.rank(method="dense") if values.dtype != "Int64" else values
            found[str(name)] = ranks.to_numpy(dtype="float64", na_value=np.nan)
    return found


def _may_name(values: pd.Series) -> bool:
    return values.dtype == "Int64" or pd.api.types.is_string_dtype(values.dtype)


def gaps_only(bench: Bench) -> Line:
    """A probe that sees only which values are missing."""
    key, title = "gaps_only", "Gaps only"
    gaps = bench.rows.features.isna()
    gaps = gaps.loc[:, gaps.any()]
    if gaps.empty:
        return skipped(key, title, "No feature has a gap.")
    bench.tell("gaps only")
    reached = mean(bench.probed({str(name): gaps[name].astype("float64") for name in gaps}))
    bar = _bar(bench, GAPS_SHARE)
    says = f"A model that sees only which of {gaps.shape[1]} features are empty reaches "
    says += f"{reached:.3f}. "
    says += (
        "That a value is missing tells much of the outcome: ask who leaves it out, and when."
        if reached > bar
        else "That a value is missing tells little."
    )
    outcome = WEIGH if reached > bar else HOLDS
    return Line(key, title, outcome, reached, f"up to {bar:.3f}", says)


def _bar(bench: Bench, share: float) -> float:
    """What may be reached: guessing, and a share of the candidate's edge, noise or LEAST_GAIN."""
    return bench.guess + max(LEAST_GAIN, bench.noise, share * bench.edge)


def one_at_a_time(bench: Bench) -> Line:
    """A probe of each feature by itself: one that reaches nearly the whole may be the answer.

    All features are tried on the last fold, the CONFIRMED best of them on every fold.
    """
    key, title = "one_at_a_time", "One feature at a time"
    spec = specs(bench.task.features)
    if len(spec) < 2:
        return skipped(key, title, "There is one feature only.")
    shown = spec[:MOST_FEATURES]
    last, first_look = list(bench.folds)[-1:], []
    for number, column in enumerate(shown, start=1):
        bench.tell(f"feature {number} of {len(shown)}")
        first_look.append((_finite(bench.probed(_parts(bench, column), last)[0]), column))
    first_look.sort(key=lambda item: -item[0])
    best = [
        (mean(bench.probed(_parts(bench, column))), column.name)
        for _, column in first_look[:CONFIRMED]
    ]
    reached, name = max(best)
    bar = _bar(bench, ONE_SHARE)
    says = f"“{name}” alone reaches {reached:.3f}, all {len(spec)} features {bench.whole:.3f}. "
    says += (
        "Is it known when the decision is made, or a trace of the outcome? If it is sound, that "
        "one column may be model enough."
        if reached > bar
        else "No feature carries it alone."
    )
    if len(spec) > len(shown):
        says += f" The first {len(shown)} features were tried."
    return Line(
        key,
        title,
        WEIGH if reached > bar else HOLDS,
        reached,
        f"less than {bar:.3f}",
        says,
        {"best": [{"feature": feature, "score": score} for score, feature in best]},
    )


def _parts(bench: Bench, column: ColumnSpec) -> dict[str, Any]:
    """The columns that a feature becomes: a date has three."""
    names = [name for group in model_columns([column]) for name in group]
    return {name: bench.rows.features[name] for name in names}


def _finite(score: float) -> float:
    return score if np.isfinite(score) else float("-inf")
