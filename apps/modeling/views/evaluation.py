"""Frozen candidates, openings of the sealed test, verdicts, cards and test reports."""

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.datasets.queries import closed_data
from apps.engine.charts.table import answer
from apps.modeling import actions, cards, figures, queries, testreport
from apps.modeling.models import Candidate, Evaluation
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


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
    drawn = figures.sealed_figure(evaluation, name)
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
