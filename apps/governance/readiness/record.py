"""What the record holds about the model of a gate: every test of the score reads from it."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from apps.governance.beside import Beside
from apps.modeling.models import Reproduction
from apps.modeling.queries import VerdictSummary
from apps.planning.models import Plan
from apps.production.models import Release, WatchReport
from apps.production.queries import current_release
from apps.production.release.releases import Risk, risks_of


@dataclass(frozen=True)
class Record:
    """Rows about one frozen model; ``release`` and ``watch`` are None before it is released."""

    verdict: VerdictSummary
    beside: Beside
    reproduction: Reproduction | None
    was_searched: bool
    release: Release | None
    was_tried: bool
    earlier: Release | None
    risks: list[Risk]
    watch: WatchReport | None

    @property
    def plan(self) -> Plan:
        """The version that it was judged by."""
        return self.verdict.opening.plan

    @property
    def used(self) -> list[str]:
        """Features that the model is trained on."""
        return [one["name"] for one in self.verdict.opening.candidate.trial.experiment.features]

    @property
    def columns(self) -> list[dict[str, Any]]:
        """Features of the plan."""
        return self.plan.task("features").get("columns") or []

    def link(self, name: str, *args: Any) -> str:
        """Address of a page of the project."""
        return reverse(name, args=[self.plan.cycle.project.slug, *args])

    def line(self, metric: str) -> dict[str, Any] | None:
        """The line of the verdict about this metric or guardrail."""
        return next((row for row in self.verdict.verdicts if row["metric"] == metric), None)

    def wires(self, *metrics: str) -> list[dict[str, Any]]:
        """Risks of the plan with such a tripwire that is whole: threshold, owner, contingency.

        A broken promise needs no threshold of its own.
        """
        return [
            risk
            for risk in self.plan.task("risks").get("items") or []
            if (wire := risk.get("tripwire") or {}).get("metric") in metrics
            and (wire["metric"] == "promise" or wire.get("threshold") is not None)
            and risk.get("owner")
            and risk.get("contingency")
        ]


def record_of(verdict: VerdictSummary, beside: Beside) -> Record:
    """The rows about the model that a verdict is about."""
    opening = verdict.opening
    cycle, trial = opening.cycle, opening.candidate.trial
    release = current_release(cycle)
    if release is not None and release.candidate_id != opening.candidate_id:
        release = None
    built = Release.objects.filter(deployment__project=cycle.project).exclude(content_hash="")
    if release is not None:
        built = built.filter(pk__lt=release.pk)
    return Record(
        verdict=verdict,
        beside=beside,
        reproduction=trial.reproductions.exclude(result={}).first(),
        was_searched=trial.experiment.trials.filter(candidate="search").exclude(result={}).exists(),
        release=release,
        was_tried=bool(release and release.calls.filter(is_rehearsal=True, status=200).exists()),
        earlier=built.order_by("-pk").first(),
        risks=risks_of(cycle),
        watch=release.watch_reports.order_by("-at").first() if release else None,
    )
