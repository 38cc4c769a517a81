"""Counting: every test of the four sections, asked of one record."""

from apps.governance.beside import Beside
from apps.governance.readiness import data, infrastructure, model, monitoring
from apps.governance.readiness.record import Record, record_of
from apps.governance.readiness.score import Readiness, Section
from apps.modeling.queries import VerdictSummary

SECTIONS = {
    "Data": data,
    "Model": model,
    "Infrastructure": infrastructure,
    "Monitoring": monitoring,
}


def count(of: Record) -> Readiness:
    """The score of one record."""
    return Readiness(
        tuple(
            Section(title, tuple(test(of) for test in part.TESTS), part.SILENT)
            for title, part in SECTIONS.items()
        )
    )


def readiness(verdict: VerdictSummary, beside: Beside) -> Readiness:
    """The score of the model that a verdict is about."""
    return count(record_of(verdict, beside))
