"""What is chosen before training."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator

from apps.engine.errors import BadParameter
from apps.engine.training.rule import COMPARISONS, check_rule
from apps.engine.types import ColumnSpec, Problem
from apps.modeling.aiming import AS_PLANNED, LEAST_LEVEL, MEAN, MOST_LEVEL, QUANTILE, Aim
from apps.modeling.proposing import QUEUE, SAMPLE, SKIP, Offers

BUDGETS = [
    ("", "As long as it takes; a searched blend has a minute"),
    (60, "1 minute"),
    (300, "5 minutes"),
    (900, "15 minutes"),
    (1800, "30 minutes"),
]
"""Seconds an experiment may take. The longest leaves room below the limit of a single step."""
TOO_LARGE = [
    (SAMPLE, "Fit them on a sample of the rows that a worker can take"),
    (SKIP, "Leave them out"),
    (QUEUE, "Queue them all the same, after the others: past the limit they end with a sentence"),
]
RULE = ("column", "comparison", "value", "then", "otherwise")


class AimForm(forms.Form):
    """What the models of a quantity answer; empty: as the plan asks."""

    aim = forms.ChoiceField(label="The models answer", widget=forms.RadioSelect)
    level = forms.FloatField(
        label="Level of another quantile",
        help_text="0.9 is the number that nine of ten truths are to be at or below.",
        min_value=LEAST_LEVEL,
        max_value=MOST_LEVEL,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )

    def __init__(self, asked: Mapping[str, Any], *, usual: Aim) -> None:
        super().__init__(
            asked if "aim" in asked else None, initial={"aim": AS_PLANNED, "level": usual.level}
        )
        self.usual = usual
        self.fields["aim"].choices = [
            (AS_PLANNED, f"{usual.says}, as the plan asks"),
            *([] if usual.level is None else [(MEAN, "the mean: ordinary regression")]),
            (QUANTILE, "a quantile of another level" if usual.level else "a quantile"),
        ]

    def clean(self) -> dict[str, Any]:
        """A quantile has a level."""
        told = super().clean() or {}
        if told.get("aim") == QUANTILE and told.get("level") is None and not self.errors:
            self.add_error("level", "Say which quantile, such as 0.9.")
        return told

    @property
    def chosen(self) -> Aim:
        """What is asked for; what the plan asks for where nothing valid is."""
        if not self.is_bound or not self.is_valid() or self.cleaned_data["aim"] == AS_PLANNED:
            return self.usual
        is_mean = self.cleaned_data["aim"] == MEAN
        return Aim(None if is_mean else self.cleaned_data["level"])


class ExperimentForm(forms.Form):
    """Candidates, today's rule, features, time for a search and a seed."""

    candidates = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, help_text="The baseline is always trained beside them."
    )
    too_large = forms.ChoiceField(
        label="Candidates beyond what a worker has",
        choices=TOO_LARGE,
        widget=forms.RadioSelect,
        required=False,
    )
    rule_column = forms.ChoiceField(label="Column", required=False)
    rule_comparison = forms.ChoiceField(
        label="Comparison", choices=list(COMPARISONS.items()), required=False
    )
    rule_value = forms.CharField(label="Value", required=False, max_length=200)
    rule_then = forms.CharField(label="Then say", required=False, max_length=200)
    rule_otherwise = forms.CharField(label="Else say", required=False, max_length=200)
    features = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    balanced = forms.BooleanField(
        label="Let each class count alike",
        help_text="Rare classes weigh more. Finds more of them; probabilities are then too high.",
        required=False,
    )
    budget_s = forms.TypedChoiceField(
        label="Time for the whole experiment",
        choices=BUDGETS,
        coerce=int,
        empty_value=None,
        required=False,
        help_text="From the first start on. Cheap candidates come first, a searched blend has what "
        "they leave, and what is not finished by then is stopped: “Go on” takes it up again.",
    )
    races = forms.BooleanField(
        label="Let the candidates race",
        help_text="Costly ones are trained fold by fold, in turns. Who is behind the leader by "
        "more than chance explains, and not among the best of its round, is stopped with the "
        "numbers; that leaves more time to the others.",
        required=False,
        initial=True,
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
        self,
        *args: Any,
        offers: Offers,
        columns: list[ColumnSpec],
        classes: list[str],
        may_race: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offers, self.classes = offers, classes
        if not may_race:
            del self.fields["races"]
        self.sets = offers.facts.problem == Problem.MULTILABEL
        chosen = [offer for offer in offers.offers if not offer.candidate.baseline]
        self.fields["candidates"].choices = [
            (offer.key, f"{offer.proposal.title}: {offer.proposal.why}") for offer in chosen
        ]
        self.fields["features"].choices = [
            (column.name, f"{column.name} ({column.kind})") for column in columns
        ]
        names = [name for part in offers.rule_columns for name in part]
        self.fields["rule_column"].choices = [("", "No rule"), *((name, name) for name in names)]
        if not offers.too_large:
            del self.fields["too_large"]
        if not classes:
            del self.fields["balanced"]
        elif self.sets:
            self.fields["balanced"].label = "Let each label count as much as its absence"
        self.initial.setdefault(
            "candidates", [offer.key for offer in chosen if offer.proposal.is_proposed]
        )
        trusted = [column.name for column in columns if column.name not in offers.doubted]
        self.initial.setdefault("features", trusted)

    @property
    def candidate_rows(self) -> list[tuple[Any, Any]]:
        """Each candidate's checkbox with what is offered."""
        chosen = [offer for offer in self.offers.offers if not offer.candidate.baseline]
        return list(zip(self["candidates"], chosen, strict=True))

    @property
    def rule_fields(self) -> list[Any]:
        """The fields of today's rule, in the order of its sentence."""
        return [self[f"rule_{name}"] for name in RULE]

    def clean(self) -> dict[str, Any]:
        """Today's rule as one thing: ``rule``, or None when no column is chosen."""
        told = super().clean() or {}
        rule = {name: told.pop(f"rule_{name}", "") for name in RULE}
        told["rule"] = rule if rule["column"] else None
        if told["rule"]:
            numbers, texts = self.offers.rule_columns
            try:
                check_rule(rule, numbers=numbers, texts=texts, classes=self.classes, sets=self.sets)
            except BadParameter as error:
                self.add_error("rule_column", str(error))
        return told


class NoteForm(forms.Form):
    """What was expected and what was learnt."""

    note = forms.CharField(
        label="Note",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class FreezeForm(forms.Form):
    """The threshold of two classes, or of labels; empty means the one that is advised."""

    threshold = forms.FloatField(
        label="Threshold",
        help_text="The positive class, or each label, is said from this probability on, 0 to 1.",
        min_value=0,
        max_value=1,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )


class TokenForm(forms.Form):
    """The name of a notebook's token."""

    name = forms.CharField(
        label="Which notebook is it for?",
        help_text="It stands in the ledger beside what the notebook takes and sends.",
        max_length=80,
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
