"""The overview: what to look at first, the columns, the findings people raise."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.eda import actions, queries
from apps.eda.answers import Question
from apps.eda.columns import ColumnLine, column_lines, target_figure
from apps.eda.forms import FindingForm
from apps.eda.models import Severity
from apps.eda.periods import Asked
from apps.eda.views import compare, target
from apps.eda.views.common import Rows, action_of, rows_in, rows_of, sliceable
from apps.engine.profile.headlines import ranked
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page
from apps.web.paging import page_of
from apps.web.refusals import Refusal

_FIRST_HINTS, _MOST_HINTS = 8, 60


def _form(request: HttpRequest, project: Project, scope: queries.Scope | None) -> FindingForm:
    """Empty, or filled with what a "Raise as finding" link points at."""
    severity = request.GET.get("severity", Severity.MEDIUM)
    initial = {
        "says": request.GET.get("says", "")[:400],
        "column": request.GET.get("column", ""),
        "severity": severity if severity in Severity.values else Severity.LOW,
        "owner": request.user,
    }
    columns = scope.table.table_spec.names if scope else ()
    data = request.POST if request.method == "POST" else None
    return FindingForm(data, team=project.team, columns=columns, initial=initial)


def _profiled(request: HttpRequest, project: Project, rows: Rows) -> dict[str, Any] | None:
    """What the overview shows of rows that are profiled."""
    if not rows.is_ready:
        return None
    result, words = rows.result, request.GET.get("q", "").strip()
    kept = [*rows.where.pairs, *([("q", words)] if words else [])]
    places = [at for name, at in rows.positions.items() if words.casefold() in name.casefold()]
    page = page_of(places, request)
    page.object_list = column_lines(result, page.object_list, at=rows.column_at)
    ranking = ranked(result, rows.study, suspects=rows.suspects())
    shown = {**result, "findings": ranking[:_MOST_HINTS]}
    found = queries.hints(project.cycle, shown, before=rows.where.before)
    hints = [_led(project, rows, hint) for hint in found]
    return {
        **{key: result[key] for key in ("rows", "column_count", "missing_cells", "memory_bytes")},
        "duplicate_rows": result["duplicate_rows"],
        "blanks": sum(gap.get("hidden") or 0 for gap in rows.study["gaps"]["columns"]),
        "target": _target(rows),
        "target_figure": target_figure(result),
        "first": hints[:_FIRST_HINTS],
        "more": hints[_FIRST_HINTS:],
        "untold": len(ranking[_MOST_HINTS:]),
        "page": page,
        "words": words,
        "query": urlencode(kept),
    }


def _target(rows: Rows) -> ColumnLine | None:
    target = rows.result["target"]
    return column_lines(rows.result, [rows.positions[target["name"]]])[0] if target else None


def _so_far(project: Project, rows: Rows) -> dict[str, Any] | None:
    """What is found in the first columns, while a worker profiles the others."""
    profile = rows.profile
    if rows.where or profile is None or profile.job is None or not profile.job.is_live:
        return None
    result = queries.part_of(profile)
    if result is None:
        return None
    findings = result["findings"]
    found = queries.hints(project.cycle, {**result, "findings": findings[:_FIRST_HINTS]})
    return {
        "columns": len(result["columns"]),
        **{key: result[key] for key in ("rows", "column_count")},
        "first": [_led(project, rows, hint) for hint in found],
        "more": len(findings[_FIRST_HINTS:]),
    }


def _led(project: Project, rows: Rows, hint: queries.Hint) -> queries.Hint:
    address, action = action_of(project, hint.leads, position=hint.position)
    page = rows.column_at(hint.position) if hint.position else ""
    return replace(hint, address=address, action=action, page=page)


def _overview(
    request: HttpRequest, project: Project, *, form: FindingForm | None = None
) -> HttpResponse:
    cycle = project.cycle
    rows = rows_of(request, project)
    context = {
        "rows": rows,
        "scope": rows.scope,
        "profile": rows.made,
        "result": _profiled(request, project, rows),
        "so_far": _so_far(project, rows),
        "findings": queries.open_findings(cycle),
        "answered": queries.answered_findings(cycle),
        "form": form or _form(request, project, rows.scope),
        "wants_to_raise": "says" in request.GET or form is not None,
        "would_withdraw": lambda: queries.is_data_passed(cycle),  # asked where one may raise
    }
    status = 422 if form is not None else 200
    return render_page(request, "eda/overview.html", context, fragments={"so-far"}, status=status)


@require_GET
@project_view(Verb.LOOK)
@sliceable
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
def work_out(request: HttpRequest, project: Project) -> HttpResponse:
    """Have a worker profile a slice, then back to where it was asked for."""
    scope = queries.scope_of(project.cycle)
    if scope is None:
        raise Refusal("Build the table first; there is nothing to explore yet.")
    rows = rows_in(project.cycle, scope, request.POST.getlist("slice"))
    question = _asked(request, rows)
    if question is None:
        raise Refusal("Choose some rows first: all rows are profiled on the overview.")
    actions.work_out(cycle=project.cycle, question=question, by=request.user)
    return redirect(_back(request, project))


def _asked(request: HttpRequest, rows: Rows) -> Question | None:
    """What the page that shows the button could not answer while somebody waits."""
    what = request.POST.get("what", "slice")
    if what == "compare":
        return compare.question_of(rows, Asked.of(request.POST))
    if what == "labels" and rows.is_ready and rows.target:
        return target.question_of(rows, rows.target)
    return rows.question if rows.where else None


def _back(request: HttpRequest, project: Project) -> str:
    """Where the form came from, if it is a page of this room."""
    home = reverse("eda:overview", args=[project.slug])
    asked = request.POST.get("next", "")
    return asked if asked.startswith(home) and "\\" not in asked else home


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
