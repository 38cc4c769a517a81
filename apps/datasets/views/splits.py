"""The split page and its drawing."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from apps.datasets import actions, grids, queries
from apps.datasets.forms.tables import SplitForm
from apps.engine.charts.splits import split_strip
from apps.engine.charts.table import answer
from apps.planning.queries import signed_plan
from apps.projects.access import Verb, project_view, require
from apps.projects.models import Project
from apps.web.fragments import render_page


@require_http_methods(["GET", "POST"])
@project_view(Verb.LOOK)  # drawing asks for COLLECT, below
def split(request: HttpRequest, project: Project) -> HttpResponse:
    """Advice, the form, and what is sealed."""
    cycle = project.cycle
    table, plan = queries.current_table(cycle), signed_plan(cycle)
    if request.method == "POST":
        require(request.user, Verb.COLLECT, project)
    form, advice = None, {}
    if table is not None and plan is not None:
        advice = grids.split_advice(cycle)
        initial = {key: advice.get(key) or "" for key in ("method", "group", "time")}
        form = SplitForm(
            request.POST or None, spec=table.table_spec, target=plan.target, initial=initial
        )
    if request.method == "POST" and (form is None or form.is_valid()):
        # Without a table or plan the action says what is missing.
        choices = form.cleaned_data if form else {"method": request.POST.get("method", "")}
        actions.draw_split(cycle=cycle, by=request.user, **choices)
        return redirect("datasets:split", project.slug)
    context = {
        "table": table,
        "plan": plan,
        "advice": advice,
        "form": form,
        "closed": queries.why_closed(cycle),
        "split": queries.current_split(cycle),
        "latest": queries.latest_draw(cycle),
        "opened": cycle.openings.exists(),
    }
    status = 422 if form and form.is_bound else 200
    return render_page(request, "datasets/split.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def split_chart(request: HttpRequest, project: Project) -> JsonResponse:
    """Which rows train, validate and are sealed, fold by fold."""
    found = queries.current_split(project.cycle)
    if found is None:
        raise Http404
    figure = split_strip(**queries.split_sizes(found))
    return JsonResponse(answer(figure, dark=request.GET.get("theme") == "dark"))
