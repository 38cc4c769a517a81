"""Forms about the databases of a team. A password goes in and never comes out."""

import re
import ssl
from typing import Any

from django import forms

from apps.datasets.database_models import DIALECTS, PORTS, TLS
from apps.engine.reading.database.statement import Dialect

_HOST = re.compile(r"[A-Za-z0-9._:-]+")


def _password(**kwargs: Any) -> forms.CharField:
    return forms.CharField(
        max_length=1_000,
        required=False,
        strip=False,
        label="Password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        **kwargs,
    )


class NameForm(forms.Form):
    """What a database is called here."""

    name = forms.CharField(max_length=80, label="Name")


class PasswordForm(forms.Form):
    """Another password for the same address."""

    password = _password()


class ConnectionForm(forms.Form):
    """A database that the team may read."""

    name = forms.CharField(
        max_length=80, label="Name", help_text="What the team calls it, for example warehouse."
    )
    dialect = forms.ChoiceField(label="Kind", choices=DIALECTS)
    host = forms.CharField(
        max_length=255,
        required=False,
        label="Host",
        help_text="Name or address of the server; a SQLite file has none.",
    )
    port = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=65_535,
        label="Port",
        help_text="Empty: 5432 for PostgreSQL, 3306 for MySQL or MariaDB.",
    )
    database = forms.CharField(
        max_length=255,
        label="Database",
        help_text="Its name on the server; for SQLite the file, inside of the folder for them.",
    )
    username = forms.CharField(
        max_length=128,
        required=False,
        label="User",
        help_text="Best one that may read what is needed and nothing else.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = _password(help_text="Kept encrypted; nobody is shown it again.")
    tls = forms.ChoiceField(label="The way to the server", choices=TLS)
    authority = forms.CharField(
        max_length=100_000,
        required=False,
        label="Certificate of the authority",
        help_text="PEM text. Empty: those that this machine trusts.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("host", "username", "password"):  # clean() tells what a server needs
            self.fields[name].quiet = True  # type: ignore[attr-defined]  # no "(optional)"

    def clean_host(self) -> str:
        """A name or an address: no path of a socket, no list of servers."""
        host: str = self.cleaned_data["host"]
        if host and not _HOST.fullmatch(host):
            raise forms.ValidationError("Give one name, such as db.example.org, or one address.")
        return host

    def clean_database(self) -> str:
        """Visible characters only."""
        database: str = self.cleaned_data["database"]
        if not database.isprintable():
            raise forms.ValidationError("The name holds characters that cannot be seen.")
        return database

    def clean_authority(self) -> str:
        """Certificates that can be read."""
        authority: str = self.cleaned_data["authority"]
        if authority:
            try:
                ssl.create_default_context(cadata=authority)
            except (ssl.SSLError, ValueError) as error:
                raise forms.ValidationError(
                    "This is no certificate in PEM form: it begins with -----BEGIN CERTIFICATE-----"
                ) from error
        return authority

    def clean(self) -> dict[str, Any]:
        """A server has a host and a user; a file has neither."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        dialect = data.get("dialect", "")
        if dialect == Dialect.SQLITE:
            return {**data, "host": "", "port": 0, "username": "", "password": "", "authority": ""}
        for name, says in (("host", "A server has a host."), ("username", "Give the user.")):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, says)
        data["port"] = data.get("port") or PORTS.get(dialect, 0)
        return data
