"""An experiment of the record as the notebook that the engine writes."""

from typing import Any

from apps.engine.training.given import GIVEN
from apps.engine.training.notebook import Entry, Setting, notebook_of
from apps.engine.types import Problem
from apps.modeling.models import Experiment
from apps.modeling.ruling import features_with_rule
from apps.planning.queries import as_signed, sentence_of


def written_notebook(experiment: Experiment) -> dict[str, Any]:
    """Finished trials only; the notebook's JSON."""
    plan, split = as_signed(experiment.plan), experiment.split
    trials = [trial for trial in experiment.trials.all() if trial.result]
    extra: list[dict[str, Any]] = []
    for trial in trials:
        if trial.candidate == "rule":
            extra = features_with_rule(trial.params, experiment)[len(experiment.features) :]
    versions = trials[0].result.get("versions", {}) if trials else {}
    made = ", ".join(f"{name} {at}" for name, at in versions.items())
    setting = Setting(
        title=f"{experiment.cycle.project.name}, experiment {experiment.number}",
        says=f"{sentence_of(experiment.plan.content)}\n\nDevelopment rows "
        f"`{split.development[:12]}`, split `{split.split_file[:12]}`. Made with {made}.",
        target=plan.target,
        features=experiment.features,
        problem=Problem(experiment.problem),
        seed=experiment.seed,
        method=split.method,
        balanced=experiment.balanced,
        extra=extra,
        choices=experiment.preparation,
        level=experiment.level,
    )
    return notebook_of(
        setting,
        [
            Entry(f"{trial.title} #{trial.pk}", trial.candidate, trial.params, trial.most_rows)
            for trial in trials
            if trial.candidate != GIVEN  # its pipeline came from a notebook: nobody else has it
        ],
    )
