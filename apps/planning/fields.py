"""What a field of the plan is. Which fields there are stands in ``catalogue``."""

from dataclasses import dataclass
from typing import Any

from apps.engine.dates import day_text

Choices = tuple[tuple[Any, str], ...]

DASH = "\N{EM DASH}"


@dataclass(frozen=True)
class Field:
    """One thing that a plan says.

    ``kind`` is line, text, number, whole, date, choice, yes or names. ``folded`` fields are rarely
    needed and lie in a fold. A field ``within`` an object of its row is stored there under
    ``inner``. ``derived`` is stored and has no input: it follows from another field.
    """

    key: str
    label: str
    kind: str
    help: str = ""
    choices: Choices = ()
    low: float | None = None
    high: float | None = None
    most: int = 300
    folded: bool = False
    initial: Any = None
    within: str = ""
    derived: bool = False

    @property
    def inner(self) -> str:
        """Its key in the stored object."""
        return self.key.removeprefix(f"{self.within}_") if self.within else self.key

    def of(self, content: dict[str, Any]) -> Any:
        """Its value in a stored task or row; None where nothing is said."""
        place = content.get(self.within) or {} if self.within else content
        value = place.get(self.inner)
        return None if value in ("", []) else value

    def words(self, value: Any) -> str:
        """A value as a reader wants it; a dash where nothing is said."""
        if value in (None, "", []):
            return DASH
        if self.kind == "yes":
            return "yes" if value else "no"
        if self.kind == "choice":
            return dict(self.choices).get(value, str(value))
        if self.kind == "date":
            return day_text(value)
        if self.kind == "names":
            return ", ".join(map(str, value))
        if isinstance(value, int | float):
            return f"{value:,.10g}"
        return str(value)


@dataclass(frozen=True)
class Rows:
    """The list of a task: where it is stored, which field names a row, what a row is called."""

    key: str
    names: str
    title: str
    one: str
    fields: tuple[Field, ...]

    def called(self, row: dict[str, Any]) -> str:
        """The row in a sentence: feature “amount”."""
        named = next(field for field in self.fields if field.key == self.names)
        return f"{self.one} “{named.words(named.of(row))}”"


@dataclass(frozen=True)
class TaskFields:
    """The fields of one planning task, and what the fold over the rarely needed ones is called."""

    title: str
    fields: tuple[Field, ...]
    rows: Rows | None = None
    fold: str = ""
