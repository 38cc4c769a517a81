"""The score: four sections, and the least of their sums.

Source: Breck, Cai, Nielsen, Salib and Sculley (2017), The ML Test Score: A Rubric for ML Production
Readiness and Technical Debt Reduction, IEEE Big Data, 1123-1132. Four sections of seven tests; half
a point for a test that a person did and wrote down, a point for one that a machine does each time;
the score is the least of the four sums. Which row of ours answers which test stands in
docs/decisions/0020; a test that no row of ours can answer is named and counts nothing.
"""

from dataclasses import dataclass

NONE, BY_HAND, AUTOMATED = 0.0, 0.5, 1.0
BANDS = (
    (0.0, "closer to a research project than to a product"),
    (1.0, "not untested, with holes that may be serious"),
    (2.0, "a first pass at production; more is needed"),
    (3.0, "reasonably tested; more of it may be automated"),
    (5.0, "strong: fit for what a business rests on"),
)
"""Greatest score -> what the paper says of it, in our words; above the last: exceptional."""


@dataclass(frozen=True)
class Item:
    """One test: its points, what the record shows, where that stands or is made, how to get it.

    ``most`` are the points that our record can ever show for it.
    """

    asks: str
    points: float
    shows: str
    how: str
    link: str
    most: float = AUTOMATED

    @property
    def has_more(self) -> bool:
        """There is something to get."""
        return self.points < self.most

    @property
    def label(self) -> str:
        """The points in words."""
        return {AUTOMATED: "automated", BY_HAND: "by hand"}.get(self.points, "not shown")

    @property
    def state(self) -> str:
        """The colour and sign of the points."""
        return {AUTOMATED: "pass", BY_HAND: "half"}.get(self.points, "unknown")


@dataclass(frozen=True)
class Section:
    """One of the four: tests that our record can answer, and the names of those that it cannot."""

    title: str
    items: tuple[Item, ...]
    silent: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """Their sum."""
        return sum(item.points for item in self.items)

    @property
    def most(self) -> float:
        """The sum that our record can show."""
        return sum(item.most for item in self.items)


@dataclass(frozen=True)
class Readiness:
    """The four sections and their least."""

    sections: tuple[Section, ...]

    @property
    def score(self) -> float:
        """The least of the sums: what is strong elsewhere does not make up for it."""
        return min(section.points for section in self.sections)

    @property
    def weakest(self) -> list[str]:
        """Titles of the sections that it comes from."""
        return [one.title for one in self.sections if one.points == self.score]

    @property
    def says(self) -> str:
        """What the paper says of such a score."""
        return next((says for most, says in BANDS if self.score <= most), "exceptional")
