"""What answers at an endpoint now, for who sees it for the first time: what, since when, who, back.

Words about ``standing.answering``; nothing is decided here.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from apps.production.endpoint.standing import Signed, Standing, answering, signed_releases
from apps.production.models import Deployment, Release, Switch
from apps.production.release.history import moment
from apps.production.release.releases import fallback_of, fallback_says

FAILED, WAITING, PASSED, LOCKED = "failed", "waiting", "passed", "locked"


@dataclass(frozen=True)
class Now:
    """What answers, and what made it so: a switch, a signature, or neither where nothing does."""

    deployment: Deployment
    standing: Standing
    switch: Switch | None
    signed: Signed | None
    glass_ended: datetime | None = None

    @property
    def state(self) -> str:
        """Of its badge: does a signed model answer alone?"""
        now = self.standing
        if now.release is None:
            return LOCKED
        if now.stopped or now.rule or now.glass:
            return FAILED
        return WAITING if now.canary else PASSED

    @property
    def label(self) -> str:
        """One word or two."""
        now = self.standing
        if now.release is None:
            return "nothing answers"
        if now.glass:
            return "break-glass"
        if now.stopped:
            return "stopped"
        if now.rule:
            return "fallback"
        return "canary" if now.canary else "answers"

    @property
    def says(self) -> str:
        """What answers, as a sentence."""
        now, glass = self.standing, self.standing.glass
        by = f" by break-glass until {moment(glass.until)}" if glass and glass.until else ""
        if now.release is None:
            return "No release is signed at the production gate: each call is refused with 409."
        if now.stopped:
            return f"The endpoint is stopped{by}: each call is refused with 503."
        if now.rule:
            return f"A rule answers in the model's place{by}: {now.rule.says}"
        if now.canary:
            share = now.terms["share"]
            return (
                f"Release {now.release.number} answers {100 - share} % of the keys, "
                f"release {now.canary.number} as a canary {share} %."
            )
        return f"Release {now.release.number} answers every call{by}."

    @property
    def since(self) -> datetime | None:
        """Since when it is so."""
        moments = [self.glass_ended] if self.glass_ended else []
        moments += [self.switch.at] if self.switch else []
        if self.signed:
            moments.append(self.signed.at)
        return max(moments, default=None)

    @property
    def who(self) -> str:
        """By whose decision."""
        if self.switch:
            return self.switch.who
        return f"the signature of {self.signed.by}" if self.signed else ""

    @property
    def why(self) -> str:
        """What they said."""
        return self.switch.reason if self.switch else ""

    @property
    def beside(self) -> list[str]:
        """What stands beside it and answers nobody yet."""
        now, shadow, found = self.standing, self.deployment.shadow, []
        waits = now.switch.canary if now.switch and not now.canary else None
        if waits is not None and now.switch:
            share = (now.switch.terms or {})["share"]
            found.append(
                f"Release {waits.number} waits for its signature to answer {share} % of the keys "
                "as a canary."
            )
        if shadow is not None and shadow != now.release:
            found.append(
                f"Release {shadow.number} is the shadow: it answers copies of the calls, and "
                "nobody is sent what it says."
            )
        return found

    @property
    def back(self) -> str:
        """How it ends, or how one goes back. Asks the database, so only where it is shown."""
        now = self.standing
        if now.release is None:
            return "A signature at the production gate lets a release answer."
        if now.glass:
            after = _then(answering(self.deployment, glass=False))
            return f"It ends by itself: then {after}. A switch to a signed release ends it at once."
        if now.held:
            return (
                "A manager lets the model answer again on the page of releases, or the next "
                "signature at the production gate does."
            )
        if now.stopped or now.rule:
            return f"Switch to release {now.release.number}, and the model answers again."
        if now.canary:
            return (
                "The watch ends it where the canary is worse than its bounds; a person ends it, "
                "or lets it answer all keys, on its page."
            )
        return self._before(now.release)

    def _before(self, release: Release) -> str:
        """What can take the place of a release that answers alone."""
        older = (one.release for one in signed_releases(self.deployment))
        last = next((one for one in older if one.number < release.number), None)
        fallback = fallback_says(fallback_of(self.deployment))
        says = f"Release {last.number} is signed: one click and a reason." if last else ""
        if fallback:
            says += f" The fallback is set. {fallback}"
        return says.strip() or (
            "No earlier release is signed and no fallback is set: it can only be stopped."
        )


def now_of(deployment: Deployment, standing: Standing) -> Now:
    """What answers, with the word that made it so."""
    word = standing.switch
    if word is not None and word.canary_id and standing.canary is None:
        return _as_before(deployment, standing, word)
    ended = _ended(deployment)
    if standing.canary is None:
        return Now(deployment, standing, word, standing.signed, ended)
    began = (one for one in signed_releases(deployment) if one.release == standing.canary)
    return Now(deployment, standing, word, next(began, None), ended)


def _as_before(deployment: Deployment, standing: Standing, word: Switch) -> Now:
    """A canary waits for its signature: what answers was made so by what was said before."""
    signed = [one for one in signed_releases(deployment) if one.release == standing.release]
    since = signed[0].at if signed else word.at
    rows = deployment.switches.filter(number__lt=word.number, at__gte=since, canary=None)
    before = rows.filter(release=standing.release).order_by("-number").first()
    return Now(deployment, standing, before, None if before else (signed or [None])[0])


def _ended(deployment: Deployment) -> datetime | None:
    """When the newest word was a break-glass that is over: its end."""
    last = deployment.switches.order_by("-number").first()
    return last.until if last and last.until and last.until <= timezone.now() else None


def _then(standing: Standing) -> str:
    """What answers once the glass is whole again, as half a sentence."""
    if standing.release is None:
        return "nothing answers, since no release is signed"
    if standing.stopped:
        return "the endpoint is stopped, as before"
    if standing.rule:
        return "the rule answers in the model's place, as before"
    beside = f", with release {standing.canary.number} as its canary" if standing.canary else ""
    return f"release {standing.release.number} answers{beside}"
