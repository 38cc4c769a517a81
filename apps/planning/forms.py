"""Forms of the planning tasks, made from the catalogue. A draft may be incomplete; what is there
has the right type and range."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory

from apps.engine.evaluation.metrics import METRICS
from apps.engine.evaluation.metrics.kinds import NAMED
from apps.planning.catalogue import MOST_ROWS, TASKS
from apps.planning.fields import Field, Rows
from apps.planning.metric_words import metrics_by_problem
from apps.planning.paste import BadPaste, read_paste

SPARE_ROWS, MOST_SPARE_ROWS = 3, 25


class NamesField(forms.CharField):
    """Names with commas between them, as a list."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list as it is typed."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Names without the space around them; each once."""
        names = [name.strip() for name in super().clean(value).split(",")]
        return list(dict.fromkeys(name for name in names if name))


def _number(field: Field, common: dict[str, Any]) -> forms.Field:
    whole = field.kind == "whole"
    step = {"inputmode": "numeric"} if whole else {"step": "any", "inputmode": "decimal"}
    made = forms.IntegerField if whole else forms.FloatField
    return made(
        **common, min_value=field.low, max_value=field.high, widget=forms.NumberInput(attrs=step)
    )


def _choice(field: Field, common: dict[str, Any]) -> forms.Field:
    choices: Any = field.choices
    if field.key == "metric":
        titles = dict(field.choices)
        groups = metrics_by_problem().items()
        choices = [
            ("", titles[""]),
            *((f"For {group}", [(key, titles[key]) for key in keys]) for group, keys in groups),
        ]
    values = [value for value, _ in field.choices]
    common = {**common, "required": "" not in values}
    kind = int if all(isinstance(value, int) for value in values) else str
    return forms.TypedChoiceField(**common, choices=choices, coerce=kind)


def _form_field(field: Field) -> forms.Field:
    """The input of one field."""
    common: dict[str, Any] = {
        "label": field.label,
        "help_text": field.help,
        "required": False,
        "initial": field.initial,
    }
    if field.kind in {"number", "whole"}:
        made = _number(field, common)
    elif field.kind == "choice":
        made = _choice(field, common)
    elif field.kind == "yes":
        made = forms.BooleanField(**common)
    elif field.kind == "date":
        made = forms.DateField(**common, widget=forms.DateInput(attrs={"type": "date"}))
    elif field.kind == "text":
        area = forms.Textarea(attrs={"rows": 2})
        made = forms.CharField(**common, max_length=field.most, widget=area)
    else:
        kind = NamesField if field.kind == "names" else forms.CharField
        made = kind(**common, max_length=field.most)
    made.quiet = True  # type: ignore[attr-defined]  # no "(optional)": a draft may lack anything
    return made


def _inputs(fields: tuple[Field, ...]) -> dict[str, forms.Field]:
    return {field.key: _form_field(field) for field in fields if not field.derived}


class PlanForm(forms.Form):
    """A form whose folded fields are drawn apart."""

    fields_of: tuple[Field, ...] = ()

    def asked(self) -> list[forms.BoundField]:
        """Fields that are always shown."""
        return [self[field.key] for field in self.fields_of if not (field.folded or field.derived)]

    def folded(self) -> list[forms.BoundField]:
        """Fields that lie in the fold."""
        return [self[field.key] for field in self.fields_of if field.folded]

    def folded_said(self) -> list[forms.BoundField]:
        """Those of them that say something."""
        return [field for field in self.folded() if field.value() not in (None, "", [])]

    def has_folded_errors(self) -> bool:
        """An error must not hide in a fold."""
        return any(field.errors for field in self.folded())


class ObjectiveForm(PlanForm):
    """The business objective."""

    def clean(self) -> dict[str, Any]:
        """The low value lies below the high one."""
        data = super().clean() or {}
        low, high = data.get("value_low"), data.get("value_high")
        if low is not None and high is not None and low > high:
            self.add_error("value_high", f"It lies below the least expected value, {low:g}.")
        return data


class RowForm(PlanForm):
    """One row. A row that says something has a name."""

    rows_of: Rows

    def clean(self) -> dict[str, Any]:
        """Refuse what would be lost: a row with content and without a name."""
        data = super().clean() or {}
        typed = [
            field.label.lower()
            for field in self.rows_of.fields
            if field.kind in {"line", "text", "number", "whole"} and data.get(field.key)
        ]
        if typed and not data.get(self.rows_of.names) and self.rows_of.names not in self.errors:
            rows = self.rows_of
            label = next(field.label for field in rows.fields if field.key == rows.names)
            says = f"This {rows.one} has a {typed[0]} and no “{label.lower()}”. Give both or none."
            self.add_error(rows.names, says)
        return data

    @property
    def score(self) -> int | None:
        """Likelihood times impact of a risk, 1 to 9."""
        told = [self[name].value() for name in ("likelihood", "impact") if name in self.fields]
        return int(told[0]) * int(told[1]) if all(str(v) in "123" for v in told) and told else None

    @property
    def chosen(self) -> Any:
        """The chosen metric of the catalogue; None where none is chosen."""
        return METRICS.get(str(self["metric"].value())) if "metric" in self.fields else None


class RiskForm(RowForm):
    """One risk with its tripwire and what is done then."""

    def clean(self) -> dict[str, Any]:
        """A threshold belongs to a tripwire."""
        data = super().clean()
        if not data.get("tripwire_metric") and (
            data.get("tripwire_threshold") is not None or data.get("tripwire_window_days")
        ):
            self.add_error("tripwire_metric", "Choose what trips, or empty its threshold and days.")
        return data


class PromiseForm(RowForm):
    """One promise: at least, or at most, this much on the sealed test."""

    def clean(self) -> dict[str, Any]:
        """The numbers lie inside of what the metric can be."""
        data = super().clean()
        metric = METRICS.get(data.get("metric") or "")
        if metric is None:
            return data
        wrong = _out_of_reach(data.get("threshold"), *metric.bounds)
        if wrong:
            self.add_error("threshold", f"{metric.title} is {wrong}.")
        if data.get("averaging") and not metric.problems & NAMED:
            self.add_error("averaging", f"{metric.title} is not averaged over classes.")
        value, wanted = data.get("parameter"), getattr(metric, "parameter", None)
        if value is not None and wanted is None:
            self.add_error("parameter", f"{metric.title} takes no parameter. Leave it empty.")
        elif wanted is not None and _out_of_reach(value, wanted.low, wanted.high):
            reach = _out_of_reach(value, wanted.low, wanted.high)
            self.add_error("parameter", f"The {wanted.name} of {metric.title} is {reach}.")
        return data


def _out_of_reach(value: float | None, low: float | None, high: float | None) -> str:
    """What the value should be, when it lies outside; empty when it is inside or not said."""
    if value is None or ((low is None or value >= low) and (high is None or value <= high)):
        return ""
    if low is not None and high is not None:
        return f"between {low:g} and {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"


class PlanRows(BaseFormSet):
    """Rows of a task; more than a plan can hold are refused, not cut."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        says = f"A plan holds up to {MOST_ROWS} rows here."
        super().__init__(*args, error_messages={"too_many_forms": says}, **kwargs)


def _form_class(base: type[PlanForm], fields: tuple[Field, ...], **more: Any) -> Any:
    return type(base.__name__, (base,), {**_inputs(fields), "fields_of": fields, **more})


_BASES = {"objective": ObjectiveForm}
_ROW_BASES = {"risks": RiskForm, "metrics": PromiseForm}
FORMS: dict[str, Any] = {
    task: _form_class(_BASES.get(task, PlanForm), told.fields) for task, told in TASKS.items()
}
ROW_FORMS: dict[str, Any] = {
    task: _form_class(_ROW_BASES.get(task, RowForm), told.rows.fields, rows_of=told.rows)
    for task, told in TASKS.items()
    if told.rows
}


def _flat(fields: tuple[Field, ...], content: dict[str, Any]) -> dict[str, Any]:
    """A stored object as a form's initial values; whole numbers without a point."""
    told = {field.key: field.of(content) for field in fields}
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in told.items()
        if value is not None
    }


def _stored(fields: tuple[Field, ...], values: dict[str, Any]) -> dict[str, Any]:
    """Cleaned values as they are stored; what is not said is left out."""
    told: dict[str, Any] = {}
    for field in fields:
        value = values.get(field.key)
        if field.derived or value in (None, "", []):
            continue
        place = told.setdefault(field.within, {}) if field.within else told
        place[field.inner] = value.isoformat() if hasattr(value, "isoformat") else value
    return told


def _derive(task: str, row: dict[str, Any]) -> dict[str, Any]:
    """What follows from the rest of a row."""
    if task == "metrics":
        row["direction"] = METRICS[row["metric"]].direction
    wire = row.get("tripwire")
    if wire and not wire.get("metric"):
        del row["tripwire"]  # a direction alone is no wire
    elif wire:
        wire.setdefault("operator", ">")
    return row


@dataclass(frozen=True)
class Wrong:
    """One error as a sentence, and the id of the input it is about."""

    anchor: str
    says: str


def _wrong(form: PlanForm, name: str, error: str, *, of: str = "") -> Wrong:
    if name not in form.fields:
        return Wrong("", f"{of}{error}")
    return Wrong(form[name].auto_id, f"{of}{form.fields[name].label}: {error}")


class TaskForms:
    """The form and, where a task has rows, the formset of one planning task."""

    def __init__(
        self, task: str, content: dict[str, Any], data: Any = None, *, spare: int | None = None
    ) -> None:
        self.task, told = task, TASKS[task]
        self.fields, self.rows_of = told.fields, told.rows
        self.form = FORMS[task](data, initial=_flat(told.fields, content))
        self.rows: Any = None
        if told.rows is None:
            return
        there = [_flat(told.rows.fields, row) for row in content.get(told.rows.key) or []]
        if spare is None:
            spare = 1 if there else SPARE_ROWS
        made = formset_factory(
            ROW_FORMS[task],
            formset=PlanRows,
            extra=min(spare, MOST_SPARE_ROWS),
            max_num=MOST_ROWS,
            validate_max=True,
            absolute_max=MOST_ROWS + MOST_SPARE_ROWS,
        )
        # What was posted is judged by itself: another tab may have changed the stored rows.
        self.rows = made(data, initial=None if data is not None else there, prefix="row")
        if task == "metrics" and data is None:
            for row in self.rows.forms[max(1, len(there)) :]:
                row.initial = {"role": "guardrail"}  # one promise is primary

    def is_valid(self) -> bool:
        """All of it."""
        return self.form.is_valid() and (self.rows is None or self.rows.is_valid())

    def content(self) -> dict[str, Any]:
        """What is stored in the draft, JSON-ready. Only after ``is_valid``."""
        told = _stored(self.fields, self.form.cleaned_data)
        if self.rows_of is not None:
            stored = (_stored(self.rows_of.fields, row) for row in self.rows.cleaned_data)
            told[self.rows_of.key] = [
                _derive(self.task, row) for row in stored if row.get(self.rows_of.names)
            ]
        return told

    def problems(self) -> list[Wrong]:
        """Every error with its place."""
        found = [
            _wrong(self.form, name, error)
            for name, errors in self.form.errors.items()
            for error in errors
        ]
        if self.rows is None:
            return found
        found += [Wrong("rows", error) for error in self.rows.non_form_errors()]
        return found + [
            _wrong(row, name, error, of=f"{self.rows_of.one.capitalize()} {number}, ")
            for number, row in enumerate(self.rows.forms, start=1)
            for name, errors in row.errors.items()
            for error in errors
        ]


def _typed(fields: tuple[Field, ...], content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A stored object as a person would have posted it; what is chosen from a list has a
    default."""
    told = {field.key: field.initial for field in fields if field.kind == "choice"}
    told |= _flat(fields, content)
    return {
        f"{prefix}{key}": ", ".join(value) if isinstance(value, list) else value
        for key, value in told.items()
    }


def as_read(told: TaskForms) -> TaskForms:
    """The same for somebody who changes nothing: no field takes input, and no text is cut."""
    for form in [told.form, *(told.rows.forms if told.rows is not None else [])]:
        for field in form.fields.values():
            field.disabled = True
            if type(field.widget) is forms.TextInput:
                field.widget = forms.Textarea(attrs={**field.widget.attrs, "rows": 1})
    return told


def forms_of(task: str, content: dict[str, Any]) -> TaskForms:
    """The forms as if a person had typed this content: for what comes from files."""
    told, data = TASKS[task], _typed(TASKS[task].fields, content)
    if told.rows:
        rows = content.get(told.rows.key) or []
        data |= {"row-TOTAL_FORMS": len(rows), "row-INITIAL_FORMS": 0}
        for number, row in enumerate(rows):
            data |= _typed(told.rows.fields, row, f"row-{number}-")
    return TaskForms(task, {}, data)


def pasted_rows(text: str, *, there: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """Features of a pasted text, and what is wrong with it (empty when nothing is)."""
    fields, names = ROW_FORMS["features"].fields_of, {row["name"]: 0 for row in there}
    try:
        lines = read_paste(text)
    except BadPaste as bad:
        return [], str(bad)
    found = []
    for line in lines:
        form = ROW_FORMS["features"](line.values)
        if not form.is_valid():
            name, errors = next(iter(form.errors.items()))
            return [], f"Line {line.number}, {form.fields[name].label.lower()}: {errors[0]}"
        row = _stored(fields, form.cleaned_data)
        if row["name"] in names:
            place = names[row["name"]]
            where = f"in line {place} too" if place else "in the table already"
            return [], f"Line {line.number}: “{row['name']}” is {where}. Leave one of them out."
        names[row["name"]] = line.number
        found.append(row)
    if len(there) + len(found) > MOST_ROWS:
        return [], f"A plan holds up to {MOST_ROWS} features; with these there would be more."
    return found, ""
