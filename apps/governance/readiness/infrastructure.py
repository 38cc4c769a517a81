"""Tests of what trains and serves."""

from apps.governance.readiness.record import Record
from apps.governance.readiness.score import AUTOMATED, BY_HAND, NONE, Item
from apps.modeling.reports import level_of


def reproducible(of: Record) -> Item:
    """A clean process made it again with the same decisions."""
    level = level_of(of.reproduction)
    return Item(
        "Is training reproducible?",
        AUTOMATED if level and level["state"] == "pass" else NONE,
        f"A clean process made it again: {level['label']}. {level['says']}"
        if level
        else "No clean process has made it again.",
        "Have it made again, on the page of the candidate.",
        of.link("modeling:trial", of.verdict.opening.candidate.trial_id),
    )


def whole_way(of: Record) -> Item:
    """Development rows were sent through the release as requests."""
    return Item(
        "Is the whole way from raw row to answer tested?",
        AUTOMATED if of.release else NONE,
        f"{of.release.report['verified_rows']} development rows were sent as requests and answered "
        "as in training."
        if of.release
        else "No release of this model was built yet.",
        "Build a release: rows are sent through it before it may serve.",
        of.link("production:deploy"),
    )


def validated(of: Record) -> Item:
    """The sealed test breaks no promise, within the allowed openings."""
    opening = of.verdict.opening
    holds = not of.verdict.outcomes("fail") and opening.number <= of.verdict.allowed
    return Item(
        "Is the quality of a model validated before it serves?",
        AUTOMATED if holds else NONE,
        f"{of.verdict.headline} The rows were sealed before training; opening {opening.number} of "
        f"{of.verdict.allowed}.",
        "Break no promise on the sealed test, within the allowed openings.",
        of.link("modeling:evaluate"),
    )


def tried(of: Record) -> Item:
    """A person sent the release a row before it serves."""
    return Item(
        "Was it tried before it serves?",
        BY_HAND if of.was_tried else NONE,
        "A person sent the release a row and got an answer."
        if of.was_tried
        else "Nobody has sent a release of this model a row.",
        "Send it a row on the deploy page.",
        of.link("production:deploy"),
        BY_HAND,
    )


def way_back(of: Record) -> Item:
    """The contingencies of the plan were tried out, that of each high risk at least."""
    drilled = [risk for risk in of.risks if risk.is_drilled]
    holds = bool(drilled) and all(risk.is_drilled for risk in of.risks if risk.is_high)
    earlier = f" Release {of.earlier.number} is built before this one." if of.earlier else ""
    return Item(
        "Was the way back rehearsed?",
        BY_HAND if holds else NONE,
        f"Contingencies that were tried out: {len(drilled)} of {len(of.risks)}.{earlier}",
        "Drill the contingency of each high risk; each drill says how long it took.",
        of.link("production:drills"),
        BY_HAND,
    )


TESTS = (reproducible, whole_way, validated, tried, way_back)
SILENT = ("unit tests of the model’s code", "debugging one answer step by step")
