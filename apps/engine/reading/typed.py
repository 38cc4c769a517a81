"""The decision for each column of text, and the typed cells that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.errors import ColumnMissing
from apps.engine.reading.cells import Cells, StoredAs
from apps.engine.reading.convert import as_missing, convert
from apps.engine.reading.infer import Guess
from apps.engine.reading.losses import Losses
from apps.engine.reading.options import ReadingOptions
from apps.engine.reading.raw_cells import RawCells
from apps.engine.types import ColumnSpec, Kind

PREVIEW_ROWS = 100
_WORDS = {
    Kind.INTEGER: "every cell is a whole number",
    Kind.NUMBER: "every cell is a number",
    Kind.BOOLEAN: "every cell is true or false",
}


@dataclass
class TextColumn:
    """One column on its way from text to a kind, with a count of what is lost."""

    name: str
    options: ReadingOptions
    stored_as_text: bool = False  # by the file itself, such as a workbook
    stored_as: StoredAs | None = None  # laid down by the database that it comes from
    guess: Guess = field(default_factory=Guess)
    losses: Losses = field(default_factory=Losses)
    missing: int = 0
    failed: int = 0
    first_failed: str = ""
    rows: int = 0
    spaces: int = 0  # cells that hold nothing but spaces

    def __post_init__(self) -> None:
        self.guess.decimal = self.options.decimal
        self.guess.thousands = self.options.thousands

    @property
    def is_chosen(self) -> bool:
        """Whether a person has chosen the kind or the date format."""
        return self.name in self.options.kinds or self.name in self.options.date_formats

    @property
    def kind(self) -> Kind:
        """The chosen kind, else the inferred one."""
        if self.name in self.options.kinds:
            return Kind(self.options.kinds[self.name])
        if self.name in self.options.date_formats:
            return Kind.DATETIME
        if self.stored_as:
            return self.stored_as.kind
        return Kind.TEXT if self._is_kept_as_text else self.guess.kind()

    @property
    def _is_kept_as_text(self) -> bool:
        return self.stored_as_text and self.guess.kind() in _WORDS

    @property
    def date_format(self) -> str:
        """The chosen strptime format, else the inferred one; "" reads ISO 8601."""
        return self.options.date_formats.get(self.name, self.guess.date_format)

    def watch(self, cells: pa.StringArray) -> pa.Array:
        """Learn what the cells could be; they come back as the kind that fits all so far."""
        present = as_missing(cells, tokens=self.options.missing)
        typed = None if self.is_chosen or self.stored_as else self.guess.feed(present)
        if self._is_kept_as_text and not self.is_chosen:
            typed = present
        return self._counted(present, self._converted(present) if typed is None else typed)

    def typed(self, cells: pa.StringArray) -> pa.Array:
        """Cells of the kind that is now certain."""
        present = as_missing(cells, tokens=self.options.missing)
        return self._counted(present, self._converted(present))

    def forget_counts(self) -> None:
        """Start to count anew: all cells will be converted once more."""
        self.missing = self.failed = self.rows = self.spaces = 0
        self.losses = Losses()

    def _counted(self, present: pa.StringArray, typed: pa.Array) -> pa.Array:
        failed = typed.null_count - present.null_count
        if failed and not self.failed:
            at = pc.index(pc.and_(pc.is_valid(present), pc.is_null(typed)), True).as_py()
            self.first_failed = f"{present[at].as_py()[:40]!r} in row {self.rows + at + 1:,}"
        if typed.type == pa.string():
            perhaps = present.take(pa.array(RawCells.of(present).may_be_blank()))
            self.spaces += pc.sum(pc.utf8_is_space(perhaps)).as_py() or 0
        if self._loses:
            whole = self.kind is Kind.INTEGER
            self.losses.count(present, rows=self.rows, whole=whole)
        self.failed += failed
        self.missing += typed.null_count
        self.rows += len(present)
        return typed

    @property
    def _loses(self) -> bool:
        """Whether numbers are made of the cells by choice, or could be at a price."""
        if self.is_chosen:
            return self.kind in (Kind.INTEGER, Kind.NUMBER)
        return self.guess.looks_like_numbers

    def _converted(self, present: pa.StringArray) -> pa.Array:
        return convert(
            present,
            kind=self.kind,
            date_format=self.date_format,
            decimal=self.options.decimal,
            thousands=self.options.thousands,
        )

    def spec(self) -> ColumnSpec:
        """Kind and missing cells, after the last cell."""
        date_format = self.date_format if self.kind is Kind.DATETIME else ""
        return ColumnSpec(self.name, self.kind, self.missing, date_format)

    def decision(self) -> dict[str, str]:
        """What was decided, by whom and why."""
        return {"column": self.name, "kind": self.kind.value, "says": self._says()}

    def _says(self) -> str:
        if self.is_chosen:
            return "Chosen by a person."
        if self.stored_as:
            return self.stored_as.says
        if self._is_kept_as_text:
            kind = self.guess.kind()
            return (
                f"Kept as text, as the file stores it; {_WORDS[kind]}: choose {kind.value} to "
                "read it so."
            )
        lost = self.losses.says("would lose")
        return f"Kept as text: as a number, {lost}." if lost else self.guess.says()

    def warnings(self) -> list[str]:
        """What was lost, and what looks like missing."""
        found = []
        if self.failed:
            found.append(
                f"{self.failed:,} cells of {self.name!r} are not {self.kind.value} and became "
                f"missing, first {self.first_failed}."
            )
        lost = self.losses.says("lost") if self.is_chosen else ""
        if lost:
            found.append(f"{self.name!r}: {lost}.")
        if self.spaces:
            found.append(
                f"{self.spaces:,} cells of {self.name!r} hold only spaces: are they missing?"
            )
        return found


def text_columns(
    names: Sequence[str],
    *,
    options: ReadingOptions,
    cells: Cells,
) -> list[TextColumn]:
    """One TextColumn per name. Raises ColumnMissing when a choice is for no column of the file."""
    for name in (*options.kinds, *options.date_formats):
        if name not in names:
            raise ColumnMissing(f"A kind was chosen for the column {name!r}, which is not there.")
    return [
        TextColumn(
            name,
            options,
            stored_as_text=place in cells.stored_as_text,
            stored_as=cells.stored_as.get(place),
        )
        for place, name in enumerate(names)
    ]


def preview_of(
    batch: Sequence[pa.StringArray], *, tokens: tuple[str, ...], has: int
) -> list[list[str | None]]:
    """Rows of a batch as text, None where missing: as many as the preview, with ``has``, lacks."""
    columns = [as_missing(cells[: PREVIEW_ROWS - has], tokens=tokens) for cells in batch]
    return [list(row) for row in zip(*(cells.to_pylist() for cells in columns), strict=True)]
