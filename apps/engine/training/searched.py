"""Job function of a search: settings and their blend, fitted and judged within the time given."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from apps.engine.errors import OutOfTime
from apps.engine.training.asked import Asked
from apps.engine.training.blend import as_params, mean_of
from apps.engine.training.kept import FoldFit, Kept, wraps_up
from apps.engine.training.rows import Rows
from apps.engine.training.search import Search, search_folds, searched_measure
from apps.engine.training.task import versions
from apps.engine.training.trial import fit_folds, judged, kept_of
from apps.engine.types import Report

logger = logging.getLogger(__name__)

SPIN_S = 0.03
"""Processor time by which a search measures how long it waits for the processor now."""
MOST_SLOWED = 5.0
JUDGING_S, JUDGING_ROW_S = 0.4, 1e-5
"""What judging the blend takes, and writing down what was found, on an idle machine."""
MOST_JUDGING = 0.2
"""Of the time given."""


@dataclass(frozen=True)
class Clock:
    """The time of one search; all in seconds of ``time.time``."""

    began: float
    ends: float
    judging_s: float
    slowed: float = 1.0
    """How many times longer than alone on the machine a computation takes now."""

    @classmethod
    def of(cls, *, budget_s: float, began: float | None, rows: int) -> "Clock":
        """``began``: when the worker took it up; the start of this process is part of the time."""
        now = time.time()
        since, slowed = min(began or now, now), _slowed()
        judging_s = slowed * (JUDGING_S + JUDGING_ROW_S * rows)
        return cls(since, since + budget_s, min(judging_s, MOST_JUDGING * budget_s), slowed)

    @property
    def spent_s(self) -> float:
        """Since it began."""
        return time.time() - self.began

    @property
    def fits_left_s(self) -> float:
        """Until the last fit is to be over."""
        return self.ends - self.judging_s - time.time()


def _slowed() -> float:
    began, spent = time.monotonic(), time.process_time()
    while time.process_time() - spent < SPIN_S:
        pass
    return min(MOST_SLOWED, max(1.0, (time.monotonic() - began) / SPIN_S))


def search_and_validate(
    *,
    budget_s: float,
    metrics: Sequence[str | Mapping[str, Any]],
    report: Report,
    began: float | None = None,
    workers: int = 1,
    starts: Sequence[Mapping[str, Any]] = (),
    payoff: dict[str, Any] | None = None,
    fixed_threshold: float | None = None,
    answers_file: str | None = None,
    kept_folder: str | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Search settings, then cross-validate the blend found, all in ``budget_s`` seconds.

    Job function. The seconds count from ``began`` (as ``time.time``; None: from now) and cover
    everything: the start of the process, reading, the folds of the blend, the diagnosis. Where
    the folds take longer than the search foresaw, the lightest members are left out. ``workers``:
    settings that are tried at once. ``starts``: settings of LightGBM that earlier searches found.

    ``arguments`` are those of ``asked.Asked``, the others those of ``trial.cross_validate``. What
    that returns, with ``params`` (the members of the blend, see pipeline), ``tried`` settings,
    ``search_s`` and ``left_out`` (members of the blend that there was no time for).

    What died goes on with the blend that it had found: that is kept in ``kept_folder``, where a
    file ``kept.WRAP_UP`` asks to end with what there is.

    The score over the folds is flattered a little: the settings were chosen on them. The
    trees themselves never see a row they validate on.
    """
    asked = Asked(**arguments)
    rows = asked.rows()
    clock = Clock.of(budget_s=budget_s, began=began, rows=len(rows.target))
    steps = int(budget_s) + 1

    def tell(says: str) -> None:
        report(min(steps - 1, int(clock.spent_s)), steps, says)

    given: dict[str, Any] = {
        "metric": metrics[0],
        "workers": workers,
        "starts": starts,
        "kept_folder": kept_folder,
    }
    found = _found(asked, rows, clock, **given, tell=tell)
    members, fitted = Fitting(asked, rows, clock, kept_folder, tell).run(found)
    tell("Looking at where it errs")
    result = judged(
        asked,
        rows,
        asked.folds(),
        fitted,
        metrics=metrics,
        payoff=payoff,
        fixed_threshold=fixed_threshold,
        answers_file=answers_file,
    )
    report(steps, steps, "Done")
    return {
        **result,
        "params": {"members": members},
        "tried": found["tried"],
        "search_s": found["search_s"],
        "left_out": len(found["members"]) - len(members),
    }


def _found(
    asked: Asked,
    rows: Rows,
    clock: Clock,
    *,
    metric: Any,
    workers: int,
    starts: Sequence[Mapping[str, Any]],
    kept_folder: str | None,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """``members`` of the blend, ``fit_s`` of each on a fold, ``tried`` and ``search_s``."""
    task = replace(asked.task, candidate="lightgbm", params=None)
    about = {**asdict(task), "of": asked.split_file.rpartition("/")[2], **versions()}
    kept = Kept(f"{kept_folder}/search" if kept_folder else None, about)
    found: dict[str, Any] | None = kept.read("found")
    if found is not None:
        return found
    folds = search_folds(asked.folds(), rows=len(rows.target))
    search = Search(
        task,
        rows,
        [(task.sampled(train), valid) for train, valid in folds],
        searched_measure(metric, asked.kind, asked.level),
        deadline=time.monotonic() + clock.fits_left_s,
        refits=len(asked.folds()),
        wraps_up=lambda: wraps_up(kept_folder),
        workers=workers,
        starts=starts,
        slowed=clock.slowed,
    )

    def told(_: int, says: str) -> None:
        logger.info("%.0f s: %s", clock.spent_s, says)
        tell(says)

    members = search.run(report=told)
    found = {
        "members": as_params(members),
        "fit_s": [item.fit_s for item, _ in members],
        "tried": len(search.tried),
        "search_s": clock.spent_s,
    }
    kept.write("found", found)
    return found


@dataclass
class Fitting:
    """Fits the members of a blend one after the other, so that it is whole at any moment."""

    asked: Asked
    rows: Rows
    clock: Clock
    kept_folder: str | None
    tell: Callable[[str], None]
    pace: float = 1.0
    """How much longer a fit takes than the search saw."""

    def run(self, found: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[FoldFit]]:
        """Members that there was time for, with their weights, and their mean on each fold.

        The heaviest is fitted on all folds first, and always; each other one only when its folds
        are likely to end in time, and dropped when they do not.
        """
        chosen: list[dict[str, Any]] = []
        fits: list[list[FoldFit]] = []
        for number, member in enumerate(found["members"]):
            expected_s = found["fit_s"][number] * len(self.asked.folds())
            if number and self.pace * expected_s > self.clock.fits_left_s:
                continue
            try:
                fits.append(self._on_each_fold(number, member, expected_s=expected_s))
            except OutOfTime:
                break
            chosen.append(member)
        total = sum(member["weight"] for member in chosen)
        weighed = [{**member, "weight": member["weight"] / total} for member in chosen]
        weights = [member["weight"] for member in weighed]
        return weighed, [_mean_fit(parts, weights) for parts in zip(*fits, strict=True)]

    def _on_each_fold(
        self, number: int, member: Mapping[str, Any], *, expected_s: float
    ) -> list[FoldFit]:
        one = replace(self.asked, candidate=member["candidate"], params=member["params"])
        kept = kept_of(one, f"{self.kept_folder}/member-{number}" if self.kept_folder else None)

        def report(done: int, of: int, says: str) -> None:
            self.tell(f"Member {number + 1} of the blend: {says}")
            if number and self.clock.fits_left_s < 0:
                raise OutOfTime

        began = time.monotonic()
        fitted = fit_folds(one.task, self.rows, self.asked.folds(), kept=kept, report=report)
        self.pace = max(self.pace, (time.monotonic() - began) / max(expected_s, 0.1))
        return fitted


def _mean_fit(parts: Sequence[FoldFit], weights: Sequence[float]) -> FoldFit:
    """One fold of the blend: it costs as much as its members together."""
    cost = {name: sum(part.cost[name] for part in parts) for name in parts[0].cost}
    return FoldFit(
        parts[0].valid,
        mean_of([part.told for part in parts], weights),
        sum(part.fit_s for part in parts),
        sum(part.predict_s for part in parts),
        cost,
    )
