"""A canary: a share of the keys for another release, and both side by side."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.engine.serving.contract import Contract
from apps.production import canary_actions
from apps.production.endpoint.standing import answering, signed_releases
from apps.production.forms import CanaryForm
from apps.production.models import Release
from apps.production.release.canaries import can_begin, last_comparison
from apps.production.release.now import now_of
from apps.production.release.releases import flips_between
from apps.production.views.releases import built_release
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


def _page(request: HttpRequest, release: Release, **more: Any) -> HttpResponse:
    standing = answering(release.deployment)
    last = release.deployment.switches.order_by("-number").first()
    context = {
        "release": release,
        "standing": standing,
        "now": now_of(release.deployment, standing),
        "may_begin": can_begin(standing),
        "is_signed": release.pk in {one.release.pk for one in signed_releases(release.deployment)},
        "is_canary": standing.canary == release,
        "waits": last if last and last.canary_id == release.pk and not standing.canary else None,
        "beside": last_comparison(release),
        "flips": flips_between(standing.release, release),
        "form": CanaryForm(Contract.from_dict(release.contract)),
        **more,
    }
    return render_page(request, "production/canary.html", context, status=more.get("status", 200))


@require_GET
@project_view(Verb.LOOK)
def canary(request: HttpRequest, project: Project, release_id: int) -> HttpResponse:
    """What the canary and its release did so far; or the form to let it begin."""
    return _page(request, built_release(project, release_id))


@require_POST
@project_view(Verb.DEPLOY)
def start(request: HttpRequest, project: Project, release_id: int) -> HttpResponse:
    """Let the release answer a share of the keys."""
    release = built_release(project, release_id)
    form = CanaryForm(Contract.from_dict(release.contract), request.POST)
    if not form.is_valid():
        return _page(request, release, form=form, status=422)
    made = canary_actions.start_canary(
        release=release, terms=form.terms(), reason=form.cleaned_data["text"], by=request.user
    )
    begins = answering(release.deployment).canary == release
    when = "within five seconds" if begins else "once it is signed"
    share = made.terms["share"]
    messages.success(request, f"Release {release.number} answers {share} % of the keys {when}.")
    return redirect("production:canary", project.slug, release.pk)
