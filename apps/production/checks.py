"""Questions about a release that a reviewer would ask before it goes live."""

from collections.abc import Callable, Iterable

from django.urls import reverse

from apps.production.models import Release
from apps.production.queries import current_release
from apps.projects.evidence import Check, Evidence
from apps.projects.models import Cycle


def _on_release(answer: Callable[[Release], Evidence]) -> Callable[[Cycle], Evidence]:
    def run(cycle: Cycle) -> Evidence:
        link = reverse("production:deploy", args=[cycle.project.slug])
        release = current_release(cycle)
        if release is None:
            return Evidence(ok=False, says="No release is built yet.", link=link)
        told = answer(release)
        return Evidence(told.ok, told.says, told.facts, link, told.warning)

    return run


def _answers_as_in_training(release: Release) -> Evidence:
    told = release.report
    return Evidence(
        ok=True,
        says=f"{told['verified_rows']} development rows were sent as requests: largest difference "
        f"to training {told['max_difference']:.1g}.",
        facts={"release": release.content_hash, "verified": told["verified_rows"]},
    )


def _was_tried(release: Release) -> Evidence:
    tried = release.calls.filter(is_rehearsal=True, status=200).exists()
    return Evidence(
        ok=tried,
        says="A person sent it a row and got an answer."
        if tried
        else "Nobody has tried it: send it a row on the deploy page.",
    )


def _fast_enough(release: Release) -> Evidence:
    p95 = release.report["latency_ms"]["p95"]
    wires = [
        wire["threshold"]
        for wire in release.monitor["tripwires"]
        if wire["metric"] == "latency_p95_ms" and wire["threshold"] is not None
    ]
    limit = min(wires) if wires else None
    says = f"One row takes {p95:.1f} ms at p95 when it was built"
    if limit is None:
        return Evidence(ok=True, says=f"{says}; the plan sets no limit.", facts={"p95_ms": p95})
    return Evidence(
        ok=p95 <= limit,
        says=f"{says}; the plan allows {limit:g} ms.",
        facts={"p95_ms": p95, "limit_ms": limit},
    )


def _is_watched(release: Release) -> Evidence:
    wires = release.monitor["tripwires"]
    return Evidence(
        ok=bool(wires),
        warning=not wires,
        says=f"{len(wires)} tripwires of the plan are set, beside the promised metrics."
        if wires
        else "No risk of the plan has a tripwire: only the promised metrics are watched.",
        facts={"tripwires": wires},
    )


def _can_go_back(release: Release) -> Evidence:
    before = release.deployment.releases.filter(number__lt=release.number).exclude(content_hash="")
    last = before.order_by("-number").first()
    return Evidence(
        ok=True,
        says=f"Release {last.number} is there to go back to."
        if last
        else "It is the first release: going back means today's way of working.",
        facts={"before": last.number if last else None},
    )


CHECKS = (
    Check(
        "production.answers_as_in_training",
        "Does it answer a request as it did in training?",
        _on_release(_answers_as_in_training),
    ),
    Check("production.was_tried", "Has a person tried it?", _on_release(_was_tried)),
    Check("production.fast_enough", "Is it fast enough?", _on_release(_fast_enough)),
    Check("production.is_watched", "Will we notice when it breaks?", _on_release(_is_watched)),
    Check("production.can_go_back", "What do we go back to?", _on_release(_can_go_back)),
)


def contributors(cycle: Cycle) -> Iterable[int]:
    """Everyone who had a release built in this cycle."""
    return list(cycle.releases.values_list("created_by_id", flat=True))
