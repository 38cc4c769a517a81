"""Job function that trains a finished trial once more and compares answer with answer."""

from pathlib import Path
from typing import Any

import numpy as np

from apps.engine.training.answers import Answers, read_answers
from apps.engine.training.files import file_sha256
from apps.engine.training.rows import labelled
from apps.engine.training.trial import cross_validate

IDENTICAL, SAME_DECISIONS, WITHIN, DIFFERENT = "A", "B", "C", "D"
SAME_ANSWER = 1e-6
"""Answers of a quantity that lie nearer, in standard deviations of all answers, decide alike."""


def reproduce(
    *,
    answers: str,
    score: dict[str, float | None],
    metric: str,
    threshold: float,
    folder: str,
    **arguments: Any,
) -> dict[str, Any]:
    """Cross-validate again and tell how near the answers come. Job function.

    Parameters
    ----------
    answers : the stored file of the first training; score : its mean with its interval, of the
        measure with the key ``metric``; threshold : the one it gave
    folder : where the new answers may be written; arguments : those of ``cross_validate``

    Returns
    -------
    dict
        ``level``: A every answer is the same number, B every decision is the same, C the mean
        score lies in the interval of the first, D none of these; ``sha256`` of the new answers;
        ``max_difference`` (probability, or the target's unit); ``decisions``: how many differ;
        ``score`` (new mean) and ``versions``.
    """
    again = str(Path(folder) / "again.parquet")
    told = cross_validate(answers_file=again, **arguments)
    first, second = read_answers(answers), read_answers(again)
    mean = told["scores"][metric]["mean"]
    sha256 = file_sha256(again)
    difference, decisions = _apart(first, second, arguments["positive"], threshold)
    level = DIFFERENT
    if sha256 == file_sha256(answers) or (difference == 0.0 and decisions == 0):
        level = IDENTICAL
    elif decisions == 0:
        level = SAME_DECISIONS
    elif _inside(mean, score):
        level = WITHIN
    return {
        "level": level,
        "sha256": sha256,
        "max_difference": difference,
        "decisions": decisions,
        "rows": len(first.row),
        "score": mean,
        "versions": told["versions"],
    }


def _apart(
    first: Answers, second: Answers, positive: str | None, threshold: float
) -> tuple[float | None, int]:
    """Greatest difference of an answer, and the number of decisions that differ."""
    if not np.array_equal(first.row, second.row) or first.told.classes != second.told.classes:
        return None, len(first.row)
    one, two = first.told, second.told
    if one.probabilities is None or two.probabilities is None:
        difference = np.abs(one.labels - two.labels)
        return float(np.max(difference)), int(np.sum(difference > SAME_ANSWER * np.std(one.labels)))
    labels = [labelled(told, positive=positive, threshold=threshold).labels for told in (one, two)]
    return (
        float(np.max(np.abs(one.probabilities - two.probabilities))),
        int(np.sum(labels[0] != labels[1])),
    )


def _inside(mean: float, score: dict[str, float | None]) -> bool:
    low, high = score["low"], score["high"]
    return low is not None and high is not None and low <= mean <= high
