"""Baseline and runner-up: what the chosen model is held against, and why not the simpler one."""

from dataclasses import dataclass

from apps.engine.evaluation.comparison import BETTER, CANNOT_TELL, WORSE, Gain
from apps.modeling.leaderboard import Board, TrialLine, board_of
from apps.modeling.models import Trial
from apps.modeling.standings import BY_SIMPLICITY, gain

CHOSEN, RUNNER_UP, SIMPLEST, BASELINE = "chosen", "runner-up", "simplest model", "dummy"
RULE = "today's rule"


@dataclass(frozen=True)
class Rival:
    """One line of the table. ``gain`` is how much better the chosen model is, on the same folds."""

    places: tuple[str, ...]
    line: TrialLine
    gain: Gain | None

    @property
    def is_chosen(self) -> bool:
        """The one that the gate is about."""
        return CHOSEN in self.places

    @property
    def one_row_ms(self) -> float | None:
        """Milliseconds of an answer of one row; None for a trial of before it was measured."""
        return self.line.trial.result.get("one_row_ms")

    @property
    def size_bytes(self) -> float | None:
        """Size of its file; None for a trial of before it was measured."""
        return self.line.trial.result.get("size_bytes")

    @property
    def outcome(self) -> str:
        """Better, worse or cannot tell: the chosen one beside this; empty for itself."""
        return self.gain.outcome if self.gain else ""


@dataclass(frozen=True)
class Beside:
    """The table, today's process in it, and the answer to the question in words."""

    title: str
    rivals: list[Rival]
    today: float | None
    today_outcome: str
    places: int
    why_not: str
    low: float
    high: float


def _named(board: Board, chosen: Trial) -> list[tuple[tuple[str, ...], TrialLine]]:
    """Lines of the table with what each of them is: a model may be two things at once."""
    others = board.contenders.exclude(pk=chosen.pk)
    simplest = board.contenders.order_by(BY_SIMPLICITY, *board.contenders.query.order_by)
    roles = (
        (CHOSEN, board.scored.filter(pk=chosen.pk).first()),
        (RUNNER_UP, others.first()),
        (SIMPLEST, simplest.first()),
        *(
            (RULE if item.candidate == "rule" else BASELINE, item)
            for item in board.scored.filter(is_baseline=True).exclude(pk=chosen.pk)
        ),
    )
    found: dict[int, tuple[tuple[str, ...], Trial]] = {}
    for role, item in roles:
        if item is not None:
            known = found.get(item.pk, ((), item))[0]
            found[item.pk] = ((*known, role), item)
    lines = board.lines_of(item for _, item in found.values())
    return [(places, line) for (places, _), line in zip(found.values(), lines, strict=True)]


def _beats_today(board: Board, mine: TrialLine | None) -> str:
    """The chosen model's interval beside today's value: nothing pairs the two."""
    score = mine.score if mine else None
    if board.today is None or score is None:
        return ""
    low, high = score["low"], score["high"]
    if low is None or high is None or low <= board.today <= high:
        return CANNOT_TELL
    return BETTER if (low > board.today) == (board.promise.direction == "up") else WORSE


def _why_not(rivals: list[Rival], places: int) -> str:
    """Why not the simpler one, in a sentence."""
    simplest = next((rival for rival in rivals if SIMPLEST in rival.places), None)
    if simplest is None:
        return "No model was trained beside the dummy."
    if simplest.is_chosen:
        return "The chosen model is the simplest that was trained."
    name, told = simplest.line.trial.title, simplest.gain
    if told is None or told.low is None or told.high is None:
        return f"{name} is simpler, and these folds do not allow a comparison."
    by = f"{told.mean:.{places}f} ({told.low:.{places}f} to {told.high:.{places}f})"
    if told.outcome == BETTER:
        return f"{name} is simpler, and the chosen model is better by {by}."
    if told.outcome == WORSE:
        return f"{name} is simpler and better: the chosen model gains {by}."
    return (
        f"{name} is simpler, and the folds cannot tell the two apart: the chosen model gains {by}. "
        "Ask why it was not taken."
    )


def beside(chosen: Trial) -> Beside:
    """The chosen trial beside dummy, today, simplest model and runner-up, on the same folds."""
    board = board_of(chosen.experiment)
    rivals = [
        Rival(
            places,
            line,
            gain(chosen, line.trial, measure=board.metric) if line.trial != chosen else None,
        )
        for places, line in _named(board, chosen)
    ]
    mine = next((rival.line for rival in rivals if rival.is_chosen), None)
    return Beside(
        title=board.metric.title,
        rivals=rivals,
        today=board.today,
        today_outcome=_beats_today(board, mine),
        places=board.places,
        why_not=_why_not(rivals, board.places),
        low=board.low,
        high=board.high,
    )
