"""Pages of the modeling room: select, train, evaluate."""

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.datasets.queries import closed_data
from apps.engine.charts.table import answer
from apps.engine.training.candidates import candidates_for
from apps.engine.types import Problem
from apps.modeling import actions, cards, queries, reports, testreport
from apps.modeling.forms import ExperimentForm, FreezeForm, NoteForm, RowForm
from apps.modeling.leaderboard import board_of
from apps.modeling.models import Candidate, Evaluation, Experiment, Trial
from apps.projects.access import Verb, project_view, require
from apps.projects.models import Project
from apps.web.fragments import render_page
from apps.web.refusals import Refusal


@require_http_methods(["GET", "POST"])
@project_view(Verb.LOOK)  # starting asks for TRAIN, below
def select(request: HttpRequest, project: Project) -> HttpResponse:
    """The problem, the candidates with their reasons, the features; and the button that trains."""
    data = closed_data(project.cycle)
    if data is None:
        return render_page(request, "modeling/select.html", {"data": None})
    columns = actions.usable_features(data)
    offered = candidates_for(
        Problem(data.split.report["problem"]), rows=data.table.rows or 0, columns=len(columns)
    )
    form = ExperimentForm(request.POST or None, offered=offered, columns=columns)
    if request.method == "POST":
        require(request.user, Verb.TRAIN, project)
        if form.is_valid():
            actions.start_experiment(cycle=project.cycle, by=request.user, **form.cleaned_data)
            return redirect("modeling:train", project.slug)
    context = {"data": data, "offered": offered, "form": form}
    status = 422 if form.is_bound else 200
    return render_page(request, "modeling/select.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def train(request: HttpRequest, project: Project) -> HttpResponse:
    """The newest experiment, live; the earlier ones below."""
    experiments = list(project.cycle.experiments.select_related("plan", "started_by"))
    number = request.GET.get("experiment", "")
    shown = next((item for item in experiments if str(item.number) == number), None)
    newest = shown or (experiments[0] if experiments else None)
    context = {
        "board": board_of(newest) if newest else None,
        "experiments": experiments,
        "is_open": closed_data(project.cycle) is not None,
        "note_form": NoteForm(initial={"note": newest.note}) if newest else None,
    }
    return render_page(request, "modeling/train.html", context, fragments={"board"})


@require_POST
@project_view(Verb.TRAIN)
def stop(request: HttpRequest, project: Project, experiment_id: int) -> HttpResponse:
    """Stop an experiment; what is finished stays."""
    experiment = get_object_or_404(Experiment, pk=experiment_id, cycle__project=project)
    actions.stop_experiment(experiment=experiment, by=request.user)
    return redirect("modeling:train", project.slug)


@require_POST
@project_view(Verb.TRAIN)
def note(request: HttpRequest, project: Project, experiment_id: int) -> HttpResponse:
    """Write down what was learnt."""
    experiment = get_object_or_404(Experiment, pk=experiment_id, cycle__project=project)
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise Refusal("A note has at most 2,000 characters. Shorten it and save again.")
    actions.write_note(experiment=experiment, note=form.cleaned_data["note"], by=request.user)
    return redirect(
        f"{reverse('modeling:train', args=[project.slug])}?experiment={experiment.number}"
    )


@require_GET
@project_view(Verb.LOOK)
def trial(request: HttpRequest, project: Project, trial_id: int) -> HttpResponse:
    """One candidate: money, calibration, errors, reasons, whether it can be made again."""
    found = get_object_or_404(
        Trial.objects.select_related("job", "experiment__split", "experiment__plan"),
        pk=trial_id,
        experiment__cycle__project=project,
    )
    return _trial_page(request, project, found, FreezeForm())


def _trial_page(
    request: HttpRequest, project: Project, found: Trial, form: FreezeForm
) -> HttpResponse:
    asked = request.GET.get("row", "")
    page = reports.trial_page(found, row=int(asked) if asked.isdecimal() else None)
    if not form.is_bound:
        form.initial = {"threshold": round(found.result.get("threshold", 0.5), 4)}
    context = {
        "page": page,
        "worth": reports.worth_of(page.told),
        "residuals": reports.residuals(page.told),
        "drivers": reports.drivers(page.candidate.report) if page.candidate else [],
        "unit": reports.importance_unit(found.experiment),
        "places": page.metrics[0].digits if page.metrics else 3,
        "freeze_form": form,
        "row_form": _row_form(page),
        "may_freeze": queries.may_freeze(found, request.user),
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "modeling/trial.html", context, status=status)


def _row_form(page: reports.TrialPage) -> RowForm:
    """The form with the first of the wrong answers, or the row that was explained last."""
    wrong = page.told.get("wrong") or [{"row": None}]
    row = page.row.asked.row if page.row else wrong[0]["row"]
    return RowForm(initial={"row": row}, rows=page.trial.result.get("rows", 0))


@require_GET
@project_view(Verb.LOOK)
def trial_figure(request: HttpRequest, project: Project, trial_id: int, name: str) -> JsonResponse:
    """A chart of a trial's development rows, with its numbers."""
    found = get_object_or_404(Trial, pk=trial_id, experiment__cycle__project=project)
    drawn = queries.trial_figure(found, name)
    if drawn is None:
        raise Http404
    return JsonResponse(answer(drawn, dark=request.GET.get("theme") == "dark"))


@require_POST
@project_view(Verb.TRAIN)
def reproduce(request: HttpRequest, project: Project, trial_id: int) -> HttpResponse:
    """Train a trial once more and compare."""
    found = get_object_or_404(Trial, pk=trial_id, experiment__cycle__project=project)
    actions.reproduce(trial=found, by=request.user)
    return redirect("modeling:trial", project.slug, found.pk)


@require_POST
@project_view(Verb.TRAIN)
def attack(request: HttpRequest, project: Project, trial_id: int) -> HttpResponse:
    """Let the adversary suite loose on a trial."""
    found = get_object_or_404(Trial, pk=trial_id, experiment__cycle__project=project)
    actions.attack(trial=found, by=request.user)
    return redirect(f"{reverse('modeling:trial', args=[project.slug, found.pk])}#adversary")


@require_POST
@project_view(Verb.TRAIN)
def explain(request: HttpRequest, project: Project, trial_id: int) -> HttpResponse:
    """Have the answer of one row explained; the newest one stands on the page."""
    found = get_object_or_404(Trial, pk=trial_id, experiment__cycle__project=project)
    form = RowForm(request.POST, rows=found.result.get("rows", 0))
    if not form.is_valid():
        raise Refusal(" ".join(form.errors.get("row", ["Choose the number of a row."])))
    asked = actions.explain_row(trial=found, row=form.cleaned_data["row"], by=request.user)
    page = reverse("modeling:trial", args=[project.slug, found.pk])
    return redirect(f"{page}?row={asked.row}#one-row")


@require_POST
@project_view(Verb.TRAIN)
def freeze(request: HttpRequest, project: Project, trial_id: int) -> HttpResponse:
    """Freeze a trial for the sealed test, with its threshold."""
    found = get_object_or_404(Trial, pk=trial_id, experiment__cycle=project.cycle)
    form = FreezeForm(request.POST)
    if not form.is_valid():
        return _trial_page(request, project, found, form)
    actions.freeze(trial=found, by=request.user, threshold=form.cleaned_data["threshold"])
    return redirect("modeling:evaluate", project.slug)


@require_GET
@project_view(Verb.LOOK)
def evaluate(request: HttpRequest, project: Project) -> HttpResponse:
    """Frozen candidates, openings of the sealed test, the verdict."""
    cycle = project.cycle
    data = closed_data(cycle)
    frozen = cycle.candidates.filter(trial__is_baseline=False).select_related(
        "trial__experiment", "job", "baseline__job"
    )
    context = {
        "data": data,
        "frozen": frozen,
        "openings": cycle.openings.select_related("candidate__trial", "by", "job", "evaluation"),
        "allowed": data.plan.openings if data else 0,
        "summary": queries.verdict_summary(cycle),
        "live": next(
            (item for item in cycle.openings.select_related("job") if item.job.is_live), None
        ),
    }
    return render_page(request, "modeling/evaluate.html", context)


@require_POST
@project_view(Verb.TRAIN)
def open_test(request: HttpRequest, project: Project, candidate_id: int) -> HttpResponse:
    """Open the sealed test for a frozen candidate."""
    candidate = get_object_or_404(Candidate, pk=candidate_id, cycle=project.cycle)
    actions.open_test(candidate=candidate, by=request.user)
    return redirect("modeling:evaluate", project.slug)


@require_GET
@project_view(Verb.LOOK)
def figure(request: HttpRequest, project: Project, evaluation_id: int, name: str) -> JsonResponse:
    """A curve of an evaluation, with its numbers."""
    evaluation = get_object_or_404(Evaluation, pk=evaluation_id, opening__cycle__project=project)
    curves, of = evaluation.result.get("curves"), str(evaluation.opening.candidate)
    drawn = queries.curve(curves, name, of=of) if curves else None
    if drawn is None:
        raise Http404
    return JsonResponse(answer(drawn, dark=request.GET.get("theme") == "dark"))


@require_GET
@project_view(Verb.LOOK)
def card(request: HttpRequest, project: Project, candidate_id: int) -> HttpResponse:
    """The model card of a frozen candidate: made from the record, fit for paper."""
    candidate = get_object_or_404(_carded(), pk=candidate_id, cycle__project=project)
    return render_page(request, "modeling/card.html", {"card": cards.model_card(candidate)})


@require_GET
@project_view(Verb.LOOK)
def card_json(request: HttpRequest, project: Project, candidate_id: int) -> JsonResponse:
    """The same as JSON, for a register of models."""
    candidate = get_object_or_404(_carded(), pk=candidate_id, cycle__project=project)
    return JsonResponse(cards.model_card(candidate).as_dict(), json_dumps_params={"indent": 2})


@require_GET
@project_view(Verb.LOOK)
def report(request: HttpRequest, project: Project, candidate_id: int) -> HttpResponse:
    """Every number about a frozen candidate with the record it comes from: fit for paper."""
    candidate = get_object_or_404(_carded(), pk=candidate_id, cycle__project=project)
    context = {"report": testreport.test_report(candidate), "candidate": candidate}
    return render_page(request, "modeling/report.html", context)


@require_GET
@project_view(Verb.LOOK)
def report_json(request: HttpRequest, project: Project, candidate_id: int) -> JsonResponse:
    """The same as JSON, for an auditor's program."""
    candidate = get_object_or_404(_carded(), pk=candidate_id, cycle__project=project)
    told = testreport.test_report(candidate).as_dict()
    return JsonResponse(told, json_dumps_params={"indent": 2})


def _carded() -> QuerySet[Candidate]:
    return Candidate.objects.select_related(
        "trial__experiment__split", "trial__experiment__plan", "cycle__project", "frozen_by"
    ).filter(trial__is_baseline=False)
