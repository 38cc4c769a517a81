"""What a person does in production: deploy, try, issue tokens, start over."""

import hashlib
import secrets

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify

from apps.accounts.models import User
from apps.jobs.actions import enqueue
from apps.jobs.models import Queue
from apps.modeling.queries import require_signed_model
from apps.planning.actions import draft_plan
from apps.planning.queries import current_plan
from apps.production.endpoint.loaded import NotLoaded, require_version
from apps.production.models import ApiToken, Deployment, Release
from apps.production.queries import signed_release
from apps.production.release.building import alike, asked_for
from apps.production.release.switching import locked_for
from apps.production.watch.lessons import lessons, taught
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.projects.actions import start_cycle
from apps.projects.models import Cycle, Project
from apps.web.refusals import Refusal

TOKEN_START = "mlc_"  # noqa: S105  (the visible start of each token, no secret)


def _deployment(project: Project, by: User) -> Deployment:
    """The project's endpoint; its address is made once and stays."""
    found = Deployment.objects.filter(project=project, retired_at=None).first()
    if found is not None:
        return found
    slug = slugify(project.slug)[:50]
    if Deployment.objects.filter(slug=slug).exists():
        slug = f"{slug}-{secrets.token_hex(3)}"
    return Deployment.objects.create(project=project, slug=slug, created_by=by)


@transaction.atomic
def deploy(*, cycle: Cycle, by: User) -> Release:
    """Build a release of the signed model. Raises GateClosed without a signature.

    Refused where it would only repeat one that is there.
    """
    require(by, Verb.DEPLOY, cycle.project)
    model = require_signed_model(cycle)
    Project.objects.select_for_update().get(pk=cycle.project_id)
    deployment = _deployment(cycle.project, by)
    last = deployment.releases.aggregate(last=Max("number"))["last"] or 0
    release = asked_for(model, deployment)
    if same := alike(release):
        raise Refusal(same.says)
    release.number, release.created_by = last + 1, by
    release.job = enqueue(
        "production.build_release",
        queue=Queue.DATA,
        title=f"Build release {release.number} of {deployment.slug}",
        project=cycle.project,
        by=by,
    )
    release.save()
    ledger.record(
        "production.deployed",
        f"{by} had {release} built from {model.candidate}",
        actor=by,
        project=cycle.project,
        facts={"release": release.number, "model": model.candidate.model},
    )
    return release


@transaction.atomic
def compile_again(*, release: Release, by: User) -> None:
    """Have a release that scikit-learn serves compiled: this program may be newer than its build.

    Nothing that was signed changes. Processes take the compiled form once it is proven.
    """
    deployment = locked_for(release.deployment, Verb.DEPLOY, by)
    release.refresh_from_db()
    if not release.is_ready:
        raise Refusal("This release is not built yet.")
    if release.is_compiled:
        raise Refusal(f"Release {release.number} is served by a compiled form already.")
    if release.compile_job and release.compile_job.is_live:
        raise Refusal(f"Release {release.number} is being compiled. Wait for it.")
    try:
        require_version(release)
    except NotLoaded as reason:
        raise Refusal(str(reason)) from reason
    release.compile_job = enqueue(
        "production.compile_again",
        queue=Queue.DATA,
        title=f"Compile release {release.number} of {deployment.slug}",
        project=deployment.project,
        by=by,
    )
    release.save(update_fields=["compile_job"])
    ledger.record(
        "production.compile_asked",
        f"{by} had {release} compiled again",
        actor=by,
        project=deployment.project,
        facts={"release": release.content_hash},
    )


@transaction.atomic
def issue_token(
    *,
    deployment: Deployment,
    name: str,
    by: User,
    calls_per_minute: int | None = None,
    rows_per_minute: int | None = None,
) -> str:
    """Make a token of this endpoint and return it. It is shown this once and never stored.

    Without limits of its own those of the installation hold.
    """
    require(by, Verb.ISSUE_TOKENS, deployment.project)
    secret = TOKEN_START + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        deployment=deployment,
        name=name,
        prefix=secret[:9],
        sha256=hashlib.sha256(secret.encode()).hexdigest(),
        calls_per_minute=calls_per_minute,
        rows_per_minute=rows_per_minute,
        created_by=by,
    )
    ledger.record(
        "production.token_issued",
        f"{by} issued the token “{name}” of {deployment}",
        actor=by,
        project=deployment.project,
        facts={"calls_per_minute": calls_per_minute, "rows_per_minute": rows_per_minute},
    )
    return secret


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """Revoke a token; every process refuses it within five seconds."""
    require(by, Verb.ISSUE_TOKENS, token.deployment.project)
    token.revoked_at = token.revoked_at or timezone.now()
    token.save(update_fields=["revoked_at"])
    ledger.record(
        "production.token_revoked",
        f"{by} revoked the token “{token.name}” of {token.deployment}",
        actor=by,
        project=token.deployment.project,
    )


@transaction.atomic
def look_now(*, release: Release, by: User) -> None:
    """Have the watch look at a release at once."""
    require(by, Verb.DISCUSS, release.cycle.project)
    enqueue(
        "production.watch_now",
        queue=Queue.WATCH,
        title=f"Watch {release.deployment.slug}",
        project=release.cycle.project,
        by=by,
    )


@transaction.atomic
def propose_iteration(*, cycle: Cycle, reason: str, by: User) -> Cycle:
    """Start the next cycle with the signed plan as its draft, and in it what the watch measured.

    The live release goes on serving: nothing is deployed without its own signatures.
    """
    require(by, Verb.PLAN, cycle.project)
    release = signed_release(cycle)
    if release is None:
        raise Refusal("The next cycle starts from a live one; this cycle is not live.")
    if not reason.strip():
        raise Refusal("Say why the next cycle is started.")
    plan = current_plan(cycle)
    following = start_cycle(project=cycle.project, reason=reason.strip(), by=by)
    if plan is not None:
        found = lessons(release)
        draft_plan(cycle=following, content=taught(plan.content, found), by=by)
        ledger.record(
            "plan.filled",
            f"{by} began the plan of cycle {following.number} from cycle {cycle.number}",
            actor=by,
            project=cycle.project,
            facts={"learned": [lesson.says for lesson in found]},
        )
    return following
