"""The consolidation as a picture: where each box and arrow stands. The template only draws."""

from dataclasses import dataclass

from apps.datasets.joins import ConsolidatePage, JoinLine

SOURCE_X, SPINE_X = 0, 176
SOURCE_WIDE, SPINE_WIDE = 146, 260
HIGH, STEP = 76, 100
_MOST = {SOURCE_WIDE: 17, SPINE_WIDE: 33}
"""Characters of a title that fit into a box."""


@dataclass(frozen=True)
class Node:
    """A source, the table after a join, or the finished table."""

    what: str
    """For the table beside the picture: "source", "base", "join" or "table"."""
    title: str
    says: str
    state: str
    rows: int | None
    columns: int | None
    sha256: str
    x: int
    y: int
    wide: int
    high: int = HIGH

    @property
    def label(self) -> str:
        """The title as far as it fits into its box."""
        most = _MOST[self.wide]
        return self.title if len(self.title) <= most else f"{self.title[: most - 1]}…"

    @property
    def text_x(self) -> int:
        """Where text begins."""
        return self.x + 12

    @property
    def lines_y(self) -> tuple[int, int, int, int]:
        """Baselines of title, way, size and hash."""
        return self.y + 19, self.y + 35, self.y + 51, self.y + 66


@dataclass(frozen=True)
class Arrow:
    """From a box to a box, as the path of an SVG."""

    path: str
    is_off: bool = False


@dataclass(frozen=True)
class Graph:
    """Boxes and arrows, and the size of the picture in pixels."""

    nodes: list[Node]
    arrows: list[Arrow]
    wide: int
    high: int


def graph_of(page: ConsolidatePage) -> Graph | None:
    """Sources on the left, the table as it grows on the right; None without a base."""
    if page.base is None or not page.base_parquet:
        return None
    nodes = [
        Node(
            "base",
            page.base.name,
            "Base",
            "done",
            page.base_rows,
            page.base_columns,
            page.base_parquet,
            SPINE_X,
            2,
            SPINE_WIDE,
        )
    ]
    arrows: list[Arrow] = []
    for place, line in enumerate(page.lines, start=1):
        y = 2 + place * STEP
        nodes += [_source(line, y), _joined(line, y)]
        off = not line.join.is_enabled
        arrows.append(_across(y, is_off=off))
        arrows.append(_down(y))
    y = 2 + (len(page.lines) + 1) * STEP
    nodes.append(_table(page, y))
    arrows.append(_down(y))
    return Graph(nodes, arrows, SPINE_X + SPINE_WIDE + 2, nodes[-1].y + HIGH + 2)


def _source(line: JoinLine, y: int) -> Node:
    join, version = line.join, line.version
    state = "locked" if not join.is_enabled else "done"
    return Node(
        "source",
        join.source.name,
        "Source",
        state,
        version.rows if version else None,
        len(version.spec["columns"]) if version else None,
        version.parquet if version else "",
        SOURCE_X + 2,
        y,
        SOURCE_WIDE,
    )


def _joined(line: JoinLine, y: int) -> Node:
    result = line.result
    keys = f" on {line.how.keys}" if line.how.keys else ""
    return Node(
        "join",
        f"{line.how.title}{keys}",
        line.says,
        line.state,
        result.rows if result else None,
        result.columns if result else None,
        result.parquet if result else "",
        SPINE_X,
        y,
        SPINE_WIDE,
    )


def _table(page: ConsolidatePage, y: int) -> Node:
    table = page.table
    if table is None:
        return Node(
            "table",
            "Table",
            "Not built from this yet",
            "waiting",
            None,
            None,
            "",
            SPINE_X,
            y,
            SPINE_WIDE,
        )
    return Node(
        "table",
        "Table",
        "After the recipe",
        "done",
        table.rows,
        len(table.spec["columns"]),
        table.parquet,
        SPINE_X,
        y,
        SPINE_WIDE,
    )


def _across(y: int, *, is_off: bool) -> Arrow:
    middle = y + HIGH // 2
    return Arrow(f"M {SOURCE_X + SOURCE_WIDE + 2} {middle} H {SPINE_X - 7}", is_off)


def _down(y: int) -> Arrow:
    middle = SPINE_X + SPINE_WIDE // 2
    return Arrow(f"M {middle} {y - STEP + HIGH} V {y - 7}")
