"""Job function: a contract proposed from what a table holds, what the plan says, what the recipe
does. A person reads, changes and accepts it: nothing here is more than a first word."""

import math
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from keyword import iskeyword
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.contract.rule import MOST_RULES, REFUSE, WARN, Rule, relation
from apps.engine.errors import EngineError
from apps.engine.percent import percent
from apps.engine.profile.sums import Numbers, sum_rules
from apps.engine.reading.tables import read_table, spec_of
from apps.engine.recipe.registry import step_from
from apps.engine.types import Kind, Report, TableSpec

FEW_VALUES = 40
FEW_ROWS = 20
SHARE_OF_VALUES = 0.05
ROOM = 0.1
FRESH_DAYS = 60.0
MOST_SUM_COLUMNS = 60
_TAKEN = {"missing", "true", "false"}
_NUMERIC = (Kind.INTEGER, Kind.NUMBER)


def draft_contract(
    *,
    table: str,
    today: str,
    target: str,
    sensitive: Collection[str],
    steps: Sequence[dict[str, Any]],
    report: Report,
) -> dict[str, Any]:
    """Rules that the table keeps today, with room for tomorrow; at most MOST_RULES.

    Kinds, and being filled where nothing is missing, refuse; what is only seen (spans, values,
    relations) warns. Of sensitive columns only kind and gaps are proposed: the smallest and the
    largest value belong to single people.

    Returns ``rules`` (as ``Rule.as_dict``), ``rows``. O(cells).
    """
    report(0, 3, "Reading the table")
    frame = read_table(table)
    spec = spec_of(frame)
    moment = datetime.fromisoformat(today)
    report(1, 3, "Looking at each column")
    rules: list[Rule] = []
    for column in spec.columns:
        hidden = column.name in sensitive
        series, is_target = frame[column.name], column.name == target
        rules += _of_column(series, column.kind, hidden=hidden, is_target=is_target, today=moment)
    report(2, 3, "Looking for relations between columns")
    rules += _of_table(frame, spec, sensitive=sensitive)
    rules += _of_recipe(steps, spec, known={rule.expression for rule in rules})
    report(3, 3, "Done")
    return {"rules": [rule.as_dict() for rule in rules[:MOST_RULES]], "rows": len(frame)}


def _of_column(
    series: "pd.Series[Any]", kind: Kind, *, hidden: bool, is_target: bool, today: datetime
) -> Iterator[Rule]:
    name, rows = str(series.name), len(series)
    yield Rule("kind", (name,), REFUSE, of=str(kind))
    missing = float(series.isna().mean()) if rows else 0.0
    if not missing:
        why = "The target of the plan." if is_target else f"In all {rows:,} rows."
        yield Rule("filled", (name,), REFUSE, why=why)
    elif (most := math.ceil(100 * (1.5 * missing + 0.01)) / 100) < 1:
        yield Rule(
            "filled", (name,), WARN, share=most, why=f"{percent(missing)} are missing today."
        )
    present = series.dropna()
    if hidden or not len(present):
        return
    is_key = kind in (Kind.TEXT, Kind.INTEGER) and not missing and series.is_unique
    if rows >= FEW_ROWS and is_key:
        yield Rule("unique", (name,), WARN, why=f"In all {rows:,} rows.")
    elif kind in _NUMERIC:
        yield from _span(name, present, whole=kind is Kind.INTEGER)
    elif kind is Kind.TEXT:
        yield from _values(name, present)
    elif kind is Kind.DATETIME:
        yield from _freshness(name, present, today=today)


def _span(name: str, present: "pd.Series[Any]", *, whole: bool) -> Iterator[Rule]:
    numbers = present.to_numpy(dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return
    low, high = float(numbers.min()), float(numbers.max())
    if low == high:  # a span around one value would be made up; few rows tell not even that
        if len(numbers) >= FEW_ROWS:
            why = f"The only value in {len(numbers):,} rows."
            yield Rule("between", (name,), WARN, low=low, high=high, why=why)
        return
    why = f"Seen: {low:,.6g} to {high:,.6g}."
    if {low, high} <= {0.0, 1.0} and bool(np.isin(numbers, (0.0, 1.0)).all()):
        yield Rule("between", (name,), WARN, low=0.0, high=1.0, why=why)
        return
    room = ROOM * (high - low)
    floor = _outward(low - room, up=False, whole=whole)
    yield Rule(
        "between",
        (name,),
        WARN,
        low=0.0 if low >= 0 and floor < 0 else floor,
        high=0.0 if high <= 0 < high + room else _outward(high + room, up=True, whole=whole),
        why=why,
    )


def _outward(value: float, *, up: bool, whole: bool) -> float:
    """Rounded away from the data to two significant digits, and to a whole number."""
    if value == 0 or not math.isfinite(value):
        return value if math.isfinite(value) else math.copysign(1e300, value)
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    step = max(step, 1.0) if whole else step
    if step == 0 or not math.isfinite(step):
        return value
    steps = math.ceil(value / step) if up else math.floor(value / step)
    return float(f"{steps * step:.12g}")


def _values(name: str, present: "pd.Series[Any]") -> Iterator[Rule]:
    found = sorted(str(value) for value in present.unique())
    few = len(found) <= FEW_VALUES and len(found) <= max(2, SHARE_OF_VALUES * len(present))
    if few and all(0 < len(value) <= 80 for value in found):
        why = f"Seen in {len(present):,} rows."
        yield Rule("one_of", (name,), WARN, values=tuple(found), why=why)


def _freshness(name: str, present: "pd.Series[Any]", *, today: datetime) -> Iterator[Rule]:
    age = (pd.Timestamp(today) - present.max()).total_seconds() / 86_400
    if 0 <= age <= FRESH_DAYS:
        days = float(math.ceil(2 * age + 7))
        yield Rule("fresh", (name,), WARN, days=days, why=f"The newest is {age:,.1f} days old.")


def _of_table(
    frame: pd.DataFrame, spec: TableSpec, *, sensitive: Collection[str]
) -> Iterator[Rule]:
    """Sums and the order of dates that hold in every row that tells."""
    open_columns = [column for column in spec.columns if column.name not in sensitive]
    numeric = [column for column in open_columns if column.kind in _NUMERIC][:MOST_SUM_COLUMNS]
    kinds = {column.name: column.kind for column in numeric}
    columns = [
        Numbers.of(column.name, frame[column.name].to_numpy(dtype=np.float64, na_value=np.nan))
        for column in numeric
    ]
    for found in sum_rules(columns):
        (one, other), total = found["parts"], found["total"]
        whole = all(kinds[name] is Kind.INTEGER for name in (one, other, total))
        a, b, c = _name(one), _name(other), _name(total)
        says = f"{a} + {b} == {c}" if whole else f"abs({a} + {b} - {c}) <= 1e-9 + 1e-9 * abs({c})"
        yield from _relation(says, f"In all {found['rows']:,} rows that have the three.")
    dates = [column.name for column in open_columns if column.kind is Kind.DATETIME]
    for one, other in pairwise(dates):
        both = frame[[one, other]].dropna()
        if len(both) < FEW_ROWS or one == other:
            continue
        for first, second in ((one, other), (other, one)):
            if bool((both[first] <= both[second]).all()):
                why = f"In all {len(both):,} rows that have both."
                yield from _relation(f"{_name(first)} <= {_name(second)}", why)
                break


def _name(name: str) -> str:
    """A column as the expression language takes it."""
    is_plain = name.isidentifier() and not iskeyword(name) and name not in _TAKEN
    return name if is_plain else f"`{name}`"


def _relation(expression: str, why: str) -> Iterator[Rule]:
    try:
        yield relation(expression, why=why)
    except EngineError:
        return  # a name with a backtick in it: the language cannot say it


def _of_recipe(
    steps: Sequence[dict[str, Any]], spec: TableSpec, *, known: set[str]
) -> Iterator[Rule]:
    """What the recipe filters by holds in its table."""
    for data in steps:
        if data.get("step") != "filter_expression":
            continue
        step = step_from(data)
        for rule in _relation(str(data["params"]["expression"]), f"The recipe: {step.sentence()}."):
            if not rule.misfit(spec) and rule.expression not in known:
                yield rule
