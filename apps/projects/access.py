"""Who may do what: one enum of verbs, one table, one decorator that fetches the project."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from apps.accounts.models import User
from apps.projects.models import Membership, Project, Role, Team
from apps.web.declare import View, declared, to_sign_in
from apps.web.ordering import Alphabetical


class Verb(StrEnum):
    """Something that a person does to a project or its team."""

    LOOK = "look"
    DISCUSS = "discuss"
    PLAN = "plan"
    COLLECT = "collect data"
    EXPLORE = "raise findings"
    TRAIN = "train"
    DEPLOY = "deploy"
    SUBMIT = "submit to a gate"
    CLOSE = "close the data gate"
    SIGN = "sign"
    ISSUE_TOKENS = "issue tokens"
    START = "start projects"
    MANAGE_TEAM = "manage the team"
    CONNECT = "connect databases"
    SET_ALERTS = "set where alerts go"


_WORK = {
    Verb.DISCUSS,
    Verb.PLAN,
    Verb.COLLECT,
    Verb.EXPLORE,
    Verb.TRAIN,
    Verb.DEPLOY,
    Verb.SUBMIT,
    Verb.CLOSE,
    Verb.ISSUE_TOKENS,
    Verb.START,
}

ALLOWS: dict[Role, frozenset[Verb]] = {
    Role.VIEWER: frozenset({Verb.LOOK}),
    Role.ANALYST: frozenset({Verb.LOOK, *_WORK}),
    # A manager decides and does not build: what one may sign one should not have made.
    Role.MANAGER: frozenset(
        {
            Verb.LOOK,
            Verb.DISCUSS,
            Verb.EXPLORE,
            Verb.SIGN,
            Verb.START,
            Verb.CONNECT,
            Verb.SET_ALERTS,
        }
    ),
    Role.ADMIN: frozenset(
        {Verb.LOOK, Verb.ISSUE_TOKENS, Verb.MANAGE_TEAM, Verb.CONNECT, Verb.SET_ALERTS}
    ),
}


def role_in(user: User, project: Project) -> Role | None:
    """Role of ``user`` in the project's team; None for a stranger."""
    return _role(user, project.team_id)


def _role(user: User, team_id: int) -> Role | None:
    if not (user.is_authenticated and user.is_active):
        return None
    # Asked of the table again: an account may have been switched off since ``user`` was loaded.
    membership = Membership.objects.filter(team=team_id, user=user, user__is_active=True).first()
    return Role(membership.role) if membership else None


def may(user: User, verb: Verb, project: Project) -> bool:
    """True when the table allows it."""
    role = role_in(user, project)
    return role is not None and verb in ALLOWS[role]


def require(user: User, verb: Verb, project: Project) -> Role:
    """Role of ``user``; raises PermissionDenied. Actions call it, so every door obeys alike."""
    return _require(role_in(user, project), verb)


def require_in_team(user: User, verb: Verb, team: Team) -> Role:
    """As ``require``, for what belongs to a team and to no project."""
    return _require(_role(user, team.pk), verb)


def _require(role: Role | None, verb: Verb) -> Role:
    if role is None or verb not in ALLOWS[role]:
        raise PermissionDenied(f"Your role does not allow to {verb.value}.")
    return role


def visible_projects(user: User) -> Any:
    """Projects of the teams that ``user`` belongs to, by name."""
    found = Project.objects.filter(team__memberships__user=user, archived_at=None)
    return found.order_by(Alphabetical("name"), "pk")


def project_view(verb: Verb) -> Callable[[View], View]:
    """Fetch the project through the membership: strangers 404, members without the verb 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            membership = (
                Membership.objects.filter(user=request.user, team__projects__slug=slug)
                .select_related("team")
                .first()
            )
            if membership is None:
                raise Http404
            allowed = ALLOWS[Role(membership.role)]
            if verb not in allowed:
                raise PermissionDenied(f"Your role does not allow to {verb.value}.")
            project = Project.objects.select_related("team", "owner").get(slug=slug)
            request.project = project  # type: ignore[attr-defined]
            request.role = Role(membership.role)  # type: ignore[attr-defined]
            request.verbs = allowed  # type: ignore[attr-defined]
            return view(request, project, *args, **kwargs)

        return declared(f"project: {verb.value}")(guarded)

    return decorate


def team_view(verb: Verb) -> Callable[[View], View]:
    """Fetch the team through the membership: strangers 404, members without the verb 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(
            request: HttpRequest, team_id: int, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            found = Membership.objects.filter(user=request.user, team=team_id)
            membership = found.select_related("team").first()
            if membership is None:
                raise Http404
            _require(Role(membership.role), verb)
            request.verbs = ALLOWS[Role(membership.role)]  # type: ignore[attr-defined]
            return view(request, membership.team, *args, **kwargs)

        return declared(f"team: {verb.value}")(guarded)

    return decorate
