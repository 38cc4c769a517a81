"""The key of an installation: made once, whole from the first moment, for its owner alone."""

import secrets
import stat
import threading

import pytest

from mlcycle_site.settings.secret import secret_from


@pytest.fixture
def path(tmp_path):
    return tmp_path / "var" / "secret_key"


def test_a_key_is_made_once_and_read_by_its_owner_alone(path):
    key = secret_from(path)
    assert len(key) == 64
    assert secret_from(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_processes_that_start_together_get_one_key(path):
    together, keys = threading.Barrier(8), []

    def start():
        together.wait(timeout=10)
        keys.append(secret_from(path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert keys == [path.read_text()] * 8
    assert len(list(path.parent.iterdir())) == 1


def test_nobody_sees_a_file_without_its_key(path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        secrets, "token_urlsafe", lambda size: seen.append(path.exists()) or "k" * 64
    )
    assert secret_from(path) == "k" * 64
    assert seen == [False]


def test_who_comes_second_takes_the_key_of_the_first(path, monkeypatch):
    def meanwhile(size):
        path.write_text("theirs")
        return "ours"

    monkeypatch.setattr(secrets, "token_urlsafe", meanwhile)
    assert secret_from(path) == "theirs"
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_an_empty_key_file_stops_the_start(path):
    path.parent.mkdir()
    path.touch()
    with pytest.raises(SystemExit, match="is empty"):
        secret_from(path)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "var").write_text("a file where the folder should be")
    with pytest.raises(SystemExit, match=r"Cannot write .*secret_key: .*access"):
        secret_from(tmp_path / "var" / "secret_key")
