"""Candidates are chosen and trained; the leaderboard, each trial, what is frozen."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.datasets.queries import closed_data
from apps.engine.charts.table import answer
from apps.engine.charts.training import best_so_far
from apps.engine.training.advice import without_quantile
from apps.modeling import actions, figures, queries, reports
from apps.modeling.aiming import may_aim, usual_aim, why_aimed
from apps.modeling.comparing import MOST_TRIALS, compared
from apps.modeling.forms import AimForm, ExperimentForm, FreezeForm, NoteForm, RowForm
from apps.modeling.leaderboard import board_of
from apps.modeling.models import Experiment, Trial
from apps.modeling.nesting import cost_of, nested_of
from apps.modeling.overlays import overlays_of
from apps.modeling.progress import finished_over_time, progress_of
from apps.modeling.proposing import offers_for
from apps.modeling.racing import may_race
from apps.modeling.standings import SORTS
from apps.planning.queries import as_signed
from apps.projects.access import Verb, project_view, require
from apps.projects.models import Project
from apps.web.fragments import render_page
from apps.web.paging import page_of
from apps.web.refusals import Refusal

PAGE_LINES = 25
"""Of the leaderboard: each line has two rows of the table."""


@require_http_methods(["GET", "POST"])
@project_view(Verb.LOOK)  # starting asks for TRAIN, below
def select(request: HttpRequest, project: Project) -> HttpResponse:
    """The problem, the candidates with their reasons, the features; and the button that trains."""
    data = closed_data(project.cycle)
    if data is None:
        return render_page(request, "modeling/select.html", {"data": None})
    columns = actions.usable_features(data)
    aims = AimForm(request.GET, usual=usual_aim(data)) if may_aim(data) else None
    aim = aims.chosen if aims else usual_aim(data)
    offers = offers_for(data, columns, level=aim.level)
    form = ExperimentForm(
        request.POST or None,
        offers=offers,
        columns=columns,
        classes=data.split.report.get("classes", []),
        may_race=may_race(data.split),
    )
    if request.method == "POST":
        require(request.user, Verb.TRAIN, project)
        if form.is_valid() and not (aims and aims.errors):
            chosen = form.cleaned_data
            actions.start_experiment(cycle=project.cycle, by=request.user, aim=aim, **chosen)
            return redirect("modeling:train", project.slug)
    context = {
        "data": data,
        "offers": offers,
        "form": form,
        "aims": aims,
        "aim": aim,
        "why_aimed": why_aimed(data),
        "unable": without_quantile() if aim.level is not None else [],
        "alternative": data.plan.plan.task("problem").get("alternative", ""),
    }
    status = 422 if form.is_bound or (aims and aims.errors) else 200
    return render_page(request, "modeling/select.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def train(request: HttpRequest, project: Project) -> HttpResponse:
    """The newest experiment, live; the earlier ones below."""
    experiments = list(project.cycle.experiments.select_related("plan", "started_by"))
    number = request.GET.get("experiment", "")
    shown = next((item for item in experiments if str(item.number) == number), None)
    newest = shown or (experiments[0] if experiments else None)
    board, page, nested = None, None, None
    if newest:
        chosen = {name: request.GET.get(name, "") for name in ("sort", "family")}
        board, nested = board_of(newest, **chosen), nested_of(newest)
        page = page_of(board.shown, request, per_page=PAGE_LINES)
    context = {
        "board": board,
        "page": page,
        "lines": board.lines_of([*page.object_list, *board.pinned]) if page else [],
        "progress": progress_of(board) if board else None,
        "nested": nested,
        "nested_cost": cost_of(board) if board and not nested else None,
        "sorts": SORTS,
        "experiments": experiments,
        "is_open": closed_data(project.cycle) is not None,
        "note_form": NoteForm(initial={"note": newest.note}) if newest else None,
    }
    return render_page(request, "modeling/train.html", context, fragments={"board"})


@require_GET
@project_view(Verb.LOOK)
def experiment_figure(request: HttpRequest, project: Project, experiment_id: int) -> JsonResponse:
    """The best so far over time, with its numbers."""
    experiment = get_object_or_404(Experiment, pk=experiment_id, cycle__project=project)
    promise = as_signed(experiment.plan).promises[0]
    drawn = best_so_far(
        finished_over_time(experiment),
        title=promise.measure.title,
        direction=promise.measure.direction,
        promise=promise.threshold,
    )
    return JsonResponse(answer(drawn, dark=request.GET.get("theme") == "dark"))


@require_GET
@project_view(Verb.LOOK)
def compare(request: HttpRequest, project: Project) -> HttpResponse:
    """Chosen trials side by side; without a choice, where to choose."""
    trials = _chosen(request, project)
    context: dict[str, Any] = {"page": None, "shows_all": "all" in request.GET}
    if len(trials) > 1:
        context["page"] = compared(trials, by_slice="slices" in request.GET)
    return render_page(request, "modeling/compare.html", context)


@require_GET
@project_view(Verb.LOOK)
def compare_figure(request: HttpRequest, project: Project, name: str) -> JsonResponse:
    """Curves of the chosen trials in one chart, with their numbers."""
    trials = _chosen(request, project)
    if name not in overlays_of(trials):
        raise Http404
    drawn = figures.overlaid_curves(trials, name)
    return JsonResponse(answer(drawn, dark=request.GET.get("theme") == "dark"))


def _chosen(request: HttpRequest, project: Project) -> list[Trial]:
    """Trials named in the address, in its order; the base first where one is named."""
    asked = [text for text in request.GET.getlist("trial") if text.isdecimal()]
    base = request.GET.get("base", "")
    order = sorted(dict.fromkeys(asked), key=lambda text: text != base)
    found = Trial.objects.filter(
        pk__in=order[: MOST_TRIALS + 1], experiment__cycle__project=project
    )
    by_key = {
        str(trial.pk): trial
        for trial in found.select_related("experiment__split__table", "experiment__plan")
    }
    return [by_key[text] for text in order if text in by_key]


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
        "may_calibrate": queries.may_calibrate(found, request.user),
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
    drawn = figures.trial_figure(found, name)
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
