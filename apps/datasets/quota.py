"""How many bytes of originals a team may keep. Equal bytes count once."""

from django.conf import settings
from django.db.models import Max
from django.template.defaultfilters import filesizeformat

from apps.datasets.models import Version
from apps.projects.models import Project, Team
from apps.web.refusals import Refusal


def require_room(project: Project, *, sha256: str, size_bytes: int) -> None:
    """Raise Refusal when these bytes would take the team beyond its quota.

    Called inside of a transaction: a lock on the team puts parallel uploads in order.
    """
    if not settings.TEAM_BYTES:
        return
    Team.objects.select_for_update().get(pk=project.team_id)
    kept = Version.objects.filter(source__project__team=project.team_id)
    sizes = dict(kept.values_list("sha256").annotate(size=Max("size_bytes")).order_by())
    used = sum(sizes.values())
    if sha256 not in sizes and used + size_bytes > settings.TEAM_BYTES:
        raise Refusal(
            f"Your team keeps {filesizeformat(used)} of originals, the file has "
            f"{filesizeformat(size_bytes)}, and {filesizeformat(settings.TEAM_BYTES)} is the "
            "limit: ask an administrator for room."
        )
