"""kill -9 of the web process under load, and of who takes the log up: each answer is kept once."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from apps.production.log import taking
from apps.production.models import Call, Prediction
from tests.jobs.processes import wait_for
from tests.workers import database_url

ROOT = Path(__file__).resolve().parents[2]
KILLS = 6
pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@contextmanager
def served(work):
    """tests/served.py and a function that reads its next line."""
    env = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "mlcycle_site.settings.test",
        "MLCYCLE_PREDICT_CALLS_PER_MINUTE": "1000000",
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),  # it forks
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.served", work, str(settings.CALL_LOG)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield lambda: process.stdout.readline().strip()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Load(threading.Thread):
    """Calls one after the other until told to stop; remembers every id that was answered."""

    def __init__(self, caller, port, body):
        super().__init__(daemon=True)
        self.caller, self.port, self.body = caller, port, body
        self.ids, self.calls, self.over = [], 0, False

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {
            "Authorization": f"Bearer {self.caller.secret}",
            "Content-Type": "application/json",
        }
        path = f"/api/v1/deployments/{self.caller.slug}/predict"
        while not self.over:
            try:
                connection.request("POST", path, self.body, headers)
                told = json.loads(connection.getresponse().read())
            except (OSError, http.client.HTTPException, ValueError):
                connection.close()  # killed in the middle: not answered
                time.sleep(0.01)
                continue
            self.ids += [item["id"] for item in told["predictions"]]
            self.calls += 1
        connection.close()


@pytest.mark.parametrize("kills", [KILLS, pytest.param(20, marks=pytest.mark.scale)])
@pytest.mark.parametrize("process", ["web", "web-scoring"])
def test_no_answered_call_is_lost_or_doubled_when_the_process_is_killed(
    caller, row, process, kills
):
    moment = random.Random(5)
    body = json.dumps({"rows": [row] * 3})
    with served(process) as line:
        port, child = int(line()), int(line())
        loads = [Load(caller, port, body) for _ in range(4)]
        for load in loads:
            load.start()
        for _ in range(kills):
            before = sum(load.calls for load in loads)
            wait_for(
                lambda before=before: sum(load.calls for load in loads) > before + 5,
                within_s=60,
                what="calls are answered",
            )
            time.sleep(moment.random() * 0.1)
            os.kill(child, signal.SIGKILL)
            child = int(line())
            taking.take_up()  # also while the next process writes
        for load in loads:
            load.over = True
        for load in loads:
            load.join(10)
    answered = [key for load in loads for key in load.ids]
    taking.take_up()
    kept = [str(key) for key in Prediction.objects.values_list("pk", flat=True)]
    assert len(answered) == len(set(answered)) >= 3 * 5 * kills
    assert set(answered) <= set(kept)
    # A call may be written and killed before its answer: at most one for each connection and kill.
    assert len(kept) - len(answered) <= 3 * len(loads) * (kills + 1)
    assert Prediction.objects.count() == 3 * Call.objects.count()
    wait_for(
        lambda: not taking.take_up() and not list(settings.CALL_LOG.iterdir()),
        within_s=10,
        what="the last process is gone and its segment with it",
    )


def test_a_taker_that_is_killed_in_the_middle_leaves_all_to_the_next_one(caller, row):
    from apps.production.endpoint import predicting
    from apps.production.log import segments

    ids = []
    for _ in range(5):
        reply = predicting.reply_to(
            caller.environ(json.dumps({"rows": [row] * 2}).encode()), slug=caller.slug
        )
        ids += [item["id"] for item in json.loads(reply.body)["predictions"]]
    segments.WRITER.close()
    with served("taker") as line:
        line()
        for _ in range(3):
            child = int(line())
            assert line() == "middle"
            assert not Prediction.objects.exists()
            os.kill(child, signal.SIGKILL)
    assert taking.take_up() == 5
    assert sorted(str(key) for key in Prediction.objects.values_list("pk", flat=True)) == sorted(
        ids
    )
    assert Call.objects.count() == 5
