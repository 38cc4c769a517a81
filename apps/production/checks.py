"""Questions about a release that a reviewer would ask before it goes live."""

from collections.abc import Callable, Iterable

from django.urls import reverse

from apps.engine.percent import percent
from apps.production.endpoint.standing import answering, signed_releases
from apps.production.models import Release
from apps.production.queries import current_release
from apps.production.release.glass import unanswered
from apps.production.release.releases import (
    fallback_of,
    fallback_says,
    flips_between,
    must_be_drilled,
    risks_of,
    wire_lines,
)
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
    took = f"{p95:.1f}" if p95 >= 1 else f"{p95:.2g}"
    says = f"One row takes {took} ms at p95 when it was built"
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
    signed = [one.release.number for one in signed_releases(release.deployment)]
    last = max((number for number in signed if number < release.number), default=None)
    fallback = fallback_says(fallback_of(release.deployment))
    says = (
        f"Release {last} is signed and there to go back to."
        if last
        else "No signed release is before it: going back means today's way of working."
    )
    if fallback:
        says += f" The endpoint falls back: {fallback}"
    by_itself = [line.trips for line in wire_lines(release) if line.takes]
    if by_itself:
        says += f" The watch does so by itself at: {'; '.join(by_itself)}."
    facts = {"before": last, "fallback": fallback, "by_itself": by_itself}
    return Evidence(ok=True, says=says, facts=facts)


def _glass_is_answered(release: Release) -> Evidence:
    """A break-glass goes round this gate; it opens again once somebody has said why."""
    open_ones = list(unanswered(release.deployment).order_by("number"))
    if not open_ones:
        return Evidence(ok=True, says="No break-glass waits for an answer.")
    says = f"Incident {open_ones[0].number} is not closed: {open_ones[0].says}"
    return Evidence(ok=False, says=says, facts={"incidents": [one.number for one in open_ones]})


def _flips_are_known(release: Release) -> Evidence:
    now = answering(release.deployment).release
    if now is None or now == release:
        return Evidence(ok=True, says="Nothing else answers here, so no answer changes.")
    found = flips_between(now, release)
    if found is None:
        says = f"Release {now.number} answers now, and nobody compared the two on logged calls."
        return Evidence(ok=False, warning=True, says=says)
    told = found.report
    says = (
        f"{told['flips']} of {told['cases']} logged calls of release {now.number} would get "
        f"another answer ({percent(told['share'])})."
    )
    if told["unanswered"]:
        says += f" {told['unanswered']} would be refused: {told['unanswered_says']}"
    ok = bool(told["cases"]) and not told["unanswered"]
    facts = {"cases": told["cases"], "flips": told["flips"], "unanswered": told["unanswered"]}
    return Evidence(ok=ok, warning=not ok, says=says, facts=facts)


def _contingencies_are_drilled(cycle: Cycle) -> Evidence:
    """High risks of the plan, each with a contingency that was tried out in this cycle."""
    link = reverse("production:drills", args=[cycle.project.slug])
    high = [risk for risk in risks_of(cycle) if risk.is_high]
    undrilled = [risk for risk in high if not risk.is_drilled]
    facts = {"high": len(high), "undrilled": [risk.says for risk in undrilled]}
    if not high:
        return Evidence(True, "The plan names no high risk.", facts, link)
    if not undrilled:
        slowest_s = max(risk.drill.took_s for risk in high if risk.drill)
        took = f"{slowest_s:,.0f} s" if slowest_s >= 1 else "less than a second"
        says = f"All {len(high)} high risks are drilled; the slowest took {took}."
        if len(high) == 1:
            says = f"The one high risk is drilled; it took {took}."
        return Evidence(True, says, facts, link)
    first = undrilled[0]
    are = "is" if len(undrilled) == 1 else "are"
    how = "its last drill failed" if first.drill else "never drilled"
    says = (
        f"{len(undrilled)} of {len(high)} high risks {are} not drilled: “{first.says}” "
        f"({first.contingency}) – {how}."
    )
    return Evidence(False, says, facts, link, warning=not must_be_drilled(cycle))


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
    Check("production.flips_are_known", "What would change?", _on_release(_flips_are_known)),
    Check(
        "production.glass_is_answered",
        "Is every break-glass answered?",
        _on_release(_glass_is_answered),
    ),
    Check(
        "production.contingencies_are_drilled",
        "Do the contingencies work?",
        _contingencies_are_drilled,
    ),
)


def contributors(cycle: Cycle) -> Iterable[int]:
    """Everyone who had a release built in this cycle."""
    return list(cycle.releases.values_list("created_by_id", flat=True))
