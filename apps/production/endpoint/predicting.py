"""A predict request from its bytes to its reply, whether Django's view or the hot path asks.

Token, limit of calls, release, body, check, score, a line in the log of calls, reply. In a warm
process nothing of it asks the database, unless the caller gives the predictions ids.
"""

import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from apps.engine.serving.fallback import Rule
from apps.engine.serving.payload import Asked, BadPayload, parse_call
from apps.engine.serving.reasons import MOST_ROWS
from apps.production.endpoint import serving
from apps.production.endpoint.ids import new_id
from apps.production.endpoint.keeping import is_row_of, kept_rows, seal_of
from apps.production.endpoint.replies import Reply, busy, crashed, refused, unlogged
from apps.production.endpoint.serving import Answer
from apps.production.endpoint.sharing import Shared, in_order, in_the_callers_order, shared_out
from apps.production.endpoint.standing import Standing
from apps.production.log.segments import WRITER
from apps.production.log.taking import take_up
from apps.production.models import ApiToken, Prediction, Release
from apps.production.refusals import ApiRefusal

LOG = logging.getLogger(__name__)
Environ = Mapping[str, Any]


def reply_to(environ: Environ, *, slug: str) -> Reply:
    """The reply to a predict request, given as WSGI gives it. Every refusal is JSON."""
    try:
        require_method(environ, "POST")
        token = serving.authenticate(environ.get("HTTP_AUTHORIZATION", ""), slug=slug)
        return Reply(200, _answered(environ, token))
    except ApiRefusal as refusal:
        return refused(refusal)
    except DatabaseError:
        LOG.exception("A request to the endpoint %s met a database that did not work", slug)
        return refused(busy())
    except OSError:
        LOG.exception("A call of the endpoint %s could not be logged", slug)
        return refused(unlogged())
    except Exception:
        crash = crashed()
        LOG.exception("A request to the endpoint %s failed (%s)", slug, crash.reference)
        return refused(crash)


def _answered(environ: Environ, token: ApiToken) -> bytes:
    """The body of a good reply, once the call is in the log; so is each call that fails."""
    began = time.perf_counter()
    by = None
    try:
        standing = serving.standing_for(token.deployment)
        release = serving.release_of(standing)
        by = None if standing.rule else release
        asked = _parsed(body_of(environ))
        serving.limit_rows(token, len(asked.rows))
        if standing.canary is None:
            parts = [_part(release, asked, began=began, rule=standing.rule)]
            shared = None
        else:
            parts, shared = _shared(token, standing, asked, began=began)
        body = _body(token, parts, shared)
    except ApiRefusal as refusal:
        _log(token, by, ms=_ms(began), refusal=refusal)
        raise
    except (DatabaseError, OSError):
        raise
    except Exception as error:
        crash = crashed()
        LOG.exception("A call of the endpoint %s failed (%s)", token.deployment, crash.reference)
        _log(token, by, ms=_ms(began), refusal=crash)
        raise crash from error
    at = timezone.now()  # one moment for all parts of a call
    for part in parts:
        _log(token, part.told.by, ms=part.ms, at=at, told=part.told, predictions=part.logged)
    return body


@dataclass(frozen=True)
class Part:
    """What one release answered of a call: all of it, or its share beside a canary."""

    told: Answer
    logged: bytes  # the predictions as JSON: without reasons, which tell values of the row
    sent: bytes
    ms: float


def _ms(began: float) -> float:
    return 1000 * (time.perf_counter() - began)


def _part(release: Release, asked: Asked, *, began: float, rule: Rule | None = None) -> Part:
    """What is asked, answered by one release. ``began``: since when its milliseconds count."""
    told = (
        serving.answer(release, asked.rows, rule=rule)
        if asked.ids is None
        else _named(release, asked.rows, asked.ids, rule)
    )
    logged = sent = orjson.dumps(told.predictions)
    if asked.reasons:
        serving.give_reasons(told)
        sent = orjson.dumps(told.predictions)
    return Part(told, logged, sent, _ms(began))


def _shared(
    token: ApiToken, standing: Standing, asked: Asked, *, began: float
) -> tuple[list[Part], Shared | None]:
    """The parts of a call beside a canary, and what is sent back where both answered.

    Whatever the canary cannot answer the release does: a canary costs no caller an answer.
    """
    release, canary = serving.release_of(standing), standing.canary
    if asked.ids is not None:
        _keys(asked.ids, len(asked.rows))
    theirs, ours = shared_out(standing, asked.rows, asked.ids)
    before_s = time.perf_counter() - began  # reading counts for both
    if not theirs or canary is None:
        return [_part(release, asked, began=began)], None
    part = _tried(canary, asked.at(theirs), began=began)
    again = time.perf_counter() - before_s
    if isinstance(part, ApiRefusal):
        whole = _part(release, asked, began=again)
        _log(token, canary, ms=_ms(began), refusal=part)  # no row was wrong, the canary was
        return [whole], None
    if not ours:
        return [part], None
    try:
        rest = _part(release, asked.at(ours), began=again)
    except ApiRefusal as refusal:
        raise in_the_callers_order(refusal, ours) from refusal
    return [rest, part], in_order(rest.told, ours, part.told, theirs)


def _tried(canary: Release, asked: Asked, *, began: float) -> Part | ApiRefusal:
    """The canary's answers, or why it has none."""
    try:
        return _part(canary, asked, began=began)
    except (DatabaseError, OSError):
        raise
    except ApiRefusal as refusal:
        return refusal
    except Exception:
        crash = crashed()
        LOG.exception("The canary %s failed on a call (%s)", canary, crash.reference)
        return crash


def head_of(release: Release, *, slug: str) -> dict[str, Any]:
    """What a reply says of who answers."""
    head: dict[str, Any] = {
        "endpoint": slug,
        "release": release.number,
        "model": release.candidate.model,
    }
    return head if release.level is None else {**head, "quantile": release.level}


def _body(token: ApiToken, parts: list[Part], shared: Shared | None) -> bytes:
    """The whole reply. Its release is that of the first part; other answers name their own."""
    told = parts[0].told
    head = orjson.dumps(head_of(told.release, slug=token.deployment.slug))
    predictions = orjson.dumps(shared.predictions) if shared else parts[0].sent
    warnings = orjson.dumps(shared.warnings if shared else told.warnings)
    return b'%b, "predictions": %b, "warnings": %b}' % (head[:-1], predictions, warnings)


def _parsed(raw: bytes) -> Asked:
    try:
        asked = parse_call(raw)
    except BadPayload as error:
        raise ApiRefusal(400, error.code, str(error)) from error
    if asked.reasons and len(asked.rows) > MOST_ROWS:
        says = f"Reasons are told of at most {MOST_ROWS} rows at once."
        raise ApiRefusal(413, "too_many_reasons", says)
    return asked


def _named(release: Release, rows: list[Any], ids: list[Any], rule: Rule | None) -> Answer:
    """Answers under ids that the caller gave; an id that is known gets its first answer again."""
    checked = serving.checked_rows(release, rows)
    keys = _keys(ids, len(rows))
    known = _known(release, keys, checked.rows)
    fresh = [row for key, row in zip(keys, checked.rows, strict=True) if key not in known]
    told, warnings = serving.answers(release, fresh, rule) if fresh else ([], [])
    following = iter(told)
    predictions = [
        {"id": str(key), **(known[key] if key in known else next(following))} for key in keys
    ]
    said = [*checked.warnings, *warnings]
    return Answer(release, checked.rows, predictions, said, bool(rule), is_named=True)


def _keys(ids: list[Any], rows: int) -> list[uuid.UUID]:
    if len(ids) != rows:
        raise ApiRefusal(422, "bad_id", f"{rows:,} rows came with {len(ids):,} ids: one each.")
    keys: dict[uuid.UUID, int] = {}
    for number, text in enumerate(ids, start=1):
        try:
            key = uuid.UUID(text) if isinstance(text, str) else None
        except ValueError:
            key = None
        if key is None or key in keys:
            says = (
                "An id is a UUID as text." if key is None else f"Row {keys[key]} has this id too."
            )
            raise _of_row(422, "bad_id", number, says)
        keys[key] = number
    return list(keys)


def _known(
    release: Release, keys: list[uuid.UUID], rows: list[dict[str, Any]]
) -> dict[uuid.UUID, dict[str, Any]]:
    """Answers that the ids already have. Refuses an id that was given to another row."""
    take_up()  # what was answered a moment ago counts
    found = {
        item.pk: item for item in Prediction.objects.filter(pk__in=keys).select_related("release")
    }
    told, keeping = {}, serving.keeping_for(release)
    for number, (key, row) in enumerate(zip(keys, rows, strict=True), start=1):
        item = found.get(key)
        if item is None:
            continue
        if not item.row:
            says = "This id was answered before; its inputs are no longer kept. Take a new one."
            raise _of_row(409, "id_taken", number, says)
        is_mine = item.deployment_id == release.deployment_id
        if not is_mine or not is_row_of(item, row, keeping):
            raise _of_row(
                409, "id_taken", number, "This id is that of another row: take a new one."
            )
        told[key] = {"prediction": item.prediction, "probabilities": item.probabilities}
        if item.release_id != release.pk:  # it answered before a switch, or a rule did
            told[key]["release"] = item.release.number if item.release else None
    return told


def _of_row(status: int, code: str, number: int, says: str) -> ApiRefusal:
    error = {"row": number, "field": None, "code": code, "message": says}
    return ApiRefusal(status, code, says, errors=[error])


def _log(
    token: ApiToken,
    by: Release | None,
    *,
    ms: float,
    at: datetime | None = None,
    told: Answer | None = None,
    predictions: bytes = b"[]",
    refusal: ApiRefusal | None = None,
) -> None:
    """Append the call to the log. Raises OSError: then it must not be answered.

    ``by``: the release that answered or refused; None where a rule did, or nothing answers.
    """
    rows: dict[str, Any] = _written(told) if told else {"rows": []}
    head = orjson.dumps(
        {
            "call": new_id(),
            "deployment": token.deployment_id,
            "release": by.pk if by else None,
            "token": token.pk,
            "status": refusal.status if refusal else 200,
            "error": refusal.code if refusal else "",
            "count": len(told.rows) if told else 0,
            "ms": ms,
            "at": at or timezone.now(),
            **rows,
        }
    )
    WRITER.append(b'%b, "predictions": %b}' % (head[:-1], predictions))


def _written(told: Answer) -> dict[str, Any]:
    """The rows as they are kept, and what those are known again by that are not kept whole."""
    keeping = serving.keeping_for(told.release)
    rows = kept_rows(told.rows, keeping)
    if told.is_named and keeping.how:
        rows["seals"] = [seal_of(row) for row in told.rows]
    return rows


def require_method(environ: Environ, method: str) -> None:
    """Refuse every other method, naming the right one."""
    if environ["REQUEST_METHOD"] != method:
        raise ApiRefusal(405, "method", f"Use {method} here.", headers={"Allow": method})


def body_of(environ: Environ) -> bytes:
    """The bytes of the body: never more are read than the limit and one."""
    if environ.get("HTTP_CONTENT_ENCODING"):
        raise ApiRefusal(415, "encoding", "Compressed bodies are not taken: send plain JSON.")
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiRefusal(415, "content_type", "Send the header Content-Type: application/json.")
    length, limit = environ.get("CONTENT_LENGTH") or "", settings.PREDICT_BYTES
    is_told = length.isdecimal()
    if is_told and int(length) > limit:
        raise _too_large()
    # A body sent in chunks has no length.
    most = int(length) if is_told else limit + 1
    if not is_told and "HTTP_TRANSFER_ENCODING" not in environ:
        most = 0
    try:
        raw: bytes = environ["wsgi.input"].read(most)
    except OSError as error:
        raise _broken_off() from error
    if len(raw) > limit:
        raise _too_large()
    if is_told and len(raw) < most:
        raise _broken_off()
    return raw


def _too_large() -> ApiRefusal:
    return ApiRefusal(
        413, "too_large", f"The body has more than {settings.PREDICT_BYTES // 1024**2} MB."
    )


def _broken_off() -> ApiRefusal:
    return ApiRefusal(400, "broken_off", "The body ended before it was complete.")
