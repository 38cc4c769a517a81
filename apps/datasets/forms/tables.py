"""Parsing and wording of what is typed on the data pages."""

from typing import Any

from django import forms

from apps.datasets.models import SplitMethod
from apps.engine.types import Kind, TableSpec

KEY_PAIRS = 3


class JoinForm(forms.Form):
    """The key columns of a join, pairwise."""

    def __init__(self, data: Any = None, *, left: TableSpec, right: TableSpec) -> None:
        super().__init__(data)
        for place in range(KEY_PAIRS):
            for side, spec, says in (("left", left, "the table"), ("right", right, "the source")):
                choices = [
                    (column.name, f"{column.name} ({column.kind})") for column in spec.columns
                ]
                self.fields[f"{side}{place}"] = forms.ChoiceField(
                    required=place == 0,
                    label=f"Key {place + 1} in {says}",
                    choices=[("", "choose" if place == 0 else "none"), *choices],
                )

    def clean(self) -> dict[str, Any]:
        """A key has both sides."""
        data = super().clean() or {}
        for place in range(1, KEY_PAIRS):
            left, right = data.get(f"left{place}"), data.get(f"right{place}")
            if bool(left) != bool(right):
                self.add_error(f"{'right' if left else 'left'}{place}", "Choose both sides.")
        return data

    def keys(self) -> tuple[list[str], list[str]]:
        """Both sides as lists."""
        pairs = [
            (self.cleaned_data[f"left{place}"], self.cleaned_data[f"right{place}"])
            for place in range(KEY_PAIRS)
            if self.cleaned_data[f"left{place}"]
        ]
        return [left for left, _ in pairs], [right for _, right in pairs]


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
