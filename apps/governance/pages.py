"""The part of a gate's page that a signature covers: rendered alike for everybody, byte by byte.

It holds evidence and body, and neither forms nor who is looking nor how long ago something was,
so that the bytes a signer read can be made again when they sign, compared by hash, and kept.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property

from django.conf import settings
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone

from apps.governance.bodies import ANCHORS, body_of
from apps.governance.models import SignedPage
from apps.governance.queries import GatePage, gate_page
from apps.projects.models import Cycle, Decision
from apps.projects.stages import Stage


@dataclass(frozen=True)
class ShownPage:
    """What is read at a gate now, and the rows it was made of."""

    page: GatePage
    html: str

    @property
    def content(self) -> bytes:
        """The bytes that are kept when somebody signs."""
        return self.html.encode()

    @cached_property
    def sha256(self) -> str:
        """Their hash: what the signer sends back."""
        return hashlib.sha256(self.content).hexdigest()


def shown_page(cycle: Cycle, stage: Stage) -> ShownPage:
    """Render the part of the page that a signature covers."""
    page = gate_page(cycle, stage)
    context = {
        "page": page,
        "seen": page.glance,
        "today": page.today,
        "stage": stage,
        "project": cycle.project,
        "cycle": cycle,
        "body": body_of(cycle, stage),
        "anchors": ANCHORS,
    }
    with timezone.override(UTC):
        html = render_to_string("governance/gate/_page.html", context).strip()
    # Icons without the hash of their version: the page outlives it.
    return ShownPage(page, html.replace(static("icons.svg"), f"{settings.STATIC_URL}icons.svg"))


def keep_page(decision: Decision, shown: ShownPage) -> None:
    """Store what was read beside the decision, in the same transaction."""
    SignedPage.objects.create(decision=decision, sha256=shown.sha256, page=shown.content)


def signed_page(decision: Decision) -> bytes:
    """What the signer of this decision read; empty for an approval taken back by a finding."""
    kept = SignedPage.objects.filter(decision=decision).first()
    return bytes(kept.page) if kept else b""
