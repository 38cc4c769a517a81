"""Consolidating, wrangling, and looking at the table."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.datasets import actions, grids, queries, recipes, wrangling
from apps.datasets.forms.steps import StepForm
from apps.datasets.forms.tables import JoinForm
from apps.datasets.models import Join, Step
from apps.engine.errors import EngineError
from apps.engine.recipe.registry import STEPS
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.projects.queries import GateClosed
from apps.web.fragments import render_page


@require_GET
@project_view(Verb.LOOK)
def consolidate(request: HttpRequest, project: Project) -> HttpResponse:
    """How one table comes out of the sources."""
    return _consolidate_page(request, project)


def _consolidate_page(
    request: HttpRequest, project: Project, *, chosen: int = 0, bound: JoinForm | None = None
) -> HttpResponse:
    cycle, page = project.cycle, recipes.consolidate_page(project.cycle)
    asked = request.GET.get("source", "")
    chosen = chosen or (int(asked) if asked.isdecimal() and len(asked) < 12 else 0)
    candidate = next((each for each in page.candidates if each.source.pk == chosen), None)
    form = bound
    if form is None and candidate is not None and page.shape is not None:
        form = JoinForm(left=page.shape, right=candidate.spec)
    context = {
        "page": page,
        "sources": queries.read_sources(project),
        "candidate": candidate,
        "form": form,
        "closed": queries.why_closed(cycle),
        "earlier": None if page.base else queries.earlier_consolidation(cycle),
    }
    status = 422 if bound is not None else 200
    return render_page(request, "datasets/consolidate.html", context, status=status)


@require_POST
@project_view(Verb.COLLECT)
def set_base(request: HttpRequest, project: Project) -> HttpResponse:
    """Choose the base source."""
    asked = request.POST.get("source", "")
    sources = queries.read_sources(project)
    source = get_object_or_404(sources, pk=int(asked) if asked.isdecimal() else 0)
    actions.set_base(cycle=project.cycle, source=source, by=request.user)
    return redirect("datasets:consolidate", project.slug)


@require_POST
@project_view(Verb.COLLECT)
def carry_over(request: HttpRequest, project: Project) -> HttpResponse:
    """Start from the joins and steps of the cycle before."""
    actions.carry_over(cycle=project.cycle, by=request.user)
    messages.success(request, "Joins and steps were taken over. Change what is different now.")
    return redirect("datasets:consolidate", project.slug)


@require_POST
@project_view(Verb.COLLECT)
def add_join(request: HttpRequest, project: Project, source_id: int) -> HttpResponse:
    """Join a source by the keys that were chosen or suggested."""
    source = get_object_or_404(queries.read_sources(project), pk=source_id)
    version = queries.newest_version(source, cycle=project.cycle)
    shape = queries.shape_so_far(project.cycle)
    if version is None or shape is None:
        raise Http404
    form = JoinForm(request.POST, left=shape, right=version.table_spec)
    if form.is_valid():
        left, right = form.keys()
        try:
            actions.add_join(
                cycle=project.cycle, source=source, left_on=left, right_on=right, by=request.user
            )
        except GateClosed:
            raise
        except EngineError as error:
            form.add_error(None, str(error))
        else:
            return redirect("datasets:consolidate", project.slug)
    return _consolidate_page(request, project, chosen=source.pk, bound=form)


@require_POST
@project_view(Verb.COLLECT)
def remove_join(request: HttpRequest, project: Project, join_id: int) -> HttpResponse:
    """Take a join out."""
    join = get_object_or_404(Join, pk=join_id, consolidation__cycle=project.cycle)
    actions.remove_join(cycle=project.cycle, join=join, by=request.user)
    return redirect("datasets:consolidate", project.slug)


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
    grid = grids.grid(project.cycle, page=request.GET.get("page", "1"))
    return render_page(request, "datasets/table.html", {"grid": grid})
