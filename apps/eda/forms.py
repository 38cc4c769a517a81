"""What is typed when a finding is raised, or a view is named."""

from collections.abc import Collection
from typing import Any

from django import forms

from apps.accounts.models import User
from apps.eda.models import Finding, View
from apps.projects.models import Team

MOST_CHOICES = 200
"""More columns than this are typed, not chosen: their list would outweigh the page."""


class FindingForm(forms.ModelForm):
    """What was seen, how grave it is, who answers it by when."""

    class Meta:
        model = Finding
        fields = ["says", "column", "severity", "owner", "due_on"]
        labels = {"says": "What did you see?", "owner": "Who answers it?", "due_on": "Answer by"}
        widgets = {
            "says": forms.Textarea(attrs={"rows": 2}),
            "due_on": forms.DateInput(attrs={"type": "date"}),
        }

    column = forms.ChoiceField(required=False, choices=())

    def __init__(self, *args: Any, team: Team, columns: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = User.objects.filter(memberships__team=team, is_active=True)
        owner = self.fields["owner"]
        owner.queryset = members.order_by("name", "pk")
        owner.empty_label = None
        # A list, since a queryset is asked twice: for the first choice, then for all of them.
        owner.choices = [(str(one.pk), str(one)) for one in owner.queryset.all()]
        # Made when they are listed or a choice is checked: a page of a wide table does neither.
        self.fields["column"].choices = lambda: [
            ("", "The whole table"),
            *((name, name) for name in columns),
        ]
        if len(columns) > MOST_CHOICES:
            self.fields["column"].widget = forms.TextInput()
            self.fields["column"].help_text = "Its whole name; nothing for the whole table."


class ViewForm(forms.ModelForm):
    """A name for a page, what it shows, and whether the data gate shows it."""

    class Meta:
        model = View
        fields = ["name", "note", "is_pinned"]
        labels = {"note": "What does it show?", "is_pinned": "Pin it to the data gate"}
