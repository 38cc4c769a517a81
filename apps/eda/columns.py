"""One column of a profile as a page shows it, and all of them in lines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from apps.eda.models import Finding
from apps.eda.queries import Hint, hints, open_findings
from apps.engine.dates import period_text
from apps.engine.percent import percent
from apps.engine.profile.findings import is_id_like
from apps.engine.profile.years import as_year, holds_years
from apps.planning.content import Feature
from apps.planning.queries import signed_plan
from apps.projects.models import Cycle


@dataclass(frozen=True)
class ColumnLine:
    """One column in the overview's table; ``position`` counts from 1."""

    position: int
    name: str
    kind: str
    missing_share: float
    distinct: int
    low: Any
    middle: Any
    high: Any
    share: float | None
    auc: float | None
    effect: float | None
    is_target: bool
    is_sensitive: bool
    page: str
    names_rows: bool


def column_lines(
    result: dict[str, Any],
    places: Sequence[int] | None = None,
    *,
    at: Callable[[int], str] = lambda place: "",
) -> list[ColumnLine]:
    """The columns at these places (from 1), or all of them, in table order.

    ``at`` gives the address of the page of the column at a place.
    """
    columns = result["columns"]
    target = (result["target"] or {}).get("name")
    return [
        _line(columns[place - 1], position=place, target=target, page=at(place))
        for place in (range(1, len(columns) + 1) if places is None else places)
    ]


def _line(column: dict[str, Any], *, position: int, target: str | None, page: str) -> ColumnLine:
    top = None if names_rows(column) else (column.get("top") or [None])[0]
    quantiles = {item["at"]: item["value"] for item in column.get("quantiles") or []}
    relation = column.get("relation") or {"auc": None, "effect": {"value": None}}
    low, high = (column.get(end) for end in ("minimum", "maximum"))
    return ColumnLine(
        position=position,
        name=column["name"],
        kind=column["kind"],
        missing_share=column["missing_share"],
        distinct=column["distinct"],
        low=_said(column.get("first")) if low is None else as_shown(column, low),
        middle=_commonest(top) if top else as_shown(column, quantiles.get(0.5)),
        high=_said(column.get("last")) if high is None else as_shown(column, high),
        share=top["share"] if top else None,
        auc=relation["auc"],
        effect=relation["effect"]["value"],
        is_target=column["name"] == target,
        is_sensitive=column.get("sensitive", False),
        page=page,
        names_rows=names_rows(column),
    )


def _commonest(top: dict[str, Any]) -> str:
    """The most frequent value; one of blanks only says so."""
    value: str = top["value"]
    return value if not isinstance(value, str) or value.strip() else "(blank)"


def as_shown(column: dict[str, Any], value: Any) -> Any:
    """A value of the column for a page: a year as a text, which is shown as it is."""
    return as_year(value) if value is not None and holds_years(column) else value


def _said(moment: str | None) -> str | None:
    """ISO 8601 as people read it: 6 Jan 2025, with the time of day unless it is midnight."""
    if not moment:
        return None
    return period_text(moment, "minute" if moment[11:19].strip("0:") else "day")


def has_distribution(column: dict[str, Any]) -> bool:
    """True when there is a value to draw: none of an empty column, of infinities, of names."""
    drawn = column.get("histogram") or column.get("over_time") or column.get("top")
    return bool(drawn) and not names_rows(column)


def names_rows(column: dict[str, Any]) -> bool:
    """Texts of which (nearly) each stands in one row: a bar, or a rate, for each says nothing."""
    return column["kind"] == "text" and not column.get("sensitive") and is_id_like(column)


def target_figure(result: dict[str, Any]) -> str:
    """The chart of the balance of the target: its labels or its distribution; "" without one."""
    target = result["target"]
    if not target:
        return ""
    if target.get("labels"):
        return "labels"
    column = next(one for one in result["columns"] if one["name"] == target["name"])
    return "distribution" if has_distribution(column) else ""


def has_relation(column: dict[str, Any]) -> bool:
    """True when the target can be told by groups of the column."""
    relation = column.get("relation")
    return bool(relation and relation["labels"]) and not names_rows(column)


@dataclass(frozen=True)
class ColumnPage:
    """One column: its profile, its neighbours, what the plan says, what people raised on it."""

    column: dict[str, Any]
    position: int
    count: int
    planned: Feature | None
    is_target: bool
    facts: list[tuple[str, Any]]
    hints: list[Hint]
    findings: list[Finding]

    @property
    def previous(self) -> int:
        """Position of the column before; 0 at the first."""
        return self.position - 1

    @property
    def following(self) -> int:
        """Position of the next column; 0 at the last."""
        return self.position + 1 if self.position < self.count else 0

    @property
    def is_drawable(self) -> bool:
        """Its distribution can be drawn."""
        return has_distribution(self.column)

    @property
    def names_rows(self) -> bool:
        """Its texts are names of rows."""
        return names_rows(self.column)

    @property
    def has_relation(self) -> bool:
        """The target can be told by its groups."""
        return has_relation(self.column)


_FACTS = (
    ("count", "Rows with a value"),
    ("distinct", "Distinct"),
    ("infinite", "Infinite"),
    ("mean", "Mean"),
    ("std", "Standard deviation"),
    ("skew", "Skew"),
    ("negative", "Negative"),
    ("zeros", "Zero"),
    ("minimum", "Least"),
    ("maximum", "Greatest"),
    ("first", "First"),
    ("last", "Last"),
)
_ONLY_IF_ANY = {"infinite", "negative", "zeros"}


def column_page(
    cycle: Cycle, result: dict[str, Any], *, target: str, position: int
) -> ColumnPage | None:
    """Column number ``position`` (from 1) of a profile's result; None when there is none."""
    columns = result["columns"]
    if not 1 <= position <= len(columns):
        return None
    column, plan = columns[position - 1], signed_plan(cycle)
    name = column["name"]
    mine = [found for found in result["findings"] if found["column"] == name]
    features = {feature.name: feature for feature in plan.features} if plan else {}
    return ColumnPage(
        column=column,
        position=position,
        count=len(columns),
        planned=features.get(name),
        is_target=bool(target) and name == target,
        facts=_facts(column),
        hints=hints(cycle, {**result, "findings": mine}),
        findings=[finding for finding in open_findings(cycle) if finding.column == name],
    )


def _facts(column: dict[str, Any]) -> list[tuple[str, Any]]:
    moments = {key: _said(column[key]) for key in ("first", "last") if key in column}
    values = {key: as_shown(column, column.get(key)) for key in ("mean", "minimum", "maximum")}
    known = {**column, **values, **moments}
    told = [
        (label, known[key])
        for key, label in _FACTS
        if known.get(key) is not None and (known[key] or key not in _ONLY_IF_ANY)
    ]
    told += [
        (f"{percent(quantile['at'], 0)} lie below", as_shown(column, quantile["value"]))
        for quantile in column.get("quantiles") or []
    ]
    lengths = column.get("lengths")
    if lengths and column["kind"] == "text":
        told += [(f"Length, {key} (characters)", value) for key, value in lengths.items()]
    return told
