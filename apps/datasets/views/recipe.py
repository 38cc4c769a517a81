"""The recipe: its issues, one step changed, its history, its exports, one taken over."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.datasets import queries, recipes, wrangling
from apps.datasets.forms.steps import StepForm, TakeForm
from apps.datasets.models import Step
from apps.datasets.written import written
from apps.engine.errors import EngineError
from apps.engine.recipe.registry import STEPS
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.projects.queries import GateClosed
from apps.web.fragments import render_page


@require_POST
@project_view(Verb.COLLECT)
def examine(request: HttpRequest, project: Project) -> HttpResponse:
    """Look for what is wrong with the table."""
    wrangling.examine(cycle=project.cycle, by=request.user)
    return redirect("datasets:wrangle", project.slug)


@require_http_methods(["GET", "POST"])
@project_view(Verb.COLLECT)
def edit_step(request: HttpRequest, project: Project, step_id: int) -> HttpResponse:
    """Change the parameters of a step, with a look at what it would do."""
    step = get_object_or_404(Step, pk=step_id, cycle=project.cycle, is_removed=False)
    try:
        spec = wrangling.shape_before(step)
    except EngineError as error:
        messages.error(request, f"{error} Mend that step first.")
        return redirect("datasets:wrangle", project.slug)
    if step.step not in STEPS or spec is None:
        raise Http404
    kind = STEPS[step.step]
    filled = {**written(kind, step.params), "reason": step.reason}
    form, preview = StepForm(kind, spec, request.POST or None, initial=filled), None
    if form.is_bound and form.is_valid():
        try:
            if "preview" not in request.POST:
                wrangling.edit_step(
                    step=step,
                    params=form.params(),
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                )
                return redirect("datasets:wrangle", project.slug)
            data = {"step": step.step, "params": form.params()}
            preview = recipes.preview_step(project.cycle, data, before=step.position)
        except GateClosed:
            raise
        except EngineError as error:
            form.add_error(None, str(error))
    context = {"step": step, "title": kind.title, "form": form, "preview": preview}
    status = 422 if form.is_bound and form.errors else 200
    return render_page(request, "datasets/step.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def history(request: HttpRequest, project: Project) -> HttpResponse:
    """All states that the recipe had."""
    cycle = project.cycle
    states = cycle.recipe_states.select_related("by").order_by("pk")
    places = {state.pk: place for place, state in enumerate(states, start=1)}
    told = [(places[state.pk], places.get(state.parent_id), state) for state in states]
    context = {"states": told[::-1], "closed": queries.why_closed(cycle)}
    return render_page(request, "datasets/history.html", context)


@require_POST
@project_view(Verb.COLLECT)
def go_to(request: HttpRequest, project: Project) -> HttpResponse:
    """Undo, redo, or go to a state of the history."""
    wrangling.go_to(cycle=project.cycle, where=request.POST.get("where", ""), by=request.user)
    return redirect("datasets:wrangle", project.slug)


@require_GET
@project_view(Verb.LOOK)
def recipe_json(request: HttpRequest, project: Project) -> HttpResponse:
    """The recipe as JSON."""
    answer = JsonResponse(
        recipes.exported(project.cycle), json_dumps_params={"indent": 2, "ensure_ascii": False}
    )
    answer["Content-Disposition"] = f'attachment; filename="{project.slug}-recipe.json"'
    return answer


@require_GET
@project_view(Verb.LOOK)
def recipe_script(request: HttpRequest, project: Project) -> HttpResponse:
    """The recipe as a pandas script."""
    try:
        script = recipes.recipe_script(project.cycle)
    except EngineError as error:
        messages.error(request, f"There is no script yet: {error}")
        return redirect("datasets:wrangle", project.slug)
    answer = HttpResponse(script, content_type="text/x-python; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{project.slug}-recipe.py"'
    return answer


@require_http_methods(["GET", "POST"])
@project_view(Verb.COLLECT)
def take_recipe(request: HttpRequest, project: Project) -> HttpResponse:
    """Look which steps and choices of another recipe fit, then take those over."""
    others = recipes.projects_with_recipes(project, user=request.user)
    names = [(other.slug, other.name) for other in others]
    form = TakeForm(request.POST or None, projects=names)
    context: dict[str, Any] = {"form": form, "has_base": True}
    page = recipes.wrangle_page(project.cycle)
    context["spec"] = page.spec
    if form.is_bound and form.is_valid() and page.spec is not None:
        try:
            recipe, origin = _chosen(form, others)
            if "add" in request.POST:
                lines = wrangling.take_recipe(
                    cycle=project.cycle, recipe=recipe, origin=origin, by=request.user
                )
                messages.success(request, _taken_over(lines, origin))
                return redirect("datasets:wrangle", project.slug)
            chosen = queries.fitted_choices(project.cycle)
            context["lines"] = wrangling.taken(recipe, spec=page.spec, chosen=chosen)
            context["fits"] = any(not line.problem for line in context["lines"])
        except GateClosed:
            raise
        except EngineError as error:
            form.add_error(None, str(error))
    status = 422 if form.is_bound and form.errors else 200
    return render_page(request, "datasets/take.html", context, status=status)


def _taken_over(lines: list[wrangling.Taken], origin: str) -> str:
    fitted = sum(line.is_fitted for line in lines)
    counts = ((len(lines) - fitted, "step"), (fitted, "fitted choice"))
    words = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
    return f"Taken over from {origin}: {' and '.join(words)}."


def _chosen(form: TakeForm, others: list[Project]) -> tuple[wrangling.Recipe, str]:
    """The recipe and where it comes from."""
    if text := form.cleaned_data["text"]:
        return wrangling.recipe_in(text), "a file"
    other = next(one for one in others if one.slug == form.cleaned_data["project"])
    return wrangling.recipe_from(recipes.exported(other.cycle)), other.name
