"""The datasheet of a source."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from apps.datasets import contract_actions, datasheets
from apps.datasets.forms.contracts import DatasheetForm
from apps.projects.access import Verb, project_view, require
from apps.projects.models import Project
from apps.web.fragments import render_page


@require_http_methods(["GET", "POST"])
@project_view(Verb.LOOK)  # writing asks for COLLECT, below
def datasheet(request: HttpRequest, project: Project, source_id: int) -> HttpResponse:
    """What is told of a source, and the form to tell more."""
    source = get_object_or_404(project.sources, pk=source_id, removed_at=None)
    if request.method == "POST":
        require(request.user, Verb.COLLECT, project)
    sheet = datasheets.sheet_of(source, cycle=project.cycle)
    form = DatasheetForm(request.POST or None, answers=sheet.answers)
    if request.method == "POST" and form.is_valid():
        made = contract_actions.fill_datasheet(
            source=source, cycle=project.cycle, answers=form.cleaned_data, by=request.user
        )
        messages.success(request, f"Version {made.number} of the datasheet is kept.")
        return redirect("datasets:datasheet", project.slug, source.pk)
    versions = source.datasheets.select_related("person").order_by("-number")[:20]
    context = {"sheet": sheet, "form": form, "versions": versions}
    status = 422 if form.is_bound and form.errors else 200
    return render_page(request, "datasets/datasheet.html", context, status=status)
