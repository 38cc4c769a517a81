"""Tests of how the model came about."""

from apps.engine.evaluation.comparison import BETTER
from apps.governance.beside import SIMPLEST
from apps.governance.readiness.record import Record
from apps.governance.readiness.score import AUTOMATED, BY_HAND, NONE, Item
from apps.modeling.checks import CHECKS

GROUPS = next(check for check in CHECKS if check.key == "model.no_group_is_left_behind")


def review(of: Record) -> Item:
    """Somebody independent read and signed target, features and metrics."""
    lock = of.verdict.lock
    return Item(
        "Was the specification of the model reviewed?",
        BY_HAND if lock else NONE,
        f"{lock.person_name} signed target, features and metrics on {lock.at:%-d %b %Y}."
        if lock
        else "Nobody has signed this plan.",
        "Have the planning gate signed.",
        of.link("governance:gate", "plan"),
        BY_HAND,
    )


def tuning(of: Record) -> Item:
    """A search compared settings."""
    return Item(
        "Are the settings tuned?",
        AUTOMATED if of.was_searched else NONE,
        "A search compared settings within a time budget, on the same folds."
        if of.was_searched
        else "The settings are the usual ones: no search was run beside this model.",
        "Train with a search for settings and a time budget.",
        of.link("modeling:train"),
    )


def simpler(of: Record) -> Item:
    """The chosen model is the simplest, or better than it beyond the noise of the folds."""
    found = next((one for one in of.beside.rivals if SIMPLEST in one.places), None)
    holds = found is not None and (found.is_chosen or found.outcome == BETTER)
    return Item(
        "Is no simpler model as good?",
        AUTOMATED if holds else NONE,
        of.beside.why_not,
        "Take the simplest of those that cannot be told apart.",
        of.link("modeling:train"),
    )


def groups(of: Record) -> Item:
    """Each group that the plan asks for has rows enough, and none lies far behind."""
    asks = "Is it good enough on every group that matters?"
    how = "Name the columns whose groups matter in the plan; a group needs 30 test rows to count."
    if not of.verdict.planned_slices:
        link = of.link("planning:metrics")
        return Item(asks, NONE, "The plan names no groups that matter.", how, link)
    told = GROUPS.run(of.plan.cycle)
    few = sum(row["few"] for row in of.verdict.slices)
    says = f"{told.says} {few} groups have too few rows to tell." if few else told.says
    points = AUTOMATED if told.ok and not few else NONE
    return Item(asks, points, says, how, of.link("modeling:evaluate"))


def inclusion(of: Record) -> Item:
    """The promised difference between protected groups is kept."""
    line = of.line("group_difference")
    return Item(
        "Was it tested that no protected group is left out?",
        AUTOMATED if line and line["outcome"] == "pass" else NONE,
        f"{line['title']}: {line['outcome']}." if line else "The plan names no protected groups.",
        "Name the protected column and the greatest difference in the plan, and keep it.",
        of.link("modeling:evaluate" if line else "planning:metrics"),
    )


TESTS = (review, tuning, simpler, groups, inclusion)
SILENT = ("whether offline and online metrics move together", "what a stale model costs")
