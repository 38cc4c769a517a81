"""What a person asks of the grid: conditions, a searched text, an order, the counts of a column."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.http import QueryDict

from apps.datasets.conditions import checked, conditions_of, typed_condition, written
from apps.engine.errors import BadParameter
from apps.engine.grid.find import Wanted
from apps.engine.grid.order import Sort
from apps.engine.profile.slices import MOST_CONDITIONS, Condition
from apps.engine.types import Kind, TableSpec

LONGEST_SEARCH = 200
OPERATIONS = (
    ("is", "is one of these"),
    ("between", "is in a range"),
    ("missing", "is missing"),
    ("filled", "is filled"),
)


@dataclass(frozen=True)
class Asked:
    """Nothing asked: all rows in the order of the table.

    ``problem`` says why something of the address was left out; ``typed`` is what was typed with it.
    """

    where: tuple[Condition, ...] = ()
    search: str = ""
    within: tuple[str, ...] = ()
    sort: Sort | None = None
    facet: str = ""
    across: int = 1
    """Of the pages that lie side by side where columns are many."""
    problem: str = ""
    typed: dict[str, str] = field(default_factory=dict)

    @property
    def wanted(self) -> Wanted:
        """The rows, as the engine finds them."""
        return Wanted(self.where, self.search, self.within)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values for an address or for hidden fields."""
        pairs = [("where", written(condition)) for condition in self.where]
        if self.search:
            pairs.append(("search", self.search))
        if self.sort:
            pairs.append(("sort", self.sort.column))
            if self.sort.descending:
                pairs.append(("down", "1"))
        if self.facet:
            pairs.append(("facet", self.facet))
        if self.across > 1:
            pairs.append(("across", str(self.across)))
        return pairs

    @property
    def pairs_without_search(self) -> list[tuple[str, str]]:
        """As ``pairs``, for the form in which a text is typed."""
        return replace(self, search="").pairs

    @property
    def tail(self) -> str:
        """What is put behind an address."""
        return f"?{urlencode(self.pairs)}"

    @property
    def more(self) -> str:
        """What is put behind an address that names a page, down and across."""
        return "".join(f"&{urlencode([pair])}" for pair in replace(self, across=1).pairs)

    @property
    def without_counts(self) -> str:
        """The address without the counts of a column."""
        return replace(self, facet="").tail

    def with_condition(self, condition: Condition) -> "Asked":
        """One condition more; the same one is not added twice."""
        kept = tuple(one for one in self.where if one != condition)
        return replace(self, where=(*kept, condition))

    def parts(self) -> list[tuple[str, str, str]]:
        """Each restriction: of which column, what it says, what remains without it."""
        found = [
            (
                one.column,
                one.says,
                replace(self, where=tuple(other for other in self.where if other != one)).tail,
            )
            for one in self.where
        ]
        if self.search:
            found.append(("any text", f"holds “{self.search}”", replace(self, search="").tail))
        return found

    def sorted_by(self, column: str) -> str:
        """What a click on a head leads to: upwards, then downwards, then the table's own order."""
        now = self.sort if self.sort and self.sort.column == column else None
        if now is None:
            return replace(self, sort=Sort(column)).tail
        if not now.descending:
            return replace(self, sort=Sort(column, descending=True)).tail
        return replace(self, sort=None).tail

    def counting(self, column: str) -> str:
        """The address that shows or hides the counts of a column."""
        return replace(self, facet=column).tail if self.facet != column else self.without_counts


def page_number(typed: str) -> int:
    """A page as an address names it; the first where it names none."""
    return max(1, int(typed)) if typed.isdecimal() and len(typed) < 12 else 1


def asked_in(data: QueryDict, *, spec: TableSpec, hidden: Collection[str] = ()) -> Asked:
    """What an address asks of a table; what it cannot ask is left out, and said."""
    shown = [name for name in spec.names if name not in hidden]
    texts = tuple(name for name in shown if spec.kind_of(name) is Kind.TEXT)
    typed = {name: value for name, value in data.items() if name.startswith("add_")}
    sort, counted = data.get("sort", ""), data.get("facet", "")
    search = data.get("search", "").strip()[:LONGEST_SEARCH]
    asked = Asked(
        search=search if texts else "",
        within=texts,
        sort=Sort(sort, descending=data.get("down") == "1") if sort in shown else None,
        facet=counted if counted in shown else "",
        typed={name: str(value) for name, value in typed.items()},
    )
    gone = next((name for name in (sort, counted) if name and name not in shown), "")
    if gone:
        asked = replace(asked, problem=f"The table has no column “{gone}” to look at.")
    if search and not texts:
        asked = replace(asked, problem="The table has no column of texts to search in.")
    try:
        where = conditions_of(data.getlist("where"), spec=spec, hidden=hidden)
        asked = replace(asked, where=where)
        if data.get("add_column"):
            asked = asked.with_condition(
                checked(typed_condition(data, spec=spec), spec=spec, hidden=hidden)
            )
            if len(asked.where) > MOST_CONDITIONS:
                asked = replace(asked, where=where)
                raise BadParameter(f"At most {MOST_CONDITIONS} conditions hold together.")
    except BadParameter as error:
        asked = replace(asked, problem=str(error))
    return asked
