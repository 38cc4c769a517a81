"""Job function that makes a release: contract, proof that it answers alike, reference sketch.

Two proofs: requests are answered as training would answer, and the compiled form as scikit-learn.
Without the first there is no release; without the second scikit-learn serves it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.contract.requests import rules_of_requests
from apps.engine.contract.rule import rules_from
from apps.engine.errors import EngineError
from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.verdict import Promise
from apps.engine.monitoring.estimated import estimator_of
from apps.engine.monitoring.sketch import sketch_of
from apps.engine.reading.tables import kind_of_series, read_rows, read_table, spec_of
from apps.engine.recipe.lineage import needed
from apps.engine.serving.compile_verify import compile_and_verify
from apps.engine.serving.contract import Contract, check_rows, draft_contract
from apps.engine.serving.score import Scorer
from apps.engine.training.answers import read_answers
from apps.engine.training.files import load_model
from apps.engine.training.rows import load_rows, predict, specs
from apps.engine.types import Kind, Problem, Report, TableSpec

VERIFIED_ROWS = 200
TIMED_ROWS = 50
TOLERANCE = 1e-9


def build_release(
    *,
    model: str,
    sha256: str,
    raw_development: str,
    development: str,
    target: str,
    steps: list[dict[str, Any]],
    features: list[dict[str, Any]],
    problem: str,
    positive: str | None,
    threshold: float,
    report: Report,
    answers: str | None = None,
    promises: Sequence[Mapping[str, Any]] = (),
    rules: Sequence[Mapping[str, Any]] = (),
    time: str = "",
) -> dict[str, Any]:
    """Draft the contract and prove that a request is answered as training would.

    ``rules`` of the accepted data contract: those that a request can be held against stand in the
    release's contract. The proof is without them, since a rule may be younger than the rows.

    Up to VERIFIED_ROWS development rows, spread over the table, are sent as JSON-like requests
    through check, recipe and model, and compared with the model's answer on the stored table.

    Returns ``contract``, ``verified_rows``, ``max_difference``, ``latency_ms`` (one row, p50 and
    p95), ``engine`` ("compiled" or "scikit-learn"), ``compiled`` (a Verdict of both forms, for
    single rows and for many), ``sketch`` (reference of features and prediction, with its seasons by
    the column ``time``), ``sketch_time`` (that column, empty without one), ``example``,
    ``estimator`` (of the promises while the truth is not known, from the file of out-of-fold
    ``answers``; None without one), ``refused_rows`` (of the verified rows, those that the data
    contract would refuse).

    Raises
    ------
    EngineError
        When an answer differs by more than TOLERANCE: such a release must not serve.
    """
    kind = Problem(problem)
    report(0, 4, "Drafting the contract")
    raw = read_table(raw_development)
    wanted = [feature["name"] for feature in features]
    asked = needed(raw.columns, wanted, steps, target=target)
    contract = draft_contract(raw, needed=asked)
    fitted = load_model(model, sha256=sha256)
    how: dict[str, Any] = {"positive": positive, "threshold": threshold}
    scorer = Scorer(fitted, contract=contract, steps=steps, features=features, problem=kind, **how)
    report(1, 4, "Answering development rows as requests")
    rows = load_rows(development, target=target, spec=specs(features), problem=kind)
    chosen = _chosen(raw)
    difference = _verify(scorer, raw, rows.features, chosen, kind=kind)
    report(2, 4, "Compiling, and comparing with scikit-learn")
    requests = _requests(raw, contract, chosen)
    shape = spec_of(read_rows(development, first=0, count=0))
    held = _held(contract, rules, steps, after=shape)
    form = _compiled(scorer, requests, held)
    report(3, 4, "Keeping a reference for drift")
    told = predict(fitted, rows.features, problem=kind, positive=positive, threshold=threshold)
    times, scores = _times(raw, time), _scores(told, positive)
    sketch = sketch_of(raw[list(contract.names)], prediction=scores, times=times)
    report(4, 4, "Done")
    return {
        "contract": held.as_dict(),
        "verified_rows": len(chosen),
        "refused_rows": sum(bool(check_rows([row], held).errors) for row in requests),
        "max_difference": difference,
        **form,
        "sketch": sketch,
        "sketch_time": "" if times is None else time,
        "example": contract.example(),
        "estimator": _estimator(
            answers, raw[list(contract.names)], promises, positive=positive, threshold=threshold
        ),
    }


def compile_again(
    *,
    model: str,
    sha256: str,
    raw_development: str,
    contract: Mapping[str, Any],
    steps: list[dict[str, Any]],
    features: list[dict[str, Any]],
    problem: str,
    positive: str | None,
    threshold: float,
    report: Report,
) -> dict[str, Any]:
    """Job function: the form of a release proven anew, on the rows of its build and made-up ones.

    Returns ``engine``, ``compiled`` and ``latency_ms`` as build_release does. Nothing else of a
    release depends on how its answers are computed.
    """
    report(0, 2, "Reading development rows")
    held = Contract.from_dict(contract)
    scorer = Scorer(
        load_model(model, sha256=sha256),
        contract=replace(held, rules=(), made=(), steps=()),  # as at the build
        steps=steps,
        features=features,
        problem=Problem(problem),
        positive=positive,
        threshold=threshold,
    )
    raw = read_table(raw_development)
    requests = _requests(raw, held, _chosen(raw))
    report(1, 2, "Compiling, and comparing with scikit-learn")
    form = _compiled(scorer, requests, held)
    report(2, 2, "Done")
    return form


def _chosen(raw: pd.DataFrame) -> Any:
    """Positions of the rows that proofs are made on, spread over the table."""
    return np.unique(np.linspace(0, len(raw) - 1, min(len(raw), VERIFIED_ROWS)).astype(int))


def _compiled(scorer: Scorer, requests: list[dict[str, Any]], held: Contract) -> dict[str, Any]:
    """Compile, prove, time: which form serves and what was found. The contract is ``held`` then."""
    verdict = compile_and_verify(scorer, check_rows(requests, scorer.contract).rows)
    scorer.contract = held
    return {
        "latency_ms": _latency_ms(scorer, requests[:TIMED_ROWS]),
        "engine": "compiled" if verdict.serves else "scikit-learn",
        "compiled": verdict.as_dict(),
    }


def _held(
    contract: Contract,
    rules: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, Any]],
    *,
    after: TableSpec,
) -> Contract:
    """The contract with the rules that requests are held against."""
    asked = rules_of_requests(rules_from(rules), contract.fields, steps, after=after)
    return replace(contract, rules=asked.direct, made=asked.made, steps=asked.steps)


def _times(raw: pd.DataFrame, time: str) -> "pd.Series[Any] | None":
    """The column that dates the rows; None without one."""
    is_dated = time in raw.columns and kind_of_series(raw[time]) == Kind.DATETIME
    return raw[time] if is_dated else None


def _scores(told: Predictions, positive: str | None) -> "pd.Series[Any]":
    """What drift compares of an answer: the chance of the positive class, or the answer itself.

    Of a set of labels it is the number of labels to be expected: the sum of their probabilities.
    """
    if told.probabilities is not None and told.sets:
        return pd.Series(told.probabilities.sum(axis=1))
    if told.probabilities is not None and positive in told.classes:
        return pd.Series(told.probabilities[:, told.classes.index(str(positive))])
    return pd.Series(told.labels)


def _estimator(
    answers: str | None,
    frame: pd.DataFrame,
    promises: Sequence[Mapping[str, Any]],
    *,
    positive: str | None,
    threshold: float,
) -> dict[str, Any] | None:
    if answers is None:
        return None
    kept = [Promise.from_dict(promise) for promise in promises]
    return estimator_of(read_answers(answers), frame, kept, positive=positive, threshold=threshold)


def _requests(raw: pd.DataFrame, contract: Contract, chosen: Any) -> list[dict[str, Any]]:
    part = raw.iloc[chosen][list(contract.names)].astype(object)
    part = part.where(part.notna(), None)
    return [
        {
            name: value.isoformat() if isinstance(value, pd.Timestamp) else value
            for name, value in row.items()
        }
        for row in part.to_dict("records")
    ]


def _verify(
    scorer: Scorer, raw: pd.DataFrame, features: pd.DataFrame, chosen: Any, *, kind: Problem
) -> float:
    checked = check_rows(_requests(raw, scorer.contract, chosen), scorer.contract)
    if checked.errors:
        raise EngineError(f"A development row breaks the contract: {checked.errors[0]['message']}")
    answers, _ = scorer.predict(checked.rows)
    expected = predict(
        scorer.model,
        features.iloc[chosen],
        problem=kind,
        positive=scorer.positive,
        threshold=scorer.threshold,
    )
    if expected.probabilities is None:
        found = np.array([answer["prediction"] for answer in answers])
        difference = float(np.max(np.abs(found - expected.labels)))
    else:
        found = np.array([list(answer["probabilities"].values()) for answer in answers])
        difference = float(np.max(np.abs(found - expected.probabilities)))
    if difference > TOLERANCE:
        raise EngineError(
            f"A request is not answered as in training (difference {difference:.2g}): this release "
            "cannot serve. Tell an administrator."
        )
    return difference


def _latency_ms(scorer: Scorer, requests: list[dict[str, Any]]) -> dict[str, float]:
    spent = []
    for request in requests:
        began = perf_counter()
        scorer.predict(check_rows([request], scorer.contract).rows)
        spent.append(1000 * (perf_counter() - began))
    p50, p95 = np.percentile(spent, [50, 95])
    return {"p50": float(p50), "p95": float(p95)}
