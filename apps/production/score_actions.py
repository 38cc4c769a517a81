"""What a person does to have many rows scored: bring a file or name a version, and start."""

from pathlib import Path

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.datasets.models import Version
from apps.datasets.storage import keep
from apps.jobs.actions import enqueue
from apps.jobs.models import Queue
from apps.production.batch.scores import require_answering
from apps.production.models import ApiToken, Release, Scoring
from apps.production.release.switching import locked_for
from apps.projects import ledger
from apps.projects.access import Verb
from apps.web.refusals import Refusal


def score_file(
    *,
    release: Release,
    path: Path,
    filename: str,
    all_or_nothing: bool,
    by: User,
    token: ApiToken | None = None,
) -> Scoring:
    """Have the rows of a file scored. ``token``: a program asks, in the name of who issued it."""
    return _asked(release, path, filename, all_or_nothing, by, token)


def score_version(
    *,
    release: Release,
    version: Version,
    all_or_nothing: bool,
    by: User,
    token: ApiToken | None = None,
) -> Scoring:
    """Have the rows of a version of a source scored, as it was read."""
    if version.source.project_id != release.deployment.project_id or not version.is_ready:
        raise Refusal("This version is not read into a table yet. Choose another one.")
    return _asked(release, version, str(version), all_or_nothing, by, token)


@transaction.atomic
def _asked(
    release: Release,
    rows: Path | Version,
    filename: str,
    all_or_nothing: bool,
    by: User,
    token: ApiToken | None,
) -> Scoring:
    deployment = locked_for(release.deployment, Verb.DEPLOY, by)
    require_answering(release)
    job = enqueue(
        "production.score",
        queue=Queue.DATA,
        title=f"Score {filename} by release {release.number}",
        project=deployment.project,
        by=by,
    )
    made = Scoring(
        deployment=deployment,
        number=(deployment.scorings.aggregate(last=Max("number"))["last"] or 0) + 1,
        release=release,
        filename=filename[:255],
        version=rows if isinstance(rows, Version) else None,
        all_or_nothing=all_or_nothing,
        job=job,
        person=by,
        token=token,
    )
    made.sha256 = rows.parquet if isinstance(rows, Version) else keep(rows, shelf=made.shelf)
    made.save()
    ledger.record(
        "production.scoring_asked",
        f"{by} had “{filename}” scored by {release}"
        + (f" with the token “{token.name}”" if token else ""),
        actor=by,
        project=deployment.project,
        facts={
            "release": release.content_hash,
            "rows_of": made.sha256,
            **({"token": token.prefix} if token else {}),
        },
        row=made,
    )
    return made
