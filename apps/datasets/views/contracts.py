"""The data contract: its page, drafting, changing and accepting it, its failing rows; classes."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.datasets import contract_actions, contracts, queries
from apps.datasets.contracts import ContractPage
from apps.datasets.forms.contracts import ClassesForm, NewRuleForm, RuleForm
from apps.datasets.models import Contract, ContractRun, Source
from apps.engine.contract.rule import Rule
from apps.planning.classing import classify
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.csv_file import csv_file
from apps.web.fragments import render_page
from apps.web.refusals import Refusal


def _source_of(request: HttpRequest, project: Project) -> Source | None:
    """The source that is asked for; None for the table."""
    asked = request.POST.get("source") or request.GET.get("source") or ""
    if not asked:
        return None
    if not asked.isdecimal() or len(asked) > 12:
        raise Http404
    return get_object_or_404(project.sources, pk=int(asked), removed_at=None)


def _back(project: Project, source: Source | None, *, at: str = "") -> HttpResponse:
    asked = f"?source={source.pk}" if source else ""
    return redirect(f"{reverse('datasets:contract', args=[project.slug])}{asked}{at}")


def _columns(page: ContractPage) -> dict[str, str]:
    spec = page.subject.spec if page.subject else None
    return {column.name: str(column.kind) for column in spec.columns} if spec else {}


def _page(
    request: HttpRequest,
    project: Project,
    page: ContractPage,
    *,
    rules: list[RuleForm] | None = None,
    new: NewRuleForm | None = None,
) -> HttpResponse:
    if rules is None:
        rules = [RuleForm(line.rule, place=line.place) for line in page.lines]
    levels = {column.name: column.level or "" for column in page.columns if column.kind}
    context: dict[str, Any] = {
        "page": page,
        "forms": {form.place: form for form in rules},
        "wrong": [form for form in rules if form.errors],
        "new": new or NewRuleForm(columns=_columns(page)),
        "classes": ClassesForm(levels=levels) if levels else None,
        "closed": queries.why_closed(project.cycle),
        "may_download": bool(page.run and contracts.may_download(page.run, cycle=project.cycle)),
    }
    bound = [form for form in [*rules, new] if form is not None and form.is_bound]
    status = 422 if any(form.errors for form in bound) else 200
    return render_page(request, "datasets/contract.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def contract(request: HttpRequest, project: Project) -> HttpResponse:
    """The contract of the table, or of a source, with what today's check found."""
    page = contracts.contract_page(project.cycle, _source_of(request, project))
    return _page(request, project, page)


@require_POST
@project_view(Verb.COLLECT)
def draft_contract(request: HttpRequest, project: Project) -> HttpResponse:
    """Have rules proposed."""
    source = _source_of(request, project)
    contract_actions.draft(cycle=project.cycle, source=source, by=request.user)
    return _back(project, source)


@require_POST
@project_view(Verb.COLLECT)
def save_contract(request: HttpRequest, project: Project) -> HttpResponse:
    """Change rules or add one, as the next version; accept it too when that is asked."""
    source = _source_of(request, project)
    page = contracts.contract_page(project.cycle, source)
    seen = request.POST.get("seen", "")
    if not seen.isdecimal() or len(seen) > 9:
        raise Refusal("Open the page of the contract again and change it there.")
    newest = page.contract.number if page.contract else 0
    if int(seen) != newest:
        raise Refusal(f"Version {newest} of this contract was made meanwhile: look at it first.")
    before = list(page.contract.agreed) if page.contract else []
    rules, refused = _rules(request, project, page, before)
    if refused is not None:
        return refused
    made = contract_actions.write(
        cycle=project.cycle,
        source=source,
        rules=rules,
        says=contract_actions.said(rules, before),
        by=request.user,
        seen=int(seen),
    )
    if "accept" in request.POST:
        return _accepted(request, project, made)
    messages.success(request, f"Version {made.number} of the contract is written, not accepted.")
    return _back(project, source)


def _rules(
    request: HttpRequest, project: Project, page: ContractPage, before: list[Rule]
) -> tuple[list[Rule], HttpResponse | None]:
    """The rules as they were sent, or the page with what is wrong with them."""
    if "add" in request.POST:
        new = NewRuleForm(request.POST, columns=_columns(page))
        if not new.is_valid():
            return [], _page(request, project, page, new=new)
        return [*before, new.rule()], None
    sent = [RuleForm(line.rule, place=line.place, data=request.POST) for line in page.lines]
    if any(form.errors for form in sent):
        return [], _page(request, project, page, rules=sent)
    return [rule for form in sent if (rule := form.rule()) is not None], None


def _accepted(request: HttpRequest, project: Project, made: Contract) -> HttpResponse:
    contract_actions.accept(contract=made, cycle=project.cycle, by=request.user)
    messages.success(request, f"Version {made.number} of the contract is in force.")
    return _back(project, made.source)


@require_POST
@project_view(Verb.COLLECT)
def check_contract(request: HttpRequest, project: Project) -> HttpResponse:
    """Have today's table held against the newest version."""
    source = _source_of(request, project)
    versions = contracts.versions_of(project, source)
    if not versions:
        raise Refusal("There is no contract yet: have one drafted.")
    contract_actions.check(contract=versions[0], cycle=project.cycle, by=request.user)
    return _back(project, source)


@require_POST
@project_view(Verb.COLLECT)
def class_columns(request: HttpRequest, project: Project) -> HttpResponse:
    """Say how sensitive columns are."""
    source = _source_of(request, project)
    page = contracts.contract_page(project.cycle, source)
    levels = {column.name: column.level or "" for column in page.columns if column.kind}
    form = ClassesForm(request.POST, levels=levels)
    if not form.is_valid():
        raise Refusal("Choose a class that is offered.")
    made = classify(project=project, classes=form.classes(), by=request.user)
    count = len(made)
    messages.success(
        request,
        f"{count} column{'s were' if count != 1 else ' was'} classed; values of personal and "
        "secret ones are not shown from now on."
        if count
        else "No class was changed.",
    )
    return _back(project, source, at="#classes")


@require_GET
@project_view(Verb.LOOK)
def failing_rows(request: HttpRequest, project: Project, run_id: int) -> HttpResponseBase:
    """All rows that break a rule, as CSV with their original numbers."""
    run = get_object_or_404(
        ContractRun.objects.select_related("contract", "source"), pk=run_id, project=project
    )
    if not contracts.may_download(run, cycle=project.cycle):
        raise Http404
    rows = contracts.failing_lines(run, cycle=project.cycle)
    return csv_file(rows, name=f"{project.slug}-failing-rows-{run.pk}.csv")
