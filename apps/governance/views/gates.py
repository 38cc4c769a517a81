"""The gate page and what can be done on it."""

import hashlib
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.governance.actions import showing, signing, submitting
from apps.governance.actions.passwords import WrongPassword
from apps.governance.forms import (
    DecisionForm,
    FindingForm,
    NoteForm,
    WithdrawForm,
    as_seen,
    finding_rows,
)
from apps.governance.pages import shown_page
from apps.governance.proof_queries import packed_decision
from apps.governance.signers import conditions_for, shortfall_here
from apps.governance.viewed import viewed_by
from apps.projects.access import Verb, project_view
from apps.projects.models import Decision, Project, Verdict
from apps.projects.stages import Stage
from apps.web.fragments import render_page
from apps.web.refusals import Refusal

EMPTY_ROWS = {"finding-TOTAL_FORMS": "0", "finding-INITIAL_FORMS": "0"}


def stage_named(name: str) -> Stage:
    """The stage of an address."""
    if name not in Stage.values:
        raise Http404
    return Stage(name)


def _proof(request: HttpRequest) -> signing.Proof:
    """How the signer signed in. A cookie's key opens the account: only its hash is kept."""
    key = request.session.session_key or ""
    signed_in_with = {
        entry.get("method") for entry in request.session.get("account_authentication_methods", [])
    }
    second = ", after a second factor at sign-in" if "mfa" in signed_in_with else ""
    digest = hashlib.sha256(key.encode()).hexdigest() if key else ""
    return signing.Proof(session_hash=digest, method=f"password{second}")


def _render(
    request: HttpRequest,
    project: Project,
    stage: Stage,
    *,
    form: DecisionForm | None = None,
    rows: Any = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """The page; with what was typed when it has mistakes (422) or was refused (409)."""
    cycle = project.cycle
    page = shown_page(cycle, stage)
    today = page.page.today
    fresh = {"seen": as_seen(today.shown), "page": page.sha256}
    shown = form or DecisionForm(initial=fresh, stage=stage)
    if refusal is not None:
        typed = {**request.POST.dict(), **fresh}  # the page tells what changed
        shown = DecisionForm(typed, stage=stage)
        if isinstance(refusal, WrongPassword):
            shown.add_error("password", str(refusal))
        else:
            messages.error(request, str(refusal))
    context = {
        "shown": page,
        "page": page.page,
        "stage": stage,
        "form": shown,
        "rows": rows or finding_rows(stage=stage, project=project),
        "finding_form": FindingForm(stage=stage, project=project, prefix="new"),
        "withdraw_form": WithdrawForm(prefix="withdraw"),
        "condition_form": WithdrawForm(prefix="condition"),
        "why_not": signing.may_decide(today, request.user),
        "to_confirm": conditions_for(today.glance, request.user),
        "shortfall": shortfall_here(today.glance),
        "viewed": viewed_by(request.user, today),
        "packed": packed_decision(cycle, stage),
    }
    status = 409 if refusal else 422 if form is not None else 200
    return render_page(request, "governance/gate.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def gate(request: HttpRequest, project: Project, stage: str) -> HttpResponse:
    """One page to decide on."""
    return _render(request, project, stage_named(stage))


@require_POST
@project_view(Verb.SUBMIT)
def submit(request: HttpRequest, project: Project, stage: str) -> HttpResponse:
    """Ask for a decision."""
    form = NoteForm(request.POST)
    form.is_valid()
    submitting.submit_gate(
        cycle=project.cycle,
        stage=stage_named(stage),
        by=request.user,
        note=form.cleaned_data["text"],
    )
    messages.success(request, "Submitted. Whoever decides is told in their inbox.")
    return redirect("governance:gate", project.slug, stage)


def _rows(request: HttpRequest, project: Project, stage: Stage) -> Any:
    """The findings typed with a decision; a form that was sent without rows has none."""
    data = {**EMPTY_ROWS, **request.POST.dict()}
    return finding_rows(data, stage=stage, project=project)


@require_POST
@project_view(Verb.LOOK)  # the action asks for SIGN or CLOSE, as the gate of this tier needs
def decide(request: HttpRequest, project: Project, stage: str) -> HttpResponse:
    """Sign a decision on exactly the evidence that was shown."""
    form = DecisionForm(request.POST, stage=stage_named(stage))
    rows = _rows(request, project, stage_named(stage))
    if not (form.is_valid() and rows.is_valid()):
        return _render(request, project, stage_named(stage), form=form, rows=rows)
    data = form.cleaned_data
    try:
        decision = signing.decide(
            cycle=project.cycle,
            stage=stage_named(stage),
            by=request.user,
            findings=[row.as_new() for row in rows if row.has_changed()],
            proof=_proof(request),
            **{**data, "verdict": Verdict(data["verdict"])},
        )
    except Refusal as refusal:
        return _render(request, project, stage_named(stage), rows=rows, refusal=refusal)
    messages.success(request, f"Signed: {decision.get_verdict_display().lower()}.")
    return redirect("governance:gate", project.slug, stage)


@require_POST
@project_view(Verb.LOOK)
def show(request: HttpRequest, project: Project, stage: str) -> HttpResponse:
    """Open the evidence behind one question; that it was opened stands beside the signature."""
    link = showing.open_evidence(
        cycle=project.cycle,
        stage=stage_named(stage),
        check=request.POST.get("check", ""),
        by=request.user,
    )
    return redirect(link)


@require_POST
@project_view(Verb.SIGN)
def withdraw(request: HttpRequest, project: Project, stage: str) -> HttpResponse:
    """Take an approval back."""
    form = WithdrawForm(request.POST, prefix="withdraw")
    if not form.is_valid():
        messages.error(request, "Withdrawing needs a reason and your password.")
        return redirect("governance:gate", project.slug, stage)
    signing.withdraw(
        cycle=project.cycle,
        stage=stage_named(stage),
        by=request.user,
        proof=_proof(request),
        password=form.cleaned_data["password"],
        reason=form.cleaned_data["reason"],
    )
    messages.success(request, "The approval is withdrawn. Everything behind the gate stops.")
    return redirect("governance:gate", project.slug, stage)


@require_POST
@project_view(Verb.SIGN)
def condition_met(request: HttpRequest, project: Project, decision_id: int) -> HttpResponse:
    """Confirm that a condition was met."""
    decision = get_object_or_404(Decision, pk=decision_id, cycle__project=project)
    form = WithdrawForm(request.POST, prefix="condition")
    if not form.is_valid():
        messages.error(request, "Confirming needs a sentence and your password.")
    else:
        signing.confirm_condition(
            decision=decision,
            by=request.user,
            password=form.cleaned_data["password"],
            note=form.cleaned_data["reason"],
        )
        messages.success(request, "Confirmed.")
    return redirect("governance:gate", project.slug, decision.stage)


@require_POST
@project_view(Verb.DISCUSS)
def discuss(request: HttpRequest, project: Project, stage: str) -> HttpResponse:
    """Add a remark."""
    form = NoteForm(request.POST)
    form.is_valid()
    submitting.discuss(
        cycle=project.cycle,
        stage=stage_named(stage),
        by=request.user,
        text=form.cleaned_data["text"],
    )
    return redirect("governance:gate", project.slug, stage)
