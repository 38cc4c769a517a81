"""Two sides of a comparison that a person draws: before and after a cut, or two named periods."""

from dataclasses import dataclass, field

from django.http import QueryDict

from apps.engine.errors import BadParameter
from apps.engine.profile.slices import Condition
from apps.engine.types import Kind

_PARTS = ("name", "from", "to")
FIELDS = ("cut", *(f"{part}_{place}" for place in (1, 2) for part in _PARTS))
LONGEST_NAME = 60


@dataclass(frozen=True)
class Asked:
    """What a comparison is asked for in an address or a form."""

    by: str = ""
    versions: tuple[str, ...] = ()
    typed: dict[str, str] = field(default_factory=dict)
    """The filled ones of FIELDS."""

    @classmethod
    def of(cls, told: QueryDict) -> "Asked":
        """From an address, or a form that repeats it."""
        texts = {name: told.get(name, "").strip() for name in FIELDS}
        filled = {name: text for name, text in texts.items() if text}
        return cls(told.get("by", ""), tuple(told.getlist("version")), filled)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values for hidden fields."""
        by = [("by", self.by)] if self.by else []
        return [*by, *(("version", one) for one in self.versions), *self.typed.items()]

    @property
    def are_drawn(self) -> bool:
        """A person says where the sides begin and end."""
        return bool(self.typed)

    def conditions(self, kind: Kind) -> list[tuple[str, Condition]]:
        """Both sides with their names. Raises BadParameter in plain words."""
        if not self.by:
            raise BadParameter("Choose the column of dates or numbers that the sides are drawn on.")
        if any(name.startswith(("from", "to")) for name in self.typed):
            sides = [self._period(place) for place in (1, 2)]
        else:
            cut = self.typed.get("cut", "")
            ends = [("", cut), (cut, "")]
            sides = [("", Condition("below", self.by, end)) for end in ends]
        for _, condition in sides:
            condition.check(kind)
        return [(self._named(name, condition), condition) for name, condition in sides]

    def _period(self, place: int) -> tuple[str, Condition]:
        name, low, high = (self.typed.get(f"{part}_{place}", "") for part in _PARTS)
        if not (low or high):
            which = "first" if place == 1 else "second"
            raise BadParameter(f"Say where the {which} period begins or ends.")
        return name[:LONGEST_NAME], Condition("between", self.by, (low, high))

    def _named(self, name: str, condition: Condition) -> str:
        says = f"{self.by} {condition.says}"
        return f"{name}: {says}" if name else says
