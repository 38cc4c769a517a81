"""Columns that look like personal data: by their name and by the form of their values."""

import re
from collections.abc import Iterator

from apps.engine.profile.issues.issue import Issue, Suggestion, leave_out
from apps.engine.profile.issues.texts import Values
from apps.engine.splitting.entities import BIRTH_WORDS, words_of

LEAST_SHARE = 0.5
_FORMS: tuple[tuple[str, "re.Pattern[str]"], ...] = (
    ("e-mail addresses", re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")),
    (
        "phone numbers",
        re.compile(r"(\+|00)[0-9][0-9 ()/.-]{6,18}|\(?0[0-9]{1,4}\)?[ /-][0-9 -]{5,}"),
    ),
    (
        "account numbers (IBAN)",
        re.compile(r"[A-Z]{2}[0-9]{2}( ?[A-Z0-9]{4}){3,7}( ?[A-Z0-9]{1,3})?"),
    ),
    ("card numbers", re.compile(r"[0-9]{4}([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}")),
    ("network addresses", re.compile(r"((25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})(\.(?!$)|$)){4}")),
    ("US social security numbers", re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}")),
)
_NAMES: tuple[tuple[str, frozenset[str]], ...] = (
    ("e-mail addresses", frozenset({"email", "mail"})),
    ("phone numbers", frozenset({"phone", "telephone", "mobile", "fax"})),
    ("names of people", frozenset({"firstname", "lastname", "surname", "forename", "fullname"})),
    ("addresses", frozenset({"address", "street", "postcode", "zip", "zipcode"})),
    ("official numbers", frozenset({"ssn", "passport", "iban"})),
    ("dates of birth", BIRTH_WORDS),
)
_PAIRS = (frozenset({"first", "name"}), frozenset({"last", "name"}), frozenset({"full", "name"}))
MOST_LEVELS = 3
"""A column called address that holds U and R is a code, not an address."""


def personal_issues(
    name: str, *, values: Values | None, distinct: int, filled: int
) -> Iterator[Issue]:
    """One issue when a column holds personal data by its form, or by its name.

    ``values``: its different texts, None when it holds none. O(different values).
    """
    form, rows = _form(values) if values else ("", 0)
    what = form or (_named(name) if distinct > MOST_LEVELS else "")
    if not what:
        return
    by = "the form of its values" if form else "its name"
    yield Issue(
        "personal",
        "Personal data",
        "medium",
        rows or filled,
        f"By {by} it holds {what}.",
        "Nobody needs it to learn from, and each copy can be lost. A pseudonym still joins.",
        column=name,
        suggests=(
            Suggestion("Replace by pseudonyms", "pseudonymise", {"columns": [name]}),
            leave_out(name),
        ),
    )


def _form(values: Values) -> tuple[str, int]:
    for what, form in _FORMS:
        fits = [form.fullmatch(word.strip()) is not None for word in values.words]
        rows = values.where(fits).filled
        if rows and rows >= LEAST_SHARE * values.filled:
            return what, rows
    return "", 0


def _named(name: str) -> str:
    words = words_of(name)
    plain = re.sub(r"[^a-z]", "", name.lower())
    if any(pair <= words for pair in _PAIRS):
        return "names of people"
    return next((what for what, known in _NAMES if words & known or plain in known), "")
