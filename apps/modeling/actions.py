"""What a person does: start an experiment, freeze a candidate, open the sealed test."""

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.datasets.queries import (
    ClosedData,
    features_among,
    fitted_choices,
    require_closed_data,
)
from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.diagnosis import USUAL_THRESHOLD
from apps.engine.types import ColumnSpec, Problem
from apps.jobs.actions import enqueue
from apps.jobs.models import LIVE, JobState, Queue
from apps.modeling.aiming import LEAST_LEVEL, MOST_LEVEL, Aim, may_aim, usual_aim
from apps.modeling.models import (
    AttackRun,
    Candidate,
    Experiment,
    Opening,
    Reproduction,
    RowExplanation,
    Trial,
)
from apps.modeling.proposing import offers_for, wanted_of
from apps.modeling.starting import start_trials, stated_rule
from apps.planning.queries import as_signed
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.projects.models import Cycle, Project
from apps.web.refusals import Refusal

SAME_THRESHOLD = 5e-5
"""Half of the last digit that the form shows."""


def usable_features(data: ClosedData) -> list[ColumnSpec]:
    """Columns a model may use (see ``features_among``)."""
    return features_among(data.table.table_spec, data.plan, group=data.split.group)


@transaction.atomic
def start_experiment(
    *,
    cycle: Cycle,
    by: User,
    candidates: list[str],
    features: list[str],
    seed: int = 0,
    note: str = "",
    budget_s: int | None = None,
    rule: dict[str, Any] | None = None,
    balanced: bool = False,
    too_large: str = "",
    aim: Aim | None = None,
    races: bool = False,
) -> Experiment:
    """Train candidates on the development rows, each trial a job of its own.

    The baselines are always among them: the usual answer, and today's ``rule`` (see engine's
    rule.check_rule) where one is stated. ``too_large``: what to do with candidates beyond the
    limits of a worker (see proposing). ``budget_s``: what all of it may take; a search
    has what the others leave. None: no limit, and a minute for the search. ``aim``: the mean or
    a quantile of a quantity, None as the plan asks. ``races``: what cannot win is stopped early
    (see racing). Raises GateClosed before the data gate is
    passed.
    """
    require(by, Verb.TRAIN, cycle.project)
    data = require_closed_data(cycle)
    Project.objects.select_for_update().get(pk=cycle.project_id)
    problem = Problem(data.split.report["problem"])
    chosen = [column for column in usable_features(data) if column.name in features]
    if not chosen:
        raise Refusal("Choose at least one feature.")
    aim = aim or usual_aim(data)
    _check_aim(aim, data, candidates)
    offers = offers_for(data, chosen, level=aim.level)
    stated = stated_rule(rule, data)
    wanted = wanted_of(offers, candidates, too_large=too_large)
    last = cycle.experiments.aggregate(last=Max("number"))["last"] or 0
    experiment = Experiment.objects.create(
        cycle=cycle,
        number=last + 1,
        split=data.split,
        plan=data.plan.plan,
        problem=problem,
        features=[asdict(column) for column in chosen],
        seed=seed,
        note=note,
        balanced=balanced and problem != Problem.REGRESSION,
        preparation=fitted_choices(cycle),
        budget_s=budget_s,
        level=aim.level,
        started_by=by,
    )
    start_trials(experiment, wanted, stated, by=by, races=races)
    _tell_of(experiment, stated, by=by)
    return experiment


def _check_aim(aim: Aim, data: ClosedData, candidates: list[str]) -> None:
    if aim.level is None:
        return
    if not may_aim(data):
        raise Refusal("A class has no quantile. Predict the class, or choose another target.")
    if not LEAST_LEVEL <= aim.level <= MOST_LEVEL:
        raise Refusal(f"The level of a quantile lies between {LEAST_LEVEL} and {MOST_LEVEL}.")
    unable = [CANDIDATES[key] for key in candidates if CANDIDATES[key].no_quantile]
    if unable:
        why = "; ".join(f"{item.title}: {item.no_quantile}" for item in unable)
        raise Refusal(f"Not every candidate answers a quantile ({why}). Leave these out.")


def _tell_of(experiment: Experiment, stated: dict[str, Any] | None, *, by: User) -> None:
    wanted = list(experiment.trials.values_list("candidate", flat=True))
    ledger.record(
        "model.experiment_started",
        f"{by} started experiment {experiment.number} with {len(wanted)} candidates",
        actor=by,
        project=experiment.cycle.project,
        facts={
            "candidates": wanted,
            "seed": experiment.seed,
            "budget_s": experiment.budget_s,
            "rule": stated,
            "balanced": experiment.balanced,
            "preparation": experiment.preparation,
            "level": experiment.level,
            "doubted": list(experiment.doubted),
            "races": experiment.trials.filter(races=True).count(),
        },
    )


@transaction.atomic
def write_note(*, experiment: Experiment, note: str, by: User) -> None:
    """Write down why an experiment was run and what was learnt. Each version is in the ledger."""
    require(by, Verb.TRAIN, experiment.cycle.project)
    if note == experiment.note:
        return
    experiment.note = note
    experiment.save(update_fields=["note"])
    ledger.record(
        "model.note_written",
        f"{by} wrote a note on experiment {experiment.number}",
        actor=by,
        project=experiment.cycle.project,
        facts={"note": note},
    )


@transaction.atomic
def reproduce(*, trial: Trial, by: User) -> Reproduction:
    """Have a finished trial trained once more and compared answer by answer."""
    project = trial.experiment.cycle.project
    require(by, Verb.TRAIN, project)
    if not trial.answers:
        raise Refusal("Only a trial that has finished and kept its answers can be made again.")
    if trial.reproductions.filter(job__state__in=LIVE).exists():
        raise Refusal("This trial is being made again right now.")
    job = enqueue(
        "modeling.reproduce_trial",
        queue=Queue.TRAIN,
        title=f"Make {trial.title.lower()} again",
        project=project,
        by=by,
    )
    return Reproduction.objects.create(trial=trial, job=job, by=by)


@transaction.atomic
def attack(*, trial: Trial, by: User) -> AttackRun:
    """Let the adversary suite loose on a finished trial."""
    project = trial.experiment.cycle.project
    require(by, Verb.TRAIN, project)
    if not trial.result or trial.is_baseline:
        raise Refusal("Only a trial that has finished, and is no baseline, can be attacked.")
    if trial.attacks.filter(job__state__in=LIVE).exists():
        raise Refusal("The adversary suite is at this trial right now.")
    job = enqueue(
        "modeling.attack_trial",
        queue=Queue.TRAIN,
        title=f"Adversary suite on {trial.title.lower()}",
        project=project,
        by=by,
    )
    return AttackRun.objects.create(trial=trial, job=job, by=by)


@transaction.atomic
def explain_row(*, trial: Trial, row: int, by: User) -> RowExplanation:
    """Have the answer of one development row explained; 1 is the first."""
    project = trial.experiment.cycle.project
    require(by, Verb.TRAIN, project)
    if not trial.answers:
        raise Refusal("Only a trial that has finished and kept its answers can be explained.")
    known = trial.explained_rows.filter(row=row).select_related("job").first()
    if known is not None and (known.result or known.job.is_live):
        return known
    job = enqueue(
        "modeling.explain_row",
        queue=Queue.TRAIN,
        title=f"Explain row {row:,} by {trial.title.lower()}",
        project=project,
        by=by,
    )
    return RowExplanation.objects.create(trial=trial, row=row, job=job, by=by)


@transaction.atomic
def freeze(*, trial: Trial, by: User, threshold: float | None = None) -> Candidate:
    """Freeze a finished trial: its candidate is fitted on all development rows and kept.

    The threshold of two classes is frozen with it: the one that the plan's payoff asks for on
    development rows, or another that the person chose.
    """
    cycle = trial.experiment.cycle
    require(by, Verb.TRAIN, cycle.project)
    data = require_closed_data(cycle)
    Project.objects.select_for_update().get(pk=cycle.project_id)
    if not trial.result:
        raise Refusal("Only a trial that has finished can be frozen.")
    if trial.experiment.split_id != data.split.pk:
        raise Refusal("This trial belongs to an earlier plan or split. Train it again.")
    found = Candidate.objects.filter(trial=trial).first()
    if found is not None:
        return found
    candidate = _frozen(trial, by=by, threshold=threshold)
    if not trial.is_baseline:
        baseline = trial.experiment.trials.filter(candidate="dummy").exclude(result={}).first()
        if baseline is None:
            raise Refusal("The baseline has not finished yet. Freeze when it has.")
        known = Candidate.objects.filter(trial=baseline).first()
        candidate.baseline = known or _frozen(baseline, by=by)
        candidate.save(update_fields=["baseline"])
    ledger.record(
        "model.frozen",
        f"{by} froze {candidate}",
        actor=by,
        project=cycle.project,
        facts={
            "trial": trial.pk,
            "experiment": trial.experiment.number,
            "threshold": candidate.threshold,
        },
    )
    return candidate


def _frozen(trial: Trial, *, by: User, threshold: float | None = None) -> Candidate:
    cycle = trial.experiment.cycle
    advised = float(trial.result.get("threshold", USUAL_THRESHOLD))
    fixed = as_signed(trial.experiment.plan).fixed_threshold
    why = "a half: the plan names no payoff"
    if trial.experiment.problem == Problem.MULTILABEL:
        why = "a half for each label"
    if fixed is not None:
        why = f"{fixed:g}: the plan fixes it"
    elif "money" in trial.diagnosis:
        why = "earns most on development rows at the plan's payoff"
    if threshold is not None and abs(threshold - advised) > SAME_THRESHOLD:
        if fixed is not None:
            raise Refusal(
                f"The plan fixes the threshold at {fixed:g}. Amend the plan to use another one."
            )
        why = f"chosen by {by}"
    else:
        threshold = advised
    job = enqueue(
        "modeling.fit_candidate",
        queue=Queue.TRAIN,
        title=f"Fit {trial.title.lower()} on all development rows",
        project=cycle.project,
        by=by,
    )
    return Candidate.objects.create(
        trial=trial, cycle=cycle, job=job, frozen_by=by, threshold=threshold, threshold_why=why
    )


def _check_opening(candidate: Candidate, data: ClosedData) -> None:
    """Raise when the sealed test may not be opened for this candidate now."""
    openings = candidate.cycle.openings
    experiment = candidate.trial.experiment
    if experiment.split_id != data.split.pk:
        raise Refusal("This candidate belongs to an earlier plan or split. Train it again.")
    if not candidate.is_ready or (candidate.baseline and not candidate.baseline.is_ready):
        raise Refusal("The candidate and its baseline are still being fitted. Wait for both.")
    if openings.filter(candidate=candidate).exclude(
        job__state__in=[JobState.FAILED, JobState.STOPPED]
    ):
        raise Refusal("The sealed test was already opened for this candidate.")
    if openings.count() >= data.plan.openings:
        allowed = data.plan.openings
        used = (
            "one opening of the sealed test and it is"
            if allowed == 1
            else f"{allowed} openings of the sealed test and all are"
        )
        raise Refusal(f"The plan allows {used} used. Another one needs an amended, signed plan.")


@transaction.atomic
def open_test(*, candidate: Candidate, by: User) -> Opening:
    """Open the sealed test for a frozen candidate. Counted, and never undone.

    Raises Refusal when the plan's number of openings is used up or a look is under way.
    """
    cycle = candidate.cycle
    require(by, Verb.TRAIN, cycle.project)
    data = require_closed_data(cycle)
    Project.objects.select_for_update().get(pk=cycle.project_id)
    _check_opening(candidate, data)
    job = enqueue(
        "modeling.test_candidate",
        queue=Queue.TRAIN,
        title=f"Open the sealed test for {candidate}",
        project=cycle.project,
        by=by,
    )
    opening = Opening.objects.create(
        cycle=cycle,
        number=cycle.openings.count() + 1,
        candidate=candidate,
        plan=data.plan.plan,
        split=data.split,
        job=job,
        by=by,
    )
    ledger.record(
        "model.test_opened",
        f"{by} opened the sealed test ({opening.number} of {data.plan.openings}) for {candidate}",
        actor=by,
        project=cycle.project,
        facts={"opening": opening.number, "candidate": candidate.pk, "model": candidate.model},
        row=opening,
    )
    return opening
