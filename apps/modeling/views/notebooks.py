"""The page on which a notebook of one's own gets its token."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.modeling import notebook_actions
from apps.modeling.forms import TokenForm
from apps.modeling.models import Experiment, NotebookToken
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


@require_http_methods(["GET", "POST"])
@project_view(Verb.TRAIN)
def tokens(request: HttpRequest, project: Project, experiment_id: int) -> HttpResponse:
    """The tokens of an experiment, what a notebook does with one, and a new one shown once."""
    experiment = get_object_or_404(Experiment, pk=experiment_id, cycle__project=project)
    form, secret = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        secret = notebook_actions.issue_token(experiment=experiment, name=name, by=request.user)
        form = TokenForm()
    address = request.build_absolute_uri(reverse("notebook:experiment", args=[experiment.pk]))
    context = {
        "experiment": experiment,
        "tokens": experiment.tokens.select_related("created_by"),
        "form": form,
        "secret": secret,
        "address": address,
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "modeling/tokens.html", context, status=status)


@require_POST
@project_view(Verb.TRAIN)
def revoke(request: HttpRequest, project: Project, token_id: int) -> HttpResponse:
    """Revoke a token of this project."""
    token = get_object_or_404(NotebookToken, pk=token_id, experiment__cycle__project=project)
    notebook_actions.revoke_token(token=token, by=request.user)
    return redirect("modeling:tokens", project.slug, token.experiment_id)
