"""One SELECT statement as a person wrote it: what it may hold, and its parameters.

This is the first of three walls and the one that can explain itself. The driver takes one statement
only, and the transaction is read-only (``sessions``), whatever passes here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from apps.engine.errors import BadParameter, BadQuery

MOST_CHARACTERS = 100_000
MOST_PARAMETERS = 50
_WRITES = {"INTO", "INSERT", "UPDATE", "DELETE", "MERGE", "LOCK"}


class Dialect(StrEnum):
    """Whose SQL it is."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"  # and MariaDB
    SQLITE = "sqlite"


class ParameterKind(StrEnum):
    """What the value of a parameter is."""

    TEXT = "text"
    INTEGER = "whole number"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "date and time"
    BOOLEAN = "true or false"


_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Parameter:
    """A value that is bound by the driver: it never becomes a part of the statement's text."""

    name: str
    kind: ParameterKind
    value: str

    def bound(self) -> Any:
        """As the driver takes it. Raises BadParameter when the value is not of its kind."""
        try:
            return self._read(self.value.strip())
        except (ValueError, KeyError, InvalidOperation) as error:
            raise BadParameter(
                f"The value of :{self.name} is not a {self.kind.value}: {_HINTS[self.kind]}."
            ) from error

    def _read(self, value: str) -> Any:
        if self.kind is ParameterKind.INTEGER:
            return int(value)
        if self.kind is ParameterKind.NUMBER:
            number = Decimal(value)
            if not number.is_finite():
                raise ValueError(value)
            return number
        if self.kind is ParameterKind.DATE:
            return date.fromisoformat(value)
        if self.kind is ParameterKind.DATETIME:
            return datetime.fromisoformat(value)
        if self.kind is ParameterKind.BOOLEAN:
            return _BOOLEANS[value.lower()]
        return self.value

    def as_dict(self) -> dict[str, str]:
        """JSON-ready form."""
        return {"name": self.name, "kind": self.kind.value, "value": self.value}

    @classmethod
    def from_dict(cls, data: Mapping[str, str]) -> "Parameter":
        """Rebuild from ``as_dict``."""
        return cls(data["name"], ParameterKind(data["kind"]), data["value"])


_HINTS = {
    ParameterKind.TEXT: "write any text",
    ParameterKind.INTEGER: "write digits only, such as 42",
    ParameterKind.NUMBER: "write it with a point, such as 12.5",
    ParameterKind.DATE: "write it as 2024-12-31",
    ParameterKind.DATETIME: "write it as 2024-12-31 23:59:58",
    ParameterKind.BOOLEAN: "write true or false",
}

_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\""
_ESCAPED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\""
_SKIPPED = {  # what holds neither words nor parameters: texts, quoted names, comments
    Dialect.POSTGRESQL: (
        r"(?<!\w)[eE]'(?:[^'\\]|\\.|'')*'|" + _QUOTED + r"|(?<![\w$])\$(?P<tag>[^\W\d]\w*|)\$"
        r".*?\$(?P=tag)\$|--[^\n]*"
    ),
    Dialect.MYSQL: _ESCAPED + r"|`(?:[^`]|``)*`|--(?=\s|$)[^\n]*|\#[^\n]*|/\*.*?\*/",
    Dialect.SQLITE: _QUOTED + r"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/",
}
_REST = (
    r"|(?P<cast>::)|(?<![\w:\])]):(?P<parameter>[A-Za-z_]\w{0,62})|(?P<word>[^\W\d][\w$]*)"
    r"|(?P<end>;)|(?P<open>/\*|['\"`$])|(?P<space>\s+)|(?P<other>.)"
)
_TOKENS = {
    dialect: re.compile(f"(?P<skipped>{skipped}){_REST}", re.DOTALL)
    for dialect, skipped in _SKIPPED.items()
}
_NESTED = re.compile(r"/\*|\*/")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


@dataclass(frozen=True)
class Statement:
    """A statement that was looked at."""

    dialect: Dialect
    tokens: tuple[_Token, ...]
    parameters: tuple[str, ...]  # names, each once, in order

    def for_driver(self) -> str:
        """The text with the driver's own marks for parameters, and nothing else changed."""
        if self.dialect is Dialect.SQLITE:
            return "".join(token.text for token in self.tokens)
        return "".join(
            f"%({token.text[1:]})s" if token.kind == "parameter" else token.text.replace("%", "%%")
            for token in self.tokens
        )


def look_at(sql: str, dialect: Dialect) -> Statement:
    """Take a text apart.

    Raises
    ------
    BadQuery
        Unless it is one SELECT (or WITH … SELECT) that writes nothing. What stands in quotes or
        comments is never taken for a word of the statement.
    """
    sql = sql.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not sql:
        raise BadQuery("There is no query: write a SELECT statement.")
    if len(sql) > MOST_CHARACTERS:
        raise BadQuery(f"The query has more than {MOST_CHARACTERS:,} characters: shorten it.")
    if "\0" in sql:
        raise BadQuery("The query holds a NUL character: remove it.")
    tokens = _one(_tokens(sql, dialect))
    _refuse_writing(tokens)
    names = tuple(dict.fromkeys(each.text[1:] for each in tokens if each.kind == "parameter"))
    if len(names) > MOST_PARAMETERS:
        raise BadQuery(f"The query has more than {MOST_PARAMETERS} parameters.")
    return Statement(dialect, tuple(tokens), names)


def _tokens(sql: str, dialect: Dialect) -> list[_Token]:
    found, at = [], 0
    while at < len(sql):
        if dialect is Dialect.POSTGRESQL and sql.startswith("/*", at):
            end = _end_of_comment(sql, at)
            found.append(_Token("skipped", sql[at:end]))
            at = end
            continue
        match = _TOKENS[dialect].match(sql, at)
        assert match is not None, "every character is some token"
        kind, text = str(match.lastgroup), match.group()
        kind = "skipped" if kind == "tag" else kind
        if kind == "open" and text != "$":
            raise BadQuery(f"A {text} that opens in the query is never closed.")
        if dialect is Dialect.MYSQL and re.match(r"/\*M?!", text):
            raise BadQuery("A comment that MySQL would run (/*! … */) is not allowed: remove it.")
        found.append(_Token(kind, text))
        at = match.end()
    return found


def _end_of_comment(sql: str, at: int) -> int:
    """PostgreSQL's comments may hold comments."""
    depth = 0
    for mark in _NESTED.finditer(sql, at):
        depth += 1 if mark.group() == "/*" else -1
        if not depth:
            return mark.end()
    raise BadQuery("A /* that opens in the query is never closed.")


def _one(tokens: list[_Token]) -> list[_Token]:
    """Without the semicolon at the end; refused when something follows one."""
    ends = [at for at, token in enumerate(tokens) if token.kind == "end"]
    if not ends:
        return tokens
    after = [token for token in tokens[ends[0] + 1 :] if token.kind not in ("end", "space")]
    if any(not _is_comment(token) for token in after):
        raise BadQuery("Only one statement may be given: remove what follows the semicolon.")
    return tokens[: ends[0]]


def _is_comment(token: _Token) -> bool:
    return token.kind == "skipped" and token.text.startswith(("--", "#", "/*"))


def _refuse_writing(tokens: list[_Token]) -> None:
    told = [token for token in tokens if token.kind != "space" and not _is_comment(token)]
    begin = next((token for token in told if token.text != "("), None)
    if begin is None or begin.text.upper() not in ("SELECT", "WITH"):
        raise BadQuery("Only a SELECT statement may be given (it may begin with WITH).")
    for at, token in enumerate(told):
        word = token.text.upper()
        if token.kind != "word" or word not in _WRITES or told[at - 1].text == ".":
            continue
        is_call = at + 1 < len(told) and told[at + 1].text == "("  # such as MySQL's INSERT()
        if not is_call or word == "INTO":
            raise BadQuery(
                f"The query holds the word {word}, which writes or locks: only reading is "
                "allowed. A column of that name has to stand in quotes."
            )
