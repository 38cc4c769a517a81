"""Folds that are finished, kept beside a trial until it ends: what died goes on from there."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.engine.errors import BadFile
from apps.engine.evaluation.metrics import Predictions
from apps.engine.training.answers import Answers, read_answers, write_answers

WRAP_UP = "wrap-up"
"""A file of this name asks a search to end with what it has found."""


@dataclass(frozen=True)
class FoldFit:
    """What one fold's model answered of the rows at ``valid``; ``cost``: see footprint."""

    valid: Any
    told: Predictions
    fit_s: float
    predict_s: float
    cost: dict[str, float] = field(default_factory=dict)


class Kept:
    """A folder with what is finished of one trial. Without a folder nothing is kept."""

    def __init__(self, folder: str | None, about: Mapping[str, Any]) -> None:
        """Forget what was kept of other settings, rows or versions (``about``)."""
        self.folder = Path(folder) if folder else None
        if self.folder is None:
            return
        mark = hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()
        file = self.folder / "about"
        if not file.exists() or file.read_text() != mark:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            _write_whole(file, mark)

    def fold(self, number: int) -> FoldFit | None:
        """A finished fold, or None."""
        told = self.read(f"fold-{number}")
        if self.folder is None or told is None:
            return None
        try:
            answers = read_answers(self.folder / f"fold-{number}.parquet")
        except BadFile:
            return None
        return FoldFit(answers.row, answers.told, **told)

    def keep_fold(self, number: int, fit: FoldFit, truth: Any) -> None:
        """Keep a finished fold. It is there whole or not at all."""
        if self.folder is None:
            return
        answers = Answers(fit.valid, 0 * fit.valid, truth, fit.told)
        write_answers(answers, self.folder / f"fold-{number}.parquet")
        names = ("fit_s", "predict_s", "cost")
        self.write(f"fold-{number}", {name: getattr(fit, name) for name in names})

    def read(self, name: str) -> Any:
        """What was written under a name, or None."""
        if self.folder is None or not (self.folder / f"{name}.json").exists():
            return None
        return json.loads((self.folder / f"{name}.json").read_text())

    def write(self, name: str, told: Any) -> None:
        """Write JSON under a name, whole or not at all."""
        if self.folder is not None:
            _write_whole(self.folder / f"{name}.json", json.dumps(told))


def wraps_up(folder: str | None) -> bool:
    """A person asked to end with what has been found."""
    return folder is not None and (Path(folder) / WRAP_UP).exists()


def _write_whole(file: Path, text: str) -> None:
    part = file.with_suffix(".part")
    part.write_text(text)
    part.replace(file)
