"""What all gates of many cycles are about, read at once; ``queries`` then finds it there."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from apps.modeling.ahead import read_ahead as read_models
from apps.production.models import Release
from apps.production.queries import current_release
from apps.projects.models import Cycle
from apps.projects.said import Said
from apps.web.once import keep


def read_ahead(cycles: Sequence[Cycle], told: Said) -> None:
    """The newest release of each cycle, and all that the model gate rests on.

    One question, and those of the rooms before: their number does not grow with the cycles. To be
    called within ``one_page``.
    """
    read_models(cycles, told)
    built = Release.objects.exclude(content_hash="")
    later = built.filter(cycle=OuterRef("cycle"), pk__gt=OuterRef("pk"))
    newest = built.filter(~Exists(later), cycle__in=cycles).only("cycle", "content_hash", "monitor")
    found = {release.cycle_id: release for release in newest}
    for cycle in cycles:
        keep(current_release, found.get(cycle.pk), cycle)
