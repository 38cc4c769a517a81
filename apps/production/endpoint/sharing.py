"""The rows of a call between a release and its canary: who answers which, and back in order."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.engine.serving.share import bucket, key_of
from apps.production.endpoint.serving import Answer
from apps.production.endpoint.standing import Standing
from apps.production.refusals import ApiRefusal


def shared_out(
    standing: Standing, rows: list[Any], ids: list[Any] | None
) -> tuple[list[int], list[int]]:
    """Places of the rows that the canary answers, and of the others."""
    assert standing.canary is not None, "asked for with a canary only"
    if len(rows) > settings.PREDICT_ROWS:
        return [], []  # the release refuses them, in words
    share, column = standing.terms["share"], standing.terms.get("column", "")
    salt = standing.canary.content_hash
    theirs, ours = [], []
    for place, row in enumerate(rows):
        is_row = isinstance(row, dict)  # what is no object is refused by the release, in words
        given = str(ids[place]) if ids else ""
        key = key_of(row, column=column, given=given) if is_row else ""
        (theirs if is_row and bucket(key, salt=salt) < share else ours).append(place)
    return theirs, ours


@dataclass(frozen=True)
class Shared:
    """What is sent back of a call that two releases answered, in the caller's order."""

    predictions: list[dict[str, Any]]
    warnings: list[dict[str, Any]]


def in_order(rest: Answer, ours: list[int], part: Answer, theirs: list[int]) -> Shared:
    """Predictions of both in the caller's order, those of the canary naming it."""
    found: dict[int, dict[str, Any]] = dict(zip(ours, rest.predictions, strict=True))
    for place, told in zip(theirs, part.predictions, strict=True):
        found[place] = {"release": part.release.number, **told}
    warnings = _renumbered(rest.warnings, ours) + _renumbered(part.warnings, theirs)
    return Shared([found[place] for place in sorted(found)], warnings)


def in_the_callers_order(refusal: ApiRefusal, places: list[int]) -> ApiRefusal:
    """The same refusal, with the caller's numbers of rows."""
    return ApiRefusal(
        refusal.status,
        refusal.code,
        refusal.message,
        errors=_renumbered(refusal.errors, places),
        headers=refusal.headers,
    )


def _renumbered(notes: list[dict[str, Any]], places: list[int]) -> list[dict[str, Any]]:
    return [
        {**note, "row": places[note["row"] - 1] + 1} if note.get("row") else note for note in notes
    ]
