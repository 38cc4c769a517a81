"""Column names: unique, present and honest. Every name that is changed is reported."""

import unicodedata
from collections.abc import Sequence

from apps.engine.errors import BadFile
from apps.engine.reading.options import Limits


def own_names(raw: Sequence[str], *, limits: Limits) -> tuple[list[str], dict[str, str], list[str]]:
    """Unique names for a header.

    A blank name becomes "column 3"; the second of two equal names gets " (2)". A name that is
    already good is never changed to make room for another.

    Returns
    -------
    names : list of str, in order
    renamed : dict
        Old name and its place, such as "a [3]" or "(blank) [2]", to new name.
    warnings : list of str
        Names that differ only by case, spaces or Unicode form, or hold invisible characters.

    Raises
    ------
    BadFile
        On too many columns, or a name that is longer than the limit.
    """
    if len(raw) > limits.columns:
        raise BadFile(
            f"The file has {len(raw):,} columns and the limit is {limits.columns:,}: "
            "leave out those that are not needed."
        )
    for place, name in enumerate(raw, start=1):
        if len(name) > limits.name_characters:
            raise BadFile(
                f"The name of column {place} has {len(name):,} characters and the limit is "
                f"{limits.name_characters}: shorten it."
            )
    taken = {name for name in raw if name.strip()}
    names: list[str] = []
    renamed: dict[str, str] = {}
    used: set[str] = set()
    for place, name in enumerate(raw, start=1):
        new = name
        if not name.strip() or name in used:
            stem = name if name.strip() else f"column {place}"
            new = _free(stem, taken=taken | used)
            renamed[f"{name.strip() or '(blank)'} [{place}]"] = new
        used.add(new)
        names.append(new)
    return names, renamed, _doubts(names)


def _free(stem: str, *, taken: set[str]) -> str:
    name, number = stem, 2
    while name in taken:
        name = f"{stem} ({number})"
        number += 1
    return name


def _doubts(names: Sequence[str]) -> list[str]:
    doubts = []
    first: dict[str, str] = {}
    for name in names:
        alike = " ".join(unicodedata.normalize("NFC", name).casefold().split())
        if alike in first:
            doubts.append(
                f"The columns {first[alike]!r} and {name!r} differ only by case, spaces or "
                "Unicode form."
            )
        first.setdefault(alike, name)
        if any(unicodedata.category(letter) in ("Cc", "Cf") for letter in name):
            doubts.append(f"The column name {name!a} holds characters that cannot be seen.")
    return doubts
