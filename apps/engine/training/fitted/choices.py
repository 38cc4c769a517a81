"""The fitted choices on offer: what each asks, whether it fits a table, and how it reads."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.engine.errors import BadParameter, EngineError
from apps.engine.recipe.step import Declared, Parameter, column_of
from apps.engine.recipe.values import value_of
from apps.engine.types import ColumnSpec, Kind, TableSpec

MEDIAN, MEAN, FREQUENT, CONSTANT = "median", "mean", "most frequent value", "a constant"
NEAREST, MODEL = "nearest rows (KNNImputer)", "a model (IterativeImputer)"
TOGETHER = frozenset({NEAREST, MODEL})
"""They fill a column from the others of the same choice."""
ONE_HOT, ORDINAL, TARGET = "one-hot", "ordinal", "target mean, with inner folds"
STANDARD, ROBUST, QUANTILE, UNSCALED = "standard", "robust", "quantile", "none"
VARYING, F_TEST = "drop what never varies", "keep the best by an F test"
YES, NO = "yes", "no"
MOST_LEAST = 1_000_000


@dataclass(frozen=True)
class Choice(Declared, ABC):
    """One choice. ``aspect``: of two about the same aspect of a column one counts (see settle).

    ``holds``: the columns that it is for, "numbers" (dates and yes/no among them), "categories" or
    "all".
    """

    aspect: ClassVar[str]
    holds: ClassVar[str]
    columns: tuple[str, ...] = ()

    def check(self, spec: TableSpec) -> None:
        """Raise ColumnMissing or BadParameter when a column is not there or of another kind."""
        for name in self.columns:
            column = column_of(spec, name)
            if holds_of(column) != self.holds:
                other = "text" if self.holds == "numbers" else str(column.kind)
                raise BadParameter(
                    f"“{name}” holds {other}, and “{self.title}” is for {self.holds}: leave it "
                    "out, or give it another type in a row-wise step first."
                )

    @property
    def which(self) -> str:
        """The columns in words."""
        if not self.columns:
            return "every number column" if self.holds == "numbers" else "every category"
        shown = ", ".join(f"“{name}”" for name in self.columns[:4])
        return shown if len(self.columns) <= 4 else f"{shown} and {len(self.columns) - 4} more"

    def concerns(self, column: ColumnSpec) -> bool:
        """Whether it is about this column."""
        named = column.name in self.columns or not self.columns
        return named and self.holds in (holds_of(column), "all")

    @abstractmethod
    def sentence(self) -> str:
        """What is chosen, for people."""


def holds_of(column: ColumnSpec) -> str:
    """What a model takes of a column: texts as categories, all others as numbers."""
    return "categories" if column.kind == Kind.TEXT else "numbers"


def _columns(holds: str) -> Parameter:
    says = f"None: every column of {holds}, but those that another such choice names."
    return Parameter("columns", f"Columns of {holds}", "columns", help=says, required=False)


@dataclass(frozen=True)
class Fill(Choice):
    """Fill gaps, by what training rows tell or with a constant."""

    aspect: ClassVar[str] = "fill"
    method: str = MEDIAN
    value: str = ""

    def check(self, spec: TableSpec) -> None:
        """A constant is given where one is chosen."""
        super().check(spec)
        if (self.method == CONSTANT) != bool(self.value):
            raise BadParameter("Give the constant when you fill with one, and only then.")

    def sentence(self) -> str:
        """Name columns and method."""
        named = self.method in (MEDIAN, MEAN, FREQUENT)
        by = f"“{self.value}”" if self.method == CONSTANT else self.method
        return f"Fill gaps in {self.which} with {'the ' if named else ''}{by}"


@dataclass(frozen=True)
class FillNumbers(Fill):
    """Fill gaps in numbers; other columns may tell."""

    key: ClassVar[str] = "fill_numbers"
    title: ClassVar[str] = "Fill gaps in numbers"
    holds: ClassVar[str] = "numbers"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        _columns("numbers"),
        Parameter(
            "method",
            "With",
            "choice",
            help="Nearest rows and a model look at the other columns of this choice. Both take "
            "long from some ten thousand rows on and answer a request in milliseconds, not in "
            "microseconds; nearest rows keep training rows in the model file.",
            choices=(MEDIAN, MEAN, FREQUENT, CONSTANT, NEAREST, MODEL),
        ),
        Parameter("value", "The constant", "text", required=False),
        Parameter(
            "mark",
            "Also a column that marks each gap",
            "choice",
            choices=(YES, NO),
            required=False,
            default=YES,
        ),
    )
    mark: str = YES

    def check(self, spec: TableSpec) -> None:
        """A constant is a number; nearest rows and a model need another column."""
        super().check(spec)
        if self.value:
            value_of(self.value, kind=Kind.NUMBER)
        numbers = [column for column in spec.columns if self.concerns(column)]
        if self.method in TOGETHER and len(numbers) < 2:
            raise BadParameter(
                f"“{self.method}” fills a column from other columns: choose two numbers or more."
            )

    def sentence(self) -> str:
        """Name the mark, too."""
        mark = ", and mark each gap" if self.mark == YES else ""
        return f"{super().sentence()}{mark}"


@dataclass(frozen=True)
class FillCategories(Fill):
    """Fill gaps in categories; else a missing one is a category of its own."""

    key: ClassVar[str] = "fill_categories"
    title: ClassVar[str] = "Fill gaps in categories"
    holds: ClassVar[str] = "categories"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        _columns("categories"),
        Parameter(
            "method",
            "With",
            "choice",
            help="Without this choice, missing is a category of its own.",
            choices=(FREQUENT, CONSTANT),
        ),
        Parameter("value", "The constant", "text", required=False),
    )
    method: str = FREQUENT


@dataclass(frozen=True)
class GroupRare(Choice):
    """Rare categories together, as one-hot and ordinal encoders do it."""

    key: ClassVar[str] = "group_rare"
    title: ClassVar[str] = "Group rare categories"
    aspect: ClassVar[str] = "rare"
    holds: ClassVar[str] = "categories"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        _columns("categories"),
        Parameter(
            "least",
            "Rare is a category with fewer rows than",
            "text",
            help="Training rows, such as 20; or their share, such as 1%.",
        ),
    )
    least: str = "10"

    def check(self, spec: TableSpec) -> None:
        """The limit is a count or a share."""
        super().check(spec)
        _ = self.limit

    @property
    def limit(self) -> int | float:
        """Rows (int), or a share of them (float)."""
        text = self.least.strip()
        try:
            number = float(text.removesuffix("%"))
        except ValueError:
            number = -1.0
        is_share = text.endswith("%")
        if is_share and 0 < number < 100:
            return number / 100
        if not is_share and 1 <= number <= MOST_LEAST and number.is_integer():
            return int(number)
        raise BadParameter(
            f"“{self.least}” is no limit: give a number of rows such as 20, or a share such as 1%."
        )

    def sentence(self) -> str:
        """Name columns and limit."""
        unit = "of the training rows" if self.least.strip().endswith("%") else "training rows"
        return f"Group categories of {self.which} that have fewer than {self.least.strip()} {unit}"


@dataclass(frozen=True)
class Encode(Choice):
    """Categories as numbers."""

    key: ClassVar[str] = "encode"
    title: ClassVar[str] = "Encode categories"
    aspect: ClassVar[str] = "encode"
    holds: ClassVar[str] = "categories"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        _columns("categories"),
        Parameter("method", "As", "choice", choices=(ONE_HOT, ORDINAL, TARGET)),
    )
    method: str = ONE_HOT

    def sentence(self) -> str:
        """Name columns and method."""
        how = {
            ONE_HOT: "as a column for each category",
            ORDINAL: "as the number of the category",
            TARGET: "as the mean target of the category, learnt with inner folds",
        }
        return f"Encode {self.which} {how[self.method]}"


@dataclass(frozen=True)
class Scale(Choice):
    """Numbers on another scale."""

    key: ClassVar[str] = "scale"
    title: ClassVar[str] = "Scale numbers"
    aspect: ClassVar[str] = "scale"
    holds: ClassVar[str] = "numbers"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        _columns("numbers"),
        Parameter(
            "method",
            "Way",
            "choice",
            help="Standard: mean 0, deviation 1. Robust: median 0, quartiles 1 apart; outliers do "
            "not stretch it. Quantile: the rank of a value, 0 to 1.",
            choices=(STANDARD, ROBUST, QUANTILE, UNSCALED),
        ),
    )
    method: str = STANDARD

    def sentence(self) -> str:
        """Name columns and way."""
        how = {
            STANDARD: "to mean 0 and deviation 1",
            ROBUST: "by median and quartiles",
            QUANTILE: "to ranks from 0 to 1",
        }
        if self.method == UNSCALED:
            return f"Leave {self.which} on its own scale"
        return f"Scale {self.which} {how[self.method]}"


@dataclass(frozen=True)
class Select(Choice):
    """Which of the prepared columns a model gets to see."""

    key: ClassVar[str] = "select"
    title: ClassVar[str] = "Select features"
    aspect: ClassVar[str] = "select"
    holds: ClassVar[str] = "all"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "method",
            "Way",
            "choice",
            help="After everything else, on the columns that come out. The F test looks at one "
            "column at a time and needs gaps filled: boosting gets medians then, too.",
            choices=(F_TEST, VARYING),
        ),
        Parameter(
            "share", "Keep this share", "text", help="Such as 50%; F test only.", required=False
        ),
    )
    method: str = F_TEST
    share: str = ""

    def check(self, spec: TableSpec) -> None:
        """The F test needs a share."""
        del spec
        if self.method == F_TEST:
            _ = self.percentile
        elif self.share:
            raise BadParameter("The share belongs to the F test: leave it empty.")

    @property
    def percentile(self) -> float:
        """Share of the columns that stay, in per cent."""
        try:
            number = float(self.share.strip().removesuffix("%"))
        except ValueError:
            number = 0.0
        if not 1 <= number <= 100:
            raise BadParameter(
                f"“{self.share}” is no share of the columns to keep: give one such as 50%."
            )
        return number

    def sentence(self) -> str:
        """Name the way."""
        if self.method == VARYING:
            return "Leave out prepared columns that never vary"
        return f"Keep the best {self.percentile:g} % of the prepared columns by an F test"


CHOICES: dict[str, type[Choice]] = {
    made.key: made for made in (FillNumbers, FillCategories, GroupRare, Encode, Scale, Select)
}


def choice_from(data: Mapping[str, Any]) -> Choice:
    """Read ``{"choice": key, "params": {...}}``; BadParameter when it is none."""
    made = CHOICES.get(str(data.get("choice")))
    if made is None:
        raise BadParameter(f"There is no fitted choice called {data.get('choice')!r}.")
    return made.from_params(data.get("params") or {})


def sentences(choices: Iterable[Mapping[str, Any]]) -> list[str]:
    """Stored choices in words."""
    return [choice_from(each).sentence() for each in choices]


def misfits(choices: Sequence[Mapping[str, Any]], spec: TableSpec) -> dict[int, str]:
    """Place of each choice that does not fit the table, from 0, with the reason."""
    found = {}
    for place, each in enumerate(choices):
        try:
            choice_from(each).check(spec)
        except EngineError as error:
            found[place] = str(error)
    return found
