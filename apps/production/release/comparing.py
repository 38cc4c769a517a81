"""What a worker does with two releases: logged cases of one answered by the other, from the log.

The callers have their answers already; nobody waits for this.
"""

import json
from typing import Any

from apps.datasets.storage import local, scratch
from apps.jobs.models import Job
from apps.jobs.runner import Desk
from apps.planning.content import features_of, payoff_of
from apps.planning.models import Plan
from apps.planning.queries import veiled_columns
from apps.production.log.taking import take_up
from apps.production.models import FlipReport, Prediction, Release
from apps.projects import ledger

MOST_CASES = 2_000


def compare_releases(job: Job, desk: Desk) -> None:
    """Answer the newest logged cases of the release before by the release after."""
    asked = FlipReport.objects.select_related(
        "before", "after__candidate__trial__experiment__plan", "after__deployment__project"
    ).get(job=job)
    take_up()
    after, told = asked.after, asked.after.served_with
    plan = after.candidate.trial.experiment.plan
    with scratch() as folder:
        cases = folder / "cases.json"
        cases.write_text(json.dumps(_cases(asked.before)))
        result = desk.child(
            "apps.engine.serving.flips:compare_releases",
            model=str(local(after.candidate.model)),
            sha256=after.candidate.model,
            contract=after.contract,
            steps=after.steps,
            features=told["features"],
            problem=told["problem"],
            positive=told["positive"],
            threshold=told["threshold"],
            cases=str(cases),
            segments=_segments(plan, after),
            payoff=_payoff(plan, after),
            level=after.level,
        )
    with desk.finishing():
        asked.report = result
        asked.save(update_fields=["report"])
        ledger.record(
            "production.compared",
            f"{after} was compared with release {asked.before.number}: {result['flips']} of "
            f"{result['cases']} logged cases would change",
            actor=job.by,
            project=after.deployment.project,
            facts={name: result[name] for name in ("cases", "flips", "unanswered")},
        )


def _cases(release: Release) -> list[dict[str, Any]]:
    """The newest answered rows, each with its truth where that is known."""
    rows = (
        Prediction.objects.filter(release=release, call__is_rehearsal=False)
        .order_by("-at")
        .values_list("pk", "row", "prediction", "probabilities", "actual__value")[:MOST_CASES]
    )
    names = ("id", "row", "prediction", "probabilities", "actual")
    return [dict(zip(names, (str(key), *rest), strict=True)) for key, *rest in rows]


def _segments(plan: Plan, release: Release) -> list[str]:
    """The planned groups that a request carries; else its columns with few values, not secret."""
    fields = {item["name"]: item for item in release.contract["fields"]}
    planned = [name for name in plan.task("metrics").get("slices") or [] if name in fields]
    secret = {item.name for item in features_of(plan.content) if item.sensitive}
    secret |= veiled_columns(release.cycle.project_id)
    return planned or [
        name for name, item in fields.items() if item["categories"] and name not in secret
    ]


def _payoff(plan: Plan, after: Release) -> dict[str, float] | None:
    if after.level is not None:
        return None  # one cost for both sides of an error says nothing of a quantile
    cost = plan.task("objective").get("error_cost")
    return {"error_cost": float(cost)} if cost else payoff_of(plan.content)
