"""The trials of a new experiment: baselines first, then what is cheap, a search last."""

from typing import Any

from apps.accounts.models import User
from apps.datasets.queries import ClosedData, features_among
from apps.engine.errors import BadParameter
from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.candidates import Candidate as Kind
from apps.engine.training.frame import model_columns
from apps.engine.training.rule import check_rule
from apps.jobs.actions import enqueue
from apps.jobs.models import Queue
from apps.modeling.attending import USUAL_SEARCH_S
from apps.modeling.models import Experiment, Trial
from apps.modeling.proposing import Offer
from apps.modeling.racing import worth_a_race
from apps.web.refusals import Refusal


def start_trials(
    experiment: Experiment,
    wanted: list[tuple[Offer, int | None]],
    stated: dict[str, Any] | None,
    *,
    by: User,
    races: bool,
) -> None:
    """Queue a trial of each, with the rows of its sample or None; ``stated``: today's rule."""
    _start_trial(experiment, CANDIDATES["dummy"], by=by)
    if stated:
        _start_trial(experiment, CANDIDATES["rule"], by=by, params=stated)
    cheap_first = sorted(
        wanted, key=lambda item: (item[0].key == "search", item[0].proposal.cost.fit_s)
    )
    for offer, most_rows in cheap_first:
        is_search, expected_s = offer.key == "search", offer.proposal.cost.fit_s
        if is_search:
            expected_s = experiment.budget_s or USUAL_SEARCH_S
        _start_trial(
            experiment,
            offer.candidate,
            by=by,
            params=offer.proposal.usual_params,
            most_rows=most_rows,
            expected_s=expected_s,
            races=races and not is_search and worth_a_race(experiment, expected_s),
        )


def stated_rule(rule: dict[str, Any] | None, data: ClosedData) -> dict[str, Any] | None:
    """Today's rule, checked; None where none is stated. Raises Refusal."""
    if not rule:
        return None
    spec, group = data.table.table_spec, data.split.group
    numbers, texts = model_columns(features_among(spec, data.plan, group=group))
    classes = data.split.report.get("classes", [])
    try:
        sets = data.plan.sets
        return check_rule(rule, numbers=numbers, texts=texts, classes=classes, sets=sets)
    except BadParameter as error:
        raise Refusal(str(error)) from error


def _start_trial(experiment: Experiment, kind: Kind, *, by: User, **settings: Any) -> Trial:
    job = enqueue(
        "modeling.run_trial",
        queue=Queue.TRAIN,
        title=f"Train {kind.title.lower()}, experiment {experiment.number}",
        project=experiment.cycle.project,
        by=by,
    )
    return Trial.objects.create(
        experiment=experiment,
        candidate=kind.key,
        title=kind.title,
        is_baseline=kind.baseline,
        job=job,
        **settings,
    )
