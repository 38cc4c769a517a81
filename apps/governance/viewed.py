"""Which evidence somebody opened before signing: counted since the newest submission."""

from typing import Any

from apps.accounts.models import User
from apps.governance.models import EvidenceView
from apps.governance.state import GateToday


def viewed_by(person: User, today: GateToday) -> dict[str, Any]:
    """``{"opened": [keys of checks], "of": how many have something to show}``, in their order."""
    seen = today.glance
    opened = set(
        EvidenceView.objects.filter(
            cycle=seen.cycle, stage=seen.stage, submission=seen.submission, person=person
        ).values_list("check_key", flat=True)
    )
    shown = [item.check.key for item in today.asked if item.evidence.link]
    return {"opened": [key for key in shown if key in opened], "of": len(shown)}
