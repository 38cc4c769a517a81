"""One checked row to the cells of ``model_frame``, in plain Python: the same values without pandas.

What is not understood here for certain is not guessed: the row is left to scikit-learn (Unsure).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.engine.errors import EngineError
from apps.engine.recipe.registry import step_from
from apps.engine.training.frame import LARGEST
from apps.engine.types import ColumnSpec, Kind

Cells = list[Any]
"""One row of ``model_frame``: numbers as float (NaN where missing), texts as str or None."""
Row = Mapping[str, Any]
Warnings = list[str]

NAN = float("nan")
TIED_WITHIN = 1e-9
"""Probabilities closer to a threshold or to each other than this: scikit-learn names the class."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (moments of a table carry no zone)
_MICROSECONDS_A_DAY = 86_400_000_000


class Unsure(EngineError):
    """A row that is left to scikit-learn: of a form that the compiled scorer does not know."""


def cell_places(spec: Sequence[ColumnSpec]) -> dict[str, int]:
    """Place of each model column among the cells of a row."""
    names: list[str] = []
    for column in spec:
        if column.kind == Kind.DATETIME:
            names += [f"{column.name}: {part}" for part in ("day", "hour", "weekday")]
        else:
            names.append(column.name)
    return {name: place for place, name in enumerate(names)}


def replayer(steps: Sequence[Mapping[str, Any]]) -> Callable[[Row], tuple[Row, Warnings]]:
    """What ``recipe.run.replay_row`` does, with the steps made once instead of for each row."""
    made = [step for step in map(step_from, steps) if step.row_wise]

    def replay(row: Row) -> tuple[Row, Warnings]:
        now, told = dict(row), []
        for step in made:
            if says := step.warn(now):
                told.append(says)
            now = step.replay(now)
        return now, told

    return replay


def row_reader(
    spec: Sequence[ColumnSpec], steps: Sequence[Mapping[str, Any]]
) -> Callable[[Row], tuple[Cells, Warnings]]:
    """A function from a checked row to its cells and the sentences of the recipe's row filters.

    It raises Unsure or another EngineError for a row that scikit-learn's path has to decide on.
    """
    replay = replayer(steps)
    plain = [(column.name, _READERS[column.kind]) for column in spec]

    def read(row: Row) -> tuple[Cells, Warnings]:
        now, told = replay(row)
        cells: Cells = []
        for name, reader in plain:
            reader(now.get(name), cells)
        return cells, told

    return read


def _number(value: Any, cells: Cells) -> None:
    if value is None:
        cells.append(NAN)
        return
    if type(value) is not float and type(value) is not int:
        raise Unsure("A number of another type.")
    number = float(value)
    if not -LARGEST <= number <= LARGEST and number == number:
        raise Unsure("A number beyond what models take.")  # scikit-learn's path words the refusal
    cells.append(number)


def _boolean(value: Any, cells: Cells) -> None:
    if value is None:
        cells.append(NAN)
    elif value is True or value is False:
        cells.append(float(value))
    else:
        raise Unsure("Neither true nor false.")


def _text(value: Any, cells: Cells) -> None:
    if value is not None and type(value) is not str:
        raise Unsure("A text of another type.")
    cells.append(value)


def _moment(value: Any, cells: Cells) -> None:
    """The parts that ``frame._date_parts`` makes, by the same operations on the same floats."""
    if value is None:
        cells += [NAN, NAN, NAN]
        return
    if type(value) is not datetime or value.tzinfo is not None:
        raise Unsure("A moment of another type.")
    since = value - _EPOCH
    micros = float((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
    days = micros / _MICROSECONDS_A_DAY
    cells += [
        days,
        float(micros % _MICROSECONDS_A_DAY // 3_600_000_000),
        float((days // 1 + 3) % 7),  # 1970-01-01 was a Thursday
    ]


_READERS: dict[Kind, Callable[[Any, Cells], None]] = {
    Kind.INTEGER: _number,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.TEXT: _text,
    Kind.DATETIME: _moment,
}
