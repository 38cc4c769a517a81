"""Job function of the adversary suite: every attack, one line each, and the learning curve."""

from collections.abc import Callable
from typing import Any

from apps.engine.errors import NotEnoughData
from apps.engine.training.adversary.bench import Bench, cheaper, sampled
from apps.engine.training.adversary.conditions import forward_in_time, noisy_features, seed_lottery
from apps.engine.training.adversary.learning import learning_curve
from apps.engine.training.adversary.lines import Line, skipped
from apps.engine.training.adversary.shortcuts import gaps_only, ids_only, one_at_a_time
from apps.engine.training.adversary.shuffled import shuffled_target
from apps.engine.training.adversary.twins import near_duplicates
from apps.engine.training.asked import Asked
from apps.engine.training.task import versions
from apps.engine.types import Report

ATTACKS: tuple[tuple[str, str, Callable[[Bench], Line]], ...] = (
    ("shuffled_target", "Shuffled target", shuffled_target),
    ("ids_only", "Identifiers only", ids_only),
    ("gaps_only", "Gaps only", gaps_only),
    ("near_duplicates", "Near-duplicates apart", near_duplicates),
    ("forward_in_time", "Forward in time", forward_in_time),
    ("seed_lottery", "Ten seeds", seed_lottery),
    ("noisy_features", "Noise in the features", noisy_features),
    ("one_at_a_time", "One feature at a time", one_at_a_time),
)
STEPS = len(ATTACKS) + 1


class Stage:
    """How far the suite is: tells each fit, so that a person can stop between two."""

    def __init__(self, report: Report) -> None:
        self.report, self.done, self.title = report, -1, ""

    def next(self, title: str) -> None:
        """The attack before is over."""
        self.done, self.title = self.done + 1, title
        self.report(self.done, STEPS, title)

    def tell(self, says: str) -> None:
        """Say what is fitted now."""
        self.report(self.done, STEPS, f"{self.title}: {says}")


def run_suite(
    *,
    report: Report,
    time: str = "",
    **arguments: Any,
) -> dict[str, Any]:
    """Attack a candidate on development rows. Job function; never sees sealed rows.

    ``arguments``: those of ``asked.Asked``; ``time`` is the column of dates, "" to take the
    first one of the table. To stay within minutes it takes at most bench.MOST_ROWS rows,
    bench.MOST_FOLDS folds and the candidate with fewer trees; the result says so.

    Returns
    -------
    dict
        ``lines`` (see lines.Line), ``learning`` (see learning.learning_curve), ``scale`` (name),
        ``guess`` and ``whole`` (what guessing and the unattacked candidate reach on it),
        ``rows`` used ``of`` all development rows, ``folds``, ``candidate`` that was fitted,
        ``versions``.
    """
    asked = Asked(**arguments)
    task, all_rows, all_folds = cheaper(asked.task), asked.rows(), asked.folds()
    rows, folds = sampled(all_rows, all_folds, problem=asked.kind, seed=asked.seed)
    stage = Stage(report)
    bench = Bench(
        task, rows, folds, all_rows, all_folds, asked.target, time, asked.method, stage.tell
    )
    lines = []
    for key, title, attack in ATTACKS:
        stage.next(title)
        lines.append(_line(bench, key, title, attack))
    stage.next("Learning curve")
    learning = learning_curve(bench)
    report(STEPS, STEPS, "Every attack is over")
    return {
        "lines": [line.as_dict() for line in lines],
        "learning": learning,
        "scale": bench.scale,
        "guess": bench.guess,
        "whole": bench.whole,
        "rows": len(rows.target),
        "of": len(all_rows.target),
        "folds": len(folds),
        "candidate": task.candidate,
        "versions": versions(),
    }


def _line(bench: Bench, key: str, title: str, attack: Callable[[Bench], Line]) -> Line:
    try:
        return attack(bench)
    except NotEnoughData as error:
        return skipped(key, title, f"Too few rows to ask. {error}")
