"""Home, projects, a project's overview, the ledger, help, the tier."""

from dataclasses import asdict
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from apps.governance import queries
from apps.governance.forms import ProjectForm, TierForm
from apps.governance.portfolio import Health, Order, portfolio_of
from apps.jobs.health import scoring_said
from apps.jobs.queries import jobs_of, queue_lines
from apps.projects import actions
from apps.projects.access import Verb, project_view
from apps.projects.models import Membership, Project
from apps.projects.tiers import stakes_of, weigh
from apps.web.declare import signed_in
from apps.web.fragments import render_page
from apps.web.paging import page_of

MODELS_A_PAGE = 25
"""Each has a drawing of its interval, so a page of them is heavier than one of plain rows."""


@require_GET
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """What is asked of this person next, by role; then their projects."""
    page = page_of(queries.projects_of(request.user), request, per_page=20)
    sees_system = request.user.has_perm("jobs.see_queues")
    roles = set(Membership.objects.filter(user=request.user).values_list("role", flat=True))
    context = {
        "roles": roles,
        "page": page,
        "lines": queries.project_lines(list(page)),
        "jobs": jobs_of(request.user)[:5],
        "queues": queue_lines() if sees_system else [],
        "scoring": scoring_said() if sees_system else None,
        "may_start": ProjectForm.may_start(request.user),
        "alarms": queries.open_alarms(request.user)[:10],
    }
    return render_page(request, "governance/home.html", context)


@require_GET
@signed_in
def projects(request: HttpRequest) -> HttpResponse:
    """All projects of my teams."""
    search = request.GET.get("q", "").strip()
    page = page_of(queries.projects_of(request.user, search=search), request)
    context = {
        "page": page,
        "lines": queries.project_lines(list(page)),
        "search": search,
        "may_start": ProjectForm.may_start(request.user),
    }
    return render_page(request, "governance/projects.html", context)


@require_GET
@signed_in
def portfolio(request: HttpRequest) -> HttpResponse:
    """All live models of my teams: health and money, the one to act on first."""
    search = request.GET.get("q", "").strip()
    health, order = request.GET.get("health", ""), request.GET.get("sort", "")
    health = health if health in Health.values else ""
    order = order if order in Order.values else Order.URGENT.value
    shown = portfolio_of(request.user, search=search)
    context = {
        "portfolio": shown,
        "healths": [(each, shown.counts[each]) for each in Health],
        "health": health,
        "orders": Order,
        "order": order,
        "search": search,
        "query": urlencode({"q": search, "health": health, "sort": order}),
        "page": page_of(shown.listed(order=order, health=health), request, per_page=MODELS_A_PAGE),
    }
    return render_page(request, "governance/portfolio.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def new_project(request: HttpRequest) -> HttpResponse:
    """Start a project."""
    form = ProjectForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        project = actions.start_project(
            team=data["team"],
            name=data["name"],
            sentence=data["sentence"],
            stakes=form.stakes,
            tier=data["tier"],
            by=request.user,
        )
        return redirect("planning:problem", project.slug)
    status = 422 if form.is_bound else 200
    return render_page(request, "governance/new_project.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@project_view(Verb.SIGN)
def tier(request: HttpRequest, project: Project) -> HttpResponse:
    """State anew what is at stake; the tier follows, and with it how many have to sign."""
    history = list(project.tierings.select_related("person").order_by("-pk"))
    known = stakes_of(history[0])
    said = {name: value or None for name, value in asdict(known).items()}  # 0: nothing was said
    form = TierForm(request.POST or None, initial={**said, "tier": project.tier})
    if request.method == "POST" and form.is_valid():
        set_to = form.cleaned_data["tier"] or weigh(form.stakes).tier
        actions.set_tier(
            project=project,
            stakes=form.stakes,
            tier=set_to,
            reason=form.cleaned_data["reason"],
            by=request.user,
        )
        messages.success(request, f"Tier {set_to} holds from now on.")
        return redirect("governance:project", project.slug)
    context = {"form": form, "history": history}
    status = 422 if form.is_bound else 200
    return render_page(request, "governance/tier.html", context, status=status)


@require_GET
@project_view(Verb.LOOK)
def project(request: HttpRequest, project: Project) -> HttpResponse:
    """Where the project stands: the cycle as a path, the promise beside the result, the news."""
    return render_page(request, "governance/project.html", {"page": queries.project_page(project)})


@require_GET
@signed_in
def audit(request: HttpRequest) -> HttpResponse:
    """The ledger of my teams."""
    chosen = {key: request.GET.get(key, "") for key in ("project", "verb")}
    events = queries.events_of(request.user, **chosen)
    context = {
        "page": page_of(events, request),
        "chosen": chosen,
        "projects": queries.projects_of(request.user),
        "chains": queries.chain_states(request.user),
        "verbs": queries.EVENT_KINDS,
    }
    return render_page(request, "governance/audit.html", context)


@require_GET
@signed_in
def help_page(request: HttpRequest) -> HttpResponse:
    """How the life cycle works here, in one page."""
    return render_page(request, "governance/help.html", {"gates": queries.gates_explained()})
