"""What a person does with a running or finished experiment: stop, go on, combine the best."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.given import GIVEN
from apps.engine.types import Problem
from apps.jobs.actions import enqueue, stop_job, try_again
from apps.jobs.models import LIVE, JobState, Queue
from apps.modeling.attending import restart_clock
from apps.modeling.models import Experiment, Trial
from apps.modeling.nesting import may_be_chosen, why_not_nested
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.projects.models import Project
from apps.web.refusals import Refusal

COMBINED = ("vote", "stack", "calibrated")
MOST_MEMBERS = 5


def stop_experiment(*, experiment: Experiment, by: User, keep: bool = False) -> None:
    """Stop the trials that wait; those that run too, or with ``keep`` only a search, early.

    A search that is asked to keep ends with the best blend of what it has tried. Finished trials
    and finished folds stay: ``go_on`` takes them up.
    """
    require(by, Verb.TRAIN, experiment.cycle.project)
    for trial in experiment.trials.filter(job__state__in=LIVE).select_related("job"):
        if keep and trial.job.state == JobState.RUNNING:
            Trial.objects.filter(pk=trial.pk).update(wrap_up_at=timezone.now())
        else:
            stop_job(trial.job)
    with transaction.atomic():
        ledger.record(
            "model.experiment_stopped",
            f"{by} stopped experiment {experiment.number}",
            actor=by,
            project=experiment.cycle.project,
            facts={"keep": keep},
        )


@transaction.atomic
def go_on(*, experiment: Experiment, by: User, outraced: int | None = None) -> None:
    """Queue stopped and failed trials again; folds that were finished are not fitted again.

    They have the whole time of the experiment once more. What its race stopped stays as it is,
    unless ``outraced`` names one: that alone goes on then, to its end.
    """
    require(by, Verb.TRAIN, experiment.cycle.project)
    ended = experiment.trials.filter(job__state__in=[JobState.STOPPED, JobState.FAILED])
    if outraced is None:
        ended = ended.filter(is_outraced=False)
    else:
        ended = ended.filter(is_outraced=True, pk=outraced)
    trials = list(ended.select_related("job"))
    if not trials:
        raise Refusal("Nothing in this experiment was stopped or failed.")
    if outraced is not None:
        ended.update(races=False, is_outraced=False)
    Experiment.objects.filter(pk=experiment.pk).update(ends_at=None)
    Trial.objects.filter(pk__in=[trial.pk for trial in trials]).update(left_s=None, wrap_up_at=None)
    for trial in trials:
        try_again(trial.job)
    ledger.record(
        "model.experiment_continued",
        f"{by} continued experiment {experiment.number} with {len(trials)} candidates",
        actor=by,
        project=experiment.cycle.project,
    )


@transaction.atomic
def ask_nested(*, experiment: Experiment, by: User) -> None:
    """Have all that can be chosen again scored with each fold set aside, each by a job of its own.

    Asked once more, what was stopped or failed goes on, and what has finished since joins.
    """
    project = experiment.cycle.project
    require(by, Verb.TRAIN, project)
    Project.objects.select_for_update().get(pk=project.pk)
    if experiment.trials.filter(score=None, job__state__in=LIVE).exists():
        raise Refusal("Candidates are still being trained. Ask when the last one has ended.")
    why = why_not_nested(experiment)
    if why:
        raise Refusal(why)
    begun = 0
    for trial in may_be_chosen(experiment).select_related("nested_job"):
        if trial.nested_job is None:
            trial.nested_job = enqueue(
                "modeling.nest_trial",
                queue=Queue.TRAIN,
                title=f"Nested cross-validation of {trial.title.lower()}",
                project=project,
                by=by,
            )
            trial.save(update_fields=["nested_job"])
        elif trial.nested_job.state in (JobState.STOPPED, JobState.FAILED):
            try_again(trial.nested_job)
        else:
            continue
        begun += 1
    if not begun:
        raise Refusal("Each of these candidates is scored with each fold set aside, or will be.")
    if experiment.nested_at is None:
        experiment.nested_at = timezone.now()
        experiment.save(update_fields=["nested_at"])
    ledger.record(
        "model.nested_started",
        f"{by} asked for nested cross-validation of experiment {experiment.number}",
        actor=by,
        project=project,
        facts={"candidates": begun},
    )


def stop_nested(*, experiment: Experiment, by: User) -> None:
    """Stop it; finished candidates and finished fits are kept, and ``ask_nested`` goes on."""
    require(by, Verb.TRAIN, experiment.cycle.project)
    live = experiment.trials.filter(nested_job__state__in=LIVE).select_related("nested_job")
    for trial in live:
        stop_job(trial.nested_job)
    with transaction.atomic():
        ledger.record(
            "model.nested_stopped",
            f"{by} stopped nested cross-validation of experiment {experiment.number}",
            actor=by,
            project=experiment.cycle.project,
        )


@transaction.atomic
def combine(*, experiment: Experiment, trials: Sequence[Trial], how: str, by: User) -> Trial:
    """Train a vote, a stack or a calibrated form of finished trials, as one more trial."""
    require(by, Verb.TRAIN, experiment.cycle.project)
    _check(experiment, trials, how)
    kind = CANDIDATES[how]
    members = [
        {
            "candidate": trial.candidate,
            "params": trial.params,
            "weight": 1 / len(trials),
            "trial": trial.pk,
        }
        for trial in trials
    ]
    title = f"{kind.title}: {', '.join(trial.title for trial in trials)}"[:80]
    job = enqueue(
        "modeling.run_trial",
        queue=Queue.TRAIN,
        title=f"Train {title.lower()}, experiment {experiment.number}",
        project=experiment.cycle.project,
        by=by,
    )
    restart_clock(experiment)
    rows = [trial.most_rows for trial in trials if trial.most_rows]
    made = Trial.objects.create(
        experiment=experiment,
        candidate=how,
        title=title,
        params={"members": members},
        most_rows=min(rows) if rows else None,
        expected_s=sum(trial.result["fit_s"] for trial in trials) * (1 if how == "vote" else 4),
        job=job,
    )
    ledger.record(
        "model.combined",
        f"{by} combined {len(trials)} candidates of experiment {experiment.number} ({how})",
        actor=by,
        project=experiment.cycle.project,
        facts={"trial": made.pk, "members": [trial.pk for trial in trials]},
    )
    return made


def _check(experiment: Experiment, trials: Sequence[Trial], how: str) -> None:
    if how not in COMBINED:
        raise Refusal("Choose how to combine: a vote, a stack, or calibrated.")
    if any(trial.experiment_id != experiment.pk for trial in trials):
        raise Refusal("Only candidates of one experiment can be combined.")
    if any(not trial.result or trial.is_baseline for trial in trials):
        raise Refusal("Only finished candidates that are no baseline can be combined.")
    if any(trial.candidate == "chain" for trial in trials):
        raise Refusal("A chain of labels is one model of all of them and cannot be combined.")
    if any(trial.candidate == GIVEN for trial in trials):
        raise Refusal("What a notebook sent stands alone. Combine it in the notebook.")
    if any(trial.candidate in (*COMBINED, "search") for trial in trials):
        raise Refusal("What is a blend already cannot be combined again. Choose its members.")
    _check_count(experiment, len(trials), how)


def _check_count(experiment: Experiment, count: int, how: str) -> None:
    if how == "calibrated":
        if experiment.problem == Problem.REGRESSION:
            raise Refusal("A quantity has no probabilities to calibrate.")
        if count != 1:
            raise Refusal("Choose one candidate to calibrate.")
    elif not 2 <= count <= MOST_MEMBERS:
        raise Refusal(f"Choose two to {MOST_MEMBERS} candidates to combine.")
