"""Was what a cycle promised kept? From what the watch stored: the first breach, or a window."""

from collections.abc import Collection
from datetime import timedelta

from django.db.models import Min

from apps.engine.monitoring.performance import KEPT
from apps.production.models import Alarm, WatchReport

WINDOW = timedelta(days=30)


def promises_kept(cycles: Collection[int]) -> dict[int, bool]:
    """By id of a cycle: whether its primary promise was kept; cycles not known yet are left out.

    It is broken with the first alarm about it. It is kept when a look WINDOW or more after the
    first one finds it kept on actual values, and no such alarm was raised before. Three queries.
    """
    broken = dict(
        Alarm.objects.filter(release__cycle__in=cycles, key__startswith="promise:", severity="high")
        .values_list("release__cycle")
        .annotate(Min("raised_at"))
    )
    reports = WatchReport.objects.filter(release__cycle__in=cycles)
    first = dict(reports.order_by().values_list("release__cycle").annotate(Min("at")))
    found = dict.fromkeys(broken, False)
    if not first:
        return found
    late = reports.filter(at__gte=min(first.values()) + WINDOW).order_by("at")
    for cycle, at, verdicts in late.values_list("release__cycle", "at", "performance__verdicts"):
        if at < first[cycle] + WINDOW or found.get(cycle):
            continue
        primary = next((row for row in verdicts or [] if row["role"] == "primary"), None)
        if primary and primary["kept"] == KEPT and at < broken.get(cycle, at + WINDOW):
            found[cycle] = True
    return found
