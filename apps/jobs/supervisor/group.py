"""Starts the parts in order, starts again what ends by itself, ends all together."""

import os
import select
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from apps.jobs.supervisor import family, logs, ready
from apps.jobs.supervisor.keeper import KILLED
from apps.jobs.supervisor.parts import Part, Plan

TICK_S = 1.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
STEADY_AFTER_S = 30.0  # a part that lived this long is forgiven its earlier ends
HOPELESS_AFTER = 4  # so many ends before all was ready once: the start is given up
STARTUP_S = 60.0
MARGIN_S = 0.5  # the keeper ends its family after the grace; wait for that


class GroupFailed(Exception):
    """A part cannot be kept alive; the message names its log."""


class Kept:
    """A part with its keeper process and the memory of how often it has ended."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.keeper: subprocess.Popen | None = None
        self.started_at = 0.0  # monotonic seconds
        self.start_again_at = 0.0
        self.ends_in_a_row = 0

    def start(self, *, log_folder: Path, lock_fd: int) -> None:
        """Start the keeper, which starts the part. It holds the lock until its family is gone."""
        keeper = [sys.executable, "-S", "-m", "apps.jobs.supervisor.keeper"]
        with logs.opened(log_folder, self.part.name) as log:
            self.keeper = subprocess.Popen(  # noqa: S603
                [*keeper, *map(str, self._how()), *self.part.command],
                stdin=subprocess.DEVNULL,
                stdout=None if self.part.speaks else log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal reaches the supervisor only
                pass_fds=(lock_fd,),
            )
        self.started_at = time.monotonic()

    def _how(self) -> tuple[int, float, int]:
        return os.getpid(), self.part.grace_s, self.part.niceness

    def has_ended(self) -> bool:
        """Tell whether it was started and has ended."""
        return self.keeper is not None and self.keeper.poll() is not None

    def plan_next_start(self) -> float:
        """Decide when to start again; return the pause in seconds."""
        lived_s = time.monotonic() - self.started_at
        self.ends_in_a_row = 1 if lived_s > STEADY_AFTER_S else self.ends_in_a_row + 1
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (self.ends_in_a_row - 1))
        self.keeper = None
        self.start_again_at = time.monotonic() + pause_s
        return pause_s


class Group:
    """All parts of one plan. ``run`` returns when it was asked to end and everything has ended."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.log_folder = Path(plan.log_folder)
        self.kept = [Kept(part) for part in plan.parts]
        self.wake, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self.times_asked_to_end = 0
        self.was_ready = False  # once all was, what ends is started again for ever
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:  # nohup
                signal.signal(signum, lambda *_: None)
        family.adopt_orphans()

    def run(self) -> None:
        """Run until asked to end. Raises GroupFailed when a part cannot be kept alive."""
        try:
            if self._start_what_is_asked_for() and not self.times_asked_to_end:
                self._announce()
                self._start_the_rest()
                self._keep_alive()
        finally:
            self._end_all()

    def _start_what_is_asked_for(self) -> bool:
        """Start, one after the other, what can tell that it is ready: the page comes first."""
        asked = [kept for kept in self.kept if kept.part.ready_socket or kept.part.ready_url]
        return all(self._start_and_wait(kept) for kept in asked)

    def _start_the_rest(self) -> None:
        for kept in self.kept:
            if kept.keeper is None:
                self._start(kept)

    def _start(self, kept: Kept) -> None:
        kept.start(log_folder=self.log_folder, lock_fd=self.plan.lock_fd)

    def _start_and_wait(self, kept: Kept) -> bool:
        self._start(kept)
        return self._wait_until_ready(kept)

    def _wait_until_ready(self, kept: Kept) -> bool:
        """Return True when the part is ready, False when the group is asked to end."""
        deadline = time.monotonic() + STARTUP_S
        while not self.times_asked_to_end:
            if ready.is_ready(kept.part):
                return True
            if time.monotonic() > deadline:
                raise GroupFailed(
                    f"{kept.part.name} did not answer within {STARTUP_S:.0f} s: "
                    f"see {logs.path_of(self.log_folder, kept.part.name)}."
                )
            self._look_after()
            self._rest(0.1)
        return False

    def _keep_alive(self) -> None:
        while not self.times_asked_to_end:
            self._look_after()
            self._rest(TICK_S)

    def _look_after(self) -> None:
        """Start again what has ended; kill what a killed keeper left; keep logs short."""
        for kept in self.kept:
            if kept.has_ended():
                self._note_end(kept)
            elif kept.keeper is None and 0 < kept.start_again_at <= time.monotonic():
                self._start(kept)
        family.end_strangers(self._keeper_pids())
        logs.shorten(self.log_folder)

    def _note_end(self, kept: Kept) -> None:
        code = kept.keeper.returncode
        log = logs.path_of(self.log_folder, kept.part.name)
        if kept.part.once:
            kept.keeper, kept.start_again_at = None, 0.0
            if code:
                say(f"{kept.part.name} {how_it_ended(code)}: see {log}.")
            return
        pause_s = kept.plan_next_start()
        if not self.was_ready and kept.ends_in_a_row >= HOPELESS_AFTER:
            raise GroupFailed(
                f"{kept.part.name} does not stay up: {kept.ends_in_a_row} starts in a row, "
                f"the last one {how_it_ended(code)}: see {log}."
            )
        say(f"{kept.part.name} {how_it_ended(code)}; starting it again in {pause_s:g} s.")

    def _announce(self) -> None:
        self.was_ready = True
        say(f"ML Cycle answers on {self.plan.address}", *self.plan.notes)

    def _end_all(self) -> None:
        """Ask everything to end, the first part last; a second request kills at once."""
        say("Ending ...")
        later = [kept for kept in self.kept if kept.part.last_to_end]
        sooner = [kept for kept in self.kept if not kept.part.last_to_end]
        for some in (sooner, later):
            self._end(some)
        family.end_strangers(())
        say("Ended.")

    def _end(self, some: list[Kept]) -> None:
        running = [kept for kept in some if kept.keeper is not None]
        for kept in running:
            kept.keeper.terminate()
        longest_s = max((kept.part.grace_s for kept in running), default=0.0) + MARGIN_S
        deadline = time.monotonic() + longest_s
        asked_before = self.times_asked_to_end
        while any(kept.keeper.poll() is None for kept in running):
            if time.monotonic() > deadline or self.times_asked_to_end > max(asked_before, 1):
                break
            self._rest(0.05)
        for kept in running:
            kept.keeper.kill()
            kept.keeper.wait()

    def _keeper_pids(self) -> set[int]:
        return {kept.keeper.pid for kept in self.kept if kept.keeper is not None}

    def _rest(self, timeout_s: float) -> None:
        """Sleep until the time is over or a signal arrives, and count the requests to end."""
        arrived, _, _ = select.select([self.wake], [], [], timeout_s)
        signals = os.read(self.wake, 256) if arrived else b""
        wanted = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        self.times_asked_to_end += sum(1 for signum in signals if signum in wanted)


def how_it_ended(code: int) -> str:
    """Say a keeper's exit code in words."""
    signum = -code if code < 0 else code - KILLED
    if signum in signal.valid_signals():
        return f"was killed by {signal.Signals(signum).name}"
    return f"ended with code {code}"


def say(*lines: str) -> None:
    """Print to the terminal with the time in front; a closed terminal is no reason to stop."""
    now = datetime.now().astimezone().strftime("%H:%M:%S")
    for line in lines:
        try:
            sys.stdout.write(f"{now}  {line}\n")
            sys.stdout.flush()
        except OSError:
            return
