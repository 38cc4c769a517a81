"""What every page of the room needs: today's rows, their results, an answer with a chart."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, JsonResponse

from apps.eda import queries
from apps.eda.models import Profile
from apps.engine.charts.table import answer
from apps.projects.models import Project


def ready_profile(project: Project) -> Profile:
    """The finished profile of today's rows; 404 without one."""
    found = queries.current_profile(project.cycle)
    if found is None or not found.is_ready:
        raise Http404
    return found


def chart(request: HttpRequest, figure: dict[str, Any] | None) -> JsonResponse:
    """A figure with its numbers in the asked look; 404 when there is nothing to draw."""
    if figure is None:
        raise Http404
    return JsonResponse(answer(figure, dark=request.GET.get("theme") == "dark"))


@dataclass(frozen=True)
class Rows:
    """Today's rows as a page shows them: which they are, and whether they are studied."""

    scope: queries.Scope | None
    profile: Profile | None

    @property
    def is_ready(self) -> bool:
        """There are results to show."""
        return self.profile is not None and self.profile.is_ready

    @cached_property
    def result(self) -> dict[str, Any]:
        """The profile's result."""
        assert self.profile is not None
        return queries.result_of(self.profile)

    @cached_property
    def study(self) -> dict[str, Any]:
        """What lies between the columns."""
        assert self.profile is not None
        return queries.study_of(self.profile)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Place of each column in the table, from 1: what addresses are made of."""
        columns = self.result["columns"]
        return {column["name"]: place for place, column in enumerate(columns, start=1)}


def rows_of(project: Project) -> Rows:
    """Today's rows, profiled or not."""
    scope = queries.scope_of(project.cycle)
    return Rows(scope, queries.profile_of(project.cycle, scope) if scope else None)
