"""The overview: what to look at first, the columns, the findings people raise."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.eda import actions, queries
from apps.eda.forms import FindingForm
from apps.eda.models import Profile
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page
from apps.web.paging import page_of

_FIRST_HINTS = 8


def _form(request: HttpRequest, project: Project, scope: queries.Scope | None) -> FindingForm:
    """Empty, or filled with what a "Raise as finding" link points at."""
    initial = {
        "says": request.GET.get("says", "")[:400],
        "column": request.GET.get("column", ""),
        "severity": request.GET.get("severity", "medium"),
        "owner": request.user,
    }
    columns = scope.table.table_spec.names if scope else ()
    data = request.POST if request.method == "POST" else None
    return FindingForm(data, team=project.team, columns=columns, initial=initial)


def _profiled(
    request: HttpRequest, project: Project, profile: Profile | None
) -> dict[str, Any] | None:
    """What the overview shows of a ready profile."""
    if profile is None or not profile.is_ready:
        return None
    result, words = queries.result_of(profile), request.GET.get("q", "").strip()
    lines = queries.column_lines(result, words=words)
    hints = queries.hints(project.cycle, result)
    return {
        **{key: result[key] for key in ("rows", "column_count", "missing_cells", "memory_bytes")},
        "duplicate_rows": result["duplicate_rows"],
        "target": next((line for line in queries.column_lines(result) if line.is_target), None),
        "first": hints[:_FIRST_HINTS],
        "more": hints[_FIRST_HINTS:],
        "page": page_of(lines, request),
        "words": words,
        "query": urlencode({"q": words}) if words else "",
    }


def _overview(
    request: HttpRequest, project: Project, *, form: FindingForm | None = None
) -> HttpResponse:
    cycle = project.cycle
    scope = queries.scope_of(cycle)
    profile = queries.profile_of(cycle, scope) if scope else None
    context = {
        "scope": scope,
        "profile": profile,
        "result": _profiled(request, project, profile),
        "findings": queries.open_findings(cycle),
        "answered": queries.answered_findings(cycle),
        "form": form or _form(request, project, scope),
        "wants_to_raise": "says" in request.GET or form is not None,
        "would_withdraw": queries.is_data_passed(cycle),
    }
    status = 422 if form is not None else 200
    return render_page(request, "eda/overview.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def overview(request: HttpRequest, project: Project) -> HttpResponse:
    """What to look at first, the columns, the findings."""
    return _overview(request, project)


@require_POST
@project_view(Verb.EXPLORE)
def profile(request: HttpRequest, project: Project) -> HttpResponse:
    """Profile today's rows."""
    actions.start_profile(cycle=project.cycle, by=request.user)
    return redirect("eda:overview", project.slug)


@require_POST
@project_view(Verb.EXPLORE)
def raise_finding(request: HttpRequest, project: Project) -> HttpResponse:
    """Raise a finding."""
    form = _form(request, project, queries.scope_of(project.cycle))
    if not form.is_valid():
        return _overview(request, project, form=form)
    actions.raise_finding(cycle=project.cycle, by=request.user, **form.cleaned_data)
    return redirect("eda:overview", project.slug)


@require_POST
@project_view(Verb.EXPLORE)
def answer_finding(request: HttpRequest, project: Project, finding_id: int) -> HttpResponse:
    """Answer a finding."""
    finding = get_object_or_404(project.cycle.findings, pk=finding_id)
    actions.answer_finding(finding=finding, answer=request.POST.get("answer", ""), by=request.user)
    return redirect("eda:overview", project.slug)
