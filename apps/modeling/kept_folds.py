"""Where the finished folds of a trial lie until it ends (see the engine's ``training.kept``)."""

import shutil
import time
from pathlib import Path

from django.conf import settings

from apps.modeling.models import Trial

KEPT_DAYS = 30


def kept_folder(trial: Trial) -> Path:
    """The folder of a trial; a worker on another machine starts without it."""
    return settings.VAR / "kept" / f"trial-{trial.pk}"


def forget(trial: Trial) -> None:
    """Remove what was kept of a trial that has ended, and what nobody took up for KEPT_DAYS."""
    shutil.rmtree(kept_folder(trial), ignore_errors=True)
    root = settings.VAR / "kept"
    oldest = time.time() - KEPT_DAYS * 86_400
    for folder in root.iterdir() if root.exists() else ():
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)
