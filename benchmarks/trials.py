"""Short trials through queue, workers and limited processes, beside a bare loop of two processes.

    make bench B=trials ARGS="--trials 500"

The bare loop keeps its two processes and only cross-validates. A second one starts a process for
each trial, as ML Cycle does so that a trial has limits of its own: what is between the two is the
price of that, what is below the second is ours.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from apps.engine.training.trial import cross_validate
from apps.engine.types import silent
from benchmarks.rig import figures, servers

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "var" / "benchmarks" / "trials"
LEAST_OF_BARE, LEAST_OF_TWO = 0.8, 1.7
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def with_workers(count: int, *, trials: int) -> tuple[float, dict[str, Any]]:
    """Trials a second of ML Cycle with so many workers, and what a trial is asked."""
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
    with servers.running(up, port=port, log=log, env=env, cwd=ROOT):
        for call in (f"prepare({str(var / 'asked.json')!r})", _start(var, trials)):
            code = f"from benchmarks.rig.short_trials import prepare, start; {call}"
            shell = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
            servers.run(shell, says="The trials could not be run", env=env, cwd=ROOT)
        told = json.loads((var / "told.json").read_text())
    if told["states"] != ["done"]:
        raise figures.CannotMeasure(f"Not every trial ended well: {told['states']}.")
    return trials / told["seconds"], json.loads((var / "asked.json").read_text())


def _start(var: Path, trials: int) -> str:
    return f"start({str(var / 'told.json')!r}, count={trials})"


def bare(asked: dict[str, Any]) -> None:
    """One trial and nothing around it."""
    cross_validate(report=silent, **asked)


def in_a_process(asked: dict[str, Any]) -> None:
    """One trial in a process of its own."""
    request = {"call": "apps.engine.training.trial:cross_validate", "arguments": asked}
    subprocess.run(
        [sys.executable, "-m", "apps.engine.child"],
        input=json.dumps(request) + "\n",
        text=True,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        check=True,
    )


def looped(pool: Any, body: Callable[..., None], asked: dict[str, Any], *, trials: int) -> float:
    """Trials a second of a pool of two that is warm."""
    each = [{**asked, "params": {"max_leaf_nodes": 4 + n % 20}} for n in range(trials)]
    with pool:
        list(pool.map(body, each[:4]))
        began = time.monotonic()
        list(pool.map(body, each))
        return trials / (time.monotonic() - began)


def measured(trials: int) -> dict[str, float]:
    """Trials a second of each way."""
    os.environ.update(THREADS)
    one, _ = with_workers(1, trials=max(2, trials // 2))
    two, asked = with_workers(2, trials=trials)
    spawned = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    return {
        "one_worker": one,
        "two_workers": two,
        "bare_loop": looped(spawned, bare, asked, trials=trials),
        "process_each": looped(ThreadPoolExecutor(2), in_a_process, asked, trials=trials),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=500)
    options = parser.parse_args()
    try:
        per_s = measured(options.trials)
    except figures.CannotMeasure as error:
        print(f"trials: nothing was measured. {error}", file=sys.stderr)
        return 1
    rows = [[name.replace("_", " "), f"{value:.2f}"] for name, value in per_s.items()]
    print(figures.table(["way", "trials/s"], rows))
    bars = {
        "of_a_bare_loop": figures.bar(
            per_s["two_workers"] / per_s["bare_loop"], at_least=LEAST_OF_BARE
        ),
        "of_a_process_each": figures.bar(
            per_s["two_workers"] / per_s["process_each"], at_least=LEAST_OF_BARE
        ),
        "two_workers_over_one": figures.bar(
            per_s["two_workers"] / per_s["one_worker"], at_least=LEAST_OF_TWO
        ),
    }
    machine = figures.machine(("scikit-learn", "celery", "django"))
    told = {"trials": options.trials, "machine": machine, "per_s": per_s}
    print(figures.closing_line("trials", figures=told, bars=bars))
    return 0


if __name__ == "__main__":
    sys.exit(main())
