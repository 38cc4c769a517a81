"""What is done on a gate's page besides deciding: findings, accepted warnings, pages as signed."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.governance import finding_actions
from apps.governance.actions import signing
from apps.governance.forms import AcceptForm, FindingForm, NoteForm
from apps.governance.models import GateFinding
from apps.governance.notices import gate_link
from apps.governance.pages import signed_page
from apps.governance.views.gates import stage_named
from apps.projects.access import Verb, project_view
from apps.projects.models import Decision, Project
from apps.web.fragments import render_page
from apps.web.refusals import Refusal


def _first_error(form: FindingForm | AcceptForm) -> str:
    field, errors = next(iter(form.errors.items()))
    return f"{form[field].label}: {errors[0]}"


def _back(project: Project, stage: str, *, at: str = "findings") -> HttpResponse:
    return redirect(gate_link(project.cycle, stage, at=at))


def _finding(project: Project, stage: str, number: int) -> GateFinding:
    found = GateFinding.objects.select_related("cycle__project")
    return get_object_or_404(found, cycle=project.cycle, stage=stage_named(stage), number=number)


@require_POST
@project_view(Verb.EXPLORE)
def raise_finding(request: HttpRequest, project: Project, stage: str) -> HttpResponse:
    """Raise a finding at a gate."""
    where = stage_named(stage)
    form = FindingForm(request.POST, stage=where, project=project, prefix="new")
    if not form.is_valid():
        raise Refusal(f"Not raised. {_first_error(form)}")
    made = finding_actions.raise_findings(
        cycle=project.cycle, stage=where, new=[form.as_new()], by=request.user
    )
    messages.success(request, f"Finding {made[0].number} is raised. {made[0].owner} is told.")
    return _back(project, stage, at=f"finding-{made[0].number}")


@require_POST
@project_view(Verb.DISCUSS)
def answer_finding(request: HttpRequest, project: Project, stage: str, number: int) -> HttpResponse:
    """Say something in the thread of a finding."""
    form = NoteForm(request.POST)
    form.is_valid()
    finding_actions.answer_finding(
        finding=_finding(project, stage, number),
        text=form.cleaned_data.get("text", ""),
        by=request.user,
    )
    messages.success(request, f"Added to finding {number}.")
    return _back(project, stage, at=f"finding-{number}")


@require_POST
@project_view(Verb.DISCUSS)  # the action asks: who raised it, or who may sign
def close_finding(request: HttpRequest, project: Project, stage: str, number: int) -> HttpResponse:
    """Settle a finding."""
    form = NoteForm(request.POST)
    form.is_valid()
    finding_actions.close_finding(
        finding=_finding(project, stage, number),
        note=form.cleaned_data.get("text", ""),
        by=request.user,
    )
    messages.success(request, f"Finding {number} is closed.")
    return _back(project, stage, at=f"finding-{number}")


@require_POST
@project_view(Verb.LOOK)  # the action asks for SIGN or CLOSE, as the gate of this tier needs
def accept_warning(request: HttpRequest, project: Project, stage: str) -> HttpResponse:
    """Take a warning as it stands."""
    form = AcceptForm(request.POST)
    if not form.is_valid():
        raise Refusal(f"Not accepted. {_first_error(form)}")
    signing.accept(
        cycle=project.cycle,
        stage=stage_named(stage),
        by=request.user,
        check_key=form.cleaned_data["check"],
        note=form.cleaned_data["note"],
    )
    messages.success(request, "Accepted, with your reason.")
    return _back(project, stage, at="in-the-way")


@require_GET
@project_view(Verb.LOOK)
def as_signed(request: HttpRequest, project: Project, stage: str, number: int) -> HttpResponse:
    """The page as it was when it was signed, equal to the byte; ``?cycle=`` for an earlier one."""
    asked = request.GET.get("cycle", "")
    cycle = project.cycle
    if asked:
        cycle = get_object_or_404(
            project.cycles, number=int(asked) if asked.isdecimal() and len(asked) < 5 else 0
        )
    decision = get_object_or_404(
        Decision.objects.select_related("met"),
        cycle=cycle,
        stage=stage_named(stage),
        number=number,
    )
    content = signed_page(decision)
    if not content:
        raise Http404
    context = {
        "decision": decision,
        "stage": stage_named(stage),
        "signed": content.decode(),
        "sha256": decision.signed_page.sha256,
    }
    return render_page(request, "governance/as_signed.html", context)
