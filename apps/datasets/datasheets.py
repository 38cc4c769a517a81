"""Datasheets of sources: what is asked, what lineage answers by itself, what is not told yet.

After T. Gebru and others (2021), Datasheets for Datasets, Communications of the ACM 64(12), 86-92:
motivation, composition, collection, preprocessing, uses, distribution, maintenance.
"""

from dataclasses import dataclass
from typing import Any

from apps.datasets.models import Datasheet, Source, Version
from apps.datasets.queries import newest_version
from apps.planning.queries import sensitive_columns
from apps.projects.models import Cycle

LONGEST = 2_000


@dataclass(frozen=True)
class Question:
    """``part`` is the part of the paper; ``needed`` is asked for at the data gate."""

    key: str
    part: str
    asks: str
    help: str
    needed: bool = True


QUESTIONS = (
    Question(
        "purpose",
        "Motivation",
        "For what purpose was the data made?",
        "Often another one than yours: a bill, a claim, a register.",
    ),
    Question(
        "collector",
        "Collection",
        "Who collected it, and how?",
        "People, an instrument, a program; who paid for it.",
    ),
    Question(
        "period",
        "Collection",
        "Which time does it cover, and how often does it come?",
        "From when to when things happened; daily, once a year, once.",
    ),
    Question(
        "consent",
        "Collection",
        "Do the people in it know, and on what legal basis is it used?",
        "Consent, contract, law; or that it is not about people.",
    ),
    Question(
        "gaps",
        "Composition",
        "Who or what is not in it that should be?",
        "Groups, places, periods that are missing or rare; known errors.",
    ),
    Question(
        "cleaning",
        "Preprocessing",
        "What was done to it before it came here?",
        "Filters, joins, filled gaps, labels by hand; or nothing.",
        needed=False,
    ),
    Question(
        "not_for",
        "Uses",
        "What should it not be used for?",
        "Decisions that it would be unfair or wrong for.",
        needed=False,
    ),
    Question(
        "licence",
        "Distribution",
        "Under which licence or agreement may it be used?",
        "The name of the licence, or who allowed it.",
    ),
    Question(
        "retention",
        "Maintenance",
        "How long is it kept, and who mends it?",
        "A time or a rule; whom to ask when a value is wrong.",
    ),
)
NEEDED = tuple(question.key for question in QUESTIONS if question.needed)


@dataclass(frozen=True)
class Fact:
    """What lineage tells: a name and a value."""

    title: str
    value: Any
    is_hash: bool = False


@dataclass(frozen=True)
class Sheet:
    """A datasheet as its page and the gate read it."""

    source: Source
    newest: Datasheet | None
    version: Version | None
    imports: int
    sensitive: list[str]

    @property
    def answers(self) -> dict[str, str]:
        """Key of a question to its answer."""
        return dict(self.newest.answers) if self.newest else {}

    @property
    def open(self) -> list[Question]:
        """Needed questions without an answer."""
        answers = self.answers
        return [one for one in QUESTIONS if one.needed and not answers.get(one.key)]

    @property
    def told(self) -> list[tuple[Question, str]]:
        """All questions with their answers."""
        answers = self.answers
        return [(question, answers.get(question.key, "")) for question in QUESTIONS]

    @property
    def facts(self) -> list[Fact]:
        """What nobody has to type."""
        found = [
            Fact("One row is", self.source.describes or "not told"),
            Fact("Owner", self.source.owner or "not told"),
            Fact("Imports", self.imports),
        ]
        if self.version is None:
            return found
        version = self.version
        names = [column.name for column in version.table_spec.columns]
        hidden = [name for name in names if name in self.sensitive]
        return [
            *found,
            Fact("File", version.filename),
            Fact("SHA-256 of the file", version.sha256, is_hash=True),
            Fact("Brought in by", f"{version.uploaded_by}, {version.created_at:%-d %B %Y}"),
            Fact("Rows", version.rows),
            Fact("Columns", len(names)),
            Fact("Rejected rows", version.report.get("rejected_count", 0)),
            Fact("Sensitive columns", ", ".join(hidden) or "none is marked or classed so"),
        ]


def sheet_of(source: Source, *, cycle: Cycle) -> Sheet:
    """The datasheet of a source with what lineage tells of it."""
    newest = source.datasheets.select_related("person").order_by("-number").first()
    version = newest_version(source)
    return Sheet(
        source=source,
        newest=newest,
        version=version,
        imports=source.versions.exclude(parquet="").count(),
        sensitive=sorted(sensitive_columns(cycle)),
    )
