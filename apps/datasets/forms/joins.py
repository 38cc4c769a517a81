"""Parsing and wording of a join: one form, whose fields follow from the kind of join."""

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.engine.joining.how import (
    AGGREGATING,
    FILTERS,
    GROUP_FUNCTIONS,
    ROWS,
    TIMED,
    WINDOW_FUNCTIONS,
    JoinKind,
)
from apps.engine.joining.stack import likely_matching
from apps.engine.types import Kind, TableSpec

KEY_PAIRS = 4
AGGREGATES = 6
_ORDERED = {Kind.DATETIME, Kind.INTEGER, Kind.NUMBER}
UNITS = (
    ("1", "seconds, or units of the column"),
    ("60", "minutes"),
    ("3600", "hours"),
    ("86400", "days"),
)
MEANS = {
    "left": "All rows of the table stay; columns are added where a match is found.",
    "inner": "Only rows that find a match stay.",
    "right": "All rows of the source stay; rows of the table without a match are left out.",
    "outer": "All rows of both stay; what one side lacks is missing.",
    "semi": "Only rows that find a match stay; no column is added.",
    "anti": "Only rows without a match stay; no column is added.",
    "nearest": "Each row gets the record that is nearest in time, by default the last one before.",
    "group": "The source is first brought to one row for each key, by the functions you choose.",
    "window": "Each row gets what the records before it tell, within a length of time. It never "
    "looks at its own time or later.",
    "union": "The rows of the source are put below those of the table.",
}
_COMPARES = (
    ("exact", "as they are"),
    ("number", "as numbers: 007 equals 7"),
    ("text", "as text: 7 equals “7”"),
    ("loose", "as text, without case and outer spaces"),
)
_DIRECTIONS = (
    ("backward", "backward: the last record before the row, or at its time"),
    ("forward", "forward: the first record after it (a leak, unless known in advance)"),
    ("nearest", "both ways: whichever is nearer (a leak, unless known in advance)"),
)
_NEW, _OUT = "+", "-"
_Choices = list[tuple[str, str]]


def _columns(spec: TableSpec, *, ordered: bool = False) -> _Choices:
    """Choices of columns; ``ordered``: those that may be a time, dates before numbers."""
    columns = list(spec.columns)
    if ordered:
        fit = [column for column in columns if column.kind in _ORDERED]
        columns = sorted(fit, key=lambda column: column.kind is not Kind.DATETIME)
    return [(column.name, f"{column.name} ({column.kind})") for column in columns]


class JoinForm(forms.Form):
    """How a source is joined: keys, times, functions or columns, as the kind needs them.

    ``how`` is the join that the fields show at first.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        kind: str,
        left: TableSpec,
        right: TableSpec,
        how: dict[str, Any],
        names: tuple[str, str],
    ) -> None:
        super().__init__(data, initial=_initial(how, left=left, right=right))
        self.kind, self.left, self.right, self.names = JoinKind(kind), left, right, names
        if self.kind is JoinKind.UNION:
            self._add_matching()
        else:
            self._add_keys()
        if self.kind in TIMED:
            self._add_times()
        if self.kind in AGGREGATING:
            self._add_aggregates()
        elif self.kind not in FILTERS and self.kind is not JoinKind.UNION:
            self._add_leave_out()
        if self.kind not in FILTERS:
            self.fields["prefix"] = forms.CharField(
                max_length=40,
                required=self.kind in AGGREGATING,
                label="Prefix",
                help_text="Before each computed column."
                if self.kind in AGGREGATING
                else "Before names that the table has already.",
            )

    def _choice(
        self, name: str, choices: Iterable[tuple[str, str]], label: str, **more: Any
    ) -> None:
        more = {"required": False, **more}
        self.fields[name] = forms.ChoiceField(choices=list(choices), label=label, **more)

    def _add_keys(self) -> None:
        needed = self.kind is not JoinKind.NEAREST
        for place in range(KEY_PAIRS):
            first = place == 0 and needed
            for side, spec, says in (
                ("left", self.left, "the table"),
                ("right", self.right, "the source"),
            ):
                none = ("", "choose" if first else "none")
                label = f"Key {place + 1} in {says}"
                choices = [none, *_columns(spec)]
                self._choice(f"{side}{place}", choices, label, required=first)
        self._choice("compare", _COMPARES, "Compare keys", required=True)

    def _add_times(self) -> None:
        for side, spec, says in (("left", self.left, "table"), ("right", self.right, "source")):
            choices = _columns(spec, ordered=True)
            self._choice(f"{side}_time", choices, f"Time in the {says}", required=True)
        if self.kind is JoinKind.NEAREST:
            self._choice("direction", _DIRECTIONS, "Look", required=True)
            self._add_length("tolerance", "At most this far away", "Empty: however far.")
        else:
            self._add_length("window", "Length of the window", "Empty: everything before.")
            self._add_length(
                "delay", "Known only after", "Records younger than this are not seen: late labels."
            )

    def _add_length(self, name: str, label: str, says: str) -> None:
        self.fields[name] = forms.FloatField(
            required=False, min_value=0, label=label, help_text=says
        )
        self._choice(f"{name}_unit", UNITS, f"{label}: unit", required=True)

    def _add_aggregates(self) -> None:
        window = self.kind is JoinKind.WINDOW
        functions = [(each, each) for each in (WINDOW_FUNCTIONS if window else GROUP_FUNCTIONS)]
        columns = [("", "none"), (ROWS, "rows (count)"), *_columns(self.right)]
        for place in range(AGGREGATES):
            self._choice(f"column{place}", columns, f"Column {place + 1}", required=place == 0)
            self._choice(f"function{place}", functions, f"Function {place + 1}", required=True)

    def _add_leave_out(self) -> None:
        choices = [(name, name) for name in self.right.names]
        self.fields["leave_out"] = forms.MultipleChoiceField(
            required=False,
            choices=choices,
            label="Columns to leave out",
            widget=forms.SelectMultiple(attrs={"size": min(8, len(choices))}),
        )

    def _add_matching(self) -> None:
        mine = [(name, f"goes into {name}") for name in self.left.names]
        for place, column in enumerate(self.right.columns):
            choices = [(_NEW, "a column of its own"), (_OUT, "is left out"), *mine]
            label = f"{column.name} ({column.kind})"
            self._choice(f"match{place}", choices, label, required=True)
        self.fields["origin"] = forms.CharField(
            required=False,
            max_length=60,
            label="Name of a column that tells where a row came from",
            help_text="Empty: none.",
        )

    def clean(self) -> dict[str, Any]:
        """A key has both sides."""
        data = super().clean() or {}
        for place in range(KEY_PAIRS):
            left, right = data.get(f"left{place}"), data.get(f"right{place}")
            if bool(left) != bool(right) and f"right{place}" not in self.errors:
                self.add_error(f"{'right' if left else 'left'}{place}", "Choose both sides.")
        return data

    def how(self) -> dict[str, Any]:
        """The join as the engine takes it."""
        data = self.cleaned_data
        pairs = [
            (data[f"left{place}"], data[f"right{place}"])
            for place in range(KEY_PAIRS)
            if data.get(f"left{place}")
        ]
        return {
            "kind": self.kind.value,
            "left_on": [left for left, _ in pairs],
            "right_on": [right for _, right in pairs],
            "prefix": data.get("prefix", ""),
            "options": self._options(data),
        }

    def _options(self, data: dict[str, Any]) -> dict[str, Any]:
        options = {
            name: data[name]
            for name in ("left_time", "right_time", "direction", "leave_out", "origin")
            if data.get(name)
        }
        if data.get("compare", "exact") != "exact":
            options["compare"] = data["compare"]
        for name in ("tolerance", "window", "delay"):
            if data.get(name):
                options[name] = data[name] * float(data[f"{name}_unit"])
        if self.kind in AGGREGATING:
            options["aggregates"] = [
                [data[f"column{place}"], _function(data, place)]
                for place in range(AGGREGATES)
                if data.get(f"column{place}")
            ]
        return options | (self._union(data) if self.kind is JoinKind.UNION else {})

    def _union(self, data: dict[str, Any]) -> dict[str, Any]:
        chosen = {name: data[f"match{place}"] for place, name in enumerate(self.right.names)}
        matching = [[name, to] for name, to in chosen.items() if to not in (_NEW, _OUT)]
        union: dict[str, Any] = {
            "matching": matching,
            "leave_out": [name for name, to in chosen.items() if to == _OUT],
        }
        return union | ({"origin_names": list(self.names)} if data.get("origin") else {})


def _function(data: dict[str, Any], place: int) -> str:
    return "count" if data[f"column{place}"] == ROWS else data[f"function{place}"]


def _initial(how: dict[str, Any], *, left: TableSpec, right: TableSpec) -> dict[str, Any]:
    """The fields that show a join."""
    options = how.get("options") or {}
    shown: dict[str, Any] = {"prefix": how.get("prefix", ""), "compare": "exact", **options}
    for side in ("left", "right"):
        for place, name in enumerate(how.get(f"{side}_on", [])[:KEY_PAIRS]):
            shown[f"{side}{place}"] = name
    for place, (column, function) in enumerate(options.get("aggregates", [])[:AGGREGATES]):
        shown |= {f"column{place}": column, f"function{place}": function}
    for name in ("tolerance", "window", "delay"):
        shown |= _length(name, options.get(name))
    matching = options.get("matching")
    pairs = dict(likely_matching(left.names, right.names) if matching is None else matching)
    away = options.get("leave_out", [])
    for place, name in enumerate(right.names):
        shown[f"match{place}"] = _OUT if name in away else pairs.get(name, _NEW)
    return shown


def _length(name: str, value: float | None) -> dict[str, Any]:
    """A length in the largest unit that tells it in whole numbers."""
    if not value:
        return {f"{name}_unit": "86400"}
    for seconds in ("86400", "3600", "60"):
        if value % float(seconds) == 0:
            return {name: value / float(seconds), f"{name}_unit": seconds}
    return {name: value, f"{name}_unit": "1"}
