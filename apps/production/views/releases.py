"""Releases: what answered when, comparison, switch; the fallback."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.datasets.storage import scratch
from apps.engine.errors import EngineError
from apps.engine.serving.contract import Contract
from apps.production import queries, release_actions
from apps.production.endpoint.standing import answering, signed_releases
from apps.production.forms import FallbackForm
from apps.production.models import Deployment, FallbackKind, FlipReport, Release
from apps.production.release import releases as reads
from apps.production.release.glass import asked_for
from apps.production.release.now import now_of
from apps.production.release.take_home import take_home
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


def _page(request: HttpRequest, project: Project, **more: Any) -> HttpResponse:
    deployment = queries.endpoint_of(project)
    page = reads.releases_page(deployment) if deployment else None
    form = FallbackForm(_contract(page.lines[0].release)) if page and page.lines else None
    now = page.standing.release if page else None
    context = {
        "page": page,
        "now": now_of(deployment, page.standing) if deployment and page else None,
        "kept_from": reads.kept_from_answering(page.standing) if page else None,
        "fallback_form": form,
        "wires": reads.wire_lines(now) if now else [],
        "policy": reads.policy_of(page.deployment) if page else None,
        "asks_for_glass": bool(page and asked_for(page.deployment)),
        **more,
    }
    return render_page(request, "production/releases.html", context, status=more.get("status", 200))


def _contract(release: Release) -> Contract:
    return Contract.from_dict(release.contract)


def _endpoint(project: Project) -> Deployment:
    found = queries.endpoint_of(project)
    if found is None:
        raise Http404
    return found


def built_release(project: Project, release_id: int) -> Release:
    """A release of the project by its key; 404 where it is none, or not built yet."""
    found = get_object_or_404(
        Release.objects.select_related("deployment__project", "candidate", "cycle__project"),
        pk=release_id,
        deployment__project=project,
    )
    if not found.is_ready:
        raise Http404
    return found


@require_GET
@project_view(Verb.LOOK)
def releases(request: HttpRequest, project: Project) -> HttpResponse:
    """What answers, what may answer, what answered when; the fallback."""
    return _page(request, project)


@require_POST
@project_view(Verb.DEPLOY)
def compare(request: HttpRequest, project: Project, release_id: int) -> HttpResponse:
    """Have the logged calls of what answers now answered by this release."""
    after = built_release(project, release_id)
    before = answering(after.deployment).release
    if before is None:
        raise Http404
    report = release_actions.compare_releases(before=before, after=after, by=request.user)
    return redirect("production:flips", project.slug, report.pk)


@require_GET
@project_view(Verb.LOOK)
def flips(request: HttpRequest, project: Project, report_id: int) -> HttpResponse:
    """Which logged cases would change, by segment and in money."""
    report = get_object_or_404(
        FlipReport.objects.select_related("job", "before", "after__deployment"),
        pk=report_id,
        after__deployment__project=project,
    )
    now = answering(report.after.deployment).release
    signed = {one.release.pk for one in signed_releases(report.after.deployment)}
    may_switch = report.is_ready and report.after_id in signed and now == report.before
    return render_page(
        request, "production/flips.html", {"report": report, "may_switch": may_switch}
    )


@require_POST
@project_view(Verb.DEPLOY)
def switch(request: HttpRequest, project: Project, release_id: int) -> HttpResponse:
    """Let a signed release answer from now on."""
    release = built_release(project, release_id)
    release_actions.switch_release(
        release=release, reason=request.POST.get("text", ""), by=request.user
    )
    messages.success(request, f"Release {release.number} answers within five seconds.")
    return redirect("production:releases", project.slug)


@require_POST
@project_view(Verb.DISCUSS)
def stop(request: HttpRequest, project: Project) -> HttpResponse:
    """Stop the endpoint."""
    release_actions.stop(
        deployment=_endpoint(project), reason=request.POST.get("text", ""), by=request.user
    )
    messages.success(request, "The endpoint stops within five seconds.")
    return redirect("production:releases", project.slug)


@require_POST
@project_view(Verb.DEPLOY)
def shadow(request: HttpRequest, project: Project, release_id: int) -> HttpResponse:
    """Let a release answer copies of the calls, or end it when it does."""
    release = built_release(project, release_id)
    ends = release.deployment.shadow_id == release.pk
    release_actions.set_shadow(
        deployment=release.deployment, release=None if ends else release, by=request.user
    )
    messages.success(
        request,
        "The shadow is ended."
        if ends
        else f"Release {release.number} answers copies of the calls, every 15 minutes.",
    )
    return redirect("production:releases", project.slug)


@require_POST
@project_view(Verb.DEPLOY)
def set_fallback(request: HttpRequest, project: Project) -> HttpResponse:
    """Say what the endpoint falls back to."""
    deployment = _endpoint(project)
    newest = deployment.releases.exclude(content_hash="").order_by("-number").first()
    if newest is None:
        raise Http404
    form = FallbackForm(_contract(newest), request.POST)
    if form.is_valid():
        try:
            release_actions.set_fallback(
                deployment=deployment,
                kind=FallbackKind(form.cleaned_data["kind"]),
                rule=form.rule(),
                by=request.user,
            )
        except EngineError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, "The fallback is set. Drill it before it is needed.")
            return redirect("production:releases", project.slug)
    return _page(request, project, fallback_form=form, status=422)


@require_POST
@project_view(Verb.DEPLOY)
def take_fallback(request: HttpRequest, project: Project) -> HttpResponse:
    """Switch to the fallback."""
    release_actions.take_fallback(
        deployment=_endpoint(project), reason=request.POST.get("text", ""), by=request.user
    )
    messages.success(request, "The fallback is in force within five seconds.")
    return redirect("production:releases", project.slug)


@require_POST
@project_view(Verb.SIGN)
def let_go_on(request: HttpRequest, project: Project) -> HttpResponse:
    """Let the model answer again that the watch or a manager took away."""
    release_actions.let_go_on(
        deployment=_endpoint(project), reason=request.POST.get("text", ""), by=request.user
    )
    messages.success(request, "The model answers again within five seconds.")
    return redirect("production:releases", project.slug)


@require_POST
@project_view(Verb.SIGN)
def set_policy(request: HttpRequest, project: Project) -> HttpResponse:
    """Say at which tripwires the watch takes the fallback by itself."""
    release = answering(_endpoint(project)).release
    if release is None:
        raise Http404
    release_actions.set_policy(
        release=release, takes=request.POST.getlist("takes"), by=request.user
    )
    messages.success(request, "Kept: the watch does so from its next look on.")
    return redirect("production:releases", project.slug)


@require_POST
@project_view(Verb.DEPLOY)
def bundle(request: HttpRequest, project: Project, release_id: int) -> FileResponse:
    """Take a release home: a zip that answers without ML Cycle."""
    release = built_release(project, release_id)
    with scratch() as folder:
        target = folder / "bundle.zip"
        take_home(release=release, target=target, by=request.user)
        file = target.open("rb")  # stays readable when the folder is gone
    name = f"{release.deployment.slug}-release-{release.number}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
