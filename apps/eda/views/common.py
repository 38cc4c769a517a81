"""What every page of the room needs: today's rows, their results, an answer with a chart."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.datasets.conditions import checked, typed_condition
from apps.datasets.storage import local
from apps.eda import answers, queries
from apps.eda.forms import MOST_CHOICES
from apps.eda.models import Answer, Profile
from apps.eda.slices import ALL_ROWS, Slice, slice_of
from apps.engine.charts.table import answer
from apps.engine.errors import EngineError
from apps.engine.profile.cells import Columns
from apps.engine.profile.slices import Condition, sliced
from apps.engine.types import ColumnSpec
from apps.planning.queries import signed_plan
from apps.projects.models import Cycle, Project
from apps.web.once import read_once

ADDED = ("add_column", "add_is", "add_value", "add_to")
_WITHOUT_VALUE = [("missing", "nothing"), ("filled", "something")]


def chart(
    request: HttpRequest,
    figure: dict[str, Any] | None,
    *,
    links: list[str] | dict[str, Any] | None = None,
) -> JsonResponse:
    """A figure with its numbers in the asked look; 404 when there is nothing to draw.

    ``links`` lead from each row of its table to the rows that it counts: addresses, or for many
    points the short form of ``behind.point_links``.
    """
    if figure is None:
        raise Http404
    told = answer(figure, dark=request.GET.get("theme") == "dark")
    if links:
        told["table"]["links"] = links
    return JsonResponse(told)


LEADS = {
    "plan": ("planning:features", "Mark it in the plan"),
    "wrangle": ("datasets:wrangle", "Mend it in the recipe"),
    "split": ("datasets:split", "Look at the split"),
    "target": ("eda:target", "Look at the target"),
    "time": ("eda:time", "Look at it over time"),
    "leaks": ("eda:leaks", "Look at the leaks"),
    "column": ("eda:column", "Look at the chart"),
}


def action_of(project: Project, leads: str, *, position: int = 0) -> tuple[str, str]:
    """Address and words of the page on which to act; ``position`` of a column from 1."""
    name, label = LEADS[leads]
    if leads != "column":
        return _address(name, project.slug), label
    if not position:
        return _address("eda:overview", project.slug), label
    before, after = _column_address(project.slug)
    return f"{before}{position}{after}", label


@read_once
def _address(name: str, slug: str) -> str:
    """Address of a page of a project. Lists of many lines lead to few pages."""
    return reverse(name, args=[slug])


@read_once
def _column_address(slug: str) -> tuple[str, str]:
    """Address of a column's page, cut in two where its position stands.

    A page names hundreds of columns: to ask for each address would take as long as all else.
    """
    before, _, after = reverse("eda:column", args=[slug, 0]).rpartition("0")
    return before, after


@dataclass(frozen=True)
class Rows:
    """Today's rows as a page shows them: which they are, and whether they are studied."""

    cycle: Cycle
    scope: queries.Scope | None
    where: Slice = ALL_ROWS
    problem: str = ""
    typed: dict[str, str] | None = None
    parameters: tuple[tuple[str, str], ...] = ()

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Sensitive columns; a slice tells nothing of them."""
        return queries.sensitive_columns(self.cycle)

    @cached_property
    def profile(self) -> Profile | None:
        """The profile of all rows, finished or not."""
        return queries.profile_of(self.cycle, self.scope) if self.scope else None

    @cached_property
    def target(self) -> str:
        """The target that may be told; empty without one."""
        if self.scope is None:
            return ""
        target = queries.target_of(self.cycle, self.scope.table)
        return "" if self.where and target in self.hidden else target

    @cached_property
    def question(self) -> answers.Question:
        """What is asked of the engine for this slice."""
        assert self.scope is not None
        plan = signed_plan(self.cycle)
        return answers.Question(
            "slice",
            (self.scope.parquet,),
            {
                "where": self.where.as_lists(),
                "without": self.without,
                "target": self.target or None,
                "positive": (plan.positive or None) if plan else None,
                "reading": queries.reading_of(self.cycle, self.scope) if self.target else "",
            },
        )

    @cached_property
    def made(self) -> Profile | Answer | None:
        """What the page rests on: the profile, or the answer for the slice; finished or not."""
        if self.problem or self.scope is None:
            return None
        return answers.find(self.cycle, self.question) if self.where else self.profile

    @property
    def is_ready(self) -> bool:
        """There are results to show."""
        return self.made is not None and self.made.is_ready

    @cached_property
    def _told(self) -> dict[str, Any]:
        assert isinstance(self.made, Answer)
        return answers.unpacked(self.made)

    @property
    def raw(self) -> dict[str, Any]:
        """As the engine found it: for questions that look at every column."""
        if self.where:
            told: dict[str, Any] = self._told["profile"]
            return told
        assert self.profile is not None
        return queries.raw_result(self.profile)

    @cached_property
    def result(self) -> dict[str, Any]:
        """The profile's result; in a slice, sensitive columns keep their places and say nothing."""
        if not self.where:
            assert self.profile is not None
            return queries.result_of(self.profile)
        assert self.scope is not None
        told = {column["name"]: column for column in self.raw["columns"]}
        spec = self.scope.table.table_spec
        columns = [told.get(one.name) or _untold(one.name, one.kind) for one in spec.columns]
        return {**self.raw, "columns": columns, "column_count": len(columns)}

    @cached_property
    def study(self) -> dict[str, Any]:
        """What lies between the columns."""
        if self.where:
            told: dict[str, Any] = self._told["study"]
            return told
        assert self.profile is not None
        return queries.study_of(self.profile)

    @property
    def compared_on(self) -> str:
        """On how many rows columns are compared with each other, in words; "" for all of them."""
        compared, rows = self.study["relations"].get("rows"), self.result["rows"]
        return f"{compared:,} of {rows:,} rows" if compared and compared < rows else ""

    @cached_property
    def positions(self) -> dict[str, int]:
        """Place of each column in the table, from 1: what addresses are made of."""
        columns = self.result["columns"]
        return {column["name"]: place for place, column in enumerate(columns, start=1)}

    def suspects(self) -> list[dict[str, Any]]:
        """What may give the target away in these rows."""
        assert self.scope is not None
        return queries.suspects_of(
            self.cycle,
            split=self.scope.split,
            raw=self.raw,
            study=self.study,
            target=self.target,
        )

    @property
    def without(self) -> list[str]:
        """Sensitive columns of this table; none before there is one."""
        if self.scope is None:
            return []
        return sorted(self.hidden & set(self.scope.table.table_spec.names))

    @cached_property
    def _around_position(self) -> tuple[str, str]:
        """What stands before and after the position in the address of a column for these rows."""
        before, after = _column_address(self.cycle.project.slug)
        return before, f"{after}{self.where.tail}"

    def column_at(self, position: int) -> str:
        """Address of the page of a column of these rows; ``position`` in the table, from 1."""
        before, after = self._around_position
        return f"{before}{position}{after}"

    def columns(self) -> Columns:
        """The rows themselves, to be counted while the page waits; no sensitive column."""
        assert self.scope is not None
        return sliced(local(self.scope.parquet), where=self.where.conditions, without=self.without)

    @property
    def operations(self) -> list[tuple[str, str]]:
        """What the filter bar offers."""
        return [("is", "one of these"), ("between", "a range"), *_WITHOUT_VALUE]

    @cached_property
    def open_columns(self) -> list[ColumnSpec]:
        """Columns that are not sensitive, in the order of the table."""
        columns = self.scope.columns if self.scope else ()
        return [one for one in columns if one.name not in self.hidden]

    @property
    def choices(self) -> list[ColumnSpec]:
        """The same, to choose from; empty when they are too many to list: then one is typed."""
        return self.open_columns if len(self.open_columns) <= MOST_CHOICES else []

    @property
    def are_listed(self) -> bool:
        """All columns, sensitive ones too, are few enough for a list to choose from."""
        return len(self.positions) <= MOST_CHOICES

    @property
    def all_rows(self) -> int:
        """Rows before the slice."""
        return queries.rows_in(self.scope) if self.scope else 0


def _untold(name: str, kind: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("count", "missing", "missing_share", "distinct"))
    return {"name": name, "kind": str(kind), **nothing, "sensitive": True}


def rows_of(request: HttpRequest, project: Project, *, study: bool = True) -> Rows:
    """Today's rows, or the slice of them that the address asks for; profiled or not.

    Without ``study`` a small slice is not profiled on the way.
    """
    cycle = project.cycle
    scope = queries.scope_of(cycle)
    others = tuple(
        (key, value)
        for key, values in request.GET.lists()
        for value in values
        if key not in {"slice", "theme", "page", *ADDED}
    )
    typed = {name: request.GET[name] for name in ADDED if name in request.GET}
    if scope is None:
        return Rows(cycle, None, parameters=others)
    try:
        rows = replace(rows_in(cycle, scope, request.GET.getlist("slice")), parameters=others)
        if typed.get("add_column"):
            return replace(rows, where=rows.where.plus(_added(request, rows)), typed=typed)
        if study:
            _ = rows.made  # a slice without rows says so here, not on the way
    except EngineError as error:
        return Rows(cycle, scope, problem=str(error), typed=typed, parameters=others)
    return rows


def rows_in(cycle: Cycle, scope: queries.Scope, conditions: Iterable[str]) -> Rows:
    """The slice that these conditions of an address make; raises BadParameter."""
    hidden = queries.sensitive_columns(cycle)
    return Rows(cycle, scope, slice_of(conditions, spec=scope.table.table_spec, hidden=hidden))


def _added(request: HttpRequest, rows: Rows) -> Condition:
    assert rows.scope is not None
    spec = rows.scope.table.table_spec
    return checked(typed_condition(request.GET, spec=spec), spec=spec, hidden=rows.hidden)


def ready_rows(request: HttpRequest, project: Project) -> Rows:
    """Rows with results; 404 without them, and a refusal for a slice that cannot be."""
    rows = rows_of(request, project)
    if not rows.is_ready:
        raise Http404
    return rows


Page = Callable[..., HttpResponse]


def sliceable(page: Page) -> Page:
    """Take what the filter bar adds into the address, so that the address tells the whole slice."""

    @wraps(page)
    def view(request: HttpRequest, project: Project, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("add_column"):
            rows = rows_of(request, project)
            if not rows.problem:
                pairs = [*rows.where.pairs, *rows.parameters]
                return redirect(f"{request.path}?{urlencode(pairs)}")
        return page(request, project, *args, **kwargs)

    return view
