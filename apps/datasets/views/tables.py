"""Wrangling, and looking at the table."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.datasets import actions, grids, queries, recipes, wrangling
from apps.datasets.asked import OPERATIONS
from apps.datasets.fitted import fitted_view
from apps.datasets.forms.steps import StepForm
from apps.datasets.models import Step
from apps.engine.errors import EngineError
from apps.engine.grid.rows import MOST_WORDS
from apps.engine.recipe.registry import STEPS
from apps.planning.queries import sensitive_columns
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.projects.queries import GateClosed
from apps.web.fragments import render_page

MOST_CHOICES = 200
"""More columns than this are typed, not chosen: their list would outweigh the page."""


@require_GET
@project_view(Verb.LOOK)
def wrangle(request: HttpRequest, project: Project) -> HttpResponse:
    """The recipe, what a further step would do, and the way to the table."""
    key = request.GET.get("step", "")
    if key and key not in STEPS:
        raise Http404
    page = recipes.wrangle_page(project.cycle)
    form, preview = None, None
    if key and page.spec is not None:
        form = StepForm(STEPS[key], page.spec, request.GET if "preview" in request.GET else None)
        if form.is_bound and form.is_valid():
            try:
                step = {"step": key, "params": form.params()}
                preview = recipes.preview_step(project.cycle, step)
            except EngineError as error:
                form.add_error(None, str(error))
    return _wrangle_page(request, project, page, key=key, form=form, preview=preview)


def _wrangle_page(
    request: HttpRequest,
    project: Project,
    page: recipes.WranglePage,
    *,
    key: str = "",
    form: StepForm | None = None,
    preview: recipes.StepPreview | None = None,
) -> HttpResponse:
    context = {
        "page": page,
        "chosen": key,
        "form": form,
        "preview": preview,
        "closed": queries.why_closed(project.cycle),
        "fitted": fitted_view(project.cycle, spec=page.spec),
    }
    status = 422 if form is not None and form.is_bound and form.errors else 200
    return render_page(request, "datasets/wrangle.html", context, status=status)


@require_POST
@project_view(Verb.COLLECT)
def add_step(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Add a step to the recipe."""
    page = recipes.wrangle_page(project.cycle)
    if key not in STEPS or page.spec is None:
        raise Http404
    form = StepForm(STEPS[key], page.spec, request.POST)
    if form.is_valid():
        try:
            actions.add_step(
                cycle=project.cycle,
                step=key,
                params=form.params(),
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
        except GateClosed:
            raise
        except EngineError as error:
            form.add_error(None, str(error))
        else:
            return redirect("datasets:wrangle", project.slug)
    return _wrangle_page(request, project, page, key=key, form=form)


@require_POST
@project_view(Verb.COLLECT)
def change_step(request: HttpRequest, project: Project, step_id: int) -> HttpResponse:
    """Switch a step off or on, move it, or remove it."""
    step = get_object_or_404(Step, pk=step_id, cycle=project.cycle, is_removed=False)
    does = request.POST.get("does")
    if does in {"on", "off"}:
        actions.set_step_enabled(step=step, enabled=does == "on", by=request.user)
    elif does in {"up", "down"}:
        actions.move_step(step=step, up=does == "up", by=request.user)
    elif does == "remove":
        wrangling.remove_step(step=step, by=request.user)
    return redirect("datasets:wrangle", project.slug)


@require_POST
@project_view(Verb.COLLECT)
def build(request: HttpRequest, project: Project) -> HttpResponse:
    """Build the table."""
    actions.build_table(cycle=project.cycle, by=request.user)
    return redirect("datasets:wrangle", project.slug)


@require_GET
@project_view(Verb.LOOK)
def table(request: HttpRequest, project: Project) -> HttpResponse:
    """The rows: all of them before the split, development rows after it."""
    data = request.GET
    hidden = sensitive_columns(project.cycle)
    grid = grids.grid(
        project.cycle,
        page=data.get("page", "1"),
        across=data.get("across", "1"),
        hidden=hidden,
        data=data,
    )
    if data.get("add_column") and grid is not None and not grid.asked.problem:
        return redirect(f"{request.path}{grid.asked.tail}")
    limits = {"most_choices": MOST_CHOICES, "most_words": MOST_WORDS}
    context = {"grid": grid, "operations": OPERATIONS, **limits}
    return render_page(request, "datasets/table.html", context)
