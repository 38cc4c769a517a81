"""Reads about plans. ``signed_plan`` is the door through which the rooms to the right look."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from apps.accounts.models import User
from apps.engine.evaluation.verdict import Promise
from apps.engine.labels import SIGN
from apps.engine.profile.target import QUANTITY, SETS
from apps.planning.content import (
    Feature,
    features_of,
    fixed_threshold_of,
    guardrails_of,
    has_sets,
    label_sign_of,
    promises_of,
)
from apps.planning.difference import Change, difference
from apps.planning.foundation import foundation_of
from apps.planning.models import ColumnClass, Draft, Plan, Sensitivity
from apps.planning.problems import testability
from apps.planning.promised import PromiseLine, promise_lines, terms_of_test
from apps.planning.value import YearlyValue, yearly_value
from apps.projects.access import visible_projects
from apps.projects.canonical import content_hash
from apps.projects.models import PASSING, Cycle, Decision, Project
from apps.projects.queries import latest_decision, passed_by, require_passed
from apps.projects.stages import Stage
from apps.web.once import read_once
from apps.web.ordering import Alphabetical


@dataclass(frozen=True)
class SignedPlan:
    """What later rooms may rely on: a plan version whose gate is passed today."""

    plan: Plan
    target: str
    positive: str
    features: tuple[Feature, ...]
    promises: tuple[Promise, ...]
    openings: int
    test_share: float
    fixed_threshold: float | None
    slices: list[str]
    guardrails: dict[str, Any]

    @property
    def foundation(self) -> str:
        """Hash of the part that later gates build upon."""
        return content_hash(foundation_of(self.plan.content))

    @property
    def level(self) -> float | None:
        """The quantile that is to be predicted: that of a primary pinball loss, else None."""
        return self.promises[0].measure.level if self.promises else None

    @property
    def is_of_numbers(self) -> bool:
        """Every promise is a metric of quantities, so the target is one."""
        return bool(self.promises) and all(item.measure.is_of_numbers for item in self.promises)

    @property
    def sets(self) -> bool:
        """The target holds sets of labels."""
        return has_sets(self.plan.content)

    @property
    def label_sign(self) -> str:
        """What stands between the labels of a case; "" where the table has to tell."""
        return label_sign_of(self.plan.content)

    def reading(self, *, in_notation: bool) -> str:
        """How the target is read, as ``engine.profile`` takes it; "": it is found out.

        A split writes sets in the one notation (``in_notation``); before it the plan's sign
        stands between labels.
        """
        if self.sets:
            return f"{SETS} {SIGN if in_notation else self.label_sign}".strip()
        return QUANTITY if self.is_of_numbers else ""

    @property
    def groups(self) -> list[str]:
        """Columns whose groups the plan asks for: those judged apart, and the protected one."""
        protected = self.guardrails.get("group_column")
        return list(dict.fromkeys([*self.slices, *([protected] if protected else [])]))

    def allowed(self, name: str) -> bool:
        """False for a column that the plan says is known only after the decision."""
        return all(feature.is_allowed for feature in self.features if feature.name == name)


@read_once
def current_plan(cycle: Cycle) -> Plan | None:
    """Newest version of this cycle, signed or not."""
    return cycle.plans.order_by("-number").first()


@read_once
def sensitive_columns(cycle: Cycle) -> frozenset[str]:
    """Columns whose values are not shown: marked in the newest plan or in its draft, or classed.

    A mark counts before it is signed, and goes on counting while a newer plan waits. A class of a
    column adds to the marks and takes none back.
    """
    plan, draft = current_plan(cycle), Draft.objects.filter(cycle=cycle).first()
    contents = [one.content for one in (plan, draft) if one is not None]
    marked = frozenset(
        feature.name
        for content in contents
        for feature in features_of(content)
        if feature.sensitive
    )
    return marked | veiled_columns(cycle.project_id)


def column_classes(project_id: int) -> dict[str, Sensitivity]:
    """The class of each column that somebody classed."""
    rows = ColumnClass.objects.filter(project=project_id).order_by("pk")
    return {row.column: Sensitivity(row.sensitivity) for row in rows}


def veiled_columns(project_id: int) -> frozenset[str]:
    """Columns that a person classed as personal or secret."""
    classes = column_classes(project_id)
    return frozenset(name for name, level in classes.items() if level.is_veiled)


def secret_columns(project_id: int) -> frozenset[str]:
    """Columns that a person classed as secret: not even a bin of a value is kept."""
    classes = column_classes(project_id)
    return frozenset(name for name, level in classes.items() if level is Sensitivity.SECRET)


def plan_subject(cycle: Cycle) -> str:
    """What the plan gate is about: the content hash of the newest version; empty without one."""
    plan = current_plan(cycle)
    return content_hash(plan.content) if plan else ""


@read_once
def plan_foundation(cycle: Cycle) -> str:
    """Hash of what later rooms rest on in the newest version; empty without one.

    A change of wording leaves it as it is: then the plan is signed again, and nothing else.
    """
    plan = current_plan(cycle)
    return content_hash(foundation_of(plan.content)) if plan else ""


def signed_version(cycle: Cycle) -> Plan | None:
    """The version that was signed last in this cycle, current or not."""
    decision = latest_decision(cycle, Stage.PLAN)
    if decision is None or decision.verdict not in PASSING:
        return None
    return cycle.plans.filter(content_hash=decision.subject).order_by("-number").first()


def lock_of(plan: Plan) -> Decision | None:
    """The approval that locked what later work rests on: the first of a version that promises it.

    An amendment of the wording is signed again and locks nothing anew.
    """
    same = plan.cycle.plans.filter(foundation=plan.foundation).values("content_hash")
    given = plan.cycle.decisions.filter(stage=Stage.PLAN, verdict__in=PASSING, subject__in=same)
    return given.order_by("number").first()


def amendments_of(cycle: Cycle) -> list[tuple[Plan, bool]]:
    """Every later version of the cycle's plan, and whether it moves what later work rests on."""
    plans = list(cycle.plans.order_by("number"))
    return [(plan, plan.foundation != before.foundation) for before, plan in pairwise(plans)]


def as_signed(plan: Plan) -> SignedPlan:
    """Typed view of a plan version. Does not look whether it is signed."""
    content: dict[str, Any] = plan.content
    features, metrics = content.get("features", {}), content.get("metrics", {})
    return SignedPlan(
        plan=plan,
        target=features.get("target", ""),
        positive=features.get("positive", ""),
        features=features_of(content),
        promises=promises_of(content),
        openings=int(metrics.get("openings") or 1),
        test_share=float(metrics.get("test_share") or 0.2),
        fixed_threshold=fixed_threshold_of(content),
        slices=list(metrics.get("slices") or []),
        guardrails=guardrails_of(content),
    )


@read_once
def signed_plan(cycle: Cycle) -> SignedPlan | None:
    """The plan whose gate is passed today, or None."""
    plan = current_plan(cycle)
    if plan is None or passed_by(cycle, Stage.PLAN, subject=content_hash(plan.content)) is None:
        return None
    return as_signed(plan)


def require_signed_plan(cycle: Cycle) -> SignedPlan:
    """Like ``signed_plan``; raises GateClosed in plain words."""
    require_passed(cycle, Stage.PLAN, subject=plan_subject(cycle))
    plan = current_plan(cycle)
    assert plan is not None, "a passed gate has a plan"
    return as_signed(plan)


@dataclass(frozen=True)
class PlanSummary:
    """A plan version as a reader wants it: for its page and for the gate."""

    plan: Plan
    sentence: str
    value: YearlyValue | None
    promises: list[PromiseLine]
    test: list[tuple[str, str]]
    risks: list[dict[str, Any]]
    testable: str
    signed: Plan | None = None
    changes: tuple[Change, ...] = ()

    @property
    def problem(self) -> dict[str, Any]:
        """The problem as it is stated."""
        return self.plan.task("problem")

    @property
    def objective(self) -> dict[str, Any]:
        """The business objective."""
        return self.plan.task("objective")

    @property
    def target(self) -> dict[str, Any]:
        """Target and features."""
        return self.plan.task("features")

    @property
    def moves_foundation(self) -> bool:
        """It differs from the signed version in something that later rooms rest on."""
        return self.signed is not None and self.signed.foundation != self.plan.foundation


def _inside(text: str) -> str:
    """A text that goes on inside of a sentence: “The desk” is “the desk”, “IT” stays."""
    text = text.strip().rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def sentence_of(content: dict[str, Any]) -> str:
    """The plan in one sentence; what is not said yet is an ellipsis."""
    problem, target = content.get("problem", {}), content.get("features", {})
    who, decision = _inside(problem.get("who") or "…"), _inside(problem.get("decision") or "…")
    return f"For {who}, predict {target.get('target') or '…'}, to change a decision: {decision}."


def summarise(plan: Plan, *, signed: Plan | None = None) -> PlanSummary:
    """What a manager reads of a plan version, and what changed since the ``signed`` one."""
    is_other = signed is not None and signed.pk != plan.pk
    return PlanSummary(
        plan=plan,
        sentence=sentence_of(plan.content),
        value=yearly_value(plan.content),
        promises=promise_lines(plan.content),
        test=terms_of_test(plan.content),
        risks=sorted(
            plan.task("risks").get("items", []),
            key=lambda item: -item["likelihood"] * item["impact"],
        ),
        testable=testability(plan.content).says,
        signed=signed if is_other else None,
        changes=tuple(difference(signed.content, plan.content)) if signed and is_other else (),
    )


def plan_summary(cycle: Cycle) -> PlanSummary | None:
    """Summary of the current version, for the gate page."""
    plan = current_plan(cycle)
    return summarise(plan, signed=signed_version(cycle)) if plan else None


def decisions_on(plan: Plan) -> list[Decision]:
    """What was decided at the gate about exactly this version."""
    found = plan.cycle.decisions.filter(stage=Stage.PLAN, subject=plan.content_hash)
    return list(found.defer("evidence").order_by("number"))


@dataclass(frozen=True)
class Earlier:
    """The newest plan of another project."""

    project: Project
    number: int
    content: dict[str, Any]


def _newest_plans(user: User, *, but: Project) -> QuerySet[Plan]:
    """The newest version of each other project that a person may see, by the project's name."""
    own = Plan.objects.filter(cycle__project=OuterRef("cycle__project"))
    newest = own.order_by("-cycle__number", "-number").values("pk")[:1]
    seen = visible_projects(user).exclude(pk=but.pk).values("pk")
    found = Plan.objects.filter(cycle__project__in=seen, pk=Subquery(newest))
    return found.select_related("cycle__project").order_by(Alphabetical("cycle__project__name"))


def earlier_plans(user: User, *, but: Project) -> list[Project]:
    """Projects of this person's teams whose plan can be copied."""
    return [plan.cycle.project for plan in _newest_plans(user, but=but).defer("content")]


def plan_to_copy(user: User, *, slug: str, but: Project) -> Earlier | None:
    """The newest plan of one of them; None where there is none to be seen."""
    plan = _newest_plans(user, but=but).filter(cycle__project__slug=slug).first()
    return Earlier(plan.cycle.project, plan.number, plan.content) if plan else None
