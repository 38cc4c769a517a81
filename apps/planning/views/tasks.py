"""The five task pages: read, save as one types, add and remove rows, paste, settle a conflict."""

import copy
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.engine.evaluation.metrics import METRICS
from apps.planning import actions
from apps.planning.catalogue import PAYOFF, TASKS
from apps.planning.content import is_blank
from apps.planning.difference import task_difference
from apps.planning.forms import MOST_SPARE_ROWS, SPARE_ROWS, TaskForms, as_read, pasted_rows
from apps.planning.guidance import GUIDANCE
from apps.planning.metric_words import problems_in_words
from apps.planning.models import Draft
from apps.planning.paste import HEADERS
from apps.planning.problems import problems_of
from apps.planning.value import yearly_value
from apps.projects.access import Verb, may, project_view
from apps.projects.models import Project
from apps.projects.queries import was_put_live
from apps.web.declare import View
from apps.web.fragments import render_page

ORDER = list(GUIDANCE)
MORE_ROWS = 5
FILTER_FROM = 12
"""From so many features on, a field that filters them is shown."""


def _number(text: str | None) -> int:
    """A whole number that a page sent; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _for_task(task: str, content: dict[str, Any]) -> dict[str, Any]:
    """What only some of the pages show."""
    return {
        "objective": lambda: {"payoff": PAYOFF, "value": yearly_value(content)},
        "features": lambda: {"headers": HEADERS, "filter_from": FILTER_FROM},
        "risks": dict,
        "problem": dict,
        "metrics": lambda: {
            "catalogue": [
                (metric, problems_in_words(key), getattr(metric, "parameter", None))
                for key, metric in METRICS.items()
            ]
        },
    }[task]()


def _draft(project: Project) -> Draft | None:
    return Draft.objects.filter(cycle=project.cycle).select_related("edited_by").first()


def _task_page(
    request: HttpRequest,
    project: Project,
    forms: TaskForms,
    *,
    draft: Draft | None,
    revision: int,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page. ``revision`` is what the person has seen: a save overwrites nothing newer."""
    task = forms.task
    content = draft.content if draft else {}
    place = ORDER.index(task)
    context = {
        "task": task,
        "told": TASKS[task],
        "guidance": GUIDANCE[task],
        "forms": forms,
        "draft": draft,
        "revision": revision,
        "gaps": [gap for gap in problems_of(content) if gap.task == task],
        "following": ORDER[place + 1] if place + 1 < len(ORDER) else "",
        "is_live": was_put_live(project.cycle),
        "is_blank": is_blank(content),
        **_for_task(task, content),
        **more,
    }
    return render_page(
        request, "planning/task.html", context, fragments={"plan-status"}, status=status
    )


def _as_typed(
    request: HttpRequest, project: Project, forms: TaskForms, *, status: int, **more: Any
) -> HttpResponse:
    """The page with what was typed, and with the revision that the person started from."""
    return _task_page(
        request,
        project,
        forms,
        draft=_draft(project),
        revision=_number(request.POST.get("revision")),
        status=status,
        pasted=request.POST.get("pasted", ""),
        **more,
    )


def _without_row(content: dict[str, Any], task: str, posted: str, forms: TaskForms) -> None:
    """Leave out the row whose button was pressed: it is counted among all rows of the page."""
    rows, place = TASKS[task].rows, _number(posted)
    if rows is None or not 0 <= place < len(forms.rows.forms):
        return
    filled = [form.cleaned_data.get(rows.names) for form in forms.rows.forms]
    if filled[place]:
        del content[rows.key][sum(1 for name in filled[:place] if name)]


def _with_pasted(request: HttpRequest, task: str, content: dict[str, Any]) -> tuple[int, str]:
    """Add pasted features to the content: how many, and what is wrong with them.

    A save while somebody types leaves them where they are: they are added by their button.
    """
    pasted = "" if request.htmx else request.POST.get("pasted", "")  # type: ignore[attr-defined]
    if task != "features" or not pasted.strip():
        return 0, ""
    rows, wrong = pasted_rows(pasted, there=content["columns"])
    content["columns"] += rows
    return len(rows), wrong


def _posted(request: HttpRequest, project: Project, task: str) -> HttpResponse:
    """Save what was posted, then do what its button says."""
    forms = TaskForms(task, {}, request.POST)
    if request.POST.get("do") == "theirs":
        messages.info(request, "This is what was saved. What you had typed was not kept.")
        return redirect(request.path)
    if not forms.is_valid():
        return _as_typed(request, project, forms, status=422)
    content = forms.content()
    added, wrong = _with_pasted(request, task, content)
    if wrong:
        return _as_typed(request, project, forms, status=422, wrong=wrong)
    typed = copy.deepcopy(content)
    if "remove" in request.POST:
        _without_row(content, task, request.POST["remove"], forms)
    seen = request.POST.get("over") or request.POST.get("revision")
    try:
        draft = actions.save_task(
            cycle=project.cycle, task=task, content=content, revision=_number(seen), by=request.user
        )
    except actions.EditedMeanwhile as met:
        return _as_typed(
            request,
            project,
            forms,
            status=409,
            conflict=met,
            changes=task_difference(task, met.saved, typed),
            seen_before=bool(request.POST.get("conflict")),
        )
    if request.htmx:  # type: ignore[attr-defined]
        return _task_page(request, project, forms, draft=draft, revision=draft.revision, saved=True)
    if added:
        messages.success(request, f"{added} feature{'s' * (added != 1)} added.")
    return _after(request, project, task)


def _after(request: HttpRequest, project: Project, task: str) -> HttpResponse:
    do = request.POST.get("do", "")
    if do == "rows":
        return redirect(f"{request.path}?rows={MORE_ROWS}#rows-end")
    if "remove" in request.POST:
        return redirect(f"{request.path}#rows")
    if do != "paste":
        messages.success(request, "Saved.")
    following = request.POST.get("go")
    return redirect(f"planning:{following if following in ORDER else task}", project.slug)


def task_view(task: str) -> View:
    """The page of one planning task: reading needs LOOK, saving PLAN (asked in the action)."""

    @require_http_methods(["GET", "POST"])
    @project_view(Verb.LOOK)
    def view(request: HttpRequest, project: Project) -> HttpResponse:
        if request.method == "POST":
            return _posted(request, project, task)
        draft = _draft(project)
        content = draft.content.get(task, {}) if draft else {}
        revision = draft.revision if draft else 0
        if was_put_live(project.cycle) or not may(request.user, Verb.PLAN, project):
            forms = as_read(TaskForms(task, content, spare=0))
            return _task_page(
                request, project, forms, draft=draft, revision=revision, is_fixed=True
            )
        asked = _number(request.GET.get("rows"))
        spare = min(asked, MOST_SPARE_ROWS) if asked else None
        rows = TASKS[task].rows
        if not spare and rows and not content.get(rows.key):
            spare = SPARE_ROWS
        forms = TaskForms(task, content, spare=spare)
        return _task_page(request, project, forms, draft=draft, revision=revision)

    return view
