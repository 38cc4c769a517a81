"""What answers at an endpoint: follows from signatures and switches, whichever is newest.

A release may answer when the last decision about it lets it, as signatures are counted in
``projects.rounds``. The newest word counts: a signature puts its release live; a switch puts
another signed release live, or the fallback's rule in the model's place, or stops the endpoint.

Beside a release a canary may answer a share of the keys, once it is signed too. A break-glass is a
switch that needs no signature and counts until its time is over; then the words before it do.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.engine.serving.fallback import Rule
from apps.modeling.models import Candidate
from apps.modeling.queries import candidate_subject
from apps.production.models import Deployment, FallbackKind, Release, Switch
from apps.projects.canonical import content_hash
from apps.projects.models import Decision, Event
from apps.projects.remembered import Remembered
from apps.projects.rounds import Round, round_of
from apps.projects.stages import Stage

MOST_RELEASES = 20
"""So many of the newest releases of an endpoint can be gone back to."""
MOST_REMEMBERED = 5_000
MOST_WORDS = 100
"""So many of the newest switches are looked at."""
SWITCHED_WITH = (
    "person",
    "alarm",
    "glass__person",
    "canary",
    "release__candidate__cycle__project",
    "release__cycle__project",
    "release__deployment",
)
"""What is read with each of them."""


@dataclass(frozen=True)
class Signed:
    """A release that may answer, since when and by whom: the signature that completed its round."""

    release: Release
    at: datetime
    by: str = ""


@dataclass(frozen=True)
class Standing:
    """What answers. Without a release no signature lets one; then the rest is empty too.

    ``switch`` or ``signed`` made it so. ``held``: the model was taken away by the watch or by a
    manager, and a manager lets it go on.
    """

    release: Release | None = None
    rule: Rule | None = None
    stopped: str = ""
    switch: Switch | None = None
    canary: Release | None = None
    held: Switch | None = None
    signed: Signed | None = None

    @property
    def answers(self) -> bool:
        """Requests get an answer, of the model or of the rule."""
        return self.release is not None and not self.stopped

    @property
    def terms(self) -> dict[str, Any]:
        """Share and bounds of the canary; empty without one."""
        return (self.switch.terms or {}) if self.switch and self.canary else {}

    @property
    def glass(self) -> Switch | None:
        """The break-glass in force."""
        return self.switch if self.switch and self.switch.until else None


SUBJECTS: Remembered[str] = Remembered(MOST_REMEMBERED)
"""Of candidates, as ``candidate_subject`` tells them."""


def _head(project: int) -> str:
    """Hash of a project's newest event; empty where there is none."""
    found = Event.objects.filter(project=project).order_by("-seq").values_list("hash", flat=True)
    return found.first() or ""


def _subject_of(candidate: Candidate, head: str) -> str:
    """``candidate_subject``, asked again when the project has another ``head``."""
    key = candidate.pk
    return SUBJECTS.of({key: head}, lambda _: {key: candidate_subject(candidate)})[key]


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
    head = _head(deployment.project_id)  # before all else: see Remembered
    return signed_among(
        built, decisions_of(built), lambda release: _subject_of(release.candidate, head)
    )


def signed_among(
    built: Iterable[Release],
    decisions: Mapping[int, Sequence[Decision]],
    subject_of: Callable[[Release], str],
) -> list[Signed]:
    """As ``signed_releases``, of rows that were read: ``decisions`` at the last gate by cycle.

    ``subject_of`` tells what the model gate is about, where there are such decisions.
    """
    found = []
    for release in built:
        if not decisions.get(release.cycle_id):
            continue
        model = subject_of(release)
        told = _round(release, release_subject(release, model), decisions[release.cycle_id])
        if model and told is not None and told.passed:
            by = " and ".join(one.person_name for one in reversed(told.approvals))
            found.append(Signed(release, told.approvals[0].at, by))
    # Built again unchanged, it is the same record under another number: no signature was added, so
    # the one that was there when it was signed goes on answering.
    return sorted(found, key=lambda one: (one.at, -one.release.number), reverse=True)


def decisions_of(releases: Iterable[Release]) -> dict[int, list[Decision]]:
    """What was decided at the production gates of their cycles, by cycle."""
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


def answering(deployment: Deployment, *, glass: bool = True) -> Standing:
    """What answers now. Six queries while the subjects of the releases are remembered.

    Without ``glass`` what would answer if none were broken, so what answers once it is over.
    """
    signed = signed_releases(deployment)
    rows = deployment.switches.select_related(*SWITCHED_WITH).order_by("-number")[:MOST_WORDS]
    return standing_of(rows, signed, glass=glass)


def standing_of(
    switches: Iterable[Switch], signed: Sequence[Signed], *, glass: bool = True
) -> Standing:
    """As ``answering``, from the newest ``switches``, the newest first, and what is signed."""
    words = [word for word in _words(switches, signed) if glass or word.until is None]
    if not words:
        return Standing(signed[0].release, signed=signed[0]) if signed else Standing()
    stands = _stands(words, signed)
    held = _held([word for word in words if word.until is None])  # a broken glass lifts nothing
    return replace(stands, held=held) if stands.release else stands


def _words(switches: Iterable[Switch], signed: Sequence[Signed]) -> list[Switch]:
    """Switches that count, the oldest first: a later signature ends those before it.

    But a switch whose canary waited for just this signature begins with it.
    """
    now = timezone.now()
    kept = [row for row in switches if row.until is None or row.until > now]
    if not signed:
        return [row for row in kept[:1] if row.until]
    since = signed[0].at
    words = [row for row in kept if row.at >= since]
    if not words and kept and kept[0].canary_id == signed[0].release.pk:
        words = kept[:1]
    return words[::-1]


def _stands(words: Sequence[Switch], signed: Sequence[Signed]) -> Standing:
    """What the newest word makes of it."""
    last = words[-1]
    newest = signed[0].release if signed else None
    if last.kind == FallbackKind.RELEASE:
        chosen = _chosen(last, signed)
        if chosen is None:
            return Standing()  # its signature was withdrawn
        canary = _among(last.canary_id, signed)
        return Standing(chosen, switch=last, canary=canary if canary != chosen else None)
    before = [word for word in words[:-1] if word.kind == FallbackKind.RELEASE]
    release = (_chosen(before[-1], signed) if before else None) or newest
    release = release or (last.glass.release if last.glass else None)
    if last.kind == FallbackKind.STOP:
        return Standing(release, stopped=last.reason, switch=last) if release else Standing()
    return Standing(release, rule=Rule(**last.rule), switch=last) if release else Standing()


def _chosen(word: Switch, signed: Sequence[Signed]) -> Release | None:
    """The release that a word names, where it may answer: signed, or with the glass broken."""
    return word.release if word.until else _among(word.release_id, signed)


def _among(key: int | None, signed: Sequence[Signed]) -> Release | None:
    return next((one.release for one in signed if one.release.pk == key), None)


def _held(words: Sequence[Switch]) -> Switch | None:
    """The word that took the model away and asks for a manager to let it go on."""
    held = None
    for word in words:
        if word.alarm_id or (word.kind == FallbackKind.STOP and word.by_manager):
            held = word
        elif word.by_manager and word.kind == FallbackKind.RELEASE:
            held = None
    return held
