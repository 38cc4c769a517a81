"""The models that are offered, and why each is worth a try."""

from dataclasses import dataclass
from typing import Any

from apps.engine.types import Problem

_ALL = frozenset(Problem)


@dataclass(frozen=True)
class Candidate:
    """One kind of model. A baseline is always trained: the others have to beat it."""

    key: str
    title: str
    family: str
    says: str
    baseline: bool = False
    problems: frozenset[Problem] = _ALL


CANDIDATES: dict[str, Candidate] = {
    candidate.key: candidate
    for candidate in (
        Candidate(
            "dummy",
            "Baseline: always the usual",
            "baseline",
            "Answers the most frequent class or the mean. Not beating it is learning nothing.",
            baseline=True,
        ),
        Candidate(
            "linear",
            "Linear model",
            "linear",
            "Regularised logistic or ridge regression. Simple, fast, easy to explain.",
        ),
        Candidate(
            "forest",
            "Random forest",
            "trees",
            "Many deep trees averaged. Sturdy with little tuning; larger and slower to answer.",
        ),
        Candidate(
            "boosting",
            "Gradient boosting",
            "trees",
            "Histogram gradient boosting of scikit-learn. Usually among the best on tables.",
        ),
        Candidate(
            "lightgbm",
            "LightGBM",
            "trees",
            "Gradient boosting by LightGBM. Quicker to fit at about the same quality.",
        ),
        Candidate(
            "search",
            "Searched blend",
            "blend",
            "Tries settings for the time you give it and blends the best. Often the strongest, "
            "always the hardest to explain.",
        ),
    )
}


def candidates_for(problem: Problem, *, rows: int, columns: int) -> list[dict[str, Any]]:
    """Candidates for a problem, baseline first, each with a reason that names the data's size."""
    found = []
    for candidate in CANDIDATES.values():
        if problem not in candidate.problems:
            continue
        found.append(
            {
                "key": candidate.key,
                "title": candidate.title,
                "family": candidate.family,
                "why": candidate.says + _size_note(candidate, rows=rows, columns=columns),
                "baseline": candidate.baseline,
            }
        )
    return found


def _size_note(candidate: Candidate, *, rows: int, columns: int) -> str:
    if candidate.family == "trees" and rows < 500:
        return f" With {rows:,} rows it may learn noise: look at the interval."
    if candidate.key == "forest" and rows > 200_000:
        return f" With {rows:,} rows it needs much memory."
    if candidate.family == "linear" and columns > rows:
        return f" Fits even here, with more columns ({columns:,}) than rows."
    return ""
