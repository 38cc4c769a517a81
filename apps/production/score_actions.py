"""What a person does to have many rows scored: bring a file or name a version, and start."""

from pathlib import Path

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.datasets.models import Version
from apps.datasets.storage import keep
from apps.jobs.actions import enqueue
from apps.jobs.models import Queue
from apps.production.models import Release, Scoring
from apps.production.scores import require_answering
from apps.production.switching import locked_for
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.web.refusals import Refusal


def score_file(
    *, release: Release, path: Path, filename: str, all_or_nothing: bool, by: User
) -> Scoring:
    """Have the rows of a file scored. Its bytes are kept under their hash."""
    require(by, Verb.DEPLOY, release.deployment.project)
    require_answering(release)
    return _asked(release, keep(path), filename, None, all_or_nothing, by)


def score_version(*, release: Release, version: Version, all_or_nothing: bool, by: User) -> Scoring:
    """Have the rows of a version of a source scored, as it was read."""
    if version.source.project_id != release.deployment.project_id or not version.is_ready:
        raise Refusal("This version is not read into a table yet. Choose another one.")
    return _asked(release, version.parquet, str(version), version, all_or_nothing, by)


@transaction.atomic
def _asked(
    release: Release,
    sha256: str,
    filename: str,
    version: Version | None,
    all_or_nothing: bool,
    by: User,
) -> Scoring:
    deployment = locked_for(release.deployment, Verb.DEPLOY, by)
    require_answering(release)
    number = (deployment.scorings.aggregate(last=Max("number"))["last"] or 0) + 1
    job = enqueue(
        "production.score",
        queue=Queue.DATA,
        title=f"Score {filename} by release {release.number}",
        project=deployment.project,
        by=by,
    )
    made = Scoring.objects.create(
        deployment=deployment,
        number=number,
        release=release,
        filename=filename[:255],
        version=version,
        sha256=sha256,
        all_or_nothing=all_or_nothing,
        job=job,
        person=by,
    )
    ledger.record(
        "production.scoring_asked",
        f"{by} had “{filename}” scored by {release}",
        actor=by,
        project=deployment.project,
        facts={"release": release.content_hash, "rows_of": sha256},
        row=made,
    )
    return made
