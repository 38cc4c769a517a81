"""Consolidating: base, joins, and what a join would do before it is made."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.datasets import actions, join_actions, joins, queries
from apps.datasets.forms.joins import MEANS, JoinForm
from apps.datasets.graph import graph_of
from apps.datasets.models import Join, JoinPreview
from apps.datasets.storage import local
from apps.datasets.views.uploads import download
from apps.engine.errors import EngineError
from apps.engine.joining.how import TITLES, JoinKind
from apps.engine.types import Kind
from apps.planning.queries import sensitive_columns
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.projects.queries import GateClosed
from apps.web.fragments import render_page
from apps.web.refusals import Refusal


@require_GET
@project_view(Verb.LOOK)
def consolidate(request: HttpRequest, project: Project) -> HttpResponse:
    """How one table comes out of the sources."""
    cycle = project.cycle
    page = joins.consolidate_page(cycle)
    context = {
        "page": page,
        "graph": graph_of(page),
        "sources": queries.read_sources(project),
        "offered": joins.offered_sources(cycle),
        "used": joins.used_sources(cycle),
        "closed": queries.why_closed(cycle),
        "earlier": None if page.base else queries.earlier_consolidation(cycle),
        "means": MEANS,
    }
    return render_page(request, "datasets/consolidate.html", context)


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
    join_actions.carry_over(cycle=project.cycle, by=request.user)
    messages.success(request, "Joins and steps were taken over. Change what is different now.")
    return redirect("datasets:consolidate", project.slug)


@require_POST
@project_view(Verb.COLLECT)
def compute(request: HttpRequest, project: Project) -> HttpResponse:
    """Compute the joins that are not known yet."""
    join_actions.compute_joins(cycle=project.cycle, by=request.user)
    return redirect("datasets:consolidate", project.slug)


@require_POST
@project_view(Verb.COLLECT)
def look(request: HttpRequest, project: Project, source_id: int) -> HttpResponse:
    """Look at joining a source: by the keys that were sent, or by those that suggest themselves."""
    source = get_object_or_404(queries.read_sources(project), pk=source_id)
    join = _join_asked(request, project)
    compare = request.POST.get("compare", "exact")
    how = {
        "kind": "left",
        "left_on": request.POST.getlist("left"),
        "right_on": request.POST.getlist("right"),
        "prefix": join.prefix if join else joins.default_prefix(project.cycle, source),
        "options": {} if compare == "exact" else {"compare": compare},
    }
    if source.pk == _base_id(project):
        how |= _of_itself(project)
    preview = join_actions.look_at_join(
        cycle=project.cycle, source=source, how=how, by=request.user, join=join
    )
    return redirect(_address(project, preview, join))


def _base_id(project: Project) -> int | None:
    consolidation = queries.consolidation_of(project.cycle)
    return consolidation.base_id if consolidation else None


def _of_itself(project: Project) -> dict[str, Any]:
    """A base that is joined to itself begins with the number of its rows in each group."""
    shape = joins.consolidate_page(project.cycle).shape
    columns = shape.columns if shape else ()
    texts = [column.name for column in columns if column.kind is Kind.TEXT]
    names = (texts or [column.name for column in columns])[:1]
    return {
        "kind": "group",
        "left_on": names,
        "right_on": names,
        "options": {"aggregates": [["*", "count"]]},
    }


@require_POST
@project_view(Verb.COLLECT)
def look_at_join(request: HttpRequest, project: Project, join_id: int) -> HttpResponse:
    """Look at a join as it is, to change it."""
    join = get_object_or_404(Join, pk=join_id, consolidation__cycle=project.cycle, removed_at=None)
    how = {"kind": join.kind, **join.as_dict()}
    preview = join_actions.look_at_join(
        cycle=project.cycle, source=join.source, how=how, by=request.user, join=join
    )
    return redirect(_address(project, preview, join))


def _join_asked(request: HttpRequest, project: Project) -> Join | None:
    """The join that is to be changed, of ``?join=``; None when one is to be added."""
    asked = request.GET.get("join", "")
    if not asked:
        return None
    pk = int(asked) if asked.isdecimal() and len(asked) < 12 else 0
    return get_object_or_404(Join, pk=pk, consolidation__cycle=project.cycle, removed_at=None)


def _address(project: Project, preview: JoinPreview, join: Join | None) -> str:
    address = reverse("datasets:join_preview", args=[project.slug, preview.pk])
    return f"{address}?join={join.pk}" if join else address


def _preview(project: Project, preview_id: int) -> JoinPreview:
    found = JoinPreview.objects.select_related("source", "job")
    return get_object_or_404(found, pk=preview_id, project=project)


@require_http_methods(["GET", "POST"])
@project_view(Verb.COLLECT)  # its rows without a match may be of the sealed test
def join_preview(request: HttpRequest, project: Project, preview_id: int) -> HttpResponse:
    """What a join would do; a POST looks at it in another way."""
    preview, join = _preview(project, preview_id), _join_asked(request, project)
    how = preview.report.get("how") or preview.inputs["how"]
    kind = request.GET.get("kind", "") or how.get("kind", "left")
    if kind not in TITLES:
        raise Http404
    form, problem = _form(request, preview, kind=kind, how=how)
    if form is not None and form.is_bound and form.is_valid():
        try:
            other = join_actions.look_at_join(
                cycle=project.cycle,
                source=preview.source,
                how=form.how(),
                by=request.user,
                join=join,
            )
        except GateClosed:
            raise
        except EngineError as error:
            form.add_error(None, str(error))
        else:
            return redirect(_address(project, other, join))
    context = {
        "preview": preview,
        "told": joins.veiled(preview.report, hidden=sensitive_columns(project.cycle)),
        "join": join,
        "form": form,
        "problem": problem,
        "kind": JoinKind(kind),
        "kinds": TITLES.items(),
        "means": MEANS[kind],
        "closed": queries.why_closed(project.cycle),
    }
    status = 422 if form is not None and form.errors else 200
    return render_page(request, "datasets/join.html", context, status=status)


def _form(
    request: HttpRequest, preview: JoinPreview, *, kind: str, how: dict[str, Any]
) -> tuple[JoinForm | None, str]:
    """The form of this kind; None, and why, when a join before it does not apply."""
    try:
        left, right = joins.shape_before(preview), joins.shape_of_source(preview)
    except EngineError as error:
        return None, str(error)
    return (
        JoinForm(
            request.POST if request.method == "POST" else None,
            kind=kind,
            left=left,
            right=right,
            how=how,
            names=(preview.inputs["base_name"], preview.source.name),
        ),
        "",
    )


@require_POST
@project_view(Verb.COLLECT)
def apply_preview(request: HttpRequest, project: Project, preview_id: int) -> HttpResponse:
    """Make the join that was looked at."""
    preview, join = _preview(project, preview_id), _join_asked(request, project)
    try:
        join_actions.apply_preview(
            cycle=project.cycle,
            preview=preview,
            by=request.user,
            agreed=request.POST.get("agreed") == "yes",
            join=join,
        )
    except GateClosed:
        raise
    except (EngineError, Refusal) as error:
        messages.error(request, str(error))
        return redirect(_address(project, preview, join))
    words = "changed" if join else "added"
    messages.success(request, f"The join with {preview.source.name} was {words}.")
    return redirect("datasets:consolidate", project.slug)


@require_GET
@project_view(Verb.COLLECT)  # they may be of the sealed test
def unmatched(request: HttpRequest, project: Project, preview_id: int, side: str) -> HttpResponse:
    """All rows that found no match, as a file."""
    preview = _preview(project, preview_id)
    files = {"left": preview.unmatched_left, "right": preview.unmatched_right}
    if not files.get(side):
        raise Http404
    whose = "table" if side == "left" else preview.source.name
    return download(local(files[side]), f"{whose} without a match.csv")


@require_POST
@project_view(Verb.COLLECT)
def change_join(request: HttpRequest, project: Project, join_id: int) -> HttpResponse:
    """Move a join, switch it off or on, take it out or put it back."""
    cycle = project.cycle
    join = get_object_or_404(Join, pk=join_id, consolidation__cycle=cycle)
    does, who = request.POST.get("does"), {"cycle": cycle, "join": join, "by": request.user}
    if does in {"up", "down"}:
        join_actions.move_join(up=does == "up", **who)
    elif does in {"on", "off"}:
        join_actions.set_join_enabled(enabled=does == "on", **who)
    elif does == "out":
        join_actions.remove_join(**who)
        messages.success(request, f"The join with {join.source} was taken out. It can be put back.")
    elif does == "back":
        join_actions.restore_join(**who)
    return redirect("datasets:consolidate", project.slug)
