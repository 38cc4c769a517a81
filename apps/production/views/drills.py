"""Drills: each risk of the plan, whether its contingency was tried out, and the record of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.production import queries, release_actions
from apps.production.forms import DrillForm
from apps.production.release import releases as reads
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


def _page(request: HttpRequest, project: Project, **more: Any) -> HttpResponse:
    deployment = queries.endpoint_of(project)
    risks = reads.risks_of(project.cycle)
    fallback = reads.fallback_of(deployment) if deployment else None
    context = {
        "risks": risks,
        "must": reads.must_be_drilled(project.cycle),
        "fallback_says": reads.fallback_says(fallback),
        "history": project.cycle.drills.select_related("person").order_by("-pk")[:30],
        "form": DrillForm(risks, chosen=request.GET.get("risk", "")),
        **more,
    }
    return render_page(request, "production/drills.html", context, status=more.get("status", 200))


@require_GET
@project_view(Verb.LOOK)
def drills(request: HttpRequest, project: Project) -> HttpResponse:
    """Risks with their contingency, when each was last drilled, and how that went."""
    return _page(request, project)


@require_POST
@project_view(Verb.DISCUSS)
def record(request: HttpRequest, project: Project) -> HttpResponse:
    """Keep how a drill went that people carried out."""
    form = DrillForm(reads.risks_of(project.cycle), request.POST)
    if not form.is_valid():
        return _page(request, project, form=form, status=422)
    made = release_actions.record_drill(cycle=project.cycle, by=request.user, **form.cleaned_data)
    messages.success(request, f"Kept: {made}.")
    return redirect("production:drills", project.slug)


@require_POST
@project_view(Verb.DEPLOY)
def fallback(request: HttpRequest, project: Project) -> HttpResponse:
    """Drill a risk by switching a rehearsal call to the fallback."""
    deployment = queries.endpoint_of(project)
    if deployment is None:
        raise Http404
    made = release_actions.drill_fallback(
        deployment=deployment, risk=request.POST.get("risk", ""), by=request.user
    )
    level = messages.SUCCESS if made.passed else messages.ERROR
    messages.add_message(request, level, f"{made.done} It took {made.took_s:.3g} s.")
    return redirect("production:drills", project.slug)
