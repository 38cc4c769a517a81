"""An incident: what is wrong, since when, who looks after it, and how it ended."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.production import incident_actions
from apps.production.incident_forms import AssignForm, CloseForm
from apps.production.models import Incident
from apps.production.watch_queries import IncidentPage, incident_page
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


def _incident(project: Project, number: int) -> Incident:
    found = Incident.objects.select_related(
        "owner", "closed_by", "deployment__project__team", "deployment__project__owner"
    )
    return get_object_or_404(found, deployment__project=project, number=number)


def _page(
    request: HttpRequest, page: IncidentPage, *, status: int = 200, **forms: object
) -> HttpResponse:
    incident = page.incident
    context = {
        "page": page,
        "assign_form": AssignForm(
            people=page.people, initial={"owner": incident.owner_id, "due_on": incident.due_at}
        ),
        "close_form": CloseForm(),
        **forms,
    }
    return render_page(request, "production/incident.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def incident(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    """One incident with its suspects, alarms and thread."""
    return _page(request, incident_page(_incident(project, number)))


@require_POST
@project_view(Verb.DISCUSS)
def say(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    """Add a line to its thread."""
    incident_actions.say(
        incident=_incident(project, number), text=request.POST.get("text", ""), by=request.user
    )
    return redirect("production:incident", project.slug, number)


@require_POST
@project_view(Verb.DISCUSS)
def assign(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    """Give it to somebody, until a day."""
    page = incident_page(_incident(project, number))
    form = AssignForm(request.POST, people=page.people)
    if not form.is_valid():
        return _page(request, page, assign_form=form, status=422)
    incident_actions.assign(
        incident=page.incident,
        owner=form.cleaned_data["owner"],
        due_on=form.cleaned_data["due_on"],
        by=request.user,
    )
    return redirect("production:incident", project.slug, number)


@require_POST
@project_view(Verb.DISCUSS)
def close(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    """Close it: was the alarm right, and what was done?"""
    page = incident_page(_incident(project, number))
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _page(request, page, close_form=form, status=422)
    incident_actions.close(incident=page.incident, by=request.user, **form.cleaned_data)
    messages.success(request, f"Incident {number} is closed.")
    return redirect("production:monitor", project.slug)
