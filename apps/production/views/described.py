"""The API of the endpoint for whoever writes a program: every door, and the OpenAPI description."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from apps.engine.serving.contract import Contract
from apps.production import queries
from apps.production.endpoint import describing
from apps.production.endpoint.standing import Standing, answering
from apps.production.models import Deployment, Release
from apps.production.refusals import ApiRefusal
from apps.production.release.now import now_of
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page
from apps.web.refusals import Refusal


def _release(project: Project, standing: Standing) -> Release | None:
    """The one that answers, else the newest that is built."""
    summary = queries.release_summary(project.cycle)
    return standing.release or (summary.release if summary else None)


def _standing(deployment: Deployment | None) -> Standing:
    return answering(deployment) if deployment else Standing()


@require_GET
@project_view(Verb.LOOK)
def described(request: HttpRequest, project: Project) -> HttpResponse:
    """Every door with bodies, answers, refusals and calls to paste."""
    deployment = queries.endpoint_of(project)
    standing = _standing(deployment)
    release = _release(project, standing)
    now = now_of(deployment, standing) if deployment else None
    context: dict[str, Any] = {"release": release, "now": now}
    if release is not None:
        try:
            told = describing.description_of(release, root=request.build_absolute_uri("/"))
        except ApiRefusal as refusal:
            context["problem"] = refusal.message
        else:
            fields = Contract.from_dict(release.contract).fields
            context |= {"info": told["info"], "doors": describing.doors_of(told), "fields": fields}
    return render_page(request, "production/described.html", context)


@require_GET
@project_view(Verb.LOOK)
def openapi(request: HttpRequest, project: Project) -> HttpResponse:
    """The description as a file, for tools that make clients."""
    release = _release(project, _standing(queries.endpoint_of(project)))
    if release is None:
        raise Http404
    try:
        told = describing.description_of(release, root=request.build_absolute_uri("/"))
    except ApiRefusal as refusal:
        raise Refusal(refusal.message) from refusal
    name = f"{release.deployment.slug}-openapi.json"
    return JsonResponse(told, headers={"Content-Disposition": f'attachment; filename="{name}"'})
