"""Forms: to try an endpoint (made from its contract), names of tokens, fallback, drills."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat

from apps.datasets.models import Version
from apps.engine.profile.years import YEARS
from apps.engine.serving.contract import Contract, Field
from apps.engine.serving.fallback import OPERATORS, Rule
from apps.engine.types import Kind
from apps.production.canary_actions import MOST_SHARE
from apps.production.log.retention import MOST_DAYS, terms_of
from apps.production.models import Deployment, FallbackKind, Release
from apps.production.release.glass import MOST_HOURS
from apps.production.release.releases import Risk

NOTHING = ""


def _say_nothing_of_optional(form: forms.Form, *names: str) -> None:
    """Whether these are needed depends on other fields, or all of them may be left empty."""
    for name in names:
        form.fields[name].quiet = True  # type: ignore[attr-defined]  # read by ui/field.html


class TryForm(forms.Form):
    """One input per field of the contract. What is left empty is sent as missing (null)."""

    def __init__(self, contract: Contract, data: Any = None) -> None:
        super().__init__(data)
        self.contract = contract
        for number, item in enumerate(contract.fields):
            self.fields[f"f{number}"] = _field(item)
        _say_nothing_of_optional(self, *self.fields)

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
        usual = {} if item.example is None else {"initial": f"{item.example:.15g}"}
        return forms.FloatField(widget=widget, help_text=_span(item), **{**common, **usual})
    if item.kind == Kind.BOOLEAN:
        return forms.TypedChoiceField(
            choices=[(NOTHING, "missing"), ("true", "True"), ("false", "False")],
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
    form = "g" if YEARS[0] <= item.low and item.high <= YEARS[1] else ",g"
    return f"{item.low:{form}} to {item.high:{form}} in training"


class TokenForm(forms.Form):
    """Who or what will use the token."""

    name = forms.CharField(max_length=80, label="Who or what uses it?")
    calls_per_minute = forms.IntegerField(
        label="Calls a minute, at most",
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text="Counted in each process. Left empty: what holds in the installation.",
    )
    rows_per_minute = forms.IntegerField(
        label="Rows a minute, at most",
        required=False,
        min_value=1,
        max_value=1_000_000_000,
        help_text="Counted in each process. Left empty: what holds in the installation.",
    )


class RetentionForm(forms.Form):
    """How long the log of an endpoint is kept; filled with what holds now."""

    inputs_days = forms.IntegerField(
        label="Days that inputs are kept",
        min_value=0,
        max_value=MOST_DAYS,
        help_text="0: for good. Once they are removed, no case can be answered again.",
    )
    answers_days = forms.IntegerField(
        label="Days that calls, answers and truths are kept",
        min_value=0,
        max_value=MOST_DAYS,
        help_text="0: for good. Once they are removed, only the sums of them stay.",
    )
    reason = forms.CharField(
        max_length=400, label="Why?", help_text="For example: the works council agreed to 90 days."
    )

    def __init__(self, data: Any = None, *, deployment: Deployment | None = None) -> None:
        terms = terms_of(deployment) if deployment else None
        days = {name: getattr(terms, name) for name in ("inputs_days", "answers_days") if terms}
        super().__init__(data, initial=days)


class FallbackForm(forms.Form):
    """What an endpoint falls back to. The rule's column may be left empty: a constant answer."""

    kind = forms.ChoiceField(
        choices=FallbackKind.choices, widget=forms.RadioSelect, label="When the model should stop"
    )
    then = forms.CharField(
        max_length=200, required=False, label="The rule answers", help_text="For the rule only."
    )
    field = forms.ChoiceField(required=False, label="where the column")
    operator = forms.ChoiceField(
        choices=[("", "choose"), *OPERATORS.items()], required=False, label="compares"
    )
    value = forms.CharField(max_length=200, required=False, label="with")
    otherwise = forms.CharField(max_length=200, required=False, label="else it answers")

    def __init__(self, contract: Contract, data: Any = None) -> None:
        super().__init__(data)
        columns = [(name, name) for name in contract.names]
        self.fields["field"].choices = [(NOTHING, "no column: one answer for all"), *columns]
        _say_nothing_of_optional(self, "then", "field", "operator", "value", "otherwise")

    def rule(self) -> Rule | None:
        """The rule as it was written; None for another kind."""
        told = self.cleaned_data
        if told["kind"] != FallbackKind.RULE:
            return None
        names = ("then", "field", "operator", "value", "otherwise")
        return Rule(**{name: told[name] for name in names})


class DrillForm(forms.Form):
    """How a contingency went that people carried out."""

    risk = forms.ChoiceField(label="Which risk?")
    done = forms.CharField(
        label="What was done?", widget=forms.Textarea(attrs={"rows": 2}), max_length=2_000
    )
    passed = forms.TypedChoiceField(
        label="Outcome",
        choices=[("yes", "It worked"), ("no", "It did not work")],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
    )
    took_s = forms.FloatField(
        label="Seconds until it was in force", min_value=0, max_value=30 * 86_400
    )
    note = forms.CharField(
        label="Note",
        required=False,
        help_text="Needed when it did not work: what went wrong?",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2_000,
    )

    def __init__(self, risks: Sequence[Risk], data: Any = None, *, chosen: str = "") -> None:
        super().__init__(data, initial={"risk": chosen})
        self.fields["risk"].choices = [(risk.says, risk.says) for risk in risks]


class CanaryForm(forms.Form):
    """How many keys a canary answers, and how much worse it may be."""

    share = forms.IntegerField(
        label="Share of the keys, in %", min_value=1, max_value=MOST_SHARE, initial=10
    )
    column = forms.ChoiceField(
        required=False,
        label="The key of a row",
        help_text="The same key is always answered by the same release.",
    )
    failed = forms.FloatField(
        label="So many more of its calls may fail, in points of %",
        min_value=0,
        max_value=100,
        initial=1.0,
    )
    latency = forms.FloatField(
        label="Its latency at p95 may be so many times the other's",
        min_value=1,
        max_value=100,
        initial=2.0,
    )
    metric = forms.FloatField(
        label="Its primary metric may be so much worse", min_value=0, initial=0.05
    )
    text = forms.CharField(label="Why?", max_length=2_000)

    def __init__(self, contract: Contract, data: Any = None) -> None:
        super().__init__(data)
        columns = [(name, name) for name in contract.names]
        self.fields["column"].choices = [(NOTHING, "the caller's id, else the whole row"), *columns]

    def terms(self) -> dict[str, Any]:
        """What a switch keeps of it."""
        return {key: value for key, value in self.cleaned_data.items() if key != "text"}


class GlassForm(forms.Form):
    """What two people want to switch to without the gate's conditions."""

    kind = forms.ChoiceField(
        choices=[
            (FallbackKind.RELEASE, "A release, signed or not"),
            (FallbackKind.RULE, "The rule that is set as the fallback"),
            (FallbackKind.STOP, "Nothing: the endpoint stops"),
        ],
        widget=forms.RadioSelect,
        label="What should answer?",
    )
    release = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label="Which release?",
        help_text="For a release only.",
    )
    hours = forms.IntegerField(label="For how many hours?", min_value=1, max_value=MOST_HOURS)
    text = forms.CharField(label="Why can this not wait for the gate?", max_length=2_000)

    def __init__(self, releases: Sequence[Release], data: Any = None) -> None:
        newest = releases[0].pk if releases else None
        start = {"hours": 4, "kind": FallbackKind.RELEASE, "release": newest}
        super().__init__(data, initial=start)
        choices = [(one.pk, f"Release {one.number}") for one in releases]
        self.fields["release"].choices = [(NOTHING, "none"), *choices]
        _say_nothing_of_optional(self, "release")


class FileForm(forms.Form):
    """A form with a file of rows."""

    def clean_file(self) -> Any:
        """Neither empty nor larger than allowed."""
        file = self.cleaned_data["file"]
        if file and file.size == 0:
            raise forms.ValidationError(
                f"The file “{file.name}” is empty: it has 0 bytes. Choose another file."
            )
        if file and file.size > settings.UPLOAD_BYTES:
            raise forms.ValidationError(
                f"The file has {filesizeformat(file.size)}; at most "
                f"{filesizeformat(settings.UPLOAD_BYTES)} are accepted here."
            )
        return file


class ActualsForm(FileForm):
    """A file of what really happened."""

    file = forms.FileField(
        allow_empty_file=True,  # clean_file names the file and says what to do
        label="A file of actual values",
        help_text="CSV or other delimited text, Excel, JSON, JSON Lines or Parquet; .gz or .zip.",
    )
    id_column = forms.CharField(
        required=False,
        max_length=255,
        label="The column with the id of the prediction",
        help_text="Empty: prediction_id, or id.",
    )
    value_column = forms.CharField(
        required=False,
        max_length=255,
        label="The column with the actual value",
        help_text="Empty: value, actual, or what the target is called.",
    )

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        _say_nothing_of_optional(self, "id_column", "value_column")


class ScoreForm(FileForm):
    """Rows to be scored: a file, or a version of a source that was read."""

    STOP = "stop"
    file = forms.FileField(
        required=False,
        allow_empty_file=True,  # clean_file names the file and says what to do
        label="A file of rows",
        help_text="CSV or other delimited text, Excel, JSON, JSON Lines or Parquet; .gz or .zip.",
    )
    version = forms.TypedChoiceField(
        required=False, empty_value=None, label="Or a version of a source"
    )
    refused = forms.ChoiceField(
        label="When a row is refused",
        choices=[
            ("go on", "Score the others, and say why this one was not"),
            (STOP, "Score none, as a call of the endpoint does"),
        ],
        initial="go on",
        widget=forms.RadioSelect,
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, versions: Sequence[Version] = ()
    ) -> None:
        super().__init__(data, files)
        known = {str(one.pk): one for one in versions}
        choices = [(key, f"{one} ({one.rows:,} rows)") for key, one in known.items()]
        self.fields["version"].choices = [(NOTHING, "none"), *choices]
        _say_nothing_of_optional(self, "file", "version")
        self.fields["version"].coerce = known.__getitem__

    def clean(self) -> dict[str, Any]:
        """Either a file or a version."""
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and bool(told["file"]) == (told["version"] is not None):
            raise forms.ValidationError("Choose a file or a version of a source: one of them.")
        return told
