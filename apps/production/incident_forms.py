"""Forms of an incident: who looks after it, and how it ended."""

from collections.abc import Sequence
from typing import Any

from django import forms

from apps.accounts.models import User
from apps.production.models import Incident


class AssignForm(forms.Form):
    """Who looks after it, and until when."""

    owner = forms.ModelChoiceField(queryset=User.objects.none(), label="Who looks after it?")
    due_on = forms.DateField(
        label="Answered until", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(pk__in=[each.pk for each in people])
        self.fields["owner"].empty_label = None


class CloseForm(forms.Form):
    """Was the alarm right, and what was done?"""

    outcome = forms.ChoiceField(
        choices=Incident.Outcome.choices, label="Was the alarm right?", widget=forms.RadioSelect
    )
    resolution = forms.CharField(
        label="What was done?",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What broke, what mended it, and how it will be noticed earlier.",
    )
