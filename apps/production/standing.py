"""What answers at an endpoint: follows from signatures and switches, whichever is newest.

A release may answer when the last decision about it lets it, as signatures are counted in
``projects.rounds``. The newest word counts: a signature puts its release live; a switch puts
another signed release live, or the fallback's rule in the model's place, or stops the endpoint.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.engine.serving.fallback import Rule
from apps.modeling.queries import candidate_subject
from apps.production.models import Deployment, FallbackKind, Release, Switch
from apps.projects.canonical import content_hash
from apps.projects.models import Decision
from apps.projects.rounds import Round, round_of
from apps.projects.stages import Stage

MOST_RELEASES = 20
"""So many of the newest releases of an endpoint can be gone back to."""


@dataclass(frozen=True)
class Signed:
    """A release that may answer, and since when: the signature that completed its round."""

    release: Release
    at: datetime


@dataclass(frozen=True)
class Standing:
    """What answers. Without a release no signature lets one; then the rest is empty too."""

    release: Release | None = None
    rule: Rule | None = None
    stopped: str = ""
    switch: Switch | None = None  # what made it so, when it was no signature

    @property
    def answers(self) -> bool:
        """Requests get an answer, of the model or of the rule."""
        return self.release is not None and not self.stopped


def release_subject(release: Release, model: str) -> str:
    """What a signature at the production gate is about: model, release and monitor."""
    return content_hash(
        {"model": model, "release": release.content_hash, "monitor": release.monitor}
    )


def signed_releases(deployment: Deployment) -> list[Signed]:
    """Releases that may answer today, the one signed last first."""
    built = list(
        deployment.releases.exclude(content_hash="")
        .select_related("cycle__project", "candidate__cycle__project", "deployment")
        .order_by("-number")[:MOST_RELEASES]
    )
    decisions = _decisions(built)
    models: dict[int, str] = {}
    found = []
    for release in built:
        if not decisions.get(release.cycle_id):
            continue
        if release.candidate_id not in models:
            models[release.candidate_id] = candidate_subject(release.candidate)
        model = models[release.candidate_id]
        told = _round(release, release_subject(release, model), decisions[release.cycle_id])
        if model and told is not None and told.passed:
            found.append(Signed(release, told.approvals[0].at))
    return sorted(found, key=lambda one: (one.at, one.release.number), reverse=True)


def _decisions(releases: Iterable[Release]) -> dict[int, list[Decision]]:
    rows = Decision.objects.filter(
        cycle__in={release.cycle_id for release in releases}, stage=Stage.PRODUCTION
    )
    found: dict[int, list[Decision]] = {}
    for row in rows.defer("evidence").select_related("met", "submission").order_by("number"):
        found.setdefault(row.cycle_id, []).append(row)
    return found


def _round(release: Release, subject: str, decisions: Sequence[Decision]) -> Round | None:
    """The round in which this very release was decided on last; None when it never was."""
    about = [decision for decision in decisions if decision.subject == subject]
    if not about:
        return None
    last = about[-1]
    return round_of(
        Stage.PRODUCTION,
        tier=release.cycle.project.tier,
        subject=subject,
        submission=last.submission,
        decisions=[one for one in about if one.submission_id == last.submission_id],
    )


def answering(deployment: Deployment) -> Standing:
    """What answers now. Four queries and those of the gates of the releases' cycles."""
    signed = signed_releases(deployment)
    if not signed:
        return Standing()
    switch = (
        deployment.switches.filter(at__gte=signed[0].at).order_by("-number").first()
    )  # a later signature ends a switch
    newest = signed[0].release
    if switch is None:
        return Standing(newest)
    if switch.kind == FallbackKind.STOP:
        return Standing(newest, stopped=switch.reason, switch=switch)
    if switch.kind == FallbackKind.RULE:
        before = _switched_to(deployment, signed, before=switch.number) or newest
        return Standing(before, rule=Rule(**switch.rule), switch=switch)
    chosen = next((one.release for one in signed if one.release.pk == switch.release_id), None)
    return Standing(chosen, switch=switch) if chosen else Standing()  # its signature was withdrawn


def _switched_to(
    deployment: Deployment, signed: Sequence[Signed], *, before: int
) -> Release | None:
    """The release that a switch had put live when the rule took its place."""
    last = (
        deployment.switches.filter(number__lt=before, kind="release", at__gte=signed[0].at)
        .order_by("-number")
        .first()
    )
    return next((one.release for one in signed if last and one.release.pk == last.release_id), None)
