"""Where a database is and who asks: what a connection needs to know, and no more."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from apps.engine.errors import BadParameter
from apps.engine.reading.database.statement import Dialect


class Tls(StrEnum):
    """How the way to the server is protected."""

    VERIFIED = "verified"  # encrypted, and the server's certificate is checked
    ENCRYPTED = "encrypted"  # encrypted; whoever answers is believed
    OFF = "off"


@dataclass(frozen=True)
class Address:
    """One database. The password is kept out of ``repr``, so that no log or traceback has it."""

    dialect: Dialect
    database: str  # name; for SQLite the path of the file
    host: str = ""  # as a person wrote it: the certificate is checked against it
    ip: str = ""  # what the host was resolved to, once; nothing else is connected to
    port: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls.VERIFIED
    authority: str = ""  # certificates (PEM) to trust; "" trusts those of the system

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Address":
        """Rebuild from JSON. An unknown name or kind is a BadParameter."""
        if unknown := set(data) - {each.name for each in fields(cls)}:
            raise BadParameter(f"The address has an unknown part {sorted(unknown)[0]!r}.")
        try:
            return cls(
                **{**data, "dialect": Dialect(data["dialect"]), "tls": Tls(data.get("tls", "off"))}
            )
        except (KeyError, ValueError) as error:
            raise BadParameter("The kind of the database is not known.") from error

    def hidden(self, text: str) -> str:
        """The text without the password, should a driver ever repeat it."""
        return text.replace(self.password, "•••") if self.password else text
