"""Templates by kind of problem: plan files beside this one, with the team's own numbers left out.

Each holds example wording, typical risks, metrics and features. None is complete as it stands:
a team has to give its own figures.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Starter:
    """One template."""

    key: str
    title: str
    says: str
    content: dict[str, Any]


_TOLD = (
    ("fraud", "Fraud", "A rare class found at the moment of a payment; wrong alarms cost."),
    ("churn", "Churn", "Customers likely to leave within weeks; a call or an offer keeps some."),
    ("demand", "Demand", "A quantity for each shop and day ahead; errors cost stock or sales."),
    ("delivery", "Delivery", "A promise that nine in ten keep: the 0.9 quantile of a duration."),
    ("credit", "Credit", "The risk of default at application; people are affected, law applies."),
    ("maintenance", "Maintenance", "Machines about to fail; a visit in time saves a standstill."),
)
_FOLDER = Path(__file__).parent


def _content(key: str) -> dict[str, Any]:
    return json.loads((_FOLDER / f"{key}.json").read_text(encoding="utf-8"))["plan"]


STARTERS: dict[str, Starter] = {
    key: Starter(key, title, says, _content(key)) for key, title, says in _TOLD
} | {"blank": Starter("blank", "Blank", "Nothing filled in; the guidance leads.", {})}
