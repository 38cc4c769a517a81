"""What a person does to a plan: write in the draft, make a version of it."""

import copy
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.planning.content import TASK_KEYS, is_blank
from apps.planning.foundation import foundation_of
from apps.planning.models import Draft, Plan
from apps.planning.problems import problems_of
from apps.planning.queries import current_plan
from apps.planning.value import money_at_stake
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.projects.actions import weigh_plan
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle, Project
from apps.projects.queries import was_put_live
from apps.web.refusals import Refusal


class EditedMeanwhile(Refusal):
    """The same task was saved after this page was opened, by somebody else or in another tab.

    ``saved`` is what stands there now, ``revision`` its number: whoever has seen it may say that
    they overwrite exactly it.
    """

    def __init__(self, says: str, *, saved: dict[str, Any], revision: int) -> None:
        super().__init__(says)
        self.saved, self.revision = saved, revision


def _refuse_when_live(cycle: Cycle) -> None:
    if was_put_live(cycle):
        raise Refusal("This cycle is live. Start the next cycle to change the plan.")


def draft_of(cycle: Cycle) -> Draft:
    """The cycle's draft; an empty one is made on first use."""
    draft, _ = Draft.objects.get_or_create(cycle=cycle)
    return draft


def _begin(cycle: Cycle, by: User) -> Draft:
    """Permission, a cycle that may change, and the draft, with the project locked."""
    require(by, Verb.PLAN, cycle.project)
    _refuse_when_live(cycle)
    Project.objects.select_for_update().get(pk=cycle.project_id)
    return draft_of(cycle)


def _write(draft: Draft, told: dict[str, dict[str, Any]], *, by: User | None) -> None:
    draft.revision += 1
    touch = {"revision": draft.revision, "by": str(by or "")}
    draft.content = {**draft.content, **copy.deepcopy(told)}
    draft.touched = {**draft.touched, **dict.fromkeys(told, touch)}
    draft.edited_by = by
    draft.save()
    if by is not None:
        draft.editors.add(by)


@transaction.atomic
def save_task(
    *, cycle: Cycle, task: str, content: dict[str, Any], revision: int, by: User
) -> Draft:
    """Save one planning task of the draft.

    Raises EditedMeanwhile when this very task was saved after ``revision``, by whomever: nothing
    is overwritten unseen. Saves of other tasks do not matter.
    """
    draft = _begin(cycle, by)
    saved = draft.content.get(task, {})
    if saved == content:
        return draft
    touch = draft.touched.get(task, {"revision": 0, "by": ""})
    if touch["revision"] > revision:
        who = "You saved it in another tab" if touch["by"] == str(by) else f"{touch['by']} saved it"
        raise EditedMeanwhile(
            f"{who} after you opened this page. Nothing is lost: choose which of the two stays.",
            saved=saved,
            revision=draft.revision,
        )
    _write(draft, {task: content}, by=by)
    ledger.record(
        "plan.edited",
        f"{by} edited the plan: {task}",
        actor=by,
        project=cycle.project,
        facts={"task": task, "content": content_hash(content)},
    )
    return draft


def _refuse_unseen(draft: Draft, revision: int | None) -> None:
    """Raise when the draft was saved after ``revision``; None: nobody looked at it on a page."""
    if revision is not None and revision != draft.revision:
        raise Refusal(
            f"{draft.edited_by} saved the draft after you opened this page. Look at it again."
        )


@transaction.atomic
def fill_draft(
    *,
    cycle: Cycle,
    content: dict[str, Any],
    whence: str,
    by: User,
    replace: bool = False,
    revision: int | None = None,
) -> Draft:
    """Put a whole plan into the draft: from a template, another project or a file.

    ``whence`` ends the sentence "filled the draft from ...". Raises Refusal when the draft says
    something already and ``replace`` is not given, or when it is not at the ``revision`` any more
    that was to be replaced.
    """
    draft = _begin(cycle, by)
    _refuse_unseen(draft, revision if replace else None)
    if not is_blank(draft.content) and not replace:
        raise Refusal(
            "The draft says something already. Tick “Replace what the draft holds” if it may go."
        )
    _write(draft, {task: content.get(task, {}) for task in TASK_KEYS}, by=by)
    ledger.record(
        "plan.filled",
        f"{by} filled the draft from {whence}"[:400],
        actor=by,
        project=cycle.project,
        facts={"content": content_hash(draft.content)},
    )
    return draft


@transaction.atomic
def submit_version(
    *, cycle: Cycle, by: User, reason: str = "", revision: int | None = None
) -> Plan:
    """Make the next immutable version of the plan out of the draft.

    Raises Refusal with the first finding that blocks; warnings are for the gate to weigh. And
    when the draft is not at the ``revision`` any more that its author has seen.
    """
    draft, last = _begin(cycle, by), current_plan(cycle)
    _refuse_unseen(draft, revision)
    missing = [found for found in problems_of(draft.content) if found.blocks]
    if missing:
        raise Refusal(f"The plan cannot be signed like this: {missing[0].says} {missing[0].mend}")
    digest = content_hash(draft.content)
    if last is not None and content_hash(last.content) == digest:
        raise Refusal(f"Nothing changed since version {last.number}.")
    if last is not None and not reason.strip():
        raise Refusal("Say why the plan is amended.")
    plan = Plan.objects.create(
        cycle=cycle,
        number=last.number + 1 if last else 1,
        content=copy.deepcopy(draft.content),
        content_hash=digest,
        foundation=content_hash(foundation_of(draft.content)),
        reason=reason,
        author=by,
        editor_ids=sorted({by.pk, *draft.editors.values_list("pk", flat=True)}),
    )
    draft.editors.clear()
    ledger.record(
        "plan.versioned",
        f"{by} made version {plan.number} of the plan",
        actor=by,
        project=cycle.project,
        facts={"cycle": cycle.number, "plan": digest, "reason": reason},
        row=plan,
    )
    weigh_plan(
        project=cycle.project,
        money_per_year=money_at_stake(plan.content),
        decisions_per_month=float(plan.task("objective").get("decisions_per_month") or 0),
        by=by,
    )
    return plan


@transaction.atomic
def draft_plan(*, cycle: Cycle, content: dict[str, Any], by: User | None) -> Draft:
    """Fill the draft of a new cycle, for example with the plan of the cycle before it."""
    draft = draft_of(cycle)
    _write(draft, content, by=by)
    return draft
