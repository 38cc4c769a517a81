"""Two to five trials side by side: what differs, what it changed, on which rows they disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.datasets.storage import local
from apps.engine.errors import EngineError
from apps.engine.evaluation.comparison import Gain
from apps.engine.training.beside import scores_by_slice
from apps.engine.training.disagreement import disagreements
from apps.engine.training.rule import sentence
from apps.engine.types import Kind, Problem
from apps.modeling.leaderboard import digits_of
from apps.modeling.models import Trial
from apps.modeling.overlays import overlays_of
from apps.modeling.standings import gain
from apps.planning.queries import as_signed, sensitive_columns
from apps.web.refusals import Refusal

MOST_TRIALS = 5
HASH_DIGITS = 12
WORST = 3
"""Of the groups that a search found in a trial: those it errs on most."""


@dataclass(frozen=True)
class Line:
    """One property of all the trials, as texts."""

    name: str
    values: list[str]

    @property
    def differs(self) -> bool:
        """Not the same for all."""
        return len(set(self.values)) > 1


@dataclass(frozen=True)
class Section:
    """Lines that belong together."""

    title: str
    lines: list[Line]

    @property
    def hidden(self) -> int:
        """Lines that are the same for all."""
        return sum(1 for line in self.lines if not line.differs)


@dataclass(frozen=True)
class MetricRow:
    """A promised metric: each trial's title and score, and the gain of each over the base."""

    title: str
    direction: str
    cells: list[tuple[str, Mapping[str, Any] | None, Gain | None]]

    @property
    def places(self) -> int:
        """Decimals of the scores."""
        return digits_of(self.cells[0][1])


@dataclass(frozen=True)
class ComparedTrials:
    """What the page shows; the base is the first of ``trials``."""

    trials: list[Trial]
    sections: list[Section]
    metrics: list[MetricRow]
    apart: dict[str, Any] | None
    why_not_apart: str
    slices: list[dict[str, Any]] | None = None
    """The score of each on each slice, what differs most first; None where nobody asked."""

    @property
    def base(self) -> Trial:
        """The others are compared with it."""
        return self.trials[0]

    @property
    def pairs(self) -> list[tuple[Trial, Mapping[str, Any]]]:
        """Each other trial with how far it is from the base."""
        found = self.apart["pairs"] if self.apart else []
        return list(zip(self.trials[1:], found, strict=True)) if found else []

    @property
    def curves(self) -> dict[str, str]:
        """Names and titles of the curves that all of them have."""
        return overlays_of(self.trials)

    @property
    def query(self) -> str:
        """The chosen trials as they stand in the address."""
        return "&".join(f"trial={trial.pk}" for trial in self.trials)


def compared(trials: Sequence[Trial], *, by_slice: bool = False) -> ComparedTrials:
    """Side by side; raises Refusal unless two to MOST_TRIALS are finished.

    ``by_slice``: with their scores on each slice, which takes some seconds on many rows.
    """
    if not 2 <= len(trials) <= MOST_TRIALS:
        raise Refusal(f"Choose two to {MOST_TRIALS} candidates on the leaderboard.")
    if any(not trial.result for trial in trials):
        raise Refusal("Only finished candidates can be compared. Wait for them, or choose others.")
    apart, slices, why_not = None, None, ""
    try:
        apart = _apart(trials)
        slices = _by_slice(trials) if by_slice else None
    except (EngineError, Refusal) as error:
        why_not = str(error)
    sections, metrics = _sections(trials), _metrics(trials)
    return ComparedTrials(list(trials), sections, metrics, apart, why_not, slices)


def _sections(trials: Sequence[Trial]) -> list[Section]:
    return [
        Section("Settings", _lines([_settings(trial) for trial in trials])),
        Section("Features and data", _lines([_data(trial) for trial in trials])),
        Section("Cost and versions", _lines([_cost(trial) for trial in trials])),
    ]


def _lines(told: list[dict[str, str]]) -> list[Line]:
    names = dict.fromkeys(name for one in told for name in one)
    return [Line(name, [one.get(name, "–") for one in told]) for name in names]


def _settings(trial: Trial) -> dict[str, str]:
    experiment = trial.experiment
    told = {
        "experiment": str(experiment.number),
        "kind": trial.candidate,
        "seed": str(experiment.seed),
        "classes weigh alike": "yes" if experiment.balanced else "no",
        "preparation": "; ".join(experiment.prepared_as) or "automatic",
        "rows fitted on": f"a sample of {trial.most_rows:,}" if trial.most_rows else "all",
    }
    if trial.candidate == "rule":
        return {**told, "rule": sentence(trial.params)}
    for name, value in trial.params.items():
        told[name] = _members(value) if name == "members" else _text(value)
    return told


def _members(members: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{member['weight']:.2f} {member['candidate']}"
        + "".join(f", {name} {_text(value)}" for name, value in member["params"].items())
        for member in members
    )


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _data(trial: Trial) -> dict[str, str]:
    experiment, split = trial.experiment, trial.experiment.split
    used = {feature["name"]: feature["kind"] for feature in experiment.features}
    return {
        "plan version": str(experiment.plan.number),
        "table": split.table.parquet[:HASH_DIGITS],
        "recipe and sources": split.table.inputs_hash[:HASH_DIGITS],
        "split": split.split_file[:HASH_DIGITS],
        "development rows": split.development[:HASH_DIGITS],
        "features": str(len(used)),
        **{f"feature {name}": str(Kind(kind).value) for name, kind in used.items()},
    }


def _cost(trial: Trial) -> dict[str, str]:
    result = trial.result
    told = {
        "fit, all folds": f"{result['fit_s']:.1f} s",
        "one row": f"{result['one_row_ms']:.1f} ms" if result.get("one_row_ms") else "–",
        "size": f"{result['size_bytes'] / 1e6:.2f} MB" if result.get("size_bytes") else "–",
        "threshold": f"{result['threshold']:.4g}",
    }
    return {**told, **{name: str(at) for name, at in result.get("versions", {}).items()}}


def _metrics(trials: Sequence[Trial]) -> list[MetricRow]:
    rows = []
    for promise in as_signed(trials[0].experiment.plan).promises:
        cells: list[tuple[str, Mapping[str, Any] | None, Gain | None]] = []
        for trial in trials:
            scores = trial.result["scores"].get(promise.key)
            over = None
            if scores and trial.pk != trials[0].pk:
                over = gain(trial, trials[0], measure=promise.measure)
            cells.append((trial.title, scores, over))
        rows.append(MetricRow(promise.title, promise.direction, cells))
    return rows


def _apart(trials: Sequence[Trial]) -> dict[str, Any]:
    experiment = trials[0].experiment
    if any(trial.experiment.split_id != experiment.split_id for trial in trials):
        raise Refusal("They were trained on different splits: no row was answered by all.")
    if any(not trial.answers for trial in trials):
        raise Refusal("The answers of one of them were not kept. Train it again to compare rows.")
    sensitive = _sensitive(trials[0])
    return disagreements(
        **_answers(trials),
        columns=[
            feature["name"] for feature in experiment.features if feature["name"] not in sensitive
        ],
    )


def _answers(trials: Sequence[Trial]) -> dict[str, Any]:
    """What the engine needs to compare stored answers."""
    experiment = trials[0].experiment
    is_binary = experiment.problem == Problem.BINARY
    return {
        "answers": [str(local(trial.answers)) for trial in trials],
        "thresholds": [float(trial.result["threshold"]) for trial in trials],
        "positive": as_signed(experiment.plan).positive or None if is_binary else None,
        "development": str(local(experiment.split.development)),
    }


def _sensitive(trial: Trial) -> set[str]:
    plan = as_signed(trial.experiment.plan)
    return {feature.name for feature in plan.features if feature.sensitive}


def _by_slice(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Planned slices, and the worst that were found of each; no value of a sensitive column."""
    experiment = trials[0].experiment
    plan, hidden = as_signed(experiment.plan), sensitive_columns(experiment.cycle)
    found: list[list[dict[str, str]]] = []
    for trial in trials:
        for spot in trial.diagnosis.get("weak", {}).get("found", [])[:WORST]:
            if not hidden & {part["column"] for part in spot["parts"]}:
                found += [spot["parts"]] if spot["parts"] not in found else []
    lines = scores_by_slice(
        **_answers(trials),
        metric=plan.promises[0].measure.as_dict(),
        features=experiment.features,
        planned=[column for column in plan.groups if column not in hidden],
        found=found,
    )
    titles = [trial.title for trial in trials]
    return [{**line, "told": list(zip(titles, line["told"], strict=True))} for line in lines]
