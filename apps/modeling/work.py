"""What a worker does: cross-validate, fit, and look at the sealed test once."""

import time
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from apps.datasets.storage import keep, local, scratch
from apps.datasets.vault import unseal
from apps.engine.errors import Outraced, Stopped
from apps.engine.training.given import GIVEN
from apps.engine.types import Kind
from apps.jobs.models import Job
from apps.jobs.runner import Desk
from apps.modeling.attending import (
    OVERRUN,
    attended,
    free_cores,
    laid_out,
    searches,
    time_left,
    warm_starts,
)
from apps.modeling.kept_folds import KeptFolds, sweep
from apps.modeling.models import (
    TOLD_BY_RESULT,
    AttackRun,
    Candidate,
    Evaluation,
    Experiment,
    Opening,
    Reproduction,
    RowExplanation,
    Trial,
)
from apps.modeling.nesting import search_seconds
from apps.modeling.racing import gives_way, round_of, shelf_of, sweep_rounds, waits_says
from apps.modeling.ruling import features_with_rule
from apps.planning.content import payoff_of
from apps.planning.queries import SignedPlan, as_signed
from apps.projects import ledger

MOST_SLICE_COLUMNS = 6


def _common(experiment: Experiment) -> dict[str, Any]:
    """Arguments that every job function of training takes."""
    plan = as_signed(experiment.plan)
    return {
        "target": plan.target,
        "features": experiment.features,
        "problem": experiment.problem,
        "positive": plan.positive or None,
        "seed": experiment.seed,
        "level": experiment.level,
    }


def asked_of(trial: Trial) -> dict[str, Any]:
    """The candidate and the rows it may see, as the job functions take them."""
    split, common = trial.experiment.split, _common(trial.experiment)
    if trial.candidate == "rule":
        common["features"] = features_with_rule(trial.params, trial.experiment)
    params = dict(trial.params)
    if trial.candidate == GIVEN:
        params["file"] = str(local(params["sha256"]))
    return {
        "development": str(local(split.development)),
        "split_file": str(local(split.split_file)),
        "method": split.method,
        "candidate": trial.candidate,
        "params": params or None,
        "balanced": trial.experiment.balanced,
        "most_rows": trial.most_rows,
        "choices": trial.experiment.preparation,
        **common,
    }


def _judged_by(trial: Trial) -> dict[str, Any]:
    """The promised metrics, and what the threshold goes by."""
    plan = as_signed(trial.experiment.plan)
    return {
        "metrics": [promise.measure.as_dict() for promise in plan.promises],
        "payoff": payoff_of(trial.experiment.plan.content),
        "fixed_threshold": plan.fixed_threshold,
    }


def run_trial(job: Job, desk: Desk) -> None:
    """Cross-validate one candidate on the development rows, or go one round of its race."""
    trial = Trial.objects.select_related("experiment__split", "experiment__plan").get(job=job)
    if gives_way(trial):
        with desk.pausing("Waits until the race of the others is over"):
            return
    try:
        result, answers = _trained(trial, job, desk)
    except Outraced:
        Trial.objects.filter(pk=trial.pk).update(is_outraced=True)
        raise
    if "scores" not in result:
        _go_on_later(trial, desk, {**result, "answers": answers})
        return
    with desk.finishing():
        trial.diagnosis, trial.answers = result.pop("diagnosis"), answers
        trial.params = result.pop("params", trial.params)
        primary = as_signed(trial.experiment.plan).promises[0].key
        trial.take_result(result, primary=primary)
        trial.save(update_fields=["params", "diagnosis", "answers", *TOLD_BY_RESULT])
        ledger.record(
            "model.trial_finished",
            f"{trial.title}: {primary} {trial.score:.4f} over the folds",
            actor=job.by,
            project=trial.experiment.cycle.project,
            facts={"trial": trial.pk, "scores": result["scores"], "answers": answers},
        )
    sweep()
    sweep_rounds()


def _trained(trial: Trial, job: Job, desk: Desk) -> tuple[dict[str, Any], str]:
    """What the child returned, and the SHA-256 of its answers."""
    left_s = time_left(trial, job)
    call, given, wall_s = "apps.engine.training.trial:cross_validate", {}, left_s
    if searches(trial):
        call = "apps.engine.training.searched:search_and_validate"
        given = {"budget_s": left_s, "began": time.time(), "workers": free_cores(job)}
        given["starts"] = warm_starts(trial)
        wall_s = OVERRUN * left_s if left_s else None
    elif trial.races:
        call, given = round_of(trial)
    with scratch() as folder, attended(trial, left_s) as attendant:
        result = desk.child(
            call,
            wall_s=wall_s,
            beside=attendant,
            **given,
            **_judged_by(trial),
            answers_file=str(folder / "answers.parquet"),
            kept_folder=str(attendant.folder),
            **asked_of(trial),
        )
        shelf = "" if "scores" in result else shelf_of(trial.experiment_id)
        return result, keep(folder / "answers.parquet", shelf=shelf)


def _go_on_later(trial: Trial, desk: Desk, told: dict[str, Any]) -> None:
    """Write a finished round down; the next one comes when the others have had theirs."""
    began = desk.job.started_at or timezone.now()
    told["spent_s"] = (timezone.now() - began).total_seconds()
    if Trial.objects.filter(pk=trial.pk, wrap_up_at__isnull=False).exists():
        raise Stopped  # the folds are kept
    with desk.pausing(waits_says(trial, told)):
        trial.rounds = [*trial.rounds, told]
        trial.save(update_fields=["rounds"])


def nest_trial(job: Job, desk: Desk) -> None:
    """Score a finished trial with each fold set aside; see the engine's ``training.nested``."""
    trial = Trial.objects.select_related("experiment__split", "experiment__plan").get(
        nested_job=job
    )
    asked = asked_of(trial)
    with laid_out(KeptFolds(trial, nested=True)) as (folder, kept):
        result = desk.child(
            "apps.engine.training.nested:validate_nested",
            beside=lambda _: kept.sync(folder),
            answers=str(local(trial.answers)),
            search_s=search_seconds(trial),
            kept_folder=str(folder),
            **_judged_by(trial),
            **asked,
        )
    with desk.finishing():
        trial.nested = result
        trial.save(update_fields=["nested"])
        ledger.record(
            "model.nested_scored",
            f"{trial.title} was scored with each fold set aside",
            actor=job.by,
            project=trial.experiment.cycle.project,
            facts={"trial": trial.pk, "folds": result["folds"]},
        )
    sweep()


def reproduce_trial(job: Job, desk: Desk) -> None:
    """Train a finished trial once more in a clean process and compare answer with answer."""
    asked = Reproduction.objects.select_related(
        "trial__experiment__split", "trial__experiment__plan"
    ).get(job=job)
    trial = asked.trial
    primary = as_signed(trial.experiment.plan).promises[0].key
    with scratch() as folder:
        result = desk.child(
            "apps.engine.training.reproduce:reproduce",
            answers=str(local(trial.answers)),
            score=trial.result["scores"][primary],
            metric=primary,
            threshold=trial.result["threshold"],
            folder=str(folder),
            **_judged_by(trial),
            **asked_of(trial),
        )
    with desk.finishing():
        asked.result = result
        asked.save(update_fields=["result"])
        ledger.record(
            "model.reproduced",
            f"{trial.title} was trained again: level {result['level']}",
            actor=job.by,
            project=trial.experiment.cycle.project,
            facts={"trial": trial.pk, "first": trial.answers, "again": result["sha256"]},
        )


def attack_trial(job: Job, desk: Desk) -> None:
    """Let the adversary suite loose on a finished trial; its lines are kept and in the ledger."""
    asked = AttackRun.objects.select_related(
        "trial__experiment__split", "trial__experiment__plan"
    ).get(job=job)
    trial = asked.trial
    result = desk.child(
        "apps.engine.training.adversary.suite:run_suite",
        time=trial.experiment.split.time,
        **asked_of(trial),
    )
    with desk.finishing():
        asked.result = result
        asked.save(update_fields=["result"])
        outcomes = {line["key"]: line["outcome"] for line in result["lines"]}
        weak = sum(1 for outcome in outcomes.values() if outcome in {"warn", "block"})
        ledger.record(
            "model.attacked",
            f"{trial.title} met the adversary suite: {weak} of {len(outcomes)} attacks found "
            "something",
            actor=job.by,
            project=trial.experiment.cycle.project,
            facts={"trial": trial.pk, "outcomes": outcomes},
        )


def explain_row(job: Job, desk: Desk) -> None:
    """Explain the answer of one development row by the model of its fold."""
    asked = RowExplanation.objects.select_related(
        "trial__experiment__split", "trial__experiment__plan"
    ).get(job=job)
    result = desk.child(
        "apps.engine.training.single:explain_row", row=asked.row, **asked_of(asked.trial)
    )
    with desk.finishing():
        asked.result = result
        asked.save(update_fields=["result"])


def fit_candidate(job: Job, desk: Desk) -> None:
    """Fit a frozen candidate on all development rows and keep the skops file."""
    candidate = Candidate.objects.select_related(
        "trial__experiment__split", "trial__experiment__plan"
    ).get(job=job)
    with scratch() as folder:
        result = desk.child(
            "apps.engine.training.final:fit_final",
            target_file=str(folder / "model.skops"),
            **asked_of(candidate.trial),
        )
        model = keep(folder / "model.skops")
    with desk.finishing():
        candidate.model, candidate.report = model, result
        candidate.save(update_fields=["model", "report"])
        ledger.record(
            "model.fitted",
            f"{candidate} is fitted on {result['rows']:,} development rows",
            actor=job.by,
            project=candidate.cycle.project,
            facts={"model": model, "versions": result["versions"]},
        )


def _slices(plan: SignedPlan, experiment: Experiment) -> list[str]:
    """Columns whose groups are judged: those that the plan asks for, else the features of text."""
    if plan.slices:
        return plan.groups
    texts = [item["name"] for item in experiment.features if item["kind"] == Kind.TEXT]
    return list(dict.fromkeys([*plan.groups, *texts[:MOST_SLICE_COLUMNS]]))


def _looks(opening: Opening) -> int:
    """How often these sealed rows have been looked at, with this opening."""
    return Opening.objects.filter(split=opening.split, pk__lte=opening.pk).count()


def test_candidate(job: Job, desk: Desk) -> None:
    """Judge the frozen candidate on the sealed rows. The plain rows exist only meanwhile."""
    opening = Opening.objects.select_related(
        "candidate__trial__experiment", "candidate__baseline", "split", "plan"
    ).get(job=job)
    candidate = opening.candidate
    experiment, plan = candidate.trial.experiment, as_signed(opening.plan)
    baseline = candidate.baseline
    with scratch() as folder:
        unseal(opening.split.sealed_test, to=folder / "test.parquet")
        result = desk.child(
            "apps.engine.training.sealed:evaluate_sealed",
            model=str(local(candidate.model)),
            sha256=candidate.model,
            test=str(folder / "test.parquet"),
            promises=[asdict(promise) for promise in plan.promises],
            baseline_model=str(local(baseline.model)) if baseline else None,
            baseline_sha256=baseline.model if baseline else None,
            threshold=candidate.threshold,
            payoff=payoff_of(opening.plan.content),
            slices=_slices(plan, experiment),
            group=opening.split.group or None,
            looks=_looks(opening),
            guardrails={"planned_slices": bool(plan.groups), **plan.guardrails},
            **_common(experiment),
        )
    with desk.finishing():
        evaluation = Evaluation.objects.create(opening=opening, result=result)
        told = ", ".join(f"{item['title']} {item['outcome']}" for item in result["verdicts"])
        ledger.record(
            "model.judged",
            f"Sealed test, opening {opening.number}: {told}",
            actor=job.by,
            project=opening.cycle.project,
            facts={"verdicts": result["verdicts"]},
            row=evaluation,
        )
