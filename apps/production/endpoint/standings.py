"""What answers at many endpoints, read at once; of a single one ``standing`` tells it."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import F, OuterRef, QuerySet, Subquery, Value, Window
from django.db.models.functions import Coalesce, RowNumber

from apps.modeling.ahead import candidate_subjects
from apps.production.endpoint.standing import (
    MOST_RELEASES,
    MOST_WORDS,
    SUBJECTS,
    SWITCHED_WITH,
    Standing,
    decisions_of,
    signed_among,
    standing_of,
)
from apps.production.models import Deployment, Release, Switch
from apps.projects.models import Event

UNREAD = ("contract", "steps", "served_with", "report", "candidate__report")
"""Large columns of releases that no list shows."""
_HEAD = Event.objects.filter(project=OuterRef("project")).order_by("-seq").values("hash")[:1]


def standings(deployments: Iterable[Deployment]) -> dict[int, Standing]:
    """``answering`` at each of them, by its key. The number of queries does not grow with them.

    Four, and a dozen more for whatever is not remembered; none where there is no endpoint.
    """
    keys = [deployment.pk for deployment in deployments]
    if not keys:
        return {}
    found = Deployment.objects.filter(pk__in=keys).order_by()
    # Before all else: see Remembered.
    heads = dict(found.values_list("pk", Coalesce(Subquery(_HEAD), Value(""))))
    built = _newest_built(keys)
    every = [release for some in built.values() for release in some]
    decisions = decisions_of(every)
    subjects = _subjects([one for one in every if decisions.get(one.cycle_id)], heads)
    switches = _newest_switches(keys)
    told = {}
    for key in keys:
        signed = signed_among(built[key], decisions, lambda release: subjects[release.candidate_id])
        told[key] = standing_of(switches[key], signed)
    return told


def _subjects(releases: Collection[Release], heads: dict[int, str]) -> dict[int, str]:
    """What the model gate of each is about, by the key of its candidate."""
    candidates = {release.candidate_id: release.candidate for release in releases}
    return SUBJECTS.of(
        {release.candidate_id: heads[release.deployment_id] for release in releases},
        lambda missing: candidate_subjects([candidates[key] for key in missing]),
    )


def _newest_built(keys: Collection[int]) -> dict[int, list[Release]]:
    built = Release.objects.filter(deployment__in=keys).exclude(content_hash="")
    rows = built.select_related("cycle__project", "candidate__cycle__project", "deployment")
    found: dict[int, list[Release]] = defaultdict(list)
    for release in _newest(rows.defer(*UNREAD), MOST_RELEASES):
        found[release.deployment_id].append(release)
    return found


def _newest_switches(keys: Collection[int]) -> dict[int, list[Switch]]:
    rows = Switch.objects.filter(deployment__in=keys)
    rows = rows.select_related(*SWITCHED_WITH, "glass__release__candidate")
    releases = ("release", "canary", "glass__release")
    unread = [f"{release}__{column}" for release in releases for column in UNREAD]
    unread.remove("canary__candidate__report")  # its candidate is not read at all
    found: dict[int, list[Switch]] = defaultdict(list)
    for switch in _newest(rows.defer(*unread), MOST_WORDS):
        found[switch.deployment_id].append(switch)
    return found


def _newest[R: (Release, Switch)](rows: QuerySet[R], most: int) -> QuerySet[R]:
    """So many of the highest numbers of each endpoint, the highest first."""
    place = Window(RowNumber(), partition_by="deployment", order_by=F("number").desc())
    return rows.annotate(place=place).filter(place__lte=most).order_by("deployment", "-number")
