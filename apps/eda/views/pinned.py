"""Named views: the list, naming the page one looks at, pinning it to the data gate."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.eda import actions
from apps.eda.forms import ViewForm
from apps.eda.pinned import place_of, view_lines
from apps.eda.views.common import rows_of
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page
from apps.web.refusals import Refusal


@require_GET
@project_view(Verb.LOOK)
def views(request: HttpRequest, project: Project) -> HttpResponse:
    """The views that the team named."""
    context = {"rows": rows_of(request, project, study=False), "lines": view_lines(project.cycle)}
    return render_page(request, "eda/views.html", context)


@require_POST
@project_view(Verb.EXPLORE)
def name_view(request: HttpRequest, project: Project) -> HttpResponse:
    """Name the page that the form stands on, then back to it."""
    address = request.POST.get("address", "")
    place = place_of(address, cycle=project.cycle)
    form = ViewForm(request.POST)
    if not form.is_valid():
        raise Refusal("A view needs a name of at most 80 characters, and a note of at most 400.")
    view = actions.name_view(
        cycle=project.cycle,
        name=form.cleaned_data["name"],
        note=form.cleaned_data["note"],
        pin=form.cleaned_data["is_pinned"],
        place=place,
        by=request.user,
    )
    messages.success(request, f"“{view.name}” is kept under Views for the whole team.")
    return redirect("eda:views", project.slug)


@require_POST
@project_view(Verb.EXPLORE)
def pin_view(request: HttpRequest, project: Project, view_id: int) -> HttpResponse:
    """Pin a view to the data gate, or take it from there."""
    view = get_object_or_404(project.cycle.views, pk=view_id)
    actions.pin_view(view=view, pin=request.POST.get("pin") == "yes", by=request.user)
    return redirect("eda:views", project.slug)


@require_POST
@project_view(Verb.EXPLORE)
def remove_view(request: HttpRequest, project: Project, view_id: int) -> HttpResponse:
    """Forget a view."""
    view = get_object_or_404(project.cycle.views, pk=view_id)
    actions.remove_view(view=view, by=request.user)
    return redirect("eda:views", project.slug)
