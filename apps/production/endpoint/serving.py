"""Who calls, what serves, the answer. Models are shared between requests.

What a process knows (tokens, releases) is at most ``FRESH_S`` seconds old: a revocation or a
withdrawn signature takes effect within that time everywhere. After ``RENEW_S`` one request looks
anew while the others go on with what is known, so that they do not wait for the database.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.engine.errors import EngineError
from apps.engine.monitoring.keeping import Keeping
from apps.engine.serving.columns import LEAST_ROWS, Columns, check_columns
from apps.engine.serving.contract import Checked, check_rows
from apps.engine.serving.fallback import Rule
from apps.engine.serving.reasons import reasons_of
from apps.engine.serving.score import Answered, RowRefused, Scorer
from apps.production.endpoint.ids import new_ids
from apps.production.endpoint.keeping import jsonable, keeping_of
from apps.production.endpoint.loaded import Models, NotLoaded
from apps.production.endpoint.standing import Standing, answering
from apps.production.models import ApiToken, Call, Deployment, Prediction, Release
from apps.production.refusals import ApiRefusal

FRESH_S = 5.0
RENEW_S = 3.0


@dataclass
class Known:
    """What this process remembers for a few seconds, and the models it has loaded."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: dict[Any, tuple[float, Any]] = field(default_factory=dict)
    models: Models = field(default_factory=Models)
    used: dict[tuple[str, int], tuple[float, int]] = field(default_factory=dict)
    renewing: set[Any] = field(default_factory=set)

    def fresh(self, key: Any, find: Callable[[], Any]) -> Any:
        """The remembered value, found again when it is older than RENEW_S; never above FRESH_S."""
        at, value = self.seen.get(key, (-FRESH_S, None))
        age_s = time.monotonic() - at
        if age_s < RENEW_S or (age_s < FRESH_S and not self._is_mine(key)):
            return value
        began = time.monotonic()
        try:
            value = find()
        except DatabaseError:
            if age_s >= FRESH_S:
                raise
            return value
        else:
            if len(self.seen) > 10_000:
                self.seen.clear()
            self.seen[key] = (began, value)
            return value
        finally:
            self.renewing.discard(key)

    def has(self, key: Any) -> bool:
        """Whether ``fresh`` would answer from memory, with a second to spare."""
        age_s = time.monotonic() - self.seen.get(key, (-FRESH_S, None))[0]
        return age_s < RENEW_S or (age_s < FRESH_S - 1 and key in self.renewing)

    def _is_mine(self, key: Any) -> bool:
        """Whether this request is the one that looks anew."""
        with self.lock:
            if key in self.renewing:
                return False
            self.renewing.add(key)
            return True

    def forget(self) -> None:
        """Start anew; for tests."""
        self.seen.clear()
        self.models.forget()
        self.used.clear()


KNOWN = Known()


def _find_token(sha256: str) -> ApiToken | None:
    return (
        ApiToken.objects.filter(sha256=sha256, revoked_at=None).select_related("deployment").first()
    )


def token_key(header: str) -> tuple[str, str] | None:
    """Under what the token of a header is known; None where the header carries none."""
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        return None
    return "token", hashlib.sha256(secret.strip().encode()).hexdigest()


def known_token(header: str) -> ApiToken:
    """The token that a header carries, whatever it opens."""
    key = token_key(header)
    if key is None:
        raise ApiRefusal(
            401,
            "no_token",
            "Send the endpoint's token in the header Authorization: Bearer …",
            headers={"WWW-Authenticate": "Bearer"},
        )
    token = KNOWN.fresh(key, lambda: _find_token(key[1]))
    if token is None or (token.expires_at and token.expires_at < timezone.now()):
        raise ApiRefusal(
            401,
            "bad_token",
            "The token is not known, has expired or was revoked.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return token


def authenticate(header: str, *, slug: str) -> ApiToken:
    """The token of this very endpoint. A token of another endpoint learns nothing: 404."""
    token = known_token(header)
    if token.deployment.slug != slug or token.deployment.retired_at:
        raise ApiRefusal(404, "no_endpoint", "There is no such endpoint.")
    most = token.calls_per_minute or settings.PREDICT_CALLS_PER_MINUTE
    _limit(("calls", token.pk), 1, most, "This token called too often.")
    return token


def limit_rows(token: ApiToken, rows: int) -> None:
    """Count the rows of a call against what its token may send in a minute.

    A call that alone has more is taken in an unused minute: how many rows a call may have is
    another limit, and whoever waits as told must not wait for ever.
    """
    most = token.rows_per_minute or settings.PREDICT_ROWS_PER_MINUTE
    _limit(("rows", token.pk), rows, most, f"This token sent more than {most:,} rows in a minute.")


def _limit(key: tuple[str, int], amount: int, most: int, says: str) -> None:
    """What one token uses of this process in a minute; the rest waits and is not counted."""
    now = time.monotonic()
    with KNOWN.lock:
        since, used = KNOWN.used.get(key, (now, 0))
        if now - since >= 60:
            since, used = now, 0
        is_over = used > 0 and used + amount > most
        KNOWN.used[key] = (since, used if is_over else used + amount)
    if is_over:
        raise ApiRefusal(
            429,
            "too_many_calls" if key[0] == "calls" else "rows_a_minute",
            f"{says} Wait and send the call again.",
            headers={"Retry-After": str(int(61 - (now - since)))},
        )


def standing_for(deployment: Deployment) -> Standing:
    """What answers at the endpoint, as this process knows it."""
    return KNOWN.fresh(("standing", deployment.pk), lambda: answering(deployment))


def release_for(deployment: Deployment) -> Release:
    """The release whose contract holds now, or an ApiRefusal that says why nothing answers."""
    return release_of(standing_for(deployment))


def release_of(standing: Standing) -> Release:
    """The release whose contract holds then, or an ApiRefusal that says why nothing answers."""
    if standing.release is None:
        raise ApiRefusal(
            409,
            "not_signed",
            "No release of this endpoint is signed at the production gate, so it does not answer.",
        )
    if standing.stopped:
        raise ApiRefusal(503, "stopped", f"This endpoint was stopped: {standing.stopped}")
    return standing.release


def scorer_for(release: Release) -> Scorer:
    """The loaded scorer of a release, or an ApiRefusal that says why there is none."""
    try:
        return KNOWN.models.scorer(release)
    except NotLoaded as reason:
        raise ApiRefusal(503, reason.code, str(reason)) from reason


def keeping_for(release: Release) -> Keeping:
    """What is written down of a release's inputs, as this process knows it."""
    return KNOWN.fresh(("keeping", release.pk), lambda: keeping_of(release))


@dataclass(frozen=True)
class Answer:
    """What is sent back, and what is logged. ``is_named``: the caller gave the rows ids."""

    release: Release
    rows: Columns | list[dict[str, Any]]
    predictions: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    by_rule: bool = False
    is_named: bool = False

    @property
    def by(self) -> Release | None:
        """Whose answers these are; None: the fallback's rule answered, the model did not."""
        return None if self.by_rule else self.release


def answer_as(standing: Standing, rows: list[Any]) -> Answer:
    """Answer rows as it stands, or raise the ApiRefusal that says why nothing answers."""
    return answer(release_of(standing), rows, rule=standing.rule)


def answer(release: Release, rows: list[Any], *, rule: Rule | None = None) -> Answer:
    """Check and score the rows of one request; all or nothing. A rule answers in its place."""
    if rule is None and (many := _by_columns(release, rows)) is not None:
        return many
    checked = checked_rows(release, rows)
    told, warnings = answers(release, checked.rows, rule)
    predictions = [{"id": key, **row} for key, row in zip(new_ids(len(told)), told, strict=True)]
    return Answer(release, checked.rows, predictions, [*checked.warnings, *warnings], bool(rule))


def _by_columns(release: Release, rows: list[Any]) -> Answer | None:
    """Many rows answered by columns; None: they are few, or something is to be said of them."""
    if not LEAST_ROWS <= len(rows) <= settings.PREDICT_ROWS:
        return None
    scorer = scorer_for(release)
    if scorer.many is None or len(rows) <= scorer.compiled_rows:
        return None
    checked = check_columns(rows, scorer.contract)
    if checked is None:
        return None
    columns, said = checked
    with suppress(EngineError):  # whatever it is unsure of or refuses is decided row by row
        told, warnings = scorer.predict_columns(columns, ids=new_ids(len(columns)))
        return Answer(release, columns, told, [*said.warnings, *warnings])
    return None


def answers(release: Release, rows: list[dict[str, Any]], rule: Rule | None) -> Answered:
    """Answers of checked rows and warnings, by the model or by the rule in its place."""
    if rule is None:
        return scored(release, rows)
    says = f"The model does not answer now; a simple rule does in its place. {rule.says}"
    warning = {"row": None, "field": None, "code": "fallback", "message": says}
    return [{"prediction": rule.answer(row), "probabilities": None} for row in rows], [warning]


def give_reasons(told: Answer) -> None:
    """Put the reasons into the release's answers; those of a rule or another release have none."""
    scorer = scorer_for(told.release)
    for row, answered in zip(told.rows, told.predictions, strict=True):
        if not told.by_rule and "release" not in answered:
            answered["reasons"] = [
                {**reason, **jsonable({name: reason[name] for name in ("value", "usual")})}
                for reason in reasons_of(scorer, row)
            ]


def checked_rows(release: Release, rows: list[Any]) -> Checked:
    """Rows in the contract's types with their warnings, or an ApiRefusal that tells every error."""
    scorer = scorer_for(release)
    checked = check_rows(rows, scorer.contract, most_rows=settings.PREDICT_ROWS)
    if checked.errors:
        first = checked.errors[0]
        status = 413 if first["code"] == "too_many_rows" else 422
        raise ApiRefusal(status, first["code"], first["message"], errors=checked.errors)
    return checked


def scored(release: Release, rows: list[dict[str, Any]]) -> Answered:
    """Answers of checked rows and warnings, or an ApiRefusal of a step of the recipe."""
    try:
        return scorer_for(release).predict(rows)
    except EngineError as error:
        row = error.row if isinstance(error, RowRefused) else None
        told_error = {"row": row, "field": None, "code": "step", "message": str(error)}
        raise ApiRefusal(422, "step", str(error), errors=[told_error]) from error


@transaction.atomic
def log(
    deployment: Deployment,
    *,
    began: float,
    token: ApiToken | None,
    told: Answer | None = None,
    refusal: ApiRefusal | None = None,
    is_rehearsal: bool = False,
) -> Call:
    """A row per call, answered or refused, and one per predicted row: at once in the database.

    For what is tried from the pages. Requests go through the log of calls (see predicting.py).
    """
    now = timezone.now()
    call = Call.objects.create(
        deployment=deployment,
        release=told.by if told else None,
        token=token,
        is_rehearsal=is_rehearsal,
        status=refusal.status if refusal else 200,
        error=refusal.code if refusal else "",
        rows=len(told.rows) if told else 0,
        latency_ms=1000 * (time.perf_counter() - began),
        at=now,
    )
    if told is not None:
        keeping = keeping_of(told.release)
        Prediction.objects.bulk_create(
            Prediction(
                id=answered["id"],
                call=call,
                deployment=deployment,
                release=told.by,
                row=jsonable(keeping.row(row)),
                prediction=answered["prediction"],
                probabilities=answered["probabilities"],
                at=now,
            )
            for row, answered in zip(told.rows, told.predictions, strict=True)
        )
    return call
