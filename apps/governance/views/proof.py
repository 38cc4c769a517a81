"""Evidence packs of a project; the ledgers that a person answers for."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from apps.datasets.storage import local
from apps.governance import proof_actions, proof_queries
from apps.governance.models import Pack
from apps.projects.access import Verb, project_view
from apps.projects.models import Cycle, Decision, Project
from apps.web.declare import signed_in
from apps.web.fragments import render_page


@require_GET
@project_view(Verb.LOOK)
def packs(request: HttpRequest, project: Project) -> HttpResponse:
    """What packs can be made of, and those that are ready."""
    context = {"page": proof_queries.packs_page(project)}
    return render_page(request, "governance/packs.html", context)


@require_POST
@project_view(Verb.LOOK)
def make_decision_pack(request: HttpRequest, project: Project, decision_id: int) -> HttpResponse:
    """Have a pack of one decision made."""
    decision = get_object_or_404(Decision, pk=decision_id, cycle__project=project)
    proof_actions.make_pack(cycle=decision.cycle, decision=decision, by=request.user)
    return redirect("governance:packs", project.slug)


@require_POST
@project_view(Verb.LOOK)
def make_cycle_pack(request: HttpRequest, project: Project, cycle: int) -> HttpResponse:
    """Have a pack of all gates of a cycle made."""
    found = get_object_or_404(Cycle, project=project, number=cycle)
    proof_actions.make_pack(cycle=found, decision=None, by=request.user)
    return redirect("governance:packs", project.slug)


@require_GET
@project_view(Verb.LOOK)
def pack(request: HttpRequest, project: Project, pack_id: int) -> FileResponse:
    """Download a pack."""
    ready = Pack.objects.exclude(sha256="").select_related("cycle__project", "decision")
    found = get_object_or_404(ready, pk=pack_id, cycle__project=project)
    return FileResponse(
        local(found.sha256).open("rb"),
        as_attachment=True,
        filename=found.filename,
        content_type="application/zip",
    )


@require_GET
@signed_in
def ledgers(request: HttpRequest) -> HttpResponse:
    """Head, last anchor and last check of each ledger that the person answers for."""
    lines = proof_queries.ledger_lines(request.user)
    running = next((line.last.job for line in lines if line.last and not line.last.is_done), None)
    context = {"lines": lines, "job": running}
    return render_page(request, "governance/ledgers.html", context)


@require_POST
@signed_in
def check_ledger(request: HttpRequest, chain_id: int) -> HttpResponse:
    """Have a ledger checked."""
    chain = get_object_or_404(proof_queries.ledgers_of(request.user), pk=chain_id)
    proof_actions.check_ledger(chain=chain, by=request.user)
    messages.success(request, "The check is under way; the result appears here.")
    return redirect("governance:ledgers")
