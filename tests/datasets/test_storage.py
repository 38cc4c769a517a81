"""The store: whole files or none, found out when changed, nothing left by the killed."""

import fcntl
import os
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.test import override_settings

from apps.datasets import storage


def test_a_file_is_kept_once_readable_by_its_owner_only(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"rows")
    sha256 = storage.keep(path)
    stored = storage.local(sha256)
    assert stored.read_bytes() == b"rows"
    assert stored.stat().st_mode & 0o777 == 0o600
    before = stored.stat().st_mtime_ns
    assert storage.keep(path) == sha256
    assert stored.stat().st_mtime_ns == before


def test_a_file_that_a_crash_left_half_written_is_replaced_when_it_is_kept_again(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"half and half")
    stored = storage.local(storage.keep(path))
    os.truncate(stored, 4)
    sha256 = storage.keep(path)
    assert storage.local(sha256).read_bytes() == b"half and half"
    assert not list(stored.parent.glob("*.part"))


def test_a_remote_store_is_read_through_a_checked_copy(tmp_path):
    remote = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    path = tmp_path / "a"
    path.write_bytes(b"far away")
    with override_settings(STORAGES={**settings.STORAGES, "default": remote}):
        copy = storage.local(storage.keep(path))
        assert copy.read_bytes() == b"far away"
        copy.write_bytes(b"changed")
        with pytest.raises(storage.FileBroken, match="were changed"):
            storage.local(storage.hash_of(path))


def test_a_changed_or_missing_file_is_refused_even_after_it_was_seen_whole(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"1,2,3")
    sha256 = storage.keep(path)
    stored = storage.local(sha256)
    stored.write_bytes(b"1,2,4")
    with pytest.raises(storage.FileBroken, match="does not match its record"):
        storage.local(sha256)
    stored.unlink()
    with pytest.raises(storage.FileBroken, match="is missing"):
        storage.local(sha256)


def test_a_scratch_folder_is_gone_after_use_and_after_an_error():
    seen = []

    def breaks():
        with storage.scratch() as folder:
            seen.append(folder)
            (folder / "x").write_bytes(b"x")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        breaks()
    assert not seen[0].exists()


def aged(folder):
    old = time.time() - 3600
    os.utime(folder, (old, old))


def test_what_a_killed_process_left_is_removed_and_what_is_in_use_stays():
    root = settings.VAR / "tmp"
    script = (
        "import fcntl, os, sys; lock = os.open(sys.argv[1], os.O_RDONLY);"
        "fcntl.flock(lock, fcntl.LOCK_EX); os.kill(os.getpid(), 9)"
    )
    left = root / "scratch-left"
    left.mkdir(parents=True)
    (left / "test.parquet").write_bytes(b"plain test rows")
    killed = subprocess.run([sys.executable, "-c", script, str(left)], check=False)
    assert killed.returncode == -9
    used = root / "scratch-used"
    used.mkdir()
    lock = os.open(used, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    aged(left)
    aged(used)
    with storage.scratch():
        assert not left.exists()
        assert used.exists()
    os.close(lock)
    with storage.scratch():
        assert not used.exists()
