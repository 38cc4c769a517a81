"""Web processes follow a switch, a canary and a revoked token in five seconds, losing nothing."""

import http.client
import json
import threading
import time
from contextlib import ExitStack

import pytest

from apps.production import actions, canary_actions, release_actions
from apps.production.endpoint import serving
from apps.production.log import taking
from apps.production.models import Prediction
from tests.jobs.processes import wait_for
from tests.production.test_canary import TERMS
from tests.production.test_killed import served

AGREE_WITHIN_S = 5.0
LATE_S = 1.5  # a call that began in time may end later on a busy machine
pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.once,  # who answers is asked of every database in test_canary.py
]


class Load(threading.Thread):
    """Calls one process until told to stop; keeps when each call began and ended, status, reply."""

    def __init__(self, caller, port, body, *, pause_s):
        super().__init__(daemon=True)
        self.caller, self.port, self.body, self.pause_s = caller, port, body, pause_s
        self.seen, self.over = [], False

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        head = {
            "Authorization": f"Bearer {self.caller.secret}",
            "Content-Type": "application/json",
        }
        while not self.over:
            began = time.monotonic()
            connection.request(
                "POST", f"/api/v1/deployments/{self.caller.slug}/predict", self.body, head
            )
            answer = connection.getresponse()
            told = json.loads(answer.read())
            self.seen.append((began, time.monotonic(), answer.status, told))
            time.sleep(self.pause_s)
        connection.close()


def releases_of(told):
    return [item.get("release", told["release"]) for item in told["predictions"]]


@pytest.mark.parametrize(
    ("calls", "pause_s"), [(120, 0.2), pytest.param(10_000, 0.0, marks=pytest.mark.scale)]
)
def test_calls_during_switches_are_answered_by_the_release_they_name_in_every_process(
    release, other, signed, caller, row, analyst, token, calls, pause_s
):
    rows = [{**row, "distance": float(step)} for step in range(70, 150, 8)]
    offline = {
        one.number: [item["prediction"] for item in serving.answer(one, rows).predictions]
        for one in (release, other)
    }
    assert offline[1] != offline[2]
    signed(release)
    signed(other)
    with ExitStack() as stack:
        loads = []
        for process in ("live", "live-scoring"):
            line = stack.enter_context(served(process))
            port, _child = int(line()), line()
            body = json.dumps({"rows": rows})
            loads += [Load(caller, port, body, pause_s=pause_s) for _ in range(2)]
        for load in loads:
            load.start()

        def answered(count):
            wait_for(
                lambda: (
                    all(len(load.seen) >= count for load in loads)
                    and sum(len(load.seen) for load in loads) >= count * len(loads)
                ),
                within_s=600,
                what=f"{count} calls of each are answered",
            )

        share = calls // len(loads) // 3
        answered(share)
        release_actions.switch_release(release=release, reason="Back", by=analyst)
        back = time.monotonic()
        answered(2 * share)
        wait_for(
            lambda: time.monotonic() > back + AGREE_WITHIN_S + LATE_S, within_s=20, what="all agree"
        )
        # A process may learn of the canary before the action returns here.
        starting = time.monotonic()
        canary_actions.start_canary(
            release=other, terms={**TERMS, "share": 50}, reason="Some", by=analyst
        )
        started = time.monotonic()
        answered(3 * share)
        wait_for(
            lambda: time.monotonic() > started + AGREE_WITHIN_S + LATE_S,
            within_s=20,
            what="they agree",
        )
        revoking = time.monotonic()
        actions.revoke_token(token=token, by=analyst)
        revoked = time.monotonic()
        wait_for(
            lambda: all(load.seen[-1][2] == 401 for load in loads),
            within_s=AGREE_WITHIN_S + LATE_S,
            what="every process refuses the revoked token",
        )
        for load in loads:
            load.over = True
        for load in loads:
            load.join(30)
    seen = [one for load in loads for one in load.seen]
    good = [(began, ended, told) for began, ended, status, told in seen if status == 200]
    assert len(good) >= calls - len(loads) * 3
    assert {status for _, ended, status, _ in seen if ended < revoking} == {200}, "no call failed"
    assert not [1 for began, *_ in good if began > revoked + AGREE_WITHIN_S]
    for *_, told in good:
        by = releases_of(told)
        assert [item["prediction"] for item in told["predictions"]] == [
            offline[number][place] for place, number in enumerate(by)
        ]
    between = [told for at, ended, told in good if back + AGREE_WITHIN_S < at and ended < starting]
    assert between
    assert {number for told in between for number in releases_of(told)} == {1}
    shared = {tuple(releases_of(told)) for at, _, told in good if at > started + AGREE_WITHIN_S}
    assert len(shared) == 1, "every process sends a key the same way"
    assert set(shared.pop()) == {1, 2}
    taking.take_up()
    assert Prediction.objects.count() == len(rows) * len(good)
