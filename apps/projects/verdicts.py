"""What can be wrong with a ledger; each kind is told apart from the others."""

from dataclasses import dataclass

from django.db import models


class Kind(models.TextChoices):
    """One kind of thing that is wrong."""

    ALTERED = "altered", "Altered"
    MISSING = "missing", "Missing"
    REORDERED = "reordered", "Reordered"
    COPIED = "copied", "Copied"
    FORGED = "forged", "Without a valid seal"
    CUT = "cut", "Cut off before an anchor"
    REWRITTEN = "rewritten", "Rewritten since an anchor"
    RETIRED_KEY = "retired key", "Sealed with a replaced key"
    KEY_MISSING = "key missing", "Key missing"
    RECORD_DIFFERS = "record differs", "Record does not match its event"
    RECORD_MISSING = "record missing", "Record gone"
    RECORD_UNTOLD = "record untold", "Record without an event"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: ``seq`` is the event, 0 when there is none for it."""

    kind: Kind
    seq: int
    says: str

    def __str__(self) -> str:
        return f"event {self.seq} {self.says}" if self.seq else self.says
