"""Groups of errors in plain words: a small tree grown on half of the errors, told on the rest."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.tree import DecisionTreeRegressor

from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.weak_spots import loss_of_rows
from apps.engine.types import ColumnSpec, Kind

DEPTH, LEAVES = 3, 8
LEAST_ROWS, LEAST_SHARE = 20, 0.02
"""Rows of a leaf in the half that grows the tree: the greater of both."""
LEAST_TOLD = 12
"""Each cut tells this many times the variance of one row: what a cut by chance, the best of many,
seldom reaches. Without it a group falls to pieces."""
MOST_VALUES = 12
MOST_COLUMNS = 40
MOST_FOUND = 5
EXAMPLES = 3
CONFIDENCE = 0.95


def error_clusters(
    table: pd.DataFrame, spec: list[ColumnSpec], *, truth: Any, told: Predictions, seed: int = 0
) -> list[dict[str, Any]]:
    """Groups that do not overlap, whose error is above that of the other rows beyond chance.

    The tree is grown on a random half of the rows; numbers are of the other half, which had no
    say in where the groups end, so that they are not flattered: Athey and Imbens (2016), PNAS
    113, 7353-7360. The bound of a difference (Welch) is widened for the number of leaves.

    Parameters
    ----------
    table : (n_rows, n_columns), the rows of ``truth`` (n_rows,) in its order
    spec : the columns that may describe a group

    Returns
    -------
    list of dict, the greatest excess of error first, at most MOST_FOUND
        ``conditions`` (``column`` and ``says``, such as "is above 30"), ``rows`` and ``share`` of
        all rows; ``loss`` and ``others``: mean loss in and outside of it (see
        weak_spots.loss_of_rows); ``wrong`` and ``others_wrong``: share of wrong labels (None for
        a quantity); ``of_all``: share of the whole loss; ``examples``: positions of its EXAMPLES
        rows with the greatest loss.
    """
    loss = loss_of_rows(truth, told)
    columns = _columns(table, spec)
    half = np.random.default_rng(seed).random(len(loss)) < 0.5
    if not columns or min(half.sum(), (~half).sum()) < 4 * LEAST_ROWS:
        return []
    design = np.column_stack([asked.answers for asked in columns])
    tree = DecisionTreeRegressor(
        max_depth=DEPTH,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=max(LEAST_ROWS, int(LEAST_SHARE * half.sum())),
        min_impurity_decrease=LEAST_TOLD * float(loss[half].var()) / half.sum(),
        random_state=seed,
    ).fit(design[half], loss[half])
    leaf = tree.apply(design)
    wrong = None if told.probabilities is None else np.asarray(told.labels) != np.asarray(truth)
    paths = _paths(tree.tree_)
    found = []
    for number, path in paths.items():
        judged = _judged(leaf == number, ~half, loss, wrong, tests=len(paths))
        if judged is not None:
            found.append({"conditions": _words(path, columns), **judged})
    found.sort(key=lambda item: -item["rows"] * (item["loss"] - item["others"]))
    return found[:MOST_FOUND]


class Asked(NamedTuple):
    """A question of the tree: is a number above, or is a text ``value``; (n,) float64.

    ``other`` is the only other value there is, if there is one; both are "" for numbers.
    """

    column: ColumnSpec
    answers: Any
    value: str = ""
    other: str = ""


def _columns(table: pd.DataFrame, spec: list[ColumnSpec]) -> list[Asked]:
    found: list[Asked] = []
    for column in [item for item in spec if item.name in table.columns][:MOST_COLUMNS]:
        values = table[column.name]
        if column.kind in {Kind.TEXT, Kind.BOOLEAN}:
            texts = values.astype("string").fillna("(missing)").to_numpy(dtype=object)
            names = [str(name) for name in pd.Series(texts).value_counts().index[:MOST_VALUES]]
            other = names.pop() if len(names) == 2 else ""
            found += [
                Asked(column, (texts == name).astype("float64"), name, other) for name in names
            ]
        elif column.kind == Kind.DATETIME:
            moments = pd.to_datetime(values).to_numpy(dtype="datetime64[us]")
            days = moments.astype("int64") / 86_400_000_000
            found.append(Asked(column, np.where(np.isnat(moments), np.nan, days)))
        else:
            found.append(Asked(column, values.to_numpy(dtype="float64", na_value=np.nan)))
    return found


class Turn(NamedTuple):
    """One step from the root towards a leaf: which column of the design, at what, which way."""

    number: int
    at: float
    is_left: bool
    takes_missing: bool


def _paths(tree: Any) -> dict[int, list[Turn]]:
    """Leaf -> its turns from the root down."""
    found: dict[int, list[Turn]] = {}
    left: list[tuple[int, list[Turn]]] = [(0, [])]
    while left:
        node, path = left.pop()
        if tree.children_left[node] < 0:
            found[node] = path
            continue
        number, at = int(tree.feature[node]), float(tree.threshold[node])
        missing = bool(tree.missing_go_to_left[node])
        left.append((int(tree.children_left[node]), [*path, Turn(number, at, True, missing)]))
        left.append((int(tree.children_right[node]), [*path, Turn(number, at, False, not missing)]))
    return found


def _judged(
    inside: Any, told_on: Any, loss: Any, wrong: Any, *, tests: int
) -> dict[str, Any] | None:
    """Numbers of a group; None when its error is not above the others' beyond chance."""
    here, there = loss[inside & told_on], loss[~inside & told_on]
    if min(len(here), len(there)) < LEAST_ROWS:
        return None
    spread = here.var(ddof=1) / len(here), there.var(ddof=1) / len(there)
    difference, error = float(here.mean() - there.mean()), float(np.sqrt(sum(spread)))
    freedom = (
        sum(spread) ** 2 / (spread[0] ** 2 / (len(here) - 1) + spread[1] ** 2 / (len(there) - 1))
        if error > 0
        else 1.0
    )
    if difference <= float(stats.t.ppf(1 - (1 - CONFIDENCE) / tests, freedom)) * error:
        return None
    rows = np.flatnonzero(inside)
    worst = rows[np.argsort(-loss[rows], kind="stable")[:EXAMPLES]]
    return {
        "rows": len(rows),
        "share": float(inside.mean()),
        "loss": float(here.mean()),
        "others": float(there.mean()),
        "wrong": None if wrong is None else float(wrong[inside & told_on].mean()),
        "others_wrong": None if wrong is None else float(wrong[~inside & told_on].mean()),
        "of_all": float(here.sum() / (here.sum() + there.sum())),
        "examples": [int(place) for place in worst],
    }


def _words(path: list[Turn], columns: list[Asked]) -> list[dict[str, str]]:
    """One condition for each column of the path, the root's first."""
    of_column: dict[str, list[Turn]] = {}
    for turn in path:
        of_column.setdefault(columns[turn.number].column.name, []).append(turn)
    found = []
    for name, turns in of_column.items():
        asked = columns[turns[0].number]
        if asked.value:
            says = _text_words([(columns[turn.number], turn.is_left) for turn in turns])
        else:
            gaps = bool(np.isnan(asked.answers).any()) and all(turn.takes_missing for turn in turns)
            says = _range(turns, asked.column) + (" or missing" if gaps else "")
        found.append({"column": name, "says": says})
    return found


def _text_words(turns: list[tuple[Asked, bool]]) -> str:
    """Of (question, its answer is no): "is a", "is not a" or "is none of a, b"."""
    chosen = [asked.other if is_no else asked.value for asked, is_no in turns]
    known = [value for value in chosen if value]
    if known:
        return f"is {known[0]}"
    if len(turns) == 1:
        return f"is not {turns[0][0].value}"
    return "is none of " + ", ".join(asked.value for asked, _ in turns)


def _range(turns: list[Turn], column: ColumnSpec) -> str:
    low = max((turn.at for turn in turns if not turn.is_left), default=None)
    high = min((turn.at for turn in turns if turn.is_left), default=None)
    ends = [] if low is None else [f"above {_word(low, column)}"]
    ends += [] if high is None else [f"at most {_word(high, column)}"]
    return "is " + " and ".join(ends)


def _word(edge: float, column: ColumnSpec) -> str:
    if column.kind == Kind.DATETIME:
        return str(np.datetime64(int(edge), "D"))
    return f"{edge:,.4g}"
