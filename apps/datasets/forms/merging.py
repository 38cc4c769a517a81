"""The form that approves merges: a tick and a name to keep for each group of spellings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from apps.engine.recipe.clusters import merged
from apps.projects.canonical import content_hash

LONGEST_NAME = 300
HOW_FOUND = (
    ("spelling", "Alike but for case, accents, marks or the order of words (key collision)."),
    ("neighbour", "One letter apart, and one of them rare (nearest neighbour): look twice."),
)


@dataclass(frozen=True)
class MergeLine:
    """A group on the page: its two fields, and its values with their rows."""

    take: BoundField
    keep: BoundField
    how: str
    members: list[tuple[str, int]]

    @property
    def rows(self) -> int:
        """Rows that would change, if the proposed name is kept."""
        return sum(rows for _, rows in self.members[1:])


class MergeForm(forms.Form):
    """``groups`` as an examination keeps them. Only key collisions are ticked at first."""

    reason = forms.CharField(
        required=False, max_length=300, label="Why", help_text="A reviewer reads it at the gate."
    )

    of = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, groups: Sequence[dict[str, Any]]) -> None:
        super().__init__(data)
        self.groups, self.digest = groups, content_hash(list(groups))
        self.fields["of"].initial = self.digest
        for number, group in enumerate(groups):
            best = group["words"][0]
            self.fields[f"take-{number}"] = forms.BooleanField(
                required=False, initial=group["how"] == "spelling", label=f"Merge into {best}"
            )
            self.fields[f"keep-{number}"] = forms.CharField(
                required=False, max_length=LONGEST_NAME, initial=best, label="Name to keep"
            )

    @property
    def sections(self) -> list[tuple[str, str, list[MergeLine]]]:
        """How they were found, what that means, and the groups."""
        lines = [self._line(number, group) for number, group in enumerate(self.groups)]
        found = [
            (how, says, [line for line in lines if line.how == how]) for how, says in HOW_FOUND
        ]
        return [section for section in found if section[2]]

    def _line(self, number: int, group: dict[str, Any]) -> MergeLine:
        members = list(zip(group["words"], group["rows"], strict=True))
        return MergeLine(self[f"take-{number}"], self[f"keep-{number}"], group["how"], members)

    def clean(self) -> dict[str, Any]:
        """At least one group is ticked, and each ticked one has a name."""
        data = super().clean() or {}
        ticked = [number for number in range(len(self.groups)) if data.get(f"take-{number}")]
        if data.get("of") != self.digest:
            raise forms.ValidationError("The groups were found anew meanwhile: look at them again.")
        if not self.errors and not ticked:
            raise forms.ValidationError("Tick at least one group to merge.")
        for number in ticked:
            keep = data.get(f"keep-{number}", "")
            if not keep or "=>" in keep:
                says = "Write the name to keep, without “=>”."
                self.add_error(f"keep-{number}", says)
        return data

    def mapping(self) -> list[list[str]]:
        """Pairs [from, to] of the ticked groups."""
        data = self.cleaned_data
        return merged(
            (group["words"], data[f"keep-{number}"])
            for number, group in enumerate(self.groups)
            if data[f"take-{number}"]
        )
