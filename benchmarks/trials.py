"""Short trials through queue, workers and limited processes, beside a bare loop of two processes.

    make bench B=trials ARGS="--trials 500"

The bare loop keeps its two processes and does the same trial: the same folds, scores and
diagnosis, and nothing that is kept. A second one starts a process for each trial. Rates do not
hang on the number of trials; with the usual 120 all of it takes some four minutes. On a machine
that does other work only the processor seconds of a trial can be compared.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from apps.engine.training.trial import cross_validate
from apps.engine.types import silent
from benchmarks.rig import figures, servers

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "var" / "benchmarks" / "trials"
LEAST_OF_BARE, LEAST_OF_TWO = 0.8, 1.7
PATIENCE_S = 1200.0
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Rate:
    """Trials a second, and processor seconds of a trial."""

    per_s: float
    processor_s: float


def with_workers(count: int, *, trials: int) -> tuple[Rate, dict[str, Any]]:
    """ML Cycle with so many workers, and what a trial is asked."""
    var = PLACE / "var"
    shutil.rmtree(var, ignore_errors=True)
    var.mkdir(parents=True)
    env = {
        **os.environ,
        "MLCYCLE_VAR": str(var),
        "MLCYCLE_WORKERS": str(count),
        "DJANGO_SETTINGS_MODULE": "mlcycle_site.settings.production",
    }
    port = servers.free_port()
    up = [sys.executable, "manage.py", "up", "--no-demo", "--port", str(port)]
    log = PLACE / f"mlcycle-{count}.log"
    with servers.running(up, port=port, log=log, env=env, cwd=ROOT) as pid:
        _call(f"prepare({str(var / 'asked.json')!r})", env=env)
        _call(_start(var, 2 * count), env=env)  # warm: libraries are read
        before_s = servers.processor_s(pid)
        _call(_start(var, trials), env=env)
        spent_s = servers.processor_s(pid) - before_s
    told = json.loads((var / "told.json").read_text())
    if told["states"] != ["done"]:
        raise figures.CannotMeasure(
            f"{told['ended']} of {trials} trials ended within {PATIENCE_S:.0f} s; states: "
            f"{', '.join(told['states'])}. With fewer --trials it may."
        )
    asked = json.loads((var / "asked.json").read_text())
    return Rate(trials / told["seconds"], spent_s / trials), asked


def _call(call: str, *, env: dict[str, str]) -> None:
    code = f"from benchmarks.rig.short_trials import prepare, start; {call}"
    shell = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    servers.run(shell, says="The trials could not be run", env=env, cwd=ROOT)


def _start(var: Path, trials: int) -> str:
    return f"start({str(var / 'told.json')!r}, count={trials}, within_s={PATIENCE_S})"


def bare(asked: dict[str, Any]) -> float:
    """One trial and nothing around it; its processor seconds."""
    began = time.process_time()
    cross_validate(report=silent, **asked)
    return time.process_time() - began


def in_a_process(asked: dict[str, Any]) -> float:
    """One trial in a process of its own."""
    request = {"call": "apps.engine.training.trial:cross_validate", "arguments": asked}
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "apps.engine.child"],
        input=json.dumps(request) + "\n",
        text=True,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        check=True,
    )
    return sum(os.times()[2:4]) - sum(before[2:4])


def looped(
    pool: Executor, body: Callable[[dict[str, Any]], float], asked: dict[str, Any], *, trials: int
) -> Rate:
    """A pool of two that is warm."""
    each = [{**asked, "params": {"max_leaf_nodes": 4 + n % 20}} for n in range(trials)]
    with pool:
        list(pool.map(body, each[:4]))
        began = time.monotonic()
        spent_s = list(pool.map(body, each))
        return Rate(trials / (time.monotonic() - began), sum(spent_s) / trials)


def measured(trials: int) -> dict[str, Rate]:
    """Each way. A process each takes long and says little: fewer are measured."""
    os.environ.update(THREADS)
    told: dict[str, Rate] = {}

    def tell(name: str, rate: Rate) -> None:
        told[name] = rate
        print(f"{name}: {rate.per_s:.2f} trials/s, {rate.processor_s:.2f} s each", flush=True)

    tell("one_worker", with_workers(1, trials=max(2, trials // 2))[0])
    two, asked = with_workers(2, trials=trials)
    tell("two_workers", two)
    context = get_context("spawn")
    # A trial of ML Cycle gives way to pages: so do these.
    kept = ProcessPoolExecutor(2, mp_context=context, initializer=os.nice, initargs=(10,))
    tell("bare_loop", looped(kept, bare, asked, trials=trials))
    few = max(4, min(20, trials // 4))
    each = ProcessPoolExecutor(2, mp_context=context, initializer=os.nice, initargs=(10,))
    tell("process_each", looped(each, in_a_process, asked, trials=few))
    return told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=120)
    options = parser.parse_args()
    try:
        told = measured(options.trials)
    except figures.CannotMeasure as error:
        print(f"trials: nothing was measured. {error}", file=sys.stderr)
        return 1
    rows = [
        [name.replace("_", " "), f"{rate.per_s:.2f}", f"{rate.processor_s:.3f}"]
        for name, rate in told.items()
    ]
    print(figures.table(["way", "trials/s", "processor s of a trial"], rows))
    ours, floor = told["two_workers"], told["bare_loop"]
    bars = {
        "of_a_bare_loop": figures.bar(ours.per_s / floor.per_s, at_least=LEAST_OF_BARE),
        "two_workers_over_one": figures.bar(
            ours.per_s / told["one_worker"].per_s, at_least=LEAST_OF_TWO
        ),
    }
    machine = figures.machine(("scikit-learn", "celery", "django"))
    found = {
        "trials": options.trials,
        "machine": machine,
        "ways": {name: asdict(rate) for name, rate in told.items()},
        "processor_of_a_bare_loop": floor.processor_s / ours.processor_s,
    }
    print(figures.closing_line("trials", figures=found, bars=bars))
    return 0


if __name__ == "__main__":
    sys.exit(main())
