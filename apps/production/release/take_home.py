"""The bundle of a release: made of what is signed, with a model card, and told of in the ledger."""

from pathlib import Path
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.datasets.storage import local
from apps.engine.serving.take_home.build import write_bundle
from apps.planning.models import Plan
from apps.production.endpoint.standing import signed_releases
from apps.production.models import Release
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.web.refusals import Refusal


def take_home(*, release: Release, target: Path, by: User) -> None:
    """Write the bundle of a release to ``target``. Raises EngineError when it cannot be one."""
    project = release.deployment.project
    require(by, Verb.DEPLOY, project)
    if not release.is_ready:
        raise Refusal("This release is not built yet.")
    write_bundle(
        target,
        model=local(release.candidate.model),
        sha256=release.candidate.model,
        contract=release.contract,
        steps=release.steps,
        served_with=release.served_with,
        card=card_of(release),
        name=str(release),
    )
    with transaction.atomic():
        ledger.record(
            "production.taken_home",
            f"{by} took {release} home",
            actor=by,
            project=project,
            facts={"release": release.content_hash, "model": release.candidate.model},
        )


def card_of(release: Release) -> str:
    """The model card as Markdown: what it is for, what was promised and shown, its limits."""
    plan = release.candidate.trial.experiment.plan
    signed = {one.release.pk: one for one in signed_releases(release.deployment)}.get(release.pk)
    state = (
        f"signed at the production gate on {signed.at:%Y-%m-%d}"
        if signed
        else "NOT signed at the production gate"
    )
    return "\n".join(
        [
            f"# {release}",
            "",
            f"- Project: {release.deployment.project}, cycle {release.cycle.number}; {state}",
            f"- Model: {release.candidate.trial.title}, SHA-256 `{release.candidate.model}`",
            f"- Release: `{release.content_hash}`, built {release.created_at:%Y-%m-%d}",
            *([f"- Answers: {release.answers_say}"] if release.answers_say else []),
            *_what_for(plan),
            *_shown(release),
            *_limits(plan),
            "",
        ]
    )


def _what_for(plan: Plan) -> list[str]:
    problem, features = plan.task("problem"), plan.task("features")
    said = (
        ("Whose problem", problem.get("who")),
        ("The decision", problem.get("decision")),
        ("Target", features.get("target")),
        ("It means", features.get("definition")),
    )
    return ["", "## What it is for", "", *(f"- {name}: {told}" for name, told in said if told)]


def _shown(release: Release) -> list[str]:
    """The verdicts on the sealed test, as they were signed."""
    tested = release.candidate.openings.filter(evaluation__isnull=False)
    opening = tested.order_by("-number").first()
    lines = ["", "## What it showed on the sealed test", ""]
    if opening is None:
        return [*lines, "It was not tested."]
    return [*lines, *map(_verdict, opening.evaluation.result.get("verdicts", []))]


def _verdict(told: dict[str, Any]) -> str:
    sign = "at least" if told["direction"] == "up" else "at most"
    says = f"- {told['title']}: {told['result']:.4g}, promised {sign} {told['threshold']:g}"
    if told.get("low") is not None:
        says += f" (95 % interval {told['low']:.4g} to {told['high']:.4g})"
    return f"{says}: {told['outcome']}"


def _limits(plan: Plan) -> list[str]:
    risks = plan.task("risks")
    items = risks.get("items") or []
    known = [f"- {item['says']}: {item.get('contingency') or 'nothing planned'}" for item in items]
    return [
        "",
        "## Limits and risks",
        "",
        risks.get("limitations") or "None was written down.",
        "",
        *known,
        "",
        "Outside of ML Cycle nobody watches whether the promise is kept.",
    ]
