"""A query as a source: writing it, looking at its first rows, importing, running it again."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from apps.datasets import actions, connections, queries, querying
from apps.datasets.forms.queries import QueryForm
from apps.datasets.models import Source
from apps.datasets.veiling import veiled_look
from apps.projects.access import ALLOWS, Verb, project_view, role_in
from apps.projects.models import Project
from apps.web.fragments import render_page


def _page(
    request: HttpRequest,
    project: Project,
    form: QueryForm,
    *,
    source: Source | None,
    look: dict[str, Any] | None = None,
) -> HttpResponse:
    role = role_in(request.user, project)
    context = {
        "source": source,
        "form": form,
        "look": veiled_look(look, cycle=project.cycle),
        "closed": queries.why_closed(project.cycle),
        "may_connect": role is not None and Verb.CONNECT in ALLOWS[role],
    }
    status = 422 if form.is_bound and form.errors else 200
    return render_page(request, "datasets/query.html", context, status=status)


def _previewed(request: HttpRequest, project: Project, form: QueryForm) -> dict[str, Any]:
    return querying.preview(
        cycle=project.cycle,
        connection=form.chosen(),
        sql=form.cleaned_data["sql"],
        parameters=[each.as_dict() for each in form.parameters()],
        by=request.user,
    )


def _import(request: HttpRequest, project: Project, form: QueryForm, source: Source) -> None:
    version = querying.ask(
        source=source,
        cycle=project.cycle,
        connection=form.chosen(),
        sql=form.cleaned_data["sql"],
        parameters=[each.as_dict() for each in form.parameters()],
        by=request.user,
    )
    messages.success(request, f"The query is run as version {version.number}.")


@require_http_methods(["GET", "POST"])
@project_view(Verb.COLLECT)
def new_query(request: HttpRequest, project: Project) -> HttpResponse:
    """Write a query for a new source; with ``look``, only show its first rows."""
    form = QueryForm(
        request.POST if request.method == "POST" else None,
        connections=connections.of_team(project.team),
        taken={source.name for source in queries.sources_of(project)},
    )
    if not form.is_valid() or "look" in request.POST:
        look = _previewed(request, project, form) if form.is_valid() else None
        return _page(request, project, form, source=None, look=look)
    data = form.cleaned_data
    source = actions.add_source(
        cycle=project.cycle,
        name=data["name"],
        owner=data["owner"],
        describes=data["describes"],
        by=request.user,
    )
    _import(request, project, form, source)
    return redirect("datasets:source", project.slug, source.pk)


@require_http_methods(["GET", "POST"])
@project_view(Verb.COLLECT)
def change_query(request: HttpRequest, project: Project, source_id: int) -> HttpResponse:
    """Change the query of a source; what it gives becomes a new version."""
    found = get_object_or_404(project.sources, pk=source_id, removed_at=None)
    last = querying.newest_query(found)
    initial = {"connection": str(last.connection_id), "sql": last.sql} if last else {}
    form = QueryForm(
        request.POST if request.method == "POST" else None,
        connections=connections.of_team(project.team),
        known=last.parameters if last else (),
        initial=initial,
    )
    if not form.is_valid() or "look" in request.POST:
        look = _previewed(request, project, form) if form.is_valid() else None
        return _page(request, project, form, source=found, look=look)
    _import(request, project, form, found)
    return redirect("datasets:source", project.slug, found.pk)


@require_POST
@project_view(Verb.COLLECT)
def run_again(request: HttpRequest, project: Project, source_id: int) -> HttpResponse:
    """Run the newest query of a source once more."""
    found = get_object_or_404(project.sources, pk=source_id, removed_at=None)
    version = querying.ask_again(source=found, cycle=project.cycle, by=request.user)
    messages.success(request, f"The query is run as version {version.number}.")
    return redirect("datasets:source", project.slug, found.pk)
