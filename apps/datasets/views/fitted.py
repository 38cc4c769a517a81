"""Fitted choices: making and changing one, with a look at what it does to development rows."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from apps.datasets import fitted, fitted_actions, queries, recipes
from apps.datasets.forms.steps import StepForm
from apps.datasets.models import FittedLook, Step
from apps.datasets.written import written
from apps.engine.errors import EngineError
from apps.engine.training.fitted.choices import CHOICES
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.projects.queries import GateClosed
from apps.web.fragments import render_page


@require_http_methods(["GET", "POST"])
@project_view(Verb.COLLECT)
def add_choice(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Make a choice of one kind, or look at it first."""
    if key not in CHOICES:
        raise Http404
    return _choose(request, project, key=key, step=None)


@require_http_methods(["GET", "POST"])
@project_view(Verb.COLLECT)
def change_choice(request: HttpRequest, project: Project, step_id: int) -> HttpResponse:
    """Change a choice that was made, or look at the change first."""
    found = {"pk": step_id, "cycle": project.cycle, "is_removed": False, "is_fitted": True}
    step = get_object_or_404(Step, **found)
    if step.step not in CHOICES:
        raise Http404
    return _choose(request, project, key=step.step, step=step)


def _choose(request: HttpRequest, project: Project, *, key: str, step: Step | None) -> HttpResponse:
    page, kind = recipes.wrangle_page(project.cycle), CHOICES[key]
    if page.spec is None:
        messages.error(request, "Choose a base, and mend the steps that do not fit, first.")
        return redirect("datasets:wrangle", project.slug)
    filled = {**written(kind, step.params), "reason": step.reason} if step else None
    spec = fitted.spec_for(project.cycle, page.spec, kind)
    form = StepForm(kind, spec, request.POST or None, initial=filled)
    if form.is_bound and form.is_valid():
        draft = {"choice": key, "params": form.params(), "reason": form.cleaned_data["reason"]}
        try:
            if "look" in request.POST:
                if step:
                    draft["step"] = step.pk
                look = fitted_actions.look_at_choices(
                    cycle=project.cycle, by=request.user, draft=draft
                )
                return redirect("datasets:fitted_look", project.slug, look.pk)
            _make(request, project, draft, step)
        except GateClosed:
            raise
        except EngineError as error:
            form.add_error(None, str(error))
        else:
            return _back(project)
    context = {
        "title": kind.title,
        "step": step,
        "form": form,
        "split": queries.current_split(project.cycle),
        "closed": queries.why_closed(project.cycle),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render_page(request, "datasets/choice.html", context, status=status)


def _make(request: HttpRequest, project: Project, draft: dict[str, Any], step: Step | None) -> None:
    given = {"params": draft["params"], "reason": draft["reason"], "by": request.user}
    if step is None:
        fitted_actions.add_choice(cycle=project.cycle, choice=draft["choice"], **given)
    else:
        fitted_actions.change_choice(step=step, **given)


def _back(project: Project) -> HttpResponse:
    answer = redirect("datasets:wrangle", project.slug)
    answer["Location"] += "#fitted"
    return answer


@require_POST
@project_view(Verb.COLLECT)
def look_at_choices(request: HttpRequest, project: Project) -> HttpResponse:
    """Look at all choices that count today."""
    try:
        look = fitted_actions.look_at_choices(cycle=project.cycle, by=request.user)
    except GateClosed:
        raise
    except EngineError as error:
        messages.error(request, str(error))
        return redirect("datasets:wrangle", project.slug)
    return redirect("datasets:fitted_look", project.slug, look.pk)


@require_http_methods(["GET", "POST"])
@project_view(Verb.COLLECT)
def fitted_look(request: HttpRequest, project: Project, look_id: int) -> HttpResponse:
    """What choices make of development rows; a POST makes the one that is looked at."""
    found = FittedLook.objects.select_related("job", "split", "cycle")
    look = get_object_or_404(found, pk=look_id, cycle=project.cycle)
    if request.method == "POST" and look.draft:
        step = None
        if pk := look.draft.get("step"):
            step = get_object_or_404(Step, pk=pk, cycle=project.cycle, is_fitted=True)
        try:
            _make(request, project, look.draft, step)
        except GateClosed:
            raise
        except EngineError as error:
            messages.error(request, str(error))
        return _back(project)
    context = {
        "look": look,
        "told": fitted.told_by(look),
        "is_todays": fitted.is_todays(look),
        "is_made": fitted.is_made(look),
        "closed": queries.why_closed(project.cycle),
    }
    return render_page(request, "datasets/look.html", context)
