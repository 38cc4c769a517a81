"""Rules of a contract as sentences with fields, a new rule, classes of columns, datasheets."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms

from apps.datasets.datasheets import LONGEST, QUESTIONS
from apps.engine.contract.rule import (
    LONGEST_VALUE,
    MOST_VALUES,
    REFUSE,
    WARN,
    Bound,
    Rule,
    moment_of,
    relation,
)
from apps.engine.errors import BadParameter
from apps.engine.types import Kind
from apps.planning.models import Sensitivity

SEVERITIES = ((WARN, "warn"), (REFUSE, "refuse"))
LONGEST_EXPRESSION = 2_000
_TEXT = {"max_length": 40, "required": False}
_KINDS = (
    ("between", "lies between two values"),
    ("one_of", "is one of some values"),
    ("filled", "is filled"),
    ("unique", "stands only once"),
    ("fresh", "is fresh: its newest date is not too old"),
    ("kind", "is there and holds one kind of value"),
    ("holds", "a relation of columns, such as a + b = c"),
)


def bound_of(text: str, *, is_date: bool) -> Bound:
    """What was typed as a bound. Raises BadParameter."""
    text = text.strip()
    if not text:
        return None
    if is_date:
        moment_of(text)
        return text
    try:
        number = float(text.replace(" ", "").replace(",", ""))
    except ValueError as error:
        raise BadParameter(f"“{text}” is no number.") from error
    if not math.isfinite(number):
        raise BadParameter(f"“{text}” is no number to compare with.")
    return number


def _lines(values: Sequence[str]) -> str:
    return "\n".join(values)


def _plain(number: float) -> str:
    return f"{number:.12g}"


class RuleForm(forms.Form):
    """One rule of the newest version: what of it can be changed. ``rule()`` after validation."""

    severity = forms.ChoiceField(choices=SEVERITIES, label="If it does not hold")
    gone = forms.BooleanField(required=False, label="Take it out")

    def __init__(self, known: Rule, *, place: int, data: Any = None) -> None:
        super().__init__(data, prefix=f"r{place}", initial=_initial(known))
        self.known, self.place = known, place
        for name in _FIELDS.get(known.kind, ()):
            self.fields[name] = _MAKERS[name]()
        for name in self.fields:
            self.fields[name].widget.attrs["aria-label"] = (
                f"{self.fields[name].label}: {about(known)}"
            )

    def clean(self) -> dict[str, Any]:
        """The fields make a rule."""
        data = super().clean() or {}
        if not self.errors and not data.get("gone"):
            try:
                data["rule"] = _changed(self.known, data)
            except BadParameter as error:
                raise forms.ValidationError(str(error)) from error
        return data

    def rule(self) -> Rule | None:
        """The rule as it is now; None when it is taken out."""
        return None if self.cleaned_data["gone"] else self.cleaned_data["rule"]

    @property
    def own(self) -> list[forms.BoundField]:
        """The fields of its kind."""
        return [self[name] for name in _FIELDS.get(self.known.kind, ())]


def about(rule: Rule) -> str:
    """What a rule is about, for a label."""
    return rule.sentence()[:120]


_FIELDS: dict[str, tuple[str, ...]] = {
    "between": ("low", "high"),
    "one_of": ("values",),
    "filled": ("share",),
    "fresh": ("days",),
    "holds": ("expression",),
}
_MAKERS: dict[str, Any] = {
    "low": lambda: forms.CharField(label="At least", **_TEXT),
    "high": lambda: forms.CharField(label="At most", **_TEXT),
    "values": lambda: forms.CharField(
        label="Values, one a line",
        required=False,
        max_length=MOST_VALUES * (LONGEST_VALUE + 2),
        widget=forms.Textarea(attrs={"rows": 3}),
    ),
    "share": lambda: forms.FloatField(
        label="Missing at most, in %", required=False, min_value=0, max_value=99.99
    ),
    "days": lambda: forms.FloatField(label="At most this many days old", required=False),
    "expression": lambda: forms.CharField(
        label="Relation",
        required=False,
        max_length=LONGEST_EXPRESSION,
        widget=forms.Textarea(attrs={"rows": 2}),
    ),
}


def _initial(rule: Rule) -> dict[str, Any]:
    told: dict[str, Any] = {"severity": rule.severity}
    for name in ("low", "high"):
        bound = getattr(rule, name)
        told[name] = _plain(bound) if isinstance(bound, int | float) else bound
    return {
        **told,
        "values": _lines(rule.values),
        "share": float(f"{100 * rule.share:.6g}"),
        "days": rule.days,
        "expression": rule.expression,
    }


def _changed(known: Rule, data: dict[str, Any]) -> Rule:
    """``known`` with what was typed. Raises BadParameter."""
    severity = data["severity"]
    if known.kind == "holds":
        text = data["expression"]
        if text == known.expression:
            return replace(known, severity=severity)
        return relation(text, severity=severity)
    told: dict[str, Any] = {"severity": severity}
    if known.kind == "between":
        is_date = any(isinstance(bound, str) for bound in (known.low, known.high))
        told["low"] = bound_of(data["low"], is_date=is_date)
        told["high"] = bound_of(data["high"], is_date=is_date)
    elif known.kind == "one_of":
        told["values"] = values_of(data["values"])
    elif known.kind == "filled":
        told["share"] = (data["share"] or 0.0) / 100
    elif known.kind == "fresh":
        told["days"] = data["days"] or 0.0
    return replace(known, **told)


def values_of(text: str) -> tuple[str, ...]:
    """Values one a line, each once, in their order."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    return tuple(dict.fromkeys(line for line in lines if line))


class NewRuleForm(forms.Form):
    """A further rule. ``rule()`` after validation."""

    kind = forms.ChoiceField(choices=_KINDS, label="What has to hold")
    column = forms.ChoiceField(label="Column", required=False)
    low = forms.CharField(label="At least", help_text="A number, or a date.", **_TEXT)
    high = forms.CharField(label="At most", help_text="A number, or a date.", **_TEXT)
    values = _MAKERS["values"]()
    share = forms.FloatField(label="Missing at most, in %", required=False, min_value=0)
    days = forms.FloatField(label="At most this many days old", required=False)
    expression = forms.CharField(
        label="Relation",
        required=False,
        max_length=LONGEST_EXPRESSION,
        help_text="Such as casual + registered = cnt, or start <= end.",
    )
    severity = forms.ChoiceField(choices=SEVERITIES, label="If it does not hold")

    def __init__(self, data: Any = None, *, columns: dict[str, str]) -> None:
        super().__init__(data, prefix="new")
        self.columns = columns
        for field in self.fields.values():
            field.quiet = True  # type: ignore[attr-defined]
        self.fields["column"].choices = [("", "none"), *((name, name) for name in columns)]

    def clean(self) -> dict[str, Any]:
        """The fields of its kind make a rule."""
        data = super().clean() or {}
        if not self.errors:
            try:
                data["rule"] = self._made(data)
            except BadParameter as error:
                raise forms.ValidationError(str(error)) from error
        return data

    def _made(self, data: dict[str, Any]) -> Rule:
        kind, severity, column = data["kind"], data["severity"], data["column"]
        if kind == "holds":
            if not data["expression"].strip():
                raise BadParameter("Write the relation, such as a + b = c.")
            return relation(data["expression"], severity=severity)
        if not column:
            raise BadParameter("Choose the column that the rule is about.")
        return Rule(kind, (column,), severity, **self._told(kind, data, self.columns[column]))

    def _told(self, kind: str, data: dict[str, Any], has: str) -> dict[str, Any]:
        """The fields that the kind of rule reads."""
        if kind == "between":
            is_date = has == Kind.DATETIME
            return {name: bound_of(data[name], is_date=is_date) for name in ("low", "high")}
        return {
            "one_of": {"values": values_of(data["values"])},
            "filled": {"share": (data["share"] or 0.0) / 100},
            "fresh": {"days": data["days"] or 0.0},
            "kind": {"of": has},
        }.get(kind, {})

    def rule(self) -> Rule:
        """The new rule."""
        made: Rule = self.cleaned_data["rule"]
        return made


class ClassesForm(forms.Form):
    """A class for each column; what nobody classed may stay so."""

    def __init__(self, data: Any = None, *, levels: dict[str, str]) -> None:
        super().__init__(data, prefix="class")
        self.names = list(levels)
        choices = [
            ("", "not classed"),
            *((one.value, one.label.split(":")[0]) for one in Sensitivity),
        ]
        for place, name in enumerate(self.names):
            self.fields[str(place)] = forms.ChoiceField(
                choices=choices, label=name, required=False, initial=levels[name]
            )
            self.fields[str(place)].quiet = True  # type: ignore[attr-defined]

    def classes(self) -> dict[str, str]:
        """Column to class, of those that have one now."""
        chosen = {name: self.cleaned_data[str(place)] for place, name in enumerate(self.names)}
        return {name: level for name, level in chosen.items() if level}


class DatasheetForm(forms.Form):
    """The questions of a datasheet that people answer."""

    def __init__(self, data: Any = None, *, answers: dict[str, str]) -> None:
        super().__init__(data, initial=answers)
        for question in QUESTIONS:
            self.fields[question.key] = forms.CharField(
                label=question.asks,
                help_text=question.help,
                required=False,
                max_length=LONGEST,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
            self.fields[question.key].quiet = True  # type: ignore[attr-defined]
