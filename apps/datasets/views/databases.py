"""Databases of a team: the list, adding one, trying, renaming, a new password, removing."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from apps.datasets import connections
from apps.datasets.database_models import Connection
from apps.datasets.forms.databases import ConnectionForm, NameForm, PasswordForm
from apps.projects.access import Verb, team_view
from apps.projects.models import Team
from apps.web.fragments import render_page
from apps.web.refusals import Refusal


def _page(request: HttpRequest, team: Team, form: ConnectionForm | None = None) -> HttpResponse:
    context = {
        "team": team,
        "connections": connections.of_team(team),
        "may_connect": Verb.CONNECT in request.verbs,  # type: ignore[attr-defined]
        "form": form or ConnectionForm(),
    }
    return render_page(request, "datasets/databases.html", context, status=422 if form else 200)


@require_GET
@team_view(Verb.LOOK)
def databases(request: HttpRequest, team: Team) -> HttpResponse:
    """The databases that the team may read."""
    return _page(request, team)


@sensitive_post_parameters("password")
@sensitive_variables("form", "data")
@require_POST
@team_view(Verb.CONNECT)
def add_database(request: HttpRequest, team: Team) -> HttpResponse:
    """Connect another one."""
    form = ConnectionForm(request.POST)
    if not form.is_valid():
        return _page(request, team, form)
    data: dict[str, Any] = form.cleaned_data
    try:
        added = connections.add_connection(team=team, by=request.user, **data)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _page(request, team, form)
    messages.success(request, f"“{added}” is connected. Try it now.")
    return redirect("databases:databases", team.pk)


def _connection(team: Team, connection_id: int) -> Connection:
    found = Connection.objects.select_related("team")
    return get_object_or_404(found, pk=connection_id, team=team, removed_at=None)


@require_POST
@team_view(Verb.CONNECT)
def try_database(request: HttpRequest, team: Team, connection_id: int) -> HttpResponse:
    """Connect once and say what came of it."""
    found = _connection(team, connection_id)
    says = connections.try_connection(connection=found, by=request.user)
    (messages.success if found.works else messages.error)(request, f"“{found}”: {says}")
    return redirect("databases:databases", team.pk)


@require_POST
@team_view(Verb.CONNECT)
def rename_database(request: HttpRequest, team: Team, connection_id: int) -> HttpResponse:
    """Call it otherwise."""
    found, form = _connection(team, connection_id), NameForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["name"]
        connections.rename_connection(connection=found, name=name, by=request.user)
        messages.success(request, f"It is called “{name}” now.")
    else:
        messages.error(request, "A name has 1 to 80 characters.")
    return redirect("databases:databases", team.pk)


@sensitive_post_parameters("password")
@sensitive_variables("form")
@require_POST
@team_view(Verb.CONNECT)
def replace_password(request: HttpRequest, team: Team, connection_id: int) -> HttpResponse:
    """Seal another password."""
    found, form = _connection(team, connection_id), PasswordForm(request.POST)
    if form.is_valid():
        connections.replace_password(
            connection=found, password=form.cleaned_data["password"], by=request.user
        )
        messages.success(request, f"“{found}” has the new password. Try it now.")
    else:
        messages.error(request, "A password has at most 1,000 characters.")
    return redirect("databases:databases", team.pk)


@require_POST
@team_view(Verb.CONNECT)
def remove_database(request: HttpRequest, team: Team, connection_id: int) -> HttpResponse:
    """Take it away."""
    found = _connection(team, connection_id)
    connections.remove_connection(connection=found, by=request.user)
    messages.success(
        request, f"“{found.name}” is removed and its password forgotten. What was read stays."
    )
    return redirect("databases:databases", team.pk)
