"""Finished folds of a trial in the file store, until it ends (see the engine's ``training.kept``).

The child writes into a folder of its own; its worker copies what is new into the store, so that
whichever worker takes the trial up again, on whichever machine, begins where the last one ended.
"""

from datetime import timedelta
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.datasets.storage import hash_of
from apps.jobs.models import JobState
from apps.modeling.models import Trial

ROOT = "kept"
KEPT_DAYS = 30
_PART = ".part"


class KeptFolds:
    """The kept files of one trial, or of its nested scores. A stored name ends in their SHA-256.

    So a copy that a death cut short is known as such, and whoever copies twice does no harm.
    """

    def __init__(self, trial: Trial, *, nested: bool = False) -> None:
        self.prefix = f"{ROOT}/{'nested' if nested else 'trial'}-{trial.pk}"
        self._seen: dict[str, tuple[int, int]] = {}
        self._stored: dict[str, str] = {}

    def fetch(self, folder: Path) -> None:
        """Lay out in ``folder`` what was kept; what is not whole is left out."""
        for stored in _files_below(self.prefix):
            name, _, sha256 = stored.removeprefix(f"{self.prefix}/").rpartition("~")
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with default_storage.open(stored) as source:
                target.write_bytes(source.read())
            if hash_of(target) != sha256:
                target.unlink()
                default_storage.delete(stored)
                continue
            self._stored[name] = stored
            self._seen[name] = _mark(target)

    def sync(self, folder: Path) -> None:
        """Store what is new or changed in ``folder``; drop first what it no longer holds."""
        for name in [name for name in self._stored if not (folder / name).exists()]:
            default_storage.delete(self._stored.pop(name))
            self._seen.pop(name)
        for file in sorted(folder.rglob("*"), key=_order):
            name = file.relative_to(folder).as_posix()
            if not file.is_file() or file.suffix == _PART or self._seen.get(name) == _mark(file):
                continue
            mark, stored = _mark(file), f"{self.prefix}/{name}~{hash_of(file)}"
            if not default_storage.exists(stored):
                with file.open("rb") as source:
                    default_storage.save(stored, File(source))
            before = self._stored.get(name)
            if before not in (None, stored):
                default_storage.delete(before)
            self._stored[name], self._seen[name] = stored, mark

    def forget(self) -> None:
        """Remove all that was kept of the trial."""
        _remove(self.prefix)


def sweep() -> None:
    """Remove what was kept of trials that are done or gone, or ended KEPT_DAYS ago."""
    folders, since = _listed(ROOT)[0], timezone.now() - timedelta(days=KEPT_DAYS)
    for kind, job in (("trial", "job"), ("nested", "nested_job")):
        names = [name for name in folders if name.startswith(f"{kind}-")]
        keys = [name.rpartition("-")[2] for name in names]
        wanted = Trial.objects.filter(pk__in=keys).exclude(**{f"{job}__state": JobState.DONE})
        wanted = wanted.exclude(**{f"{job}__finished_at__lt": since})
        there = {f"{kind}-{key}" for key in wanted.values_list("pk", flat=True)}
        for name in {*names} - there:
            _remove(f"{ROOT}/{name}")


def _order(file: Path) -> tuple[bool, str]:
    """What a JSON file vouches for is stored before it."""
    return file.suffix == ".json", str(file)


def _mark(file: Path) -> tuple[int, int]:
    told = file.stat()
    return told.st_mtime_ns, told.st_size


def _listed(prefix: str) -> tuple[list[str], list[str]]:
    """Folders and files in a folder of the store."""
    try:
        folders, files = default_storage.listdir(prefix)
    except FileNotFoundError:
        return [], []
    return folders, files


def _remove(prefix: str) -> None:
    folders, files = _listed(prefix)
    for name in folders:
        _remove(f"{prefix}/{name}")
    for name in files:
        default_storage.delete(f"{prefix}/{name}")
    default_storage.delete(prefix)  # the folder itself, where the store has folders


def _files_below(prefix: str) -> list[str]:
    folders, files = _listed(prefix)
    below = [stored for name in folders for stored in _files_below(f"{prefix}/{name}")]
    return [*(f"{prefix}/{name}" for name in files), *below]
