"""Parsing and wording of what is typed on the data pages."""

from typing import Any

from django import forms

from apps.datasets.models import SplitMethod
from apps.engine.recipe.step import Parameter, Step
from apps.engine.types import Kind, TableSpec


class StepForm(forms.Form):
    """The form of one recipe step, built from the parameters that the step declares."""

    def __init__(self, step: type[Step], spec: TableSpec, data: Any = None) -> None:
        super().__init__(data)
        self.step = step
        for parameter in step.parameters:
            self.fields[parameter.name] = _field(parameter, spec)
        self.fields["reason"] = forms.CharField(
            required=False,
            max_length=300,
            label="Why",
            help_text="A reviewer reads it at the gate.",
        )

    def params(self) -> dict[str, Any]:
        """Parameters in the JSON form that the engine takes."""
        return {
            parameter.name: _value(parameter, self.cleaned_data[parameter.name])
            for parameter in self.step.parameters
            if self.cleaned_data[parameter.name] not in ("", [], None)
        }


def _field(parameter: Parameter, spec: TableSpec) -> forms.Field:
    common = {
        "label": parameter.label,
        "help_text": parameter.help,
        "required": parameter.required,
        "initial": parameter.default or None,
    }
    columns = [(name, name) for name in spec.names]
    if parameter.input == "column":
        return forms.ChoiceField(choices=columns, **common)
    if parameter.input == "columns":
        widget = forms.SelectMultiple(attrs={"size": min(10, len(columns))})
        return forms.MultipleChoiceField(choices=columns, widget=widget, **common)
    if parameter.input == "choice":
        return forms.ChoiceField(choices=[(word, word) for word in parameter.choices], **common)
    if parameter.input == "texts":
        common["help_text"] = f"{parameter.help} One a line.".strip()
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **common)
    if parameter.input == "mapping":
        common["help_text"] = "One a line: from => to. Nothing after => makes it missing."
        widget = forms.Textarea(attrs={"rows": 4})
        return forms.CharField(widget=widget, validators=[_is_mapping], **common)
    return forms.CharField(**common)


def _is_mapping(value: str) -> None:
    for line in value.splitlines():
        if line.strip() and "=>" not in line:
            raise forms.ValidationError(f"“{line.strip()}” has no =>: write “from => to”.")


def _value(parameter: Parameter, value: Any) -> Any:
    if parameter.input == "texts":
        return [line for line in value.splitlines() if line]
    if parameter.input == "mapping":
        pairs = [line.partition("=>") for line in value.splitlines() if line.strip()]
        return [[source.strip(), target.strip() or None] for source, _, target in pairs]
    return value


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
