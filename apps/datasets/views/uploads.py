"""Files on their way in, whole or in pieces, and the original and the rejected rows out again.

The protocol: POST announces a file and answers its address; PUT adds a piece at the byte named by
``Upload-Offset``; GET tells how much is here, so that a broken upload goes on. The id then stands
in the form of the source in the place of the file.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    UnreadablePostError,
)
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.datasets import actions, uploads
from apps.datasets.models import Source, Upload, Version
from apps.datasets.storage import local, saved, scratch
from apps.datasets.veiling import may_leave
from apps.engine.errors import EngineError
from apps.projects.access import Verb, project_view
from apps.projects.models import Project

_READ_BYTES = 262_144


def uploads_of(request: HttpRequest, project: Project) -> QuerySet[Upload]:
    """This person's files on their way into this project."""
    return Upload.objects.filter(project=project, created_by=request.user)


def bring_in(request: HttpRequest, project: Project, source: Source, data: dict[str, Any]) -> None:
    """Make a version of what a valid form brought; say so when the bytes are known."""
    upload: Upload | None = data["upload"]
    if upload is not None:
        version = _from_pieces(request, project, source, upload)
    else:
        with scratch() as folder:
            file: UploadedFile = data["file"]
            version = actions.add_version(
                source=source,
                cycle=project.cycle,
                path=saved(file, folder),
                filename=_clean(file.name or ""),
                by=request.user,
                waits=True,
            )
    first = uploads.known_version(project, version.sha256)
    if first is not None and first.pk != version.pk:
        messages.info(
            request, f"These bytes were here already, as {first}. This is a version of its own."
        )


def _from_pieces(request: HttpRequest, project: Project, source: Source, upload: Upload) -> Version:
    path = uploads.path_of(upload.pk)
    version = actions.add_version(
        source=source,
        cycle=project.cycle,
        path=local(upload.known_sha256) if upload.known_sha256 else path,
        filename=upload.filename,
        by=request.user,
        waits=True,
    )
    uploads.finish(upload)
    return version


def _clean(filename: str) -> str:
    """The name for display: no folders, and nothing that cannot be seen."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in name if letter.isprintable())[:255] or "file"


@require_POST
@project_view(Verb.COLLECT)
def begin_upload(request: HttpRequest, project: Project) -> HttpResponse:
    """Announce a file; answer where its pieces go, and how much of it is here."""
    size = request.POST.get("size", "")
    try:
        if not size.isascii() or not size.isdigit() or len(size) > 15:
            raise EngineError("The size of the file is missing.")
        upload, known = uploads.begin_upload(
            cycle=project.cycle,
            filename=_clean(request.POST.get("filename", "")),
            size_bytes=int(size),
            sha256=request.POST.get("sha256", "")[:64],
            by=request.user,
        )
    except EngineError as refusal:
        return JsonResponse({"says": str(refusal)}, status=409)
    return JsonResponse(
        {
            "id": str(upload.pk),
            "url": reverse("datasets:upload", args=[project.slug, upload.pk]),
            "offset": uploads.received_bytes(upload),
            "piece": uploads.PIECE_BYTES,
            "known": str(known) if known else "",
        }
    )


@require_http_methods(["GET", "PUT"])
@project_view(Verb.COLLECT)
def upload(request: HttpRequest, project: Project, upload_id: UUID) -> HttpResponse:
    """Tell how much is here, or add a piece."""
    found = get_object_or_404(uploads_of(request, project), pk=upload_id)
    if request.method == "GET":
        return JsonResponse({"offset": uploads.received_bytes(found)})
    offset = request.headers.get("Upload-Offset", "")
    try:
        if not offset.isascii() or not offset.isdigit() or found.known_sha256:
            raise EngineError("The byte at which this piece begins is missing.")
        here = uploads.append(found, offset=int(offset), pieces=_pieces(request))
    except uploads.WrongOffset as refusal:
        here = uploads.received_bytes(found)
        return JsonResponse({"says": str(refusal), "offset": here}, status=409)
    except (EngineError, UnreadablePostError) as refusal:
        here = uploads.received_bytes(found)
        return JsonResponse({"says": str(refusal), "offset": here}, status=400)
    return JsonResponse({"offset": here})


def _pieces(request: HttpRequest) -> Iterator[bytes]:
    left = uploads.PIECE_BYTES
    while left and (piece := request.read(min(_READ_BYTES, left))):
        left -= len(piece)
        yield piece
    if not left and request.read(1):
        raise EngineError(f"A piece has at most {uploads.PIECE_BYTES:,} bytes.")


@require_GET
@project_view(Verb.COLLECT)  # it holds the rows of the sealed test too
def original(request: HttpRequest, project: Project, version_id: int) -> HttpResponse:
    """The bytes as they came."""
    version = get_object_or_404(Version, pk=version_id, source__project=project)
    may_leave(version, cycle=project.cycle)
    return download(local(version.sha256), _clean(version.filename))


@require_GET
@project_view(Verb.COLLECT)  # whole rows, as they stand in the original
def rejected(request: HttpRequest, project: Project, version_id: int) -> HttpResponse:
    """All rows that were left out, with their lines."""
    version = get_object_or_404(Version, pk=version_id, source__project=project)
    if not version.report.get("rejects"):
        raise Http404
    may_leave(version, cycle=project.cycle)
    name = f"{version.source.name} v{version.number} rejected rows.csv"
    return download(local(version.report["rejects"]), _clean(name))


def download(path: Path, filename: str) -> HttpResponse:
    """Always saved, never shown: what it is was not asked."""
    answer = FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=filename,
        content_type="application/octet-stream",
    )
    return answer  # type: ignore[return-value]
