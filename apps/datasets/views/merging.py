"""Spellings of one thing: each group of values is approved by a tick, with the name to keep."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.datasets import actions, queries, recipes
from apps.datasets.examining import spelling_groups
from apps.datasets.forms.merging import MergeForm
from apps.engine.errors import EngineError
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.projects.queries import GateClosed
from apps.web.fragments import render_page


@require_http_methods(["GET", "POST"])
@project_view(Verb.COLLECT)
def merge(request: HttpRequest, project: Project) -> HttpResponse:
    """Groups of one column; a POST shows what the ticked ones would do, or adds the step."""
    column = request.GET.get("column", "")
    groups = spelling_groups(project.cycle, column)
    if not groups:
        raise Http404
    form, preview = MergeForm(request.POST or None, groups=groups), None
    if form.is_bound and form.is_valid():
        step = {"step": "map_values", "params": {"column": column, "mapping": form.mapping()}}
        try:
            if "add" in request.POST:
                reason = form.cleaned_data["reason"]
                actions.add_step(cycle=project.cycle, by=request.user, reason=reason, **step)
                return redirect("datasets:wrangle", project.slug)
            preview = recipes.preview_step(project.cycle, step)
        except GateClosed:
            raise
        except EngineError as error:
            form.add_error(None, str(error))
    context = {
        "column": column,
        "form": form,
        "preview": preview,
        "closed": queries.why_closed(project.cycle),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render_page(request, "datasets/merge.html", context, status=status)
