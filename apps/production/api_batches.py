"""Scoring many rows by a token: start with a file or a version, ask how far it is, fetch answers.

A token sees the batches that it started, and no other: files of people are theirs.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse

from apps.datasets.storage import scratch
from apps.engine.serving.payload import BadPayload, parse_body
from apps.production import score_actions
from apps.production.api import door
from apps.production.batch import scores
from apps.production.endpoint import predicting, serving
from apps.production.endpoint.caps import require_batch
from apps.production.models import ApiToken, Scores, Scoring
from apps.production.refusals import ApiRefusal
from apps.projects.access import Verb, require
from apps.web.csv_file import csv_file
from apps.web.refusals import Refusal

PIECE_BYTES = 1024**2
ENDINGS = ("csv", "parquet")
ALL_OR_NOTHING = {"": False, "0": False, "1": True}


@door("POST")
def start(request: HttpRequest, token: ApiToken) -> HttpResponseBase:
    """Start a batch: the body is a file where the address has ``?filename=``, else JSON that names
    a version of a source."""
    release = serving.release_for(token.deployment)
    filename = request.GET.get("filename", "").strip()
    how: dict[str, Any] = {"release": release, "by": token.created_by, "token": token}
    try:
        if filename:
            made = _of_file(request, filename, token, how)
        else:
            made = _of_version(request, token, how)
    except PermissionDenied as error:
        raise ApiRefusal(
            403,
            "not_allowed",
            f"{token.created_by}, who issued this token, may not have rows scored any more.",
        ) from error
    except Refusal as error:
        raise ApiRefusal(409, "not_scored", str(error)) from error
    return JsonResponse(_told(made), status=202)


def _of_file(
    request: HttpRequest, filename: str, token: ApiToken, how: Mapping[str, Any]
) -> Scoring:
    all_or_nothing = ALL_OR_NOTHING.get(request.GET.get("all_or_nothing", ""))
    if all_or_nothing is None:
        raise ApiRefusal(422, "bad_choice", "all_or_nothing is 0 or 1.")
    require_batch(token)
    with scratch() as folder:
        path = folder / "upload"
        _receive(request, path)
        return score_actions.score_file(
            path=path, filename=Path(filename).name, all_or_nothing=all_or_nothing, **how
        )


def _receive(request: HttpRequest, path: Path) -> None:
    """The body into a file, in pieces; at most as large as an upload may be."""
    says = f"A file has at most {settings.UPLOAD_BYTES // 1024**2} MB here."
    if int(request.headers.get("Content-Length") or 0) > settings.UPLOAD_BYTES:
        raise ApiRefusal(413, "too_large", says)
    size_bytes = 0
    with path.open("wb") as file:
        while piece := request.read(PIECE_BYTES):
            size_bytes += len(piece)
            file.write(piece)
    if not size_bytes:
        raise ApiRefusal(400, "empty", "The body is empty: send the bytes of a file.")


def _of_version(request: HttpRequest, token: ApiToken, how: Mapping[str, Any]) -> Scoring:
    try:
        rows = parse_body(predicting.body_of(request.META))
    except BadPayload as error:
        raise ApiRefusal(400, error.code, str(error)) from error
    asked = rows[0] if len(rows) == 1 and isinstance(rows[0], dict) else {}
    found = [
        version
        for version in scores.versions_to_score(token.deployment.project)
        if (version.source.name, version.number) == (asked.get("source"), asked.get("version"))
    ]
    if not found or not isinstance(asked.get("all_or_nothing", False), bool):
        raise ApiRefusal(
            422,
            "unknown_version",
            'Send {"source": a name, "version": its number} of a source that is read, and '
            '"all_or_nothing": true where one refused row shall stop all; or a file with '
            "?filename= in the address.",
        )
    require_batch(token)
    return score_actions.score_version(
        version=found[0], all_or_nothing=asked.get("all_or_nothing", False), **how
    )


@door("GET")
def batch(request: HttpRequest, token: ApiToken, number: int) -> dict[str, Any]:
    """How far a batch is, and what became of its rows."""
    return _told(_mine(token, number))


@door("GET")
def answers(request: HttpRequest, token: ApiToken, number: int, ending: str) -> HttpResponseBase:
    """All rows with their answers, as CSV or Parquet; sensitive columns taken out."""
    if ending not in ENDINGS:
        raise ApiRefusal(404, "no_address", "Answers come as .csv or .parquet.")
    found = _mine(token, number)
    try:
        require(token.created_by, Verb.COLLECT, token.deployment.project)
    except PermissionDenied as error:
        says = f"{token.created_by}, who issued this token, may not fetch whole rows any more."
        raise ApiRefusal(403, "not_allowed", says) from error
    made = _scores(found)
    if made is None or scores.is_removed(found):
        raise ApiRefusal(409, "no_answers", _why_none(found))
    if ending == "csv":
        return csv_file(scores.lines_of(made), name=f"{scores.file_name(found)}.csv")
    with scratch() as folder:
        file = scores.parquet_of(made, target=folder / "scores.parquet").open("rb")
    return FileResponse(file, as_attachment=True, filename=f"{scores.file_name(found)}.parquet")


def _mine(token: ApiToken, number: int) -> Scoring:
    found = (
        Scoring.objects.filter(token=token, number=number)
        .select_related("job", "deployment__project", "release__candidate", "scores")
        .first()
    )
    if found is None:
        raise ApiRefusal(404, "no_batch", "This token started no batch of that number.")
    return found


def _scores(scoring: Scoring) -> Scores | None:
    return getattr(scoring, "scores", None)  # ``_mine`` read them with it


def _why_none(scoring: Scoring) -> str:
    if scores.is_removed(scoring):
        return f"File and answers of batch {scoring.number} were removed."
    return f"Batch {scoring.number} has no answers yet, or has failed: ask for its state."


def _told(scoring: Scoring) -> dict[str, Any]:
    """A batch as JSON: its state, progress and, once it is done, what became of its rows."""
    slug, job, made = scoring.deployment.slug, scoring.job, _scores(scoring)
    removed = scores.is_removed(scoring)
    there = made is not None and not removed
    return {
        "batch": scoring.number,
        "release": scoring.release.number,
        "model": scoring.release.candidate.model,
        "state": "removed" if removed else job.state,
        "done": job.done,
        "total": job.total,
        "problem": job.problem or None,
        "rows": made.rows if made else None,
        "answered": made.answered if made else None,
        "refused": made.refused if made else None,
        "reasons": made.report["reasons"] if made else [],
        "address": reverse("api:batch", args=[slug, scoring.number]),
        "answers": {
            ending: reverse("api:answers", args=[slug, scoring.number, ending])
            for ending in (ENDINGS if there else ())
        },
    }
