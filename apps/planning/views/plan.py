"""The plan page, and the button that makes a version."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.planning import actions
from apps.planning.overview import plan_page
from apps.planning.queries import earlier_plans
from apps.planning.starters import STARTERS
from apps.projects.access import Verb, project_view
from apps.projects.models import Project
from apps.web.fragments import render_page


def seen_revision(request: HttpRequest) -> int | None:
    """The revision of the draft that the page showed; None when it carried none."""
    seen = request.POST.get("revision", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None


def show_plan(
    request: HttpRequest, project: Project, *, wrong: str = "", status: int = 200
) -> HttpResponse:
    """The plan page; ``wrong`` says why a file or template was not taken."""
    context = {
        "page": plan_page(project.cycle),
        "starters": STARTERS.values(),
        "others": earlier_plans(request.user, but=project),
        "wrong": wrong,
    }
    return render_page(request, "planning/plan.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def plan(request: HttpRequest, project: Project) -> HttpResponse:
    """The draft as a whole: how far it is, what is next, what changed."""
    return show_plan(request, project)


@require_POST
@project_view(Verb.PLAN)
def submit_version(request: HttpRequest, project: Project) -> HttpResponse:
    """Make a version out of the draft; the gate comes next."""
    made = actions.submit_version(
        cycle=project.cycle,
        by=request.user,
        reason=request.POST.get("reason", "").strip()[:300],
        revision=seen_revision(request),
    )
    messages.success(request, f"Version {made.number} is made. Submit it at the gate.")
    return redirect("governance:gate", project.slug, "plan")
