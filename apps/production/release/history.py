"""What was decided about an endpoint when: signatures, switches, the end of a break-glass."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from apps.engine.serving.fallback import Rule
from apps.production.models import Deployment, FlipReport, Release, Switch
from apps.projects.models import PASSING, Decision, Verdict
from apps.projects.stages import Stage

MOST_EVENTS = 40


@dataclass(frozen=True)
class Event:
    """One line: when, who, what and why."""

    at: datetime
    who: str
    says: str
    why: str = ""
    flips: FlipReport | None = None


@dataclass(frozen=True)
class _Stood:
    """What answered before a word, as far as the words before it tell: numbers of releases."""

    release: int | None = None
    canary: int | None = None
    is_away: bool = False  # a rule in its place, or stopped
    signed: frozenset[int] = frozenset()


def history(deployment: Deployment, releases: Sequence[Release]) -> list[Event]:
    """The newest MOST_EVENTS, the newest first."""
    switches = deployment.switches.select_related(
        "person", "release", "flips", "canary", "glass__person"
    )
    decisions = Decision.objects.filter(
        cycle__in={release.cycle_id for release in releases},
        stage=Stage.PRODUCTION,
        verdict__in=[*PASSING, Verdict.WITHDRAW],
    )
    found = list(_told(switches, decisions, {one.content_hash: one for one in releases}))
    return found[: -MOST_EVENTS - 1 : -1]


def _told(
    switches: Iterable[Switch], decisions: Iterable[Decision], by_hash: dict[str, Release]
) -> Iterator[Event]:
    """All of them, the oldest first, each in the light of those before it."""
    stood, whole, glass = _Stood(), _Stood(), None
    for word in sorted([*switches, *decisions], key=lambda one: one.at):
        if glass is not None and (over := _over(glass, at=word.at)):
            yield over
            stood, glass = whole, None
        if isinstance(word, Decision):
            event, stood = _decided(word, by_hash.get(_release_hash(word)), stood)
            glass = glass if word.verdict == Verdict.WITHDRAW else None  # a signature ends it
        else:
            whole, glass = (stood, word) if word.until else (whole, None)
            event = Event(word.at, word.who, _switched(word, stood), word.reason, word.flips)
            stood = _after(word, stood)
        yield event
    if glass is not None and (over := _over(glass, at=timezone.now())):
        yield over


def _over(glass: Switch, *, at: datetime) -> Event | None:
    """The end that a break-glass has by itself, where nobody said another word before."""
    if glass.until is None or glass.until > at:
        return None
    return Event(glass.until, "", "Break-glass over: what answered before it answers again")


def _decided(decision: Decision, release: Release | None, stood: _Stood) -> tuple[Event, _Stood]:
    which = f"release {release.number}" if release else "a release"
    took = "withdrew the signature of" if decision.verdict == Verdict.WITHDRAW else "signed"
    event = Event(decision.at, decision.person_name, f"{took} {which}", decision.note)
    if release is None or decision.verdict == Verdict.WITHDRAW:
        return event, stood
    signed = stood.signed | {release.number}
    if stood.canary == release.number:  # it begins with this, and does not answer all
        return event, replace(stood, signed=signed)
    return event, _Stood(release.number, signed=signed)


def _after(switch: Switch, stood: _Stood) -> _Stood:
    if switch.release is None:
        return replace(stood, canary=None, is_away=True)
    canary = switch.canary.number if switch.canary else None
    return replace(stood, release=switch.release.number, canary=canary, is_away=False)


def _switched(switch: Switch, stood: _Stood) -> str:
    glass = f" by break-glass, until {moment(switch.until)}" if switch.until else ""
    if switch.release is None:
        if switch.rule is None:
            return f"stopped the endpoint{glass}"
        rule = Rule(**switch.rule).says.rstrip(".")
        return f"put a rule in the model's place{glass}: {rule}"
    if switch.canary and switch.terms:
        canary, share = switch.canary.number, switch.terms["share"]
        if stood.canary == canary:
            return f"had the canary, release {canary}, answer {share} % of the keys"
        when = "" if canary in stood.signed else ", once it is signed"
        return f"let release {canary} answer {share} % of the keys as a canary{when}"
    by_watch = switch.person is None and switch.alarm_id is None
    return f"{_alone(switch.release.number, stood, by_watch=by_watch)}{glass}"


def _alone(number: int, stood: _Stood, *, by_watch: bool) -> str:
    """A release answers all keys: after its canary, as the canary, again, an older one, another."""
    if by_watch or (stood.canary and number == stood.release):
        return f"ended the canary: release {number} answers alone"
    if number == stood.canary:
        return f"let the canary, release {number}, answer all keys"
    if stood.is_away and number == stood.release:
        return f"let release {number} answer again"
    if stood.release and number < stood.release:
        return f"went back to release {number}"
    return f"switched to release {number}"


def moment(at: datetime) -> str:
    """A moment as sentences have it."""
    return f"{timezone.localtime(at):%-d %B %H:%M}"


def _release_hash(decision: Decision) -> str:
    """Which release was decided on: the evidence that was signed names it."""
    checks = decision.evidence.get("checks", [])
    told = next((row for row in checks if row["key"] == "production.answers_as_in_training"), {})
    return str(told.get("facts", {}).get("release", ""))
