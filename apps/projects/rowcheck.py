"""Facts against the ledger: each row equals the print in its event, and each has an event."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.db import models

from apps.projects.canonical import content_hash
from apps.projects.links import Line
from apps.projects.models import InsertOnly
from apps.projects.rowprints import fields_of
from apps.projects.verdicts import Fault, Kind


def models_of_facts() -> list[type[InsertOnly]]:
    """Kinds of rows that are written together with an event."""
    return [row for row in apps.get_models() if issubclass(row, InsertOnly) and row.TEAM]


_FIELDS = {"model", "pk", "fields", "sha256"}


def _prints_in(lines: Sequence[Line]) -> dict[str, list[tuple[int, Mapping[str, Any]]]]:
    found = defaultdict(list)
    for line in lines:
        told = line.facts.get("row") if isinstance(line.facts, dict) else None
        if isinstance(told, dict) and set(told) >= _FIELDS:
            found[told["model"]].append((line.seq, told))
    return found


class RowCheck:
    """Compares the facts of one team with the prints in its events."""

    def __init__(self, team_id: int | None) -> None:
        self.team_id = team_id
        self.faults: list[Fault] = []
        self.kinds = {model._meta.label_lower: model for model in models_of_facts()}
        self.told: dict[str, set[Any]] = defaultdict(set)

    def check(self, lines: Sequence[Line]) -> None:
        """Compare the rows that these events are about: one query for each kind."""
        for label, prints in _prints_in(lines).items():
            model = self.kinds.get(label)
            if model is None:
                says = f"is about a record of the unknown kind “{label}”"
                self.faults.append(Fault(Kind.RECORD_MISSING, prints[0][0], says))
                continue
            rows = model._base_manager.in_bulk([told["pk"] for _, told in prints])
            for seq, told in prints:
                self.told[label].add(told["pk"])
                self.faults += _differences(seq, told, rows.get(told["pk"]), model)

    def rest(self) -> None:
        """Name the facts of the team that no event is about."""
        if self.team_id is None:
            return
        for label, model in self.kinds.items():
            told = self.told[label]
            of_team = model._base_manager.filter(**{model.TEAM: self.team_id}).order_by("pk")
            for pk in of_team.values_list("pk", flat=True).iterator():
                if pk not in told:
                    says = f"{model._meta.verbose_name} {pk} has no event"
                    self.faults.append(Fault(Kind.RECORD_UNTOLD, 0, says))


def _differences(
    seq: int, told: Mapping[str, Any], row: models.Model | None, model: type[models.Model]
) -> Iterator[Fault]:
    name = f"{model._meta.verbose_name} {told['pk']}"
    if row is None:
        yield Fault(Kind.RECORD_MISSING, seq, f"is about {name}, which is gone")
        return
    try:
        now = content_hash(fields_of(row, told["fields"].split(",")))
    except AttributeError as error:
        yield Fault(Kind.RECORD_DIFFERS, seq, f"cannot be compared with {name}: {error}")
        return
    if now != told["sha256"]:
        yield Fault(
            Kind.RECORD_DIFFERS, seq, f"says otherwise than {name}: the record does not match"
        )
