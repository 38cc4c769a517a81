"""The record of a frozen candidate: what it is for, how good it is, where not to trust it."""

from dataclasses import dataclass
from typing import Any

from apps.datasets.checks import sheets_of
from apps.datasets.datasheets import Sheet
from apps.modeling.models import Candidate
from apps.modeling.queries import VerdictSummary, summarise
from apps.modeling.reports import TrialPage, drivers, importance_unit, trial_page
from apps.planning.queries import PlanSummary
from apps.planning.queries import summarise as plan_of_card


@dataclass(frozen=True)
class ModelCard:
    """The record of a frozen candidate in the sections of Mitchell et al. (2019), FAT* 220-229."""

    candidate: Candidate
    plan: PlanSummary
    verdict: VerdictSummary | None
    page: TrialPage
    drivers: list[dict[str, Any]]
    unit: str
    sensitive: list[str]
    sheets: list[Sheet]

    def _model(self) -> dict[str, Any]:
        trial, report = self.candidate.trial, self.candidate.report
        return {
            "title": trial.title,
            "sha256": self.candidate.model,
            "project": self.candidate.cycle.project.name,
            "cycle": self.candidate.cycle.number,
            "frozen_by": str(self.candidate.frozen_by),
            "frozen_at": self.candidate.created_at.isoformat(),
            "problem": trial.experiment.kind,
            "quantile": trial.experiment.level,
            "classes": report.get("classes") or None,
            "settings": trial.params,
            "preparation": trial.experiment.prepared_as,
            "threshold": self.candidate.threshold,
            "threshold_why": self.candidate.threshold_why,
            "versions": report.get("versions"),
        }

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form; numbers as they are stored."""
        trial, report = self.candidate.trial, self.candidate.report
        return {
            "model": self._model(),
            "intended_use": {
                "sentence": self.plan.sentence,
                "limitations": self.plan.plan.task("risks").get("limitations"),
            },
            "training_data": {
                "rows": report.get("rows"),
                "sha256": report.get("trained_on"),
                "split": trial.experiment.split.split_file,
                "features": [feature["name"] for feature in trial.experiment.features],
                "sensitive_features": self.sensitive,
                "datasheets": [
                    {"source": sheet.source.name, "answers": sheet.answers} for sheet in self.sheets
                ],
            },
            "development": {
                "scores": trial.result.get("scores"),
                "weak": self.page.told.get("weak"),
                "clusters": self.page.told.get("clusters"),
                "adversary_suite": self.page.suite.run.result if self.page.suite else None,
            },
            "sealed_test": self.verdict.evaluation.result if self.verdict else None,
            "importance": report.get("importance"),
            "reproduction": self.page.reproduction.result if self.page.reproduction else None,
        }


def model_card(candidate: Candidate) -> ModelCard:
    """Everything on record about a frozen candidate."""
    plan = candidate.trial.experiment.plan
    opening = candidate.openings.filter(evaluation__isnull=False).order_by("-number").first()
    used = {feature["name"] for feature in candidate.trial.experiment.features}
    columns = plan.task("features").get("columns", [])
    return ModelCard(
        candidate=candidate,
        plan=plan_of_card(plan),
        verdict=summarise(opening.evaluation) if opening else None,
        page=trial_page(candidate.trial),
        drivers=drivers(candidate.report),
        unit=importance_unit(candidate.trial.experiment),
        sensitive=[row["name"] for row in columns if row.get("sensitive") and row["name"] in used],
        sheets=sheets_of(candidate.trial.experiment.split.table),
    )
