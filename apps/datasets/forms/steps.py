"""The form of a recipe's step, built from what the step declares."""

from typing import Any

from django import forms

from apps.datasets.written import typed
from apps.engine.recipe.step import Declared, Parameter
from apps.engine.types import TableSpec


class StepForm(forms.Form):
    """The form of a recipe's step or a fitted choice, built from what either declares."""

    def __init__(
        self, step: type[Declared], spec: TableSpec, data: Any = None, *, initial: Any = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.step, self.spec = step, spec
        self.asked = [each for each in step.parameters if each.input != "kind"]
        for parameter in self.asked:
            self.fields[parameter.name] = _field(parameter, spec)
        self.fields["reason"] = forms.CharField(
            required=False,
            max_length=300,
            label="Why",
            help_text="A reviewer reads it at the gate.",
        )

    def params(self) -> dict[str, Any]:
        """Parameters in the JSON form that the engine takes."""
        params = {
            parameter.name: typed(parameter, self.cleaned_data[parameter.name])
            for parameter in self.asked
            if self.cleaned_data[parameter.name] not in ("", [], None)
        }
        for parameter in self.step.parameters:
            if parameter.input == "kind":  # known from the column, so nobody has to say it
                params[parameter.name] = str(self.spec.kind_of(params["column"]))
        return params


def _field(parameter: Parameter, spec: TableSpec) -> forms.Field:
    common = {
        "label": parameter.label,
        "help_text": parameter.help,
        "required": parameter.required,
        "initial": parameter.default or None,
    }
    columns = [(name, name) for name in spec.names]
    if parameter.input == "column":
        none = [] if parameter.required else [("", "none")]
        return forms.ChoiceField(choices=[*none, *columns], **common)
    if parameter.input == "columns":
        widget = forms.SelectMultiple(attrs={"size": min(10, len(columns))})
        return forms.MultipleChoiceField(choices=columns, widget=widget, **common)
    if parameter.input == "choice":
        return forms.ChoiceField(choices=[(word, word) for word in parameter.choices], **common)
    if parameter.input == "choices":
        choices = [(word, word) for word in parameter.choices]
        widget = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(choices=choices, widget=widget, **common)
    if parameter.input == "texts":
        common["help_text"] = f"{parameter.help} One a line.".strip()
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **common)
    if parameter.input == "mapping":
        common["help_text"] = "One a line: from => to. Nothing after => makes it missing."
        widget = forms.Textarea(attrs={"rows": 4})
        return forms.CharField(widget=widget, validators=[_is_mapping], **common)
    if parameter.input == "expression":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), **common)
    return forms.CharField(strip=not parameter.exact, **common)


def _is_mapping(value: str) -> None:
    for line in value.splitlines():
        if line.strip() and "=>" not in line:
            raise forms.ValidationError(f"“{line.strip()}” has no =>: write “from => to”.")


class TakeForm(forms.Form):
    """Where a recipe is taken from: a project of the team, or its JSON."""

    project = forms.ChoiceField(required=False, label="Recipe of the project")
    text = forms.CharField(
        required=False,
        max_length=500_000,
        label="Or a recipe as JSON",
        help_text="As a wrangle page exports it.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, data: Any = None, *, projects: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["project"].choices = [("", "none"), *projects]

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        data = super().clean() or {}
        if not self.errors and bool(data.get("project")) == bool(data.get("text")):
            raise forms.ValidationError("Choose a project, or put a recipe in: one of the two.")
        return data
