"""What of a call is written down: of sensitive inputs a bin or nothing, from the first byte on.

A mark in the plan and the class "personal" keep the bin of a value, the class "secret" keeps
nothing. The release takes these with it when it is built; a class that is given later holds too,
in every process within a few seconds. One that is taken back changes nothing of a built release.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson

from apps.engine.monitoring.keeping import Keep, Keeping
from apps.engine.recipe.lineage import origins
from apps.engine.serving.columns import Columns
from apps.planning.queries import secret_columns, sensitive_columns
from apps.production.models import Prediction, Release
from apps.projects.keys import for_pseudonyms

_WORDS = {
    Keep.BIN: "only which bin of the drift reference it lies in",
    Keep.NOTHING: "nothing, so its drift is not measured",
}


def keeping_of(release: Release) -> Keeping:
    """How the inputs of a release are kept. Asks the database; requests remember the answer."""
    how = {name: Keep(word) for name, word in release.served_with.get("keeps", {}).items()}
    how |= how_of(release, but={name for name, word in how.items() if word is Keep.NOTHING})
    return Keeping(how, release.report.get("sketch", {}))


def how_of(release: Release, *, but: Collection[str] = ()) -> dict[str, Keep]:
    """By today's plan and classes: columns of a request that are not kept as they come.

    A column of a request from which the recipe makes a sensitive one is as sensitive.
    """
    names = [item["name"] for item in release.contract.get("fields", [])]
    sensitive = sensitive_columns(release.cycle)
    secret = secret_columns(release.cycle.project_id)
    if not sensitive:
        return {}
    behind = origins(names, release.steps)
    found: dict[str, Keep] = {}
    for words, keep in ((sensitive, Keep.BIN), (secret, Keep.NOTHING)):
        for word in words:
            found |= dict.fromkeys((*behind.get(word, ()), word), keep)
    return {name: keep for name, keep in found.items() if name in names and name not in but}


def says_of(keeping: Keeping) -> list[tuple[str, str]]:
    """Name and words of each column that is not kept as it came, for people."""
    return [(name, _WORDS[keep]) for name, keep in sorted(keeping.how.items())]


def kept_rows(rows: Columns | Sequence[Mapping[str, Any]], keeping: Keeping) -> dict[str, Any]:
    """The rows of a call as its line in the log has them: by columns or one by one."""
    if isinstance(rows, Columns):
        return {"columns": keeping.columns(rows.values) if keeping.how else rows.values}
    return {"rows": [keeping.row(row) for row in rows] if keeping.how else rows}


def seal_of(row: Mapping[str, Any]) -> str:
    """What a whole row is known again by where it is not kept whole: 32 hexadecimal digits.

    HMAC-SHA256 (RFC 2104) under a key outside the database, so that who reads the database cannot
    try values. Only for rows to which the caller gave an id.
    """
    key = hmac.new(for_pseudonyms(), b"rows of calls", hashlib.sha256).digest()
    told = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    return hmac.new(key, told, hashlib.sha256).hexdigest()[:32]


def is_row_of(item: Prediction, row: Mapping[str, Any], keeping: Keeping) -> bool:
    """Whether a kept answer is one about this very row."""
    if item.seal:
        return hmac.compare_digest(item.seal, seal_of(row))
    return item.row in (jsonable(row), jsonable(keeping.row(row)))


def jsonable(row: Mapping[str, Any]) -> dict[str, Any]:
    """A checked row as it is kept."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row.items()
    }
