"""Files that arrive in pieces. How much is here is the size of the file on the disk: a broken
connection loses at most the piece under way, and whoever comes back asks where to go on."""

import fcntl
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.actions import may_change
from apps.datasets.models import Upload, Version
from apps.projects.models import Cycle, Project
from apps.web.refusals import Refusal

PIECE_BYTES = 8 * 1024**2
_KEPT_FOR = timedelta(days=2)
_MOST_OPEN = 20  # of one person


class WrongOffset(Refusal):
    """The piece does not begin where the file ends."""


def begin_upload(
    *, cycle: Cycle, filename: str, size_bytes: int, sha256: str, by: User
) -> tuple[Upload, Version | None]:
    """Announce a file. When the project has these bytes already, none has to be sent."""
    may_change(cycle, by)
    _sweep()
    if size_bytes < 1:
        raise Refusal(f"The file “{filename}” is empty: it has 0 bytes. Choose another file.")
    if size_bytes > settings.UPLOAD_BYTES:
        raise Refusal(
            f"The file has {filesizeformat(size_bytes)}; at most "
            f"{filesizeformat(settings.UPLOAD_BYTES)} are accepted here."
        )
    if Upload.objects.filter(created_by=by).count() >= _MOST_OPEN:
        raise Refusal(f"{_MOST_OPEN} of your uploads are unfinished: finish them first.")
    known = known_version(cycle.project, sha256)
    if known is not None and known.size_bytes != size_bytes:
        known = None
    upload = Upload.objects.create(
        project=cycle.project,
        filename=filename[:255],
        size_bytes=size_bytes,
        known_sha256=known.sha256 if known else "",
        created_by=by,
    )
    return upload, known


def known_version(project: Project, sha256: str) -> Version | None:
    """The first version of this project with these bytes."""
    if not sha256:
        return None
    versions = Version.objects.filter(source__project=project, sha256=sha256)
    return versions.select_related("source").order_by("pk").first()


def path_of(upload_id: UUID) -> Path:
    """Where the bytes that have come lie."""
    return Path(settings.VAR) / "uploads" / f"{upload_id}.part"


def received_bytes(upload: Upload) -> int:
    """How much is here."""
    if upload.known_sha256:
        return upload.size_bytes
    path = path_of(upload.pk)
    return path.stat().st_size if path.exists() else 0


def append(upload: Upload, *, offset: int, pieces: Iterable[bytes]) -> int:
    """Write what comes at the end of the file; return how much is here.

    Raises WrongOffset when the file ends elsewhere or another request is writing, and Refusal
    when more comes than was announced.
    """
    path = path_of(upload.pk)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WrongOffset("Another piece of this file is on its way.") from error
        size = file.seek(0, 2)
        if offset != size:
            raise WrongOffset(f"The file goes on at byte {size:,}, not at {offset:,}.")
        for piece in pieces:
            size += len(piece)
            if size > upload.size_bytes:
                raise Refusal(f"More than the {upload.size_bytes:,} announced bytes came.")
            file.write(piece)
    return size


def finish(upload: Upload) -> None:
    """Forget it: a version was made of it."""
    path_of(upload.pk).unlink(missing_ok=True)
    upload.delete()


def _sweep() -> None:
    """Remove what nobody finished, and files whose row is gone."""
    old = Upload.objects.filter(created_at__lt=timezone.now() - _KEPT_FOR)
    for upload in old:
        finish(upload)
    folder = path_of(UUID(int=0)).parent
    limit = (timezone.now() - 2 * _KEPT_FOR).timestamp()
    for path in folder.glob("*.part"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < limit:
                path.unlink()
