"""What fills a draft: a template, an earlier project, a file."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.planning import actions
from apps.planning.catalogue import TASKS
from apps.planning.forms import forms_of
from apps.planning.queries import plan_to_copy
from apps.planning.schema import MOST_BYTES, BadFile, read_file
from apps.planning.starters import STARTERS
from apps.planning.views.plan import seen_revision, show_plan
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.refusals import Refusal


def _fill(request: HttpRequest, project: Project, content: dict[str, Any], whence: str) -> Any:
    try:
        actions.fill_draft(
            cycle=project.cycle,
            content=content,
            whence=whence,
            by=request.user,
            replace=request.POST.get("replace") == "yes",
            revision=seen_revision(request),
        )
    except Refusal as refusal:
        return show_plan(request, project, wrong=str(refusal), status=409)
    messages.success(request, f"The draft is filled from {whence}. Go through the five tasks.")
    return redirect("planning:plan", project.slug)


@require_POST
@project_view(Verb.PLAN)
def start(request: HttpRequest, project: Project) -> HttpResponse:
    """Fill the draft from a template; the blank one empties it."""
    starter = STARTERS.get(request.POST.get("starter", ""))
    if starter is None:
        return show_plan(request, project, wrong="Choose one of the templates.", status=422)
    return _fill(request, project, starter.content, f"the template “{starter.title}”")


@require_POST
@project_view(Verb.PLAN)
def copy(request: HttpRequest, project: Project) -> HttpResponse:
    """Fill the draft from another project that this person may see."""
    found = plan_to_copy(request.user, slug=request.POST.get("project", ""), but=project)
    if found is None:
        return show_plan(request, project, wrong="Choose one of your projects.", status=422)
    return _fill(request, project, found.content, f"{found.project}, version {found.number}")


def _checked(raw: bytes) -> dict[str, Any]:
    """The content of a file, as the forms would have stored it. Raises BadFile."""
    content, told = read_file(raw), {}
    for task, fields in TASKS.items():
        forms = forms_of(task, content.get(task, {}))
        if not forms.is_valid():
            raise BadFile(f"In “{fields.title}”: {forms.problems()[0].says}")
        told[task] = forms.content()
    return told


@require_POST
@project_view(Verb.PLAN)
def bring(request: HttpRequest, project: Project) -> HttpResponse:
    """Fill the draft from a file that was exported, here or elsewhere."""
    file = request.FILES.get("file")
    if file is None:
        return show_plan(request, project, wrong="Choose a file to import.", status=422)
    try:
        content = _checked(file.read(MOST_BYTES + 1))
    except BadFile as bad:
        return show_plan(request, project, wrong=f"Nothing was imported. {bad}", status=422)
    return _fill(request, project, content, f"the file {file.name}"[:120])
