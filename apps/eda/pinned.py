"""Named views: a page of exploration as a place that is found again when the table has changed."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import Resolver404, resolve, reverse

from apps.datasets.queries import current_table
from apps.eda.models import View
from apps.eda.queries import sensitive_columns
from apps.eda.slices import slice_of
from apps.engine.errors import BadParameter
from apps.engine.types import TableSpec
from apps.projects.models import Cycle
from apps.web.refusals import Refusal

PAGES = {
    "overview": "Overview",
    "column": "Column",
    "relations": "Relations",
    "pair": "Pair",
    "leaks": "Leaks",
    "missing": "Missing",
    "time": "Time",
    "rows": "Rows",
    "chart": "Chart",
    "target": "Target",
    "compare": "Compare",
}
"""Addresses that can be named, and how their pages are called."""
NOT_KEPT = ("theme", "page")
LONGEST = 4_000


@dataclass(frozen=True)
class Place:
    """Page, the columns in its address by name, and its parameters."""

    page: str
    columns: tuple[str, ...]
    query: str


def place_of(address: str, *, cycle: Cycle) -> Place:
    """The place that an address of this project leads to. Raises Refusal for any other."""
    path, _, query = address.partition("#")[0].partition("?")
    table = current_table(cycle)
    try:
        match = resolve(path)
    except Resolver404:
        match = None
    if (
        match is None
        or table is None
        or match.namespace != "eda"
        or match.url_name not in PAGES
        or match.kwargs.pop("slug", "") != cycle.project.slug
    ):
        raise Refusal("Only a page of exploration can be named: open it and name it there.")
    if len(query) > LONGEST:
        raise Refusal("This view has too many conditions to be named: take some away.")
    names = table.table_spec.names
    positions = [int(value) for value in match.kwargs.values()]
    if not all(1 <= position <= len(names) for position in positions):
        raise Refusal("The table has no such column any more: open the view again.")
    kept = [
        (key, value)
        for key, values in QueryDict(query).lists()
        for value in values
        if key not in NOT_KEPT
    ]
    columns = tuple(names[position - 1] for position in positions)
    return Place(match.url_name, columns, urlencode(kept))


@dataclass(frozen=True)
class ViewLine:
    """A named view as a list shows it; without an address when it leads nowhere any more."""

    view: View
    title: str
    says: str
    address: str
    problem: str


def view_lines(cycle: Cycle, *, pinned: bool = False) -> list[ViewLine]:
    """The views of a cycle, or those at the data gate, in the order in which they were named."""
    found = cycle.views.select_related("made_by")
    table = current_table(cycle)
    spec = table.table_spec if table else TableSpec(0, ())
    hidden = sensitive_columns(cycle)
    views = found.filter(is_pinned=True) if pinned else found
    return [_line(view, cycle, spec=spec, hidden=hidden) for view in views]


def _line(view: View, cycle: Cycle, *, spec: TableSpec, hidden: frozenset[str]) -> ViewLine:
    title = " and ".join([PAGES[view.page], *(f"“{name}”" for name in view.columns)])
    title = title.replace(" and ", " ", 1) if view.columns else title
    gone = next((name for name in view.columns if name not in spec.names), None)
    if gone is not None:
        return ViewLine(view, title, "", "", f"The table has no column “{gone}” any more.")
    try:
        where = slice_of(QueryDict(view.query).getlist("slice"), spec=spec, hidden=hidden)
    except BadParameter as error:
        return ViewLine(view, title, "", "", str(error))
    places = [spec.names.index(name) + 1 for name in view.columns]
    address = reverse(f"eda:{view.page}", args=[cycle.project.slug, *places])
    tail = f"?{view.query}" if view.query else ""
    return ViewLine(view, title, where.says, address + tail, "")
