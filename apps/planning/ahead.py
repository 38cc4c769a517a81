"""What the plan gates of many cycles are about, read at once; ``queries`` then finds it there."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from apps.planning.models import Plan
from apps.planning.queries import current_plan
from apps.projects import said
from apps.projects.models import Cycle
from apps.web.once import keep


def read_ahead(cycles: Sequence[Cycle], told: said.Said) -> None:
    """Newest plan of each cycle and what was said at its gates. One question, and those of
    ``told``."""
    said.read_ahead(cycles, told)
    later = Plan.objects.filter(cycle=OuterRef("cycle"), number__gt=OuterRef("number"))
    newest = {plan.cycle_id: plan for plan in Plan.objects.filter(~Exists(later), cycle__in=cycles)}
    for cycle in cycles:
        keep(current_plan, newest.get(cycle.pk), cycle)
