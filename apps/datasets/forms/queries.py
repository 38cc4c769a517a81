"""The form of a query: its text, and one kind and value for each parameter that the text names."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django import forms

from apps.datasets.database_models import Connection
from apps.engine.errors import EngineError
from apps.engine.reading.database.statement import (
    MOST_CHARACTERS,
    Dialect,
    Parameter,
    ParameterKind,
    look_at,
)

_KINDS = [(kind.value, kind.value) for kind in ParameterKind]


class QueryForm(forms.Form):
    """A SELECT on one of the team's databases; for a new source also its name."""

    name = forms.CharField(max_length=80, label="Name", help_text="For example customers.")
    describes = forms.CharField(
        max_length=300, required=False, label="One row is", help_text="For example one payment."
    )
    owner = forms.CharField(
        max_length=120, required=False, label="Owner", help_text="Who answers for the data."
    )
    connection = forms.ChoiceField(label="Database")
    sql = forms.CharField(
        max_length=MOST_CHARACTERS,
        label="Query",
        help_text=(
            "One SELECT statement. A value that changes from time to time is written as a "
            "parameter, such as :since; it is asked for below."
        ),
        widget=forms.Textarea(
            attrs={"rows": 12, "class": "code", "spellcheck": "false", "autocapitalize": "off"}
        ),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        connections: Sequence[Connection],
        taken: Collection[str] | None = None,
        known: Sequence[Mapping[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        """``taken``: names of other sources; None when the source is there already."""
        super().__init__(data, **kwargs)
        self.connections = {str(each.pk): each for each in connections}
        self.fields["connection"].choices = [  # type: ignore[attr-defined]
            (key, f"{each.name} ({each.where})") for key, each in self.connections.items()
        ]
        self.taken = taken or ()
        if taken is None:
            for name in ("name", "describes", "owner"):
                del self.fields[name]
        self.names: tuple[str, ...] = ()
        self._ask_for_parameters({each["name"]: each for each in known})

    def _ask_for_parameters(self, known: Mapping[str, Mapping[str, str]]) -> None:
        """Two fields for each parameter of the text as it stands now."""
        chosen = self.connections.get(str(self["connection"].value()))
        try:
            self.names = look_at(
                str(self["sql"].value() or ""),
                Dialect(chosen.dialect) if chosen else Dialect.POSTGRESQL,
            ).parameters
        except EngineError:
            return  # clean_sql tells
        for name in self.names:
            before = known.get(name, {})
            self.fields[f"kind-{name}"] = forms.ChoiceField(
                label=f"Kind of :{name}",
                choices=_KINDS,
                initial=before.get("kind", ParameterKind.TEXT.value),
            )
            self.fields[f"value-{name}"] = forms.CharField(
                max_length=10_000,
                label=f"Value of :{name}",
                strip=False,
                initial=before.get("value", ""),
            )

    @property
    def of_the_query(self) -> list[forms.BoundField]:
        """Fields without those of the parameters."""
        return [self[name] for name in self.fields if not name.startswith(("kind-", "value-"))]

    @property
    def of_parameters(self) -> list[forms.BoundField]:
        """Kind and value of each parameter."""
        return [self[name] for name in self.fields if name.startswith(("kind-", "value-"))]

    def clean_name(self) -> str:
        """Not the name of another source."""
        name: str = self.cleaned_data["name"]
        if name in self.taken:
            raise forms.ValidationError(
                f"There is a source called “{name}” already. Change its query instead."
            )
        return name

    def clean(self) -> dict[str, Any]:
        """The text is one SELECT of the database's SQL, and each value is of its kind."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = self.connections.get(data.get("connection", ""))
        if chosen is None or "sql" not in data:
            return data
        try:
            look_at(data["sql"], Dialect(chosen.dialect))
        except EngineError as error:
            self.add_error("sql", str(error))
        for parameter in self.parameters():
            try:
                parameter.bound()
            except EngineError as error:
                self.add_error(f"value-{parameter.name}", str(error))
        return data

    def chosen(self) -> Connection:
        """The database, of a valid form."""
        return self.connections[self.cleaned_data["connection"]]

    def parameters(self) -> list[Parameter]:
        """Those that have a kind and a value."""
        data = self.cleaned_data
        return [
            Parameter(name, ParameterKind(data[f"kind-{name}"]), data[f"value-{name}"])
            for name in self.names
            if f"kind-{name}" in data and f"value-{name}" in data
        ]
