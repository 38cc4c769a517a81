"""Questions about exploration that the data gate asks."""

from django.urls import reverse

from apps.eda.queries import answered_findings, current_profile, open_findings, result_of
from apps.eda.sealed import sealed_summary
from apps.projects.evidence import Check, Evidence
from apps.projects.models import Cycle


def _was_explored(cycle: Cycle) -> Evidence:
    link = reverse("eda:overview", args=[cycle.project.slug])
    profile = current_profile(cycle)
    if profile is None or not profile.is_ready:
        return Evidence(ok=False, says="Today's rows have not been profiled.", link=link)
    if profile.scope != "development":
        return Evidence(
            ok=False, says="Draw the split first; then profile its development rows.", link=link
        )
    result = result_of(profile)
    high = sum(1 for finding in result["findings"] if finding["severity"] == "high")
    return Evidence(
        ok=True,
        says=f"{result['rows']:,} development rows in {result['column_count']} columns are "
        f"profiled; of {len(result['findings'])} things to look at, {high} are grave.",
        facts={"profile": profile.result, "hints": len(result["findings"]), "grave": high},
        link=link,
    )


def _findings_are_answered(cycle: Cycle) -> Evidence:
    link = reverse("eda:overview", args=[cycle.project.slug])
    waiting, answered = open_findings(cycle), answered_findings(cycle)
    facts = {
        "open": [{"severity": item.severity, "says": item.sentence} for item in waiting],
        "answered": [{"says": item.sentence, "answer": item.answer} for item in answered],
    }
    raised = len(waiting) + len(answered)
    if not waiting:
        says = "Nobody raised a finding."
        if answered:
            says = f"{raised} raised, all answered. The last: {answered[-1].sentence}"
        return Evidence(ok=True, says=says, facts=facts, link=link)
    grave = any(finding.severity == "high" for finding in waiting)
    return Evidence(
        ok=False,
        warning=not grave,
        says=f"{len(waiting)} of {raised} findings wait for an answer: {waiting[0].sentence}",
        facts=facts,
        link=link,
    )


def _sealed_rows_stayed_sealed(cycle: Cycle) -> Evidence:
    link = reverse("eda:sealed", args=[cycle.project.slug])
    summary = sealed_summary(cycle)
    if summary is None:
        return Evidence(ok=True, says="Nobody looked at the features of the test.", link=link)
    last, looks = summary.last, len(summary.looks)
    return Evidence(
        ok=False,
        warning=True,
        says=f"Looked at {looks} time{'s' * (looks > 1)} as summary numbers without labels, the "
        f"last by {last.by} because “{last.reason}”: {summary.says}.",
        facts={
            "looks": [{"number": one.number, "reason": one.reason} for one in summary.looks],
            "adversary": summary.told["adversary"] if summary.told else None,
        },
        link=link,
    )


SEALED = Check(
    "eda.sealed_rows_stayed_sealed",
    "Are the features of the sealed rows unseen?",
    _sealed_rows_stayed_sealed,
)
"""Asked at the data gate and again at the model gate: a look may come between them."""

CHECKS = (
    Check("eda.was_explored", "Has somebody looked at the rows?", _was_explored),
    Check("eda.findings_are_answered", "Is every finding answered?", _findings_are_answered),
    SEALED,
)
