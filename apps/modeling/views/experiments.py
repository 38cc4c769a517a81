"""What is done with an experiment: stop it, go on, combine, take it home, write a note."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.datasets.storage import local
from apps.modeling import actions, experiment_actions
from apps.modeling.forms import NoteForm
from apps.modeling.models import Experiment, Trial
from apps.modeling.notebooks import written_notebook
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.refusals import Refusal


@require_POST
@project_view(Verb.TRAIN)
def combine(request: HttpRequest, project: Project) -> HttpResponse:
    """Train a vote, a stack or a calibrated form of finished trials."""
    asked = [text for text in request.POST.getlist("trial") if text.isdecimal()]
    found = Trial.objects.filter(pk__in=asked, experiment__cycle=project.cycle)
    trials = list(found.select_related("experiment").order_by("pk"))
    if not trials:
        raise Refusal("Choose candidates on the leaderboard first.")
    experiment = trials[0].experiment
    how = request.POST.get("how", "")
    experiment_actions.combine(experiment=experiment, trials=trials, how=how, by=request.user)
    return redirect(_of(project, experiment))


@require_POST
@project_view(Verb.TRAIN)
def stop(request: HttpRequest, project: Project, experiment_id: int) -> HttpResponse:
    """Stop an experiment; what is finished stays. With ``keep``, a search blends what it has."""
    experiment = get_object_or_404(Experiment, pk=experiment_id, cycle__project=project)
    keep = request.POST.get("keep") == "1"
    experiment_actions.stop_experiment(experiment=experiment, by=request.user, keep=keep)
    return redirect(_of(project, experiment))


@require_POST
@project_view(Verb.TRAIN)
def go_on(request: HttpRequest, project: Project, experiment_id: int) -> HttpResponse:
    """Take up what was stopped or failed, or one that its race had stopped."""
    experiment = get_object_or_404(Experiment, pk=experiment_id, cycle=project.cycle)
    asked = request.POST.get("outraced", "")
    outraced = int(asked) if asked.isdecimal() else None
    experiment_actions.go_on(experiment=experiment, by=request.user, outraced=outraced)
    return redirect(_of(project, experiment))


@require_POST
@project_view(Verb.TRAIN)
def nested(request: HttpRequest, project: Project, experiment_id: int) -> HttpResponse:
    """Ask for nested cross-validation, or go on with it; with ``stop``, stop it."""
    experiment = get_object_or_404(Experiment, pk=experiment_id, cycle=project.cycle)
    if request.POST.get("stop") == "1":
        experiment_actions.stop_nested(experiment=experiment, by=request.user)
    else:
        experiment_actions.ask_nested(experiment=experiment, by=request.user)
    return redirect(f"{_of(project, experiment)}#nested")


@require_POST
@project_view(Verb.TRAIN)
def note(request: HttpRequest, project: Project, experiment_id: int) -> HttpResponse:
    """Write down what was learnt."""
    experiment = get_object_or_404(Experiment, pk=experiment_id, cycle__project=project)
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise Refusal("A note has at most 2,000 characters. Shorten it and save again.")
    actions.write_note(experiment=experiment, note=form.cleaned_data["note"], by=request.user)
    return redirect(_of(project, experiment))


@require_GET
@project_view(Verb.TRAIN)
def notebook(request: HttpRequest, project: Project, experiment_id: int) -> HttpResponse:
    """The experiment as a notebook of plain pandas and scikit-learn."""
    experiment = get_object_or_404(Experiment, pk=experiment_id, cycle__project=project)
    name = f"{project.slug}-experiment-{experiment.number}.ipynb"
    told = JsonResponse(written_notebook(experiment), json_dumps_params={"indent": 1})
    told.headers["Content-Type"] = "application/x-ipynb+json"
    told.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return told


@require_GET
@project_view(Verb.TRAIN)
def rows(request: HttpRequest, project: Project, experiment_id: int, name: str) -> FileResponse:
    """The files that the notebook reads: development rows, or the split. No sealed row."""
    experiment = get_object_or_404(Experiment, pk=experiment_id, cycle__project=project)
    split = experiment.split
    stored = {"development": split.development, "split": split.split_file}.get(name)
    if stored is None:
        raise Http404
    opened = local(stored).open("rb")
    return FileResponse(opened, as_attachment=True, filename=f"{name}.parquet")


def _of(project: Project, experiment: Experiment) -> str:
    """Where the leaderboard of an experiment stands."""
    return f"{reverse('modeling:train', args=[project.slug])}?experiment={experiment.number}"
