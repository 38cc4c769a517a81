"""The frame of every page: where we are in the life cycle, what is asked of this person next."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from apps.accounts.models import Theme
from apps.governance.findings import unsettled_here
from apps.governance.inbox import Waiting, desk_of
from apps.governance.models import GateFinding
from apps.governance.notices import gate_link, unread_count
from apps.governance.places import field_id, is_about, task_at
from apps.governance.rail import RailPhase, rail_of
from apps.jobs.queries import live_jobs
from apps.production.release import glass
from apps.projects.models import Cycle, Project

MOST_PROJECTS = 50


@dataclass(frozen=True)
class FindingHere:
    """A finding that is not closed, on the page that it is about."""

    finding: GateFinding
    url: str
    field_id: str


@dataclass(frozen=True)
class Frame:
    """What templates/base.html draws around a page."""

    person: Any
    theme: str
    urls: dict[str, str]
    project: Project | None = None
    cycle_number: int = 0
    role: str = ""
    waiting: list[Waiting] = field(default_factory=list)
    projects: list[tuple[str, str]] = field(default_factory=list)
    jobs: list[Any] = field(default_factory=list)
    rail: tuple[RailPhase, ...] = ()
    ledger_head: str = ""
    unread: int = 0
    findings: list[FindingHere] = field(default_factory=list)
    away: str = ""  # a break-glass in force, or the watch's fallback


def _urls() -> dict[str, str]:
    names = {
        "home": "governance:home",
        "inbox": "governance:inbox",
        "projects": "governance:projects",
        "portfolio": "governance:portfolio",
        "audit": "governance:audit",
        "help": "governance:help",
        "jobs": "jobs:jobs",
        "profile": "accounts:profile",
        "sign_in": "account_login",
        "sign_out": "account_logout",
        "admin": "admin:index",
    }
    return {key: reverse(name) for key, name in names.items()}


def _findings_here(request: HttpRequest, cycle: Cycle) -> list[FindingHere]:
    """Findings about the task whose page this is, so that they are read where they are mended."""
    task = task_at(request, cycle.project)
    if task is None:
        return []
    return [
        FindingHere(
            finding,
            gate_link(finding.cycle, finding.stage, at=f"finding-{finding.number}"),
            field_id(finding.about),
        )
        for finding in unsettled_here(cycle)
        if finding.stage == task.stage and is_about(finding.about, task)
    ]


def _away(project: Project) -> str:
    word = glass.away_by([project]).get(project.pk)
    return glass.says(word) if word else ""


def _frame(request: HttpRequest) -> Frame:
    person = request.user
    theme = request.COOKIES.get("theme") or getattr(person, "theme", Theme.AUTO)
    theme = theme if theme in Theme.values else Theme.AUTO
    if not person.is_authenticated:
        return Frame(person=person, theme=theme, urls=_urls())
    project: Project | None = getattr(request, "project", None)
    chain = getattr(project.team, "chain", None) if project else None
    cycle = project.cycle if project else None
    desk = desk_of(person, here=cycle)
    return Frame(
        person=person,
        theme=theme,
        urls=_urls(),
        project=project,
        cycle_number=cycle.number if cycle else 0,
        role=request.role.label if project else "",  # type: ignore[attr-defined]
        waiting=desk.waiting,
        projects=[
            (name, reverse("governance:project", args=[slug]))
            for name, slug in desk.projects[:MOST_PROJECTS]
        ],
        jobs=live_jobs(person, project=project),
        rail=rail_of(cycle, desk.gates.get(cycle.pk), path=request.path) if cycle else (),
        ledger_head=f"#{chain.seq:,} {chain.head[:16]}" if chain and chain.seq else "",
        unread=unread_count(person),
        findings=_findings_here(request, cycle) if cycle else [],
        away=_away(project) if project else "",
    )


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``frame`` is computed when a template first uses it."""
    verbs = getattr(request, "verbs", frozenset())
    return {
        "frame": SimpleLazyObject(lambda: _frame(request)),
        "may": {verb.name.lower(): True for verb in verbs},
        "debug": settings.DEBUG,
    }
