"""Children are forked by a nursery: each by itself, none outlives whom it works for."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from apps.engine.errors import Stopped
from apps.engine.nursery import NICENESS
from apps.jobs import nursery
from apps.jobs.children import Child, OutOfMemory
from tests.jobs.processes import is_alive, wait_for

pytestmark = pytest.mark.once
WORK = "apps.engine.rehearsal:rehearse"


def run(call=WORK, *, check=lambda: None, **arguments):
    return Child(call, arguments).run(report=lambda *_: None, log=lambda _: None, check=check)


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "pids"


def pid_in(marker) -> int:
    wait_for(lambda: marker.exists() and marker.read_text(), within_s=30, what="the child runs")
    return int(marker.read_text().split()[-1])


def test_two_children_of_one_nursery_are_processes_of_their_own(marker):
    for _ in range(2):
        assert run(does="work", seconds=0.1, marker=str(marker)) == {"seconds": 0.1}
    first, second = map(int, marker.read_text().split())
    assert len({first, second, nursery._process.pid}) == 3
    assert not is_alive(first)


def session_niceness(pid):
    """That of a process's session, None where the kernel does not weigh sessions."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/autogroup").read_text().split()[-1])


def test_a_child_is_limited_nice_and_alone_in_its_group(marker):
    seen = {}

    def look():
        if not seen and marker.exists() and marker.read_text():
            pid = pid_in(marker)
            memory_bytes, _ = resource.prlimit(pid, resource.RLIMIT_AS)
            seen["memory"] = memory_bytes - settings.CHILD_MEMORY_BYTES
            seen["file"], _ = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            seen["group"] = os.getpgid(pid) == pid
            seen["nice"] = os.getpriority(os.PRIO_PROCESS, pid) - os.getpriority(
                os.PRIO_PROCESS, nursery._process.pid
            )
            seen["session"] = session_niceness(pid)
            raise Stopped

    with pytest.raises(Stopped):
        run(does="hang", marker=str(marker), check=look)
    assert seen["session"] in (NICENESS, None)
    assert 0 < seen["memory"] < 4 * 1024**3  # what the libraries have mapped
    assert (seen["file"], seen["group"], seen["nice"] >= 1) == (
        settings.CHILD_FILE_BYTES,
        True,
        True,
    )
    assert not is_alive(pid_in(marker))


def test_with_a_killed_nursery_its_children_end_and_the_next_call_gets_a_new_one(marker):
    told = []

    def call():
        try:
            run(does="hang", marker=str(marker))
        except OutOfMemory as error:
            told.append(str(error))

    thread = threading.Thread(target=call)
    thread.start()
    pid = pid_in(marker)
    nursery._process.send_signal(signal.SIGKILL)
    thread.join(timeout=30)
    assert told
    wait_for(lambda: not is_alive(pid), within_s=5, what="the child is gone")
    assert run(does="work", seconds=0.1) == {"seconds": 0.1}


def test_an_order_that_a_dying_nursery_took_with_it_is_given_to_the_next_one():
    assert run(does="work", seconds=0.1) == {"seconds": 0.1}
    before = nursery._control
    nursery._control, dying = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def die():
        _, descriptors, _, _ = socket.recv_fds(dying, 65_536, 3)
        dying.close()
        for descriptor in descriptors:
            os.close(descriptor)

    thread = threading.Thread(target=die)
    thread.start()
    assert run(does="work", seconds=0.1) == {"seconds": 0.1}
    thread.join()
    before.close()


def test_a_module_that_does_not_exist_is_told_by_the_child_and_the_nursery_lives_on():
    with pytest.raises(Exception, match="ended without an answer"):
        run("apps.engine.nowhere:nothing")
    assert run(does="work", seconds=0.1) == {"seconds": 0.1}


def test_what_a_trial_reads_late_is_read_before_the_fork_and_starts_no_thread():
    """A thread would be missing in every child. Frames are asked through what is read late."""
    code = """if True:
        import os, sys
        import apps.engine.training.trial
        from apps.engine import nursery
        threads = len(os.listdir("/proc/self/task"))
        nursery._read_late()
        assert len(os.listdir("/proc/self/task")) == threads
        before = set(sys.modules)
        import pandas as pd
        from sklearn.preprocessing import OneHotEncoder
        OneHotEncoder().fit(pd.DataFrame({"x": ["a", "b"]})).transform(pd.DataFrame({"x": ["a"]}))
        pd.DataFrame({"x": [1.0]}).to_parquet(sys.argv[1])
        pd.read_parquet(sys.argv[1])
        late = {name.partition(".")[0] for name in set(sys.modules) - before}
        assert not late & {"pyarrow", "narwhals"}, late
    """
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        subprocess.run([sys.executable, "-c", code, file.name], cwd=settings.ROOT, check=True)


def test_the_memory_of_a_child_that_has_just_ended_is_what_was_told_last():
    child = Child("apps.engine.rehearsal:wait", {})
    assert child.memory_bytes == 0
    child._fork = SimpleNamespace(pid=os.getpid())
    held = child.memory_bytes
    assert held > 10 * 1024**2
    with subprocess.Popen(["true"]) as ended:  # a zombie until it is waited for
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        child._fork = SimpleNamespace(pid=ended.pid)
        assert child.memory_bytes == held
