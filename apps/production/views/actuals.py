"""What really happened, brought as a file: the form, and what became of each file."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.datasets.storage import saved, scratch
from apps.engine.serving.truths import MOST_ROWS
from apps.production import queries, watch_actions
from apps.production.forms import ActualsForm
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page

MOST_FILES = 20


def _page(request: HttpRequest, project: Project, form: ActualsForm | None = None) -> HttpResponse:
    deployment = queries.endpoint_of(project)
    files = (
        deployment.actuals_files.select_related("job", "person")[:MOST_FILES] if deployment else []
    )
    context = {
        "deployment": deployment,
        "form": form or ActualsForm(),
        "files": files,
        "running": next((one for one in files if one.job.is_live), None),
        "most_rows": MOST_ROWS,
    }
    status = 422 if form is not None else 200
    return render_page(request, "production/actuals.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def actuals(request: HttpRequest, project: Project) -> HttpResponse:
    """The files that were brought, and a form to bring one."""
    return _page(request, project)


@require_POST
@project_view(Verb.DEPLOY)
def bring(request: HttpRequest, project: Project) -> HttpResponse:
    """Have a file taken."""
    deployment = queries.endpoint_of(project)
    if deployment is None:
        raise Http404
    form = ActualsForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, project, form)
    file = form.cleaned_data["file"]
    with scratch() as folder:
        watch_actions.bring_actuals(
            deployment=deployment,
            path=saved(file, folder),
            filename=file.name,
            id_column=form.cleaned_data["id_column"],
            value_column=form.cleaned_data["value_column"],
            by=request.user,
        )
    messages.success(request, f"“{file.name}” is being taken. You may leave this page.")
    return redirect("production:actuals", project.slug)
