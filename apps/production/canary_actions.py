"""What a person does about a canary: let it answer a share of the keys. Ending it is a switch."""

from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.production.endpoint.standing import answering, signed_releases
from apps.production.models import FallbackKind, Release, Switch
from apps.production.release.canaries import can_begin
from apps.production.release.switching import load, locked_for, said, write_switch
from apps.production.release_actions import not_held
from apps.projects.access import Verb
from apps.web.refusals import Refusal

MOST_SHARE = 50


@transaction.atomic
def start_canary(*, release: Release, terms: dict[str, Any], reason: str, by: User) -> Switch:
    """Let a release answer a share of the keys beside the one that answers.

    ``terms``: ``share`` in %, ``column`` whose value is the key (empty: the whole row), and the
    bounds of the guard, ``failed``, ``latency``, ``metric`` (engine ``Bounds``). A release that is
    not signed begins with its signature; until then nothing changes.
    """
    deployment = locked_for(release.deployment, Verb.DEPLOY, by)
    said(reason)
    now = answering(deployment)
    not_held(now)
    if now.release is None or not can_begin(now):
        raise Refusal("A canary stands beside a signed release that answers; none does now.")
    if not release.is_ready or release == now.release:
        raise Refusal("A canary is another release than the one that answers, and built.")
    if not 1 <= terms["share"] <= MOST_SHARE:
        raise Refusal(f"A canary answers 1 to {MOST_SHARE} % of the keys.")
    names = {item["name"] for item in release.contract["fields"]}
    if terms["column"] and terms["column"] not in names:
        raise Refusal(f"“{terms['column']}” is no column of a request to this release.")
    load(release)
    is_signed = release.pk in {one.release.pk for one in signed_releases(deployment)}
    when = "" if is_signed else ", from its signature on"
    says = f"{by} let {release} answer {terms['share']} % of the keys{when}: {reason.strip()}"
    return write_switch(
        deployment,
        FallbackKind.RELEASE,
        says,
        reason,
        by=by,
        release=now.release,
        canary=release,
        terms=terms,
    )
