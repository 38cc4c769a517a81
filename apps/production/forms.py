"""The form to try an endpoint, made from its contract; names of tokens."""

from typing import Any

from django import forms

from apps.engine.serving.contract import Contract, Field
from apps.engine.types import Kind

NOTHING = ""


class TryForm(forms.Form):
    """One input per field of the contract. What is left empty is sent as missing (null)."""

    def __init__(self, contract: Contract, data: Any = None) -> None:
        super().__init__(data)
        self.contract = contract
        for number, item in enumerate(contract.fields):
            self.fields[f"f{number}"] = _field(item)

    def row(self) -> dict[str, Any]:
        """The row as a request would send it."""
        found = {}
        for number, item in enumerate(self.contract.fields):
            value = self.cleaned_data[f"f{number}"]
            found[item.name] = None if value in (None, NOTHING) else value
        return found


def _field(item: Field) -> forms.Field:
    common: dict[str, Any] = {"label": item.name, "required": False, "initial": item.example}
    if item.kind == Kind.INTEGER:
        return forms.IntegerField(help_text=_span(item), **common)
    if item.kind == Kind.NUMBER:
        widget = forms.NumberInput(attrs={"step": "any"})
        return forms.FloatField(widget=widget, help_text=_span(item), **common)
    if item.kind == Kind.BOOLEAN:
        return forms.TypedChoiceField(
            choices=[(NOTHING, "missing"), ("true", "true"), ("false", "false")],
            coerce=lambda text: text == "true",
            empty_value=None,
            **{**common, "initial": str(item.example).lower()},
        )
    if item.categories and len(item.categories) <= 30:
        choices = [(value, value) for value in item.categories]
        if item.nullable:
            choices.insert(0, (NOTHING, "missing"))
        return forms.ChoiceField(choices=choices, **common)
    return forms.CharField(**common)


def _span(item: Field) -> str:
    if item.low is None or item.high is None:
        return ""
    return f"{item.low:g} to {item.high:g} in training"


class TokenForm(forms.Form):
    """Who or what will use the token."""

    name = forms.CharField(max_length=80, label="Who or what uses it?")
