"""The endpoint: its release, a form to try it, its tokens."""

import time
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.engine.serving.contract import Contract
from apps.modeling.queries import SignedModel, signed_model
from apps.production import actions, queries, watch_actions
from apps.production.endpoint import serving
from apps.production.endpoint.describing import predict_url
from apps.production.endpoint.snippets import snippets
from apps.production.endpoint.standing import answering
from apps.production.forms import RetentionForm, TokenForm, TryForm
from apps.production.models import ApiToken, Deployment, Release
from apps.production.refusals import ApiRefusal
from apps.production.release.building import alike, asked_for, differing
from apps.production.release.now import now_of
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


def _deploy_page(request: HttpRequest, project: Project, **more: Any) -> HttpResponse:
    cycle = project.cycle
    summary, model = queries.release_summary(cycle), signed_model(cycle)
    context: dict[str, Any] = {
        "model": model,
        "summary": summary,
        "latest": cycle.releases.select_related("job").order_by("-pk").first(),
        "token_form": TokenForm(),
        "try_form": TryForm(Contract.from_dict(summary.release.contract)) if summary else None,
        **_endpoint(request, queries.endpoint_of(project), summary),
        **(_again(model, summary.release) if model and summary else {}),
        **more,
    }
    return render_page(request, "production/deploy.html", context, status=more.get("status", 200))


def _endpoint(
    request: HttpRequest, deployment: Deployment | None, summary: queries.ReleaseSummary | None
) -> dict[str, Any]:
    """What the page tells of the address: what answers there, who may call it, how."""
    if deployment is None:
        return {}
    now = now_of(deployment, answering(deployment))
    called = now.standing.release or (summary.release if summary else None)
    address = predict_url(deployment.slug, root=request.build_absolute_uri("/"))
    return {
        "deployment": deployment,
        "now": now,
        "called": called,
        "fields": called.contract["fields"] if called else [],
        "tokens": deployment.tokens.filter(revoked_at=None).select_related("created_by"),
        "revoked": deployment.tokens.exclude(revoked_at=None).select_related("created_by"),
        "kept": queries.kept_of(deployment),
        "retention_form": RetentionForm(deployment=deployment),
        "address": address,
        "snippets": snippets(address, {"rows": [called.report["example"]]}) if called else [],
    }


def _again(model: SignedModel, newest: Release) -> dict[str, Any]:
    """Whether another build would make another release, and by what."""
    asked = asked_for(model, newest.deployment)
    return {"alike": alike(asked), "changed": differing(newest, asked)}


@require_GET
@project_view(Verb.LOOK)
def deploy(request: HttpRequest, project: Project) -> HttpResponse:
    """The endpoint: its release, a form to try it, its tokens, how to call it."""
    return _deploy_page(request, project)


@require_POST
@project_view(Verb.DEPLOY)
def build(request: HttpRequest, project: Project) -> HttpResponse:
    """Build a release of the signed model."""
    actions.deploy(cycle=project.cycle, by=request.user)
    return redirect("production:deploy", project.slug)


@require_POST
@project_view(Verb.DEPLOY)
def compile_again(request: HttpRequest, project: Project, release_id: int) -> HttpResponse:
    """Try to compile a release that scikit-learn serves."""
    release = get_object_or_404(Release, pk=release_id, deployment__project=project)
    actions.compile_again(release=release, by=request.user)
    return redirect("production:deploy", project.slug)


@require_POST
@project_view(Verb.DISCUSS)
def rehearse(request: HttpRequest, project: Project, release_id: int) -> HttpResponse:
    """Send one row to a release from the form; it is logged as a rehearsal."""
    release = get_object_or_404(Release, pk=release_id, deployment__project=project)
    if not release.is_ready:
        raise Http404
    form = TryForm(Contract.from_dict(release.contract), request.POST)
    if not form.is_valid():
        return _deploy_page(request, project, try_form=form, status=422)
    began = time.perf_counter()
    try:
        told = serving.answer(release, [form.row()])
        serving.give_reasons(told)
    except ApiRefusal as refusal:
        serving.log(release.deployment, began=began, token=None, refusal=refusal, is_rehearsal=True)
        problems = [error["message"] for error in refusal.errors] or [refusal.message]
        return _deploy_page(request, project, try_form=form, problems=problems, status=422)
    serving.log(release.deployment, began=began, token=None, told=told, is_rehearsal=True)
    return _deploy_page(
        request,
        project,
        try_form=form,
        told=told.predictions[0],
        notes=[warning["message"] for warning in told.warnings],
    )


@require_POST
@project_view(Verb.SIGN)
def set_retention(request: HttpRequest, project: Project) -> HttpResponse:
    """Say how long the endpoint's log is kept."""
    deployment = queries.endpoint_of(project)
    if deployment is None:
        raise Http404
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return _deploy_page(request, project, retention_form=form, status=422)
    watch_actions.set_retention(deployment=deployment, by=request.user, **form.cleaned_data)
    messages.success(request, "The log is kept like this; what is over goes within ten minutes.")
    return redirect("production:deploy", project.slug)


@require_POST
@project_view(Verb.ISSUE_TOKENS)
def issue_token(request: HttpRequest, project: Project) -> HttpResponse:
    """Make a token and show it this once."""
    deployment = queries.endpoint_of(project)
    form = TokenForm(request.POST)
    if deployment is None:
        raise Http404
    if not form.is_valid():
        return _deploy_page(request, project, token_form=form, status=422)
    secret = actions.issue_token(deployment=deployment, by=request.user, **form.cleaned_data)
    return _deploy_page(request, project, secret=secret)


@require_POST
@project_view(Verb.ISSUE_TOKENS)
def revoke_token(request: HttpRequest, project: Project, token_id: int) -> HttpResponse:
    """Revoke a token."""
    token = get_object_or_404(ApiToken, pk=token_id, deployment__project=project)
    actions.revoke_token(token=token, by=request.user)
    messages.success(request, f"The token “{token.name}” is refused within five seconds.")
    return redirect("production:deploy", project.slug)
