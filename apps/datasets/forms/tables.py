"""Parsing and wording of what is typed on the data pages."""

from typing import Any

from django import forms

from apps.datasets.models import SplitMethod
from apps.engine.types import Kind, TableSpec

_ORDERED = {Kind.DATETIME, Kind.INTEGER, Kind.NUMBER}


class SplitForm(forms.Form):
    """How the rows are divided."""

    method = forms.ChoiceField(choices=SplitMethod.choices, widget=forms.RadioSelect)
    group = forms.ChoiceField(required=False, label="Group column", help_text="For “by group”.")
    time = forms.ChoiceField(required=False, label="Time column", help_text="For “by time”.")
    folds = forms.IntegerField(min_value=2, max_value=10, initial=5)
    seed = forms.IntegerField(
        min_value=0, max_value=2**31 - 1, initial=0, help_text="The same seed draws the same rows."
    )

    def __init__(self, *args: Any, spec: TableSpec, target: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [column for column in spec.columns if column.name != target]
        none = ("", "none")
        self.fields["group"].choices = [none, *((each.name, each.name) for each in others)]
        times = [each for each in others if each.kind in _ORDERED]
        self.fields["time"].choices = [none, *((each.name, each.name) for each in times)]

    def clean(self) -> dict[str, Any]:
        """A group split has a group column, a time split a time column."""
        data = super().clean() or {}
        for method in ("group", "time"):
            if data.get("method") == method and not data.get(method):
                self.add_error(method, f"Choose the {method} column.")
            elif data.get("method") != method:
                data[method] = ""
        return data
