"""Versions of the plan: list, one on paper, one as a file; and the form of such files."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from apps.planning import queries
from apps.planning.difference import difference
from apps.planning.models import Plan
from apps.planning.paper import paper_of
from apps.planning.schema import as_file, plan_schema
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.declare import public
from apps.web.fragments import render_page


@require_GET
@project_view(Verb.LOOK)
def versions(request: HttpRequest, project: Project) -> HttpResponse:
    """All versions of all cycles, and what changed from one to the next."""
    found = list(
        Plan.objects.filter(cycle__project=project)
        .select_related("author", "cycle")
        .order_by("-cycle__number", "-number")
    )
    pairs = [
        (after, difference(before.content, after.content) if before else [], before)
        for after, before in zip(found, [*found[1:], None], strict=False)
    ]
    signed = queries.signed_version(project.cycle)
    return render_page(request, "planning/versions.html", {"pairs": pairs, "signed": signed})


def _version(project: Project, cycle: int, number: int) -> Plan:
    found = Plan.objects.select_related("author", "cycle")
    return get_object_or_404(found, cycle__project=project, cycle__number=cycle, number=number)


@require_GET
@project_view(Verb.LOOK)
def version(request: HttpRequest, project: Project, cycle: int, number: int) -> HttpResponse:
    """One version with everything it says, as it was submitted; made for paper too."""
    shown = _version(project, cycle, number)
    context = {
        "plan": shown,
        "summary": queries.summarise(shown),
        "paper": paper_of(shown.content),
        "decisions": queries.decisions_on(shown),
    }
    return render_page(request, "planning/version.html", context)


@require_GET
@project_view(Verb.LOOK)
def export(request: HttpRequest, project: Project, cycle: int, number: int) -> HttpResponse:
    """One version as a JSON file that can be imported again."""
    shown = _version(project, cycle, number)
    told = {
        "project": project.name,
        "cycle": cycle,
        "number": number,
        "author": str(shown.author),
        "made_at": shown.created_at.isoformat(),
        "content_hash": shown.content_hash,
    }
    name = f"{project.slug}-plan-{cycle}.{number}.json"
    return HttpResponse(
        as_file(shown.content, told=told),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@public
@require_GET
def schema(request: HttpRequest) -> HttpResponse:
    """The JSON Schema of plan files."""
    return JsonResponse(plan_schema(), content_type="application/schema+json")
