"""Questions about the target and the candidate features."""

from collections.abc import Iterator
from typing import Any

from apps.engine.errors import BadParameter
from apps.engine.feasibility.label_noise import NoisyLabels
from apps.planning.lint.finding import BLOCK, WARN, PlanProblem, Reading, missing, share

MOST_UNKNOWN = 0.2
KNOWN = {"before", "at", "after"}


def _columns(plan: Reading) -> list[dict[str, Any]]:
    return plan.task("features").get("columns") or []


def target_is_defined(plan: Reading) -> Iterator[PlanProblem]:
    """A column, and what it means."""
    wanted = {
        "target": ("name the column to be predicted.", "Enter it exactly as in the data."),
        "definition": ("say what it means.", "Write it so that two people label alike."),
    }
    for field, (says, mend) in wanted.items():
        if missing(plan.task("features").get(field)):
            yield PlanProblem(
                f"features.{field}",
                "features",
                field,
                BLOCK,
                f"Target: {says}",
                "Everything after this page is measured against it.",
                mend,
            )


def sets_have_a_sign(plan: Reading) -> Iterator[PlanProblem]:
    """What stands between labels is a sign, and no label of a set is the positive class."""
    sign = plan.label_sign
    if any(letter.isalnum() for letter in sign):
        yield PlanProblem(
            "features.label_sign",
            "features",
            "label_sign",
            BLOCK,
            f"Target: “{sign}” shall stand between labels, and it holds a letter or a digit.",
            "Labels would be cut in the middle of a word.",
            "Enter a sign such as ; or |, or leave it empty where a case has one class.",
        )
    if plan.sets and plan.positive:
        yield PlanProblem(
            "features.positive_of_sets",
            "features",
            "positive",
            BLOCK,
            f"Target: “{plan.positive}” is the positive class, and a case may have several labels.",
            "Each label is found, or not, by itself: none of them is the positive one.",
            "Clear the positive class, or the sign between labels where a case has one class.",
        )


def labels_can_be_right(plan: Reading) -> Iterator[PlanProblem]:
    """The share of wrong labels fits the share of positives."""
    noise = plan.task("features").get("label_noise")
    if not noise or plan.base_rate is None:
        return
    try:
        NoisyLabels(plan.base_rate, noise)
    except BadParameter:
        yield PlanProblem(
            "features.label_noise",
            "features",
            "label_noise",
            WARN,
            f"Target: {share(noise)} of the labels are believed wrong, and only "
            f"{share(min(plan.base_rate, 1 - plan.base_rate))} belong to the rarer class.",
            "As many wrong labels as cases leave nothing to learn, unless they lie on one side.",
            "Say how many labels are wrong among the rarer class, and have some labelled again.",
        )


def target_is_no_feature(plan: Reading) -> Iterator[PlanProblem]:
    """The target is not among the features, and no feature stands there twice."""
    names = [row["name"] for row in _columns(plan)]
    target = plan.task("features").get("target")
    if target and target in names:
        yield PlanProblem(
            "features.target_among_them",
            "features",
            "columns",
            BLOCK,
            f"Features: the target “{target}” is among its own features.",
            "A model that is told the answer is right in every test and useless on Monday.",
            f"Take “{target}” off the list.",
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        yield PlanProblem(
            "features.twice",
            "features",
            "columns",
            BLOCK,
            f"Features: “{twice[0]}” is listed twice.",
            "Two lines may say different things of one column.",
            "Keep one of the lines.",
        )


def features_are_known_in_time(plan: Reading) -> Iterator[PlanProblem]:
    """Somebody has asked when each is known, and some are known when the decision is made."""
    columns = _columns(plan)
    if not columns:
        return
    unknown = [row["name"] for row in columns if row.get("known", "before") not in KNOWN]
    if len(unknown) > MOST_UNKNOWN * len(columns):
        yield PlanProblem(
            "features.unknown",
            "features",
            "columns",
            BLOCK,
            f"Features: of {len(unknown)} of {len(columns)} ({share(len(unknown) / len(columns))}) "
            f"nobody knows when they are known, as of “{unknown[0]}”.",
            "A feature that comes after the decision is the costliest mistake there is.",
            "Ask the owners of the sources; take off the list what nobody can answer for.",
        )
    elif all(row.get("known", "before") not in {"before", "at"} for row in columns):
        yield PlanProblem(
            "features.none_in_time",
            "features",
            "columns",
            BLOCK,
            f"Features: none of the {len(columns)} is known when the decision is made.",
            "There is nothing to predict from.",
            "Name features that are known before the decision, or a later decision.",
        )
