"""Draw a split: the worker's one call that parts a table into development and sealed test."""

from typing import Any

import pandas as pd

from apps.engine.errors import BadParameter, ColumnMissing
from apps.engine.labels import names_in
from apps.engine.percent import percent
from apps.engine.reading.tables import read_table, write_table
from apps.engine.splitting.entities import (
    entity_columns,
    repeated_rows,
    shared_rows,
    time_columns,
)
from apps.engine.splitting.folds import (
    METHODS,
    TRAIN_ONLY,
    Folds,
    rows_of,
    rows_sha256,
    write_split,
)
from apps.engine.splitting.giveaways import giveaways
from apps.engine.splitting.grouped import deal_by_group
from apps.engine.splitting.random import deal_randomly
from apps.engine.splitting.stratified import deal_by_stratum, strata_of
from apps.engine.splitting.target import (
    balance,
    balance_warnings,
    check_parts,
    looks_like_sets,
    usable_target,
    with_quantity,
    with_sets,
)
from apps.engine.splitting.temporal import deal_by_time
from apps.engine.training.problem import problem_of
from apps.engine.training.rows import class_names
from apps.engine.types import Problem, Report

SHARES = (0.05, 0.5)
FOLDS = (2, 20)


def draw_split(
    *,
    table: str,
    method: str,
    target: str,
    group: str | None,
    time: str | None,
    test_share: float,
    folds: int,
    seed: int,
    split_file: str,
    development: str,
    test: str,
    report: Report,
    raw: str = "",
    raw_development: str = "",
    quantity: bool = False,
    sets: bool = False,
    sign: str = "",
) -> dict[str, Any]:
    """Draw a split of a table and write it as three files. Job function.

    Parameters
    ----------
    table : str
        Path of a typed table (Parquet). Read whole into memory.
    method : {"random", "stratified", "group", "time"}
        "group" needs the column ``group``, "time" the column ``time``.
    test_share : float in [0.05, 0.5]
        Share of the rows to be sealed; groups and equal times may shift it a little.
    folds : int, 2 to 20
    split_file, development, test : str
        Paths to write: the split (see ``folds.write_split``), and the two typed tables,
        rows in their original order.
    raw, raw_development : str
        When given: a table with the same rows before the recipe, and the path to which its
        development rows are written.
    quantity : bool
        Whole numbers are read as a quantity however few they are: the plan promises so.
    sets, sign : bool, str
        The target holds sets of labels, with ``sign`` between them ("": it is found out). They
        are written in the notation of engine's ``labels``.

    Returns
    -------
    dict, JSON-ready
        ``rows``, ``development_rows``, ``test_rows``, ``folds``, ``balance``, ``says``,
        ``warnings``, ``row_ids_sha256`` (of the row positions of each part), ``problem`` with
        ``problem_why``, ``classes`` (the labels of sets; empty for a quantity),
        ``distinct`` (values of each text column in development) and ``giveaways`` (columns that
        tell the target too well). The same table and arguments always give the same files.

    Raises
    ------
    BadParameter, ColumnMissing, NotEnoughData
        With a sentence when the split cannot be drawn or could not be scored.
    """
    _check(method, group=group, time=time, test_share=test_share, folds=folds)
    report(0, 5, "Reading the table")
    frame = read_table(table)
    frame, joined_by = with_sets(frame, target=target, sign=sign) if sets else (frame, "")
    report(1, 5, "Drawing the split")
    judged = with_quantity(frame, target=target) if quantity else frame
    fold = deal(
        judged,
        method=method,
        target=target,
        group=group,
        time=time,
        test_share=test_share,
        folds=folds,
        seed=seed,
        sets=sets,
    )
    check_parts(judged[target], fold=fold)
    report(2, 5, "Looking for rows that are on both sides")
    warnings = _warnings(judged, method=method, target=target, fold=fold, sets=sets)
    report(3, 5, "Writing development and test")
    for sealed, path in ((False, development), (True, test)):
        write_table(frame.take(rows_of(fold, test=sealed)).reset_index(drop=True), path)
    if raw:
        before = read_table(raw).take(rows_of(fold, test=False))
        write_table(before.reset_index(drop=True), raw_development)
    write_split(fold, split_file)
    report(4, 5, "Looking for columns that give the target away")
    problem, why = problem_of(judged[target], joined_by=joined_by)
    return {
        "problem": str(problem),
        "distinct": distinct_texts(frame.take(rows_of(fold, test=False))),
        "problem_why": why,
        "classes": _classes(frame[target], problem),
        **_sizes(judged[target], fold=fold, folds=folds, sets=sets),
        "says": _says(fold, method=method, group=group, time=time, folds=folds),
        "warnings": warnings,
        "giveaways": giveaways(development, target, clock=time, quantity=quantity, sets=sets),
    }


def _classes(target: pd.Series, problem: Problem) -> list[str]:
    if problem == Problem.REGRESSION:
        return []
    return sorted(names_in(target) if problem == Problem.MULTILABEL else set(class_names(target)))


def distinct_texts(frame: pd.DataFrame) -> dict[str, int]:
    """How many different values each text column holds."""
    texts = frame.select_dtypes(["string", "object"])
    return {str(name): int(values.nunique()) for name, values in texts.items()}


def deal(
    frame: pd.DataFrame,
    *,
    method: str,
    target: str,
    group: str | None,
    time: str | None,
    test_share: float,
    folds: int,
    seed: int,
    sets: bool = False,
) -> Folds:
    """Fold number of every row of ``frame`` (not changed) by the chosen method."""
    column = usable_target(frame, target=target)
    if method == "group":
        return deal_by_group(_column(frame, group), test_share=test_share, folds=folds, seed=seed)
    if method == "time":
        return deal_by_time(_column(frame, time), test_share=test_share, folds=folds)
    if method == "stratified":
        strata = strata_of(column, folds=folds, sets=sets)
        return deal_by_stratum(strata, test_share=test_share, folds=folds, seed=seed)
    return deal_randomly(len(frame), test_share=test_share, folds=folds, seed=seed)


def _check(
    method: str, *, group: str | None, time: str | None, test_share: float, folds: int
) -> None:
    if method not in METHODS:
        raise BadParameter(f"The split method must be one of {', '.join(METHODS)}, not “{method}”.")
    if method == "group" and not group:
        raise BadParameter("A group split needs the column that names the group.")
    if method == "time" and not time:
        raise BadParameter("A time split needs the column that says when a row happened.")
    if not SHARES[0] <= test_share <= SHARES[1]:
        raise BadParameter(
            f"The share of the test must be from {percent(SHARES[0], 0)} to "
            f"{percent(SHARES[1], 0)}, not {percent(test_share, None)}."
        )
    if not FOLDS[0] <= folds <= FOLDS[1]:
        raise BadParameter(f"The folds must be from {FOLDS[0]} to {FOLDS[1]}, not {folds}.")


def _column(frame: pd.DataFrame, name: str | None) -> pd.Series:
    if name not in frame.columns:
        raise ColumnMissing(f"The table has no column “{name}”; choose the column again.")
    return frame[name]


def _warnings(
    frame: pd.DataFrame, *, method: str, target: str, fold: Folds, sets: bool
) -> list[str]:
    tests = len(rows_of(fold, test=True))
    warnings = balance_warnings(frame[target], fold=fold, sets=sets)
    warnings += [] if sets else looks_like_sets(frame[target])
    equal = repeated_rows(frame, fold=fold)
    if equal:
        warnings.append(f"{equal} of {tests} test rows are equal to a development row.")
    if method in {"random", "stratified"}:
        for name in entity_columns(frame, target=target):
            shared = shared_rows(frame[name], fold=fold)
            if shared:
                warnings.append(
                    f"{shared} of {tests} test rows have a “{name}” that is also in development; "
                    "a group split would keep them apart."
                )
        for name in time_columns(frame, target=target):
            warnings.append(
                f"“{name}” is a date: this split tests on the past as well; a time split would "
                "test on the latest rows only."
            )
    return warnings


def _sizes(target: pd.Series, *, fold: Folds, folds: int, sets: bool) -> dict[str, Any]:
    kept, sealed = rows_of(fold, test=False), rows_of(fold, test=True)
    return {
        "rows": len(fold),
        "development_rows": len(kept),
        "test_rows": len(sealed),
        "folds": folds,
        "balance": balance(target, fold=fold, sets=sets),
        "row_ids_sha256": {"development": rows_sha256(kept), "test": rows_sha256(sealed)},
    }


def _says(
    fold: Folds, *, method: str, group: str | None, time: str | None, folds: int
) -> list[str]:
    tests = len(rows_of(fold, test=True))
    how = {
        "random": "drawn at random",
        "stratified": "drawn at random within each class or quantile of the target, or the rarest "
        "label of each row",
        "group": f"drawn by whole groups of “{group}”",
        "time": f"the latest by “{time}”",
    }[method]
    says = [
        f"{tests:,} of {len(fold):,} rows ({percent(tests / len(fold))}) are the sealed test: "
        f"{how}.",
        f"{len(fold) - tests:,} rows are for development, in {folds} folds.",
    ]
    early = int((fold == TRAIN_ONLY).sum())
    if early:
        says.append(
            f"Each fold learns only from earlier rows; the first {early:,} rows only ever train."
        )
    return says
