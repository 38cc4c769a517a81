"""What is chosen before training."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator

from apps.engine.types import ColumnSpec

BUDGETS = [
    (60, "1 minute"),
    (300, "5 minutes"),
    (900, "15 minutes"),
    (1800, "30 minutes"),
]
"""Seconds a search may take. The longest leaves room below the limit of a single step."""
NOT_AT_FIRST = {"search"}
"""Candidates that take time: offered, and chosen by whoever wants them."""


class ExperimentForm(forms.Form):
    """Candidates, features, time for a search and a seed."""

    candidates = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, help_text="The baseline is always trained beside them."
    )
    features = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    budget_s = forms.TypedChoiceField(
        label="Time for the searched blend",
        choices=BUDGETS,
        coerce=int,
        empty_value=None,
        required=False,
        initial=60,
        help_text="Only used when it is among the candidates.",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        initial=0,
        help_text="The same seed gives the same models.",
    )

    note = forms.CharField(
        label="Why this experiment?",
        help_text="What you expect, in a sentence. It stays with the experiment.",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, *args: Any, offered: list[dict[str, Any]], columns: list[ColumnSpec], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["candidates"].choices = [
            (item["key"], f"{item['title']}: {item['why']}")
            for item in offered
            if not item["baseline"]
        ]
        self.fields["features"].choices = [
            (column.name, f"{column.name} ({column.kind})") for column in columns
        ]
        self.initial.setdefault(
            "candidates",
            [
                item["key"]
                for item in offered
                if not item["baseline"] and item["key"] not in NOT_AT_FIRST
            ],
        )
        self.initial.setdefault("features", [column.name for column in columns])


class NoteForm(forms.Form):
    """What was expected and what was learnt."""

    note = forms.CharField(
        label="Note",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class FreezeForm(forms.Form):
    """The threshold of two classes; empty means the one that is advised."""

    threshold = forms.FloatField(
        label="Threshold",
        help_text="The positive class is said from this probability on, 0 to 1.",
        min_value=0,
        max_value=1,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )


class RowForm(forms.Form):
    """The number of a development row."""

    row = forms.IntegerField(label="Row", min_value=1)

    def __init__(self, *args: Any, rows: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.fields["row"]
        row.help_text = f"1 to {rows:,}, as development rows are numbered on this page."
        row.validators.append(
            MaxValueValidator(rows, f"There are {rows:,} development rows. Choose one of them.")
        )
        row.widget.attrs["max"] = rows
