"""Numbers of a benchmark and how they are told. Pure functions."""

import json
import math
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


class CannotMeasure(Exception):
    """The benchmark has no figures; the message says why in one sentence."""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of the values do not exceed (nearest rank)."""
    if not values:
        raise CannotMeasure("There is no value to take a percentile of.")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class Load:
    """One stretch of requests: latencies of the answered ones in ms, and how long it took."""

    latencies_ms: Sequence[float]
    took_s: float

    def figures(self) -> dict[str, float]:
        """Requests per second, and latency p50, p95, p99 in ms."""
        return {
            "per_s": len(self.latencies_ms) / self.took_s,
            "p50_ms": percentile(self.latencies_ms, 0.50),
            "p95_ms": percentile(self.latencies_ms, 0.95),
            "p99_ms": percentile(self.latencies_ms, 0.99),
        }


def spread(runs: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """For each figure of several runs its min, median and max: the noise is part of the answer."""
    return {
        name: {
            "min": min(run[name] for run in runs),
            "median": statistics.median(run[name] for run in runs),
            "max": max(run[name] for run in runs),
        }
        for name in runs[0]
    }


def bar(value: float, *, at_least: float) -> dict[str, float | bool]:
    """A bar with its value and whether it is held. A value that is no number holds nothing."""
    return {"value": value, "at_least": at_least, "held": value >= at_least}


def closing_line(
    benchmark: str, *, figures: Mapping[str, object], bars: Mapping[str, Mapping[str, object]]
) -> str:
    """The last line of a benchmark: one JSON object; ``held`` when every bar is."""
    held = bool(bars) and all(told["held"] is True for told in bars.values())
    told = {"benchmark": benchmark, "figures": figures, "bars": bars, "held": held}
    return json.dumps(told, allow_nan=False)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, padded so that it reads in a terminal too."""
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in [heads, ["-" * width for width in widths], *rows]
    ]
    return "\n".join(lines)


def machine(packages: Sequence[str]) -> dict[str, object]:
    """Where the figures come from: processor, cores, Python and versions of packages."""
    info = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (info.read_text().splitlines() if info.exists() else [])
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": len(names) or None,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }
