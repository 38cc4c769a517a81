"""The plan page: how far the draft is, what is next, what changed since the last version."""

from dataclasses import dataclass
from typing import Any

from apps.planning.catalogue import TASKS
from apps.planning.content import is_blank
from apps.planning.difference import Change, difference
from apps.planning.foundation import foundation_of
from apps.planning.models import Draft, Plan
from apps.planning.problems import PlanProblem, problems_of
from apps.planning.promised import PromiseLine, promise_lines, terms_of_test
from apps.planning.queries import sentence_of, signed_version
from apps.planning.value import YearlyValue, yearly_value
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle
from apps.projects.queries import was_put_live

SHOWN_VERSIONS = 5


@dataclass(frozen=True)
class TaskLine:
    """One planning task: how much of what is asked is said, and what is found in it."""

    key: str
    title: str
    said: int
    asked: int
    rows: str
    gaps: list[PlanProblem]

    @property
    def state(self) -> str:
        """open, work or done."""
        if not self.said and not self.rows:
            return "open"
        return "work" if any(gap.blocks for gap in self.gaps) else "done"

    @property
    def label(self) -> str:
        """The state in a word."""
        return {"open": "open", "work": "in work", "done": "done"}[self.state]


def _line(task: str, content: dict[str, Any], gaps: list[PlanProblem]) -> TaskLine:
    told, said = TASKS[task], content.get(task, {})
    asked = [field for field in told.fields if not field.folded and not field.initial]
    count = len(said.get(told.rows.key) or []) if told.rows else 0
    return TaskLine(
        key=task,
        title=told.title,
        said=sum(1 for field in asked if field.of(said) is not None),
        asked=len(asked),
        rows=f"{count} {told.rows.one}{'' if count == 1 else 's'}" if told.rows and count else "",
        gaps=[gap for gap in gaps if gap.task == task],
    )


@dataclass(frozen=True)
class PlanPage:
    """Everything on the plan page."""

    draft: Draft | None
    current: Plan | None
    signed: Plan | None
    sentence: str
    value: YearlyValue | None
    tasks: list[TaskLine]
    found: list[PlanProblem]
    promises: list[PromiseLine]
    test: list[tuple[str, str]]
    changes: list[Change]
    moves_foundation: bool
    versions: list[Plan]
    is_blank: bool
    is_live: bool

    @property
    def gaps(self) -> list[PlanProblem]:
        """What keeps the draft from becoming a version."""
        return [finding for finding in self.found if finding.blocks]

    @property
    def warnings(self) -> list[PlanProblem]:
        """What a reviewer will ask and weigh."""
        return [finding for finding in self.found if not finding.blocks]

    @property
    def is_changed(self) -> bool:
        """The draft is not the newest version."""
        if self.draft is None:
            return False
        return bool(self.changes) if self.current else not self.is_blank

    @property
    def number(self) -> int:
        """Number of the version that would be made now."""
        return self.current.number + 1 if self.current else 1

    @property
    def is_signed(self) -> bool:
        """The newest version is the signed one."""
        return self.current is not None and self.current == self.signed

    @property
    def first_open(self) -> TaskLine | None:
        """Where to go on writing."""
        return next((line for line in self.tasks if line.state != "done"), None)


def plan_page(cycle: Cycle) -> PlanPage:
    """The plan page of a cycle."""
    draft = Draft.objects.filter(cycle=cycle).select_related("edited_by").first()
    content = draft.content if draft else {}
    versions = list(cycle.plans.select_related("author").order_by("-number")[:SHOWN_VERSIONS])
    current = versions[0] if versions else None
    found = problems_of(content)
    foundation = content_hash(foundation_of(content))
    return PlanPage(
        draft=draft,
        current=current,
        signed=signed_version(cycle),
        sentence=sentence_of(content),
        value=yearly_value(content),
        tasks=[_line(task, content, found) for task in TASKS],
        found=found,
        promises=promise_lines(content),
        test=terms_of_test(content),
        changes=difference(current.content, content) if current and draft else [],
        moves_foundation=current is not None and current.foundation != foundation,
        versions=versions,
        is_blank=is_blank(content),
        is_live=was_put_live(cycle),
    )
