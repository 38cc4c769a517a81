"""What is typed at a gate and to start a project."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core import signing

from apps.accounts.models import User
from apps.eda.models import Severity
from apps.governance.finding_actions import NewFinding
from apps.governance.gates import FORECAST_AT
from apps.governance.places import places_of
from apps.projects.access import ALLOWS, Verb
from apps.projects.models import PASSING, Membership, Project, Purpose, Role, Team, Tier, Verdict
from apps.projects.rounds import house_today
from apps.projects.stages import Stage
from apps.projects.tiers import Stakes, weigh
from apps.web.ordering import Alphabetical

_SEEN = "gate.seen"


def as_seen(shown: Mapping[str, Any]) -> str:
    """A gate's evidence as the page carries it along, so that a change can be told exactly."""
    return signing.dumps(dict(shown), salt=_SEEN, compress=True)


class DecisionForm(forms.Form):
    """A verdict with its reason, signed with the password."""

    verdict = forms.ChoiceField(
        choices=[
            (Verdict.APPROVE, "Approve"),
            (Verdict.CONDITIONS, "Approve with conditions"),
            (Verdict.RETURN, "Return with findings"),
            (Verdict.REJECT, "Reject"),
        ],
        widget=forms.RadioSelect,
        label="What do you decide?",
    )
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Reason",
        help_text="What convinced you, or why it is not enough. It stays in the record.",
    )
    condition = forms.CharField(
        required=False,
        label="Condition",
        help_text="Only with conditions: what has to be true by the due date.",
    )
    due_on = forms.DateField(
        required=False,
        label="Due date",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Past this day the gate closes again unless a manager confirms it was met.",
    )
    forecast = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=100,
        label="Chance that the promise will be kept, in percent",
        help_text="Only with an approval. It is compared later with what happened in production.",
    )
    seen = forms.CharField(widget=forms.HiddenInput)  # made by ``as_seen``
    page = forms.CharField(widget=forms.HiddenInput)  # SHA-256 of what was read
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
        label="Your password",
        help_text="A signature needs it each time.",
    )

    def __init__(self, *args: Any, stage: Stage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if stage not in FORECAST_AT:
            del self.fields["forecast"]

    def clean_seen(self) -> dict[str, Any]:
        """The evidence that the page showed, as it left the server."""
        try:
            return signing.loads(self.cleaned_data["seen"], salt=_SEEN)
        except signing.BadSignature as error:
            raise forms.ValidationError("This page is damaged. Open the gate again.") from error

    def clean(self) -> dict:
        """An approval with conditions has both a condition and a day to come."""
        data = super().clean() or {}
        if data.get("verdict") == Verdict.CONDITIONS:
            if not data.get("condition"):
                self.add_error("condition", "Say what has to be true.")
            if not data.get("due_on"):
                self.add_error("due_on", "Give the day by which it has to be true.")
            elif data["due_on"] < house_today():
                self.add_error("due_on", "The day has passed already.")
        if data.get("forecast") is not None and data.get("verdict") not in PASSING:
            self.add_error("forecast", "A forecast belongs to an approval; leave it empty here.")
        return data


class WithdrawForm(forms.Form):
    """Why an approval is taken back."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), label="Why")
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
        label="Your password",
    )


class NoteForm(forms.Form):
    """A remark or a submission's message."""

    text = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), label="Write", required=False)


class AcceptForm(forms.Form):
    """Why a warning is taken as it stands."""

    check = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(max_length=2000, label="Why is it acceptable?")


class FindingForm(forms.Form):
    """A finding: what it is about, how grave, who answers it by when."""

    says = forms.CharField(
        max_length=600, label="What has to be answered?", widget=forms.Textarea(attrs={"rows": 2})
    )
    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.MEDIUM, label="Weight")
    about = forms.ChoiceField(required=False, label="About")
    owner = forms.ModelChoiceField(
        queryset=User.objects.none(), required=False, label="Owner", empty_label="who submits"
    )
    due_on = forms.DateField(
        required=False, label="By", widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, stage: Stage, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].choices = places_of(stage)
        members = User.objects.filter(memberships__team=project.team_id, is_active=True)
        self.fields["owner"].queryset = members.order_by(Alphabetical("name"))

    def as_new(self) -> NewFinding:
        """What was typed; only after ``is_valid``."""
        return NewFinding(**self.cleaned_data)


_FindingRows = forms.formset_factory(FindingForm, extra=3, max_num=20)


def finding_rows(data: Any = None, *, stage: Stage, project: Project) -> Any:
    """Rows for findings that are written together with a decision; empty ones are left out."""
    return _FindingRows(data, prefix="finding", form_kwargs={"stage": stage, "project": project})


class AmountField(forms.FloatField):
    """A number that is shown as people write it: 20000, not 20000.0."""

    def prepare_value(self, value: Any) -> Any:
        """Whole numbers without a point."""
        return int(value) if isinstance(value, float) and value.is_integer() else value


class StakesForm(forms.Form):
    """What a project decides and how much hangs on it: its tier follows from that."""

    purpose = forms.ChoiceField(
        choices=Purpose.choices,
        widget=forms.RadioSelect,
        label="What does the decision do?",
        help_text="The decision that changes because of the prediction.",
    )
    people_affected = forms.IntegerField(
        required=False, min_value=0, max_value=2_000_000_000, label="People affected in a year"
    )
    decisions_per_month = AmountField(
        required=False, min_value=0, max_value=1e12, label="Decisions in a month"
    )
    money_per_year = AmountField(
        required=False,
        min_value=0,
        max_value=1e15,
        label="Money at stake in a year",
        help_text="In the currency of the plan. Leave empty what you do not know: the plan's "
        "payoff and volume are added when a version of it is made.",
    )
    tier = forms.TypedChoiceField(
        choices=[("", "As it follows from the above"), *Tier.choices],
        coerce=int,
        empty_value=None,
        required=False,
        label="Tier",
        help_text="Tier 1 asks for two managers at the plan, model and production gate, and for "
        "a manager at the data gate. A stricter tier may be chosen freely.",
    )

    @property
    def stakes(self) -> Stakes:
        """What was stated, once the form is valid."""
        data = self.cleaned_data
        return Stakes(
            purpose=Purpose(data["purpose"]),
            money_per_year=data["money_per_year"] or 0.0,
            decisions_per_month=data["decisions_per_month"] or 0.0,
            people_affected=data["people_affected"] or 0,
        )

    def is_lowered(self) -> str:
        """Why the chosen tier is below the computed one, as a sentence; empty when it is not."""
        if self.errors or not self.cleaned_data["tier"]:
            return ""
        weighed = weigh(self.stakes)
        return weighed.why if self.cleaned_data["tier"] > weighed.tier else ""


class TierForm(StakesForm):
    """A manager states the stakes anew."""

    reason = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Why",
        help_text="Needed to go below the tier that follows. It stays in the ledger.",
    )

    def clean(self) -> dict:
        """Below the computed tier, there is a reason."""
        data = super().clean() or {}
        lowered = self.is_lowered()
        if lowered and not (data.get("reason") or "").strip():
            self.add_error("reason", f"{lowered} Say why it is set lower.")
        return data


class ProjectForm(StakesForm):
    """Name, sentence, team and stakes of a new project."""

    name = forms.CharField(max_length=80)
    sentence = forms.CharField(
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For whom, what is predicted, so that which decision changes.",
    )
    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None)
    field_order = ["name", "sentence", "team"]

    def __init__(self, *args: object, person: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        roles = [role for role in Role if Verb.START in ALLOWS[role]]
        teams = Team.objects.filter(memberships__user=person, memberships__role__in=roles)
        self.fields["team"].queryset = teams
        if len(teams) == 1:
            self.initial.setdefault("team", teams[0])

    def clean(self) -> dict:
        """The tier may be raised above what follows from the stakes, not lowered."""
        data = super().clean() or {}
        lowered = self.is_lowered()
        if lowered:
            self.add_error("tier", f"{lowered} Only a manager sets it lower, and says why.")
        return data

    @staticmethod
    def may_start(person: object) -> bool:
        """True when the person may start projects in some team."""
        roles = [role for role in Role if Verb.START in ALLOWS[role]]
        return Membership.objects.filter(user=person, role__in=roles).exists()


TAKE_OUT = "none"


class MemberForm(forms.Form):
    """Give a person a role, by address; ``role`` is None for whoever is taken out of the team."""

    email = forms.EmailField(label="E-mail address")
    role = forms.TypedChoiceField(
        choices=[("", "Choose a role"), *Role.choices, (TAKE_OUT, "Take out of the team")],
        coerce=lambda value: None if value == TAKE_OUT else Role(value),
        label="Role",
    )


class DelegationForm(forms.Form):
    """Who signs for me, from when to when, and why."""

    delegate = forms.ModelChoiceField(User.objects.none(), label="Who signs for you")
    starts_on = forms.DateField(
        label="First day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        initial=house_today,
    )
    ends_on = forms.DateField(label="Last day", widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(max_length=300, label="Why", help_text="For example: on leave.")

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Membership.objects.filter(team=team).exclude(role=Role.MANAGER)
        self.fields["delegate"].queryset = User.objects.filter(
            is_active=True, pk__in=others.values("user")
        ).order_by(Alphabetical("name"))


class RevocationForm(forms.Form):
    """Why a delegation is taken back."""

    reason = forms.CharField(max_length=300, label="Why")


class WebhookForm(forms.Form):
    """Where a team's alerts go outside."""

    url = forms.CharField(
        max_length=500,
        label="Address",
        help_text="It begins with https://. Only listed hosts; a redirect is not followed.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )


class BudgetForm(forms.Form):
    """How many alerts a week are told at once."""

    a_week = forms.IntegerField(
        min_value=0,
        max_value=1000,
        label="Alerts a week that are told at once",
        help_text="By e-mail, in the inbox and outside. 0: only high ones at once.",
    )
