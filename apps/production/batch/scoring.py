"""What a worker does with many rows: score them by the release that was asked, once."""

from typing import Any

from apps.datasets.storage import keep, local, scratch
from apps.jobs.models import Job
from apps.jobs.runner import Desk
from apps.planning.queries import sensitive_columns
from apps.production.batch.scores import require_answering, require_kept, rows_of
from apps.production.endpoint.loaded import NotLoaded, require_version
from apps.production.models import Release, Scores, Scoring
from apps.projects import ledger
from apps.web.refusals import Refusal


def score(job: Job, desk: Desk) -> None:
    """Answer the rows of a batch; its release has to be what answers still."""
    asked = Scoring.objects.select_related(
        "release__candidate", "release__deployment", "deployment__project", "version", "person"
    ).get(job=job)
    release, project = asked.release, asked.deployment.project
    require_answering(release)
    require_kept(asked)
    with scratch() as folder:
        target, unread = folder / "scores.parquet", folder / "unread.csv"
        result = desk.child(
            "apps.engine.serving.batch:score_file",
            source=str(rows_of(asked)),
            filename=asked.filename,
            is_table=asked.version is not None,
            target=str(target),
            unread=str(unread),
            all_or_nothing=asked.all_or_nothing,
            hidden=sorted(sensitive_columns(project.cycle)),
            **_release(release),
        )
        kept = keep(target, shelf=asked.shelf)
        broken = keep(unread, shelf=asked.shelf) if result["unread"] else ""
    with desk.finishing():
        made = Scores.objects.create(
            scoring=asked,
            sha256=kept,
            unread=broken,
            **{name: result.pop(name) for name in ("rows", "answered", "refused")},
            report=result,
        )
        ledger.record(
            "production.scored",
            f"{release} scored “{asked.filename}”: {made.answered:,} of {made.rows:,} rows "
            f"answered, {made.refused:,} refused",
            actor=job.by,
            project=project,
            facts={"release": release.content_hash, "scores": kept},
            row=made,
        )


def _release(release: Release) -> dict[str, Any]:
    """What the child is told of the release, and what stands on its answers."""
    try:
        require_version(release)
    except NotLoaded as reason:
        raise Refusal(str(reason)) from reason
    model, told = release.candidate.model, release.served_with
    about = {
        "endpoint": release.deployment.slug,
        "release": str(release.number),
        "release_sha256": release.content_hash,
        "model_sha256": model,
        **({} if release.level is None else {"quantile": str(release.level)}),
    }
    return {
        "model": str(local(model)),
        "sha256": model,
        "contract": release.contract,
        "steps": release.steps,
        "features": told["features"],
        "problem": told["problem"],
        "positive": told["positive"],
        "threshold": told["threshold"],
        "release": release.number,
        "about": about,
    }
