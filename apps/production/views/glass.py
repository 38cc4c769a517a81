"""Break-glass: asked for by one person, agreed to by another."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.production import glass_actions, queries
from apps.production.endpoint.standing import answering
from apps.production.forms import GlassForm
from apps.production.models import Deployment, FallbackKind, GlassRequest, Release
from apps.production.release import glass as reads
from apps.production.release.now import now_of
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


def _endpoint(project: Project) -> Deployment | None:
    return queries.endpoint_of(project)


def _built(deployment: Deployment) -> list[Release]:
    return list(deployment.releases.exclude(content_hash="").order_by("-number"))


def _page(request: HttpRequest, project: Project, **more: Any) -> HttpResponse:
    deployment = _endpoint(project)
    releases = _built(deployment) if deployment else []
    context: dict[str, Any] = {"deployment": deployment if releases else None}
    if deployment and releases:
        standing = answering(deployment)
        context |= {
            "standing": standing,
            "now": now_of(deployment, standing),
            "asked": reads.asked_for(deployment),
            "broken": reads.broken(deployment),
            "unanswered": reads.unanswered(deployment),
            "form": GlassForm(releases),
        }
    return render_page(
        request, "production/glass.html", {**context, **more}, status=more.get("status", 200)
    )


@require_GET
@project_view(Verb.LOOK)
def glass(request: HttpRequest, project: Project) -> HttpResponse:
    """What is asked for, what is in force, what was done before."""
    return _page(request, project)


@require_POST
@project_view(Verb.DISCUSS)
def ask(request: HttpRequest, project: Project) -> HttpResponse:
    """Ask another person to break the glass with you."""
    deployment = _endpoint(project)
    if deployment is None:
        raise Http404
    releases = _built(deployment)
    form = GlassForm(releases, request.POST)
    if not form.is_valid():
        return _page(request, project, form=form, status=422)
    told = form.cleaned_data
    glass_actions.ask(
        deployment=deployment,
        kind=FallbackKind(told["kind"]),
        release=next((one for one in releases if one.pk == told["release"]), None),
        hours=told["hours"],
        reason=told["text"],
        by=request.user,
    )
    messages.success(request, "Asked. Another person has an hour to agree; nothing changed yet.")
    return redirect("production:glass", project.slug)


@require_POST
@project_view(Verb.DISCUSS)
def agree(request: HttpRequest, project: Project, request_id: int) -> HttpResponse:
    """Be the second person."""
    asked = get_object_or_404(
        GlassRequest.objects.select_related("deployment__project", "person", "release"),
        pk=request_id,
        deployment__project=project,
    )
    glass_actions.agree(request=asked, by=request.user)
    messages.success(request, "The glass is broken. It takes effect within five seconds.")
    return redirect("production:glass", project.slug)
