"""Runs of the automl benchmark: kept line by line in a file, so that it can be run in pieces."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apps.engine.evaluation.metrics import METRICS
from benchmarks.rig import figures

OURS, FLAML, AUTOGLUON = "ours", "flaml", "autogluon"
LEAST_NOISE = 0.005
"""A difference below half a percent of a peer's figure is a tie, however quiet its seeds are."""
OVERRUN = 1.05
EQUAL_TABLES, BEST_TABLES = 4, 3


@dataclass(frozen=True)
class Run:
    """One tool on one table with one seed. ``of``: the version of the tool that was run."""

    table: str
    seed: int
    tool: str
    budget_s: float
    cores: int
    of: str
    scores: dict[str, float]
    spent_s: float
    chosen: str

    @property
    def key(self) -> tuple[Any, ...]:
        """What has to be the same for a run to count again."""
        return (self.table, self.seed, self.tool, self.budget_s, self.cores, self.of)


class Runs:
    """The runs in a file of JSON lines; of equal ones the last counts."""

    def __init__(self, file: Path) -> None:
        self.file = file
        lines = file.read_text().splitlines() if file.exists() else []
        self.found = {run.key: run for run in (Run(**json.loads(line)) for line in lines)}

    def add(self, run: Run) -> None:
        """Keep it, now."""
        self.found[run.key] = run
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as file:
            file.write(json.dumps(asdict(run)) + "\n")


def version_of(folder: Path) -> str:
    """Hash of the Python files in a folder: what ours was when it was run."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def compared(runs: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Means over the seeds for each metric; whether ours is at least equal to each peer.

    Equal means: not worse by more than the peer's own noise of seeds (at least LEAST_NOISE).
    """
    found: dict[str, Any] = {}
    for metric in runs[OURS][0]:
        means = {tool: float(np.mean([run[metric] for run in told])) for tool, told in runs.items()}
        found[metric] = {**means, "at_least_equal": {}}
        for tool, told in runs.items():
            if tool == OURS:
                continue
            values = [run[metric] for run in told]
            noise = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
            noise = max(noise, LEAST_NOISE * abs(means[tool]))
            sign = 1 if METRICS[metric].direction == "up" else -1
            gain = sign * (means[OURS] - means[tool])
            found[metric]["at_least_equal"][tool] = bool(gain >= -noise)
    return found


def whole_tables(
    runs: Iterable[Run], *, tables: Sequence[str], tools: Sequence[str], seeds: Sequence[int]
) -> dict[str, dict[str, Any]]:
    """What ``compared`` says of each table on which every tool has run with every seed."""
    by = {(run.table, run.seed, run.tool): run.scores for run in runs}
    return {
        table: compared({tool: [by[table, seed, tool] for seed in seeds] for tool in tools})
        for table in tables
        if all((table, seed, tool) in by for seed in seeds for tool in tools)
    }


def bars_of(
    found: dict[str, Any], runs: Sequence[Run], *, tools: Sequence[str]
) -> dict[str, dict[str, float | bool]]:
    """At least equal to the peers on so many tables, every metric; the budget held."""

    def equal_to(*peers: str) -> int:
        return sum(
            all(told["at_least_equal"][tool] for told in table.values() for tool in peers)
            for table in found.values()
        )

    bars = {}
    if FLAML in tools:
        bars["tables_equal_to_flaml"] = figures.bar(equal_to(FLAML), at_least=EQUAL_TABLES)
    if {FLAML, AUTOGLUON} <= {*tools}:
        both = equal_to(FLAML, AUTOGLUON)
        bars["tables_equal_to_the_better"] = figures.bar(both, at_least=BEST_TABLES)
    shares = [run.spent_s / run.budget_s for run in runs if run.tool == OURS]
    if shares:
        longest = figures.bar(1 / max(shares), at_least=1 / OVERRUN)
        bars["budget_over_longest_run"] = longest
    return bars


def table_of(found: dict[str, Any], *, tools: Sequence[str]) -> str:
    """Means as a Markdown table; a peer that ours is behind of is marked."""
    rows = []
    for table, metrics in found.items():
        for metric, told in metrics.items():
            cells = [f"{told[tool]:.4f}" for tool in tools]
            behind = [tool for tool, equal in told["at_least_equal"].items() if not equal]
            rows.append([table, metric, *cells, ", ".join(behind) or "none"])
    return figures.table(["table", "metric", *tools, "behind of"], rows)
