"""A release that serves for long is looked at anew, whether or not anything broke."""

from datetime import datetime, timedelta
from typing import Any

from apps.production.models import Release
from apps.projects.models import Tier

KEY = "review:age"
REVIEW_AFTER = {
    Tier.HIGH: timedelta(days=90),
    Tier.MEDIUM: timedelta(days=180),
    Tier.LOW: timedelta(days=365),
}


def review_due(release: Release, *, now: datetime) -> list[dict[str, Any]]:
    """The alarm that proposes the next cycle once a release is older than its tier allows."""
    limit = REVIEW_AFTER[Tier(release.cycle.project.tier)]
    told = release.alarms.filter(key=KEY, closed_at__isnull=False).exists()
    if told or now - release.created_at < limit:
        return []
    return [
        {
            "key": KEY,
            "severity": "low",
            "says": f"Release {release.number} was built {(now - release.created_at).days} days "
            f"ago; in this tier it is reviewed after {limit.days}.",
            "action": "Start the next cycle, or say why the release stays.",
            "risk": "",
            "window_days": 1,
        }
    ]
