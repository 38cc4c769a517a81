"""Predictions over HTTP: ML Cycle beside ``mlflow models serve``, the same pipeline.

One row a call with 1 and with 16 connections, and 1,000 rows a call with one. Both servers run at
once on this machine and are asked in turns, several times; the floor is the pipeline's own
``predict_proba`` in this process. ML Cycle runs as ``make up`` runs it, with token, check, recipe
and log; only its limit of calls per minute is lifted. Then 16 connections are answered while two
trainings run, and a process by itself answers for 500 endpoints, each with a model of its own.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from apps.engine.training.files import TRUSTED, load_model
from benchmarks.rig import figures, load, peers, servers
from benchmarks.rig.figures import CannotMeasure

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "var" / "benchmarks"
MLFLOW = "mlflow==3.17.2"
SAME_AS_OURS = ("scikit-learn", "lightgbm", "skops", "pandas")
OURS = ("httptools", "django", "orjson", *SAME_AS_OURS)
BATCH_ROWS = 1_000
LOADS = {
    "1 client, 1 row": (1, 1),
    "16 clients, 1 row": (16, 1),
    "1 client, 1,000 rows": (1, 1_000),
}
BAR_TIMES = {1: 30.0, BATCH_ROWS: 2.0}
EQUAL_WITHIN = 1e-9
COMPARED_ROWS = 200
FLOOR_ROWS = 300
LATENCIES = ("p50_ms", "p95_ms", "p99_ms")
BUSY = "16 clients, 1 row"
BUSY_TIMES = 3.0
ENDPOINTS = 500
MOST_RESIDENT_BYTES = 1.5e9
MOST_COLD_MS = 300.0


@dataclass(frozen=True)
class Server:
    """A server and what it is asked: requests of 1 and of BATCH_ROWS rows."""

    name: str
    port: int
    requests: dict[int, list[bytes]]


def main() -> int:
    """Measure and tell. 0 when it was measured, 2 when it could not be."""
    options = _options()
    try:
        told = measure(options)
    except CannotMeasure as problem:
        sys.stderr.write(f"The serving benchmark cannot measure: {problem}\n")
        return 2
    print(told_as_table(told))
    print(figures.closing_line("serving", figures=told, bars=bars_of(told)))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench B=serving", description=__doc__)
    parser.add_argument("--candidate", default="boosting", help="which model is served")
    parser.add_argument("--runs", type=int, default=5, help="turns of each server")
    parser.add_argument("--seconds", type=float, default=4.0, help="of load per turn")
    parser.add_argument(
        "--threads", type=int, default=8, help="beside the one that has all connections (ours)"
    )
    return parser.parse_args()


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures of one run. Raises CannotMeasure."""
    PLACE.mkdir(parents=True, exist_ok=True)
    python = peer_python()
    with (
        product(options.candidate, threads=options.threads) as (ours, known),
        mlflow(python, known) as theirs,
    ):
        pipeline = load_model(known["model"], sha256=known["sha256"])
        frame = pd.DataFrame(known["values"], columns=known["columns"])
        difference = largest_difference(pipeline, frame, ours=ours, theirs=theirs)
        runs: dict[str, dict[str, list]] = {
            server.name: {name: [] for name in LOADS} for server in (ours, theirs)
        }
        for server in (ours, theirs):  # both warm
            load.press(server.requests[1], port=server.port, clients=16, for_s=2.0)
        for _ in range(options.runs):
            for name, (clients, rows) in LOADS.items():
                for server in (ours, theirs):
                    pressed = load.press(
                        server.requests[rows],
                        port=server.port,
                        clients=clients,
                        for_s=options.seconds,
                    )
                    runs[server.name][name].append(pressed.figures())
        floor = _floor(pipeline, frame)
        many = many_endpoints(known["env"])
        busy = while_training(ours, known["env"], for_s=2 * options.seconds)
    return {
        "machine": {
            **figures.machine(OURS),
            "peer": MLFLOW,
        },
        "model": options.candidate,
        "runs": options.runs,
        "web_threads": options.threads,
        "largest_difference": difference,
        "floor_in_process": floor,
        "while_two_trainings_run": busy,
        "many_endpoints": many,
        **{
            name: {asked: figures.spread(turns) for asked, turns in told.items()}
            for name, told in runs.items()
        },
    }


def peer_python() -> str:
    """The Python of the peer's own virtual environment, made on the first run."""
    packages = [MLFLOW, *(f"{name}=={version(name)}" for name in SAME_AS_OURS)]
    return peers.environment(PLACE / "mlflow-venv", packages, called="MLflow")


@contextlib.contextmanager
def product(candidate: str, *, threads: int) -> Iterator[tuple[Server, dict[str, Any]]]:
    """ML Cycle as ``make up`` runs it, on a fresh folder, with one live endpoint."""
    var = PLACE / "var"
    shutil.rmtree(var, ignore_errors=True)
    var.mkdir()
    env = {
        **os.environ,
        "MLCYCLE_VAR": str(var),
        "MLCYCLE_PREDICT_CALLS_PER_MINUTE": str(10**9),
        "MLCYCLE_PREDICT_ROWS_PER_MINUTE": str(10**12),
        "MLCYCLE_WEB_THREADS": str(threads),
        "DJANGO_SETTINGS_MODULE": "mlcycle_site.settings.production",
    }
    port, scoring_port = servers.free_port(), servers.free_port()
    known_file = var / "known.json"
    up = [sys.executable, "manage.py", "up", "--no-demo", "--port", str(port)]
    up += ["--scoring-port", str(scoring_port)]
    with servers.running(up, port=port, log=PLACE / "mlcycle.log", env=env, cwd=ROOT):
        arguments = f"{str(known_file)!r}, candidate={candidate!r}"
        code = f"from benchmarks.rig.endpoint import build; build({arguments})"
        in_django(code, says="The endpoint could not be built", env=env)
        known = {**json.loads(known_file.read_text()), "env": env}
        path = f"/api/v1/deployments/{known['slug']}/predict"
        headers = [("Authorization", f"Bearer {known['token']}")]

        def asked(rows: list[Any]) -> bytes:
            body = json.dumps({"rows": rows}).encode()
            return load.request_bytes(path, body, port=scoring_port, headers=headers)

        yield Server("mlcycle", scoring_port, _requests(asked, known["rows"])), known


def in_django(code: str, *, says: str, env: dict[str, str]) -> None:
    """Run a line of Python where the product's models are. Raises CannotMeasure with ``says``."""
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    servers.run(command, says=says, env=env, cwd=ROOT)


def while_training(server: Server, env: dict[str, str], *, for_s: float) -> dict[str, float]:
    """The load of BUSY while the workers train two models the whole time."""
    come = "from benchmarks.rig.endpoint import "
    in_django(f"{come}start_trainings; start_trainings()", says="No training began", env=env)
    clients, rows = LOADS[BUSY]
    pressed = load.press(server.requests[rows], port=server.port, clients=clients, for_s=for_s)
    says = "The trainings ended before the load did"
    in_django(f"{come}assert_training; assert_training()", says=says, env=env)
    return pressed.figures()


def many_endpoints(env: dict[str, str]) -> dict[str, float]:
    """Memory of a process that has a model for each of ENDPOINTS, and their first calls."""
    file = PLACE / "many.json"
    code = f"from benchmarks.rig.many_endpoints import ask_all; ask_all({str(file)!r}, {ENDPOINTS})"
    single = {**env, "OMP_NUM_THREADS": "1"}  # as the web process has it
    in_django(code, says="The endpoints do not answer", env=single)
    told = json.loads(file.read_text())
    return {
        "endpoints": ENDPOINTS,
        "models_in_memory": told["kept"],
        "resident_bytes": told["resident_bytes"][1],
        "resident_bytes_before": told["resident_bytes"][0],
        **{
            f"cold_p{share}_ms": figures.percentile(told["cold_ms"], share / 100)
            for share in (50, 99)
        },
        "warm_p50_ms": figures.percentile(told["warm_ms"], 0.5),
    }


@contextlib.contextmanager
def mlflow(python: str, known: dict[str, Any]) -> Iterator[Server]:
    """``mlflow models serve`` of the same pipeline, one worker as we have one."""
    folder = PLACE / "mlflow-model"
    shutil.rmtree(folder, ignore_errors=True)
    script = str(ROOT / "benchmarks" / "rig" / "mlflow_model.py")
    env = {
        **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        "PATH": f"{Path(python).parent}:{os.environ['PATH']}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "true",
    }
    servers.run(
        [python, script, known["model"], str(folder), json.dumps(TRUSTED)],
        says="MLflow does not take the pipeline",
        env=env,
        cwd=PLACE,
    )
    port = servers.free_port()
    command = [python, "-m", "mlflow", "models", "serve", "-m", str(folder), "-p", str(port)]
    command += ["-h", "127.0.0.1", "--env-manager", "local"]

    def asked(rows: list[Any]) -> bytes:
        body = {"dataframe_split": {"columns": known["columns"], "data": rows}}
        return load.request_bytes("/invocations", json.dumps(body).encode(), port=port)

    with servers.running(command, port=port, log=PLACE / "mlflow.log", env=env, cwd=PLACE):
        yield Server("mlflow", port, _requests(asked, known["values"]))


def _requests(asked: Callable[[list[Any]], bytes], rows: list[Any]) -> dict[int, list[bytes]]:
    """One-row requests, and one of BATCH_ROWS rows: the same rows again until there are as many."""
    batch = list(islice(cycle(rows), BATCH_ROWS))
    return {1: [asked([row]) for row in rows], BATCH_ROWS: [asked(batch)]}


def largest_difference(
    pipeline: Any, frame: pd.DataFrame, *, ours: Server, theirs: Server
) -> float:
    """Between both servers' probabilities and the pipeline's own. Raises when they differ."""
    expected = pipeline.predict_proba(frame[:COMPARED_ROWS])
    classes = [str(name) for name in pipeline.classes_]
    told = [
        json.loads(body)["predictions"][0]
        for body in load.answers(ours.requests[1][:COMPARED_ROWS], port=ours.port)
    ]
    mine = np.array([[row["probabilities"][name] for name in classes] for row in told])
    other = np.array(
        [
            json.loads(body)["predictions"][0]
            for body in load.answers(theirs.requests[1][:COMPARED_ROWS], port=theirs.port)
        ]
    )
    difference = float(max(np.abs(mine - expected).max(), np.abs(other - expected).max()))
    if difference > EQUAL_WITHIN:
        raise CannotMeasure(f"The servers do not answer alike: they differ by {difference:.2g}.")
    return difference


def _floor(pipeline: Any, frame: pd.DataFrame) -> dict[str, float]:
    """The pipeline alone on ready one-row frames, in this process."""
    singles = [frame[at : at + 1] for at in range(len(frame))]
    latencies = []
    with threadpool_limits(1):  # more threads only wait for each other on one row
        began = time.perf_counter()
        for place in range(FLOOR_ROWS):
            at = time.perf_counter()
            pipeline.predict_proba(singles[place % len(singles)])
            latencies.append(1000 * (time.perf_counter() - at))
    return figures.Load(latencies, time.perf_counter() - began).figures()


def bars_of(told: dict[str, Any]) -> dict[str, dict[str, float | bool]]:
    """Requests per second and p99 against the peer, medians of the runs."""
    bars = {}
    for name, (_, rows) in LOADS.items():
        ours, theirs = told["mlcycle"][name], told["mlflow"][name]
        bars[f"requests_per_s, {name}"] = figures.bar(
            ours["per_s"]["median"] / theirs["per_s"]["median"], at_least=BAR_TIMES[rows]
        )
        if rows == 1:
            bars[f"p99, {name}"] = figures.bar(
                theirs["p99_ms"]["median"] / ours["p99_ms"]["median"], at_least=BAR_TIMES[rows]
            )
    quiet, busy = told["mlcycle"][BUSY]["p95_ms"]["median"], told["while_two_trainings_run"]
    bars["quiet p95 against that while two trainings run"] = figures.bar(
        quiet / busy["p95_ms"], at_least=1 / BUSY_TIMES
    )
    many = told["many_endpoints"]
    bars[f"1.5 GB against the memory of {ENDPOINTS} endpoints"] = figures.bar(
        MOST_RESIDENT_BYTES / many["resident_bytes"], at_least=1.0
    )
    bars["300 ms against the first call of a cold model, p99"] = figures.bar(
        MOST_COLD_MS / many["cold_p99_ms"], at_least=1.0
    )
    return bars


def told_as_table(told: dict[str, Any]) -> str:
    """The figures as a Markdown table: median (min to max) of the runs."""
    rows = []
    for name in ("mlcycle", "mlflow"):
        for asked, turns in told[name].items():
            cells = [_noisy(turns["per_s"], 0), *(_noisy(turns[at], 2) for at in LATENCIES)]
            rows.append([name, asked, *cells])
    for name, asked, once in (
        ("mlcycle", f"{BUSY}, two trainings", told["while_two_trainings_run"]),
        ("pipeline alone", "–", told["floor_in_process"]),
    ):
        rows.append(
            [name, asked, f"{once['per_s']:,.0f}", *(f"{once[at]:.2f}" for at in LATENCIES)]
        )
    table = figures.table(["server", "asked", "requests/s", "p50 ms", "p95 ms", "p99 ms"], rows)
    many = told["many_endpoints"]
    return (
        f"{table}\n\n{ENDPOINTS} endpoints in one: {many['resident_bytes'] / 1e9:.2f} GB with "
        f"{many['models_in_memory']} models kept; first call {many['cold_p50_ms']:.0f} ms (p50), "
        f"{many['cold_p99_ms']:.0f} ms (p99), then {many['warm_p50_ms']:.2f} ms."
    )


def _noisy(figure: dict[str, float], places: int) -> str:
    low, median, high = (f"{figure[name]:,.{places}f}" for name in ("min", "median", "max"))
    return f"{median} ({low} to {high})"


if __name__ == "__main__":
    sys.exit(main())
