"""Tests of the features and of the data."""

from apps.governance.readiness.record import Record
from apps.governance.readiness.score import AUTOMATED, BY_HAND, NONE, Item


def _counted(of: Record, those: set[str], what: str) -> str:
    return f"{what}: {sum(name in those for name in of.used)} of {len(of.used)} features."


def _has_all(of: Record, those: set[str]) -> bool:
    return bool(of.used) and set(of.used) <= those


def schema(of: Record) -> Item:
    """A contract refuses what is outside of it."""
    says = f"The kinds of {len(of.used)} features are recorded; no contract refuses others yet."
    if of.release:
        says = (
            f"The contract of release {of.release.number} has {len(of.release.contract['fields'])} "
            "fields; a request outside of it is refused."
        )
    return Item(
        "Are the expectations of the features written down as a schema?",
        AUTOMATED if of.release else NONE,
        says,
        "Build a release: its contract is drafted from the development rows.",
        of.link("production:deploy"),
    )


def benefit(of: Record) -> Item:
    """Each feature was shuffled on rows that did not train, and was missed."""
    rows = of.verdict.opening.candidate.report.get("importance", [])
    tells = {row["feature"] for row in rows if row.get("low") is not None and row["low"] > 0}
    return Item(
        "Is every feature beneficial?",
        AUTOMATED if _has_all(of, tells) else NONE,
        _counted(of, tells, "Missed when shuffled, more than chance explains"),
        "Train without the others; the model card shows each with its interval.",
        of.link("modeling:card", of.verdict.opening.candidate.pk),
    )


def cost(of: Record) -> Item:
    """The plan says what each feature costs."""
    priced = {row["name"] for row in of.columns if row.get("cost")}
    return Item(
        "Does no feature cost more than it brings?",
        BY_HAND if _has_all(of, priced) else NONE,
        _counted(of, priced, "With their cost in the signed plan"),
        "Say in the plan what each feature costs.",
        of.link("planning:features"),
        BY_HAND,
    )


def rules(of: Record) -> Item:
    """The plan names each feature as known in time; training refuses those that are late."""
    known = {row["name"] for row in of.columns if row.get("known") in {"before", "at"}}
    return Item(
        "Does every feature keep the rules: named, and known in time?",
        AUTOMATED if _has_all(of, known) else NONE,
        _counted(of, known, "Named in the signed plan as known when the decision is made"),
        "Name each feature in the plan and say when it is known; training refuses the late ones.",
        of.link("planning:features"),
    )


def sensitive(of: Record) -> Item:
    """The plan marks columns about people, and their values are taken out of what is shown."""
    marked = [row["name"] for row in of.columns if row.get("sensitive")]
    return Item(
        "Are columns about people controlled?",
        AUTOMATED if marked else NONE,
        f"{len(marked)} are marked as sensitive; their values are taken out of results and pages."
        if marked
        else "The signed plan marks no column as sensitive.",
        "Mark them in the plan. Where there are none, this point cannot be had.",
        of.link("planning:features"),
    )


TESTS = (schema, benefit, cost, rules, sensitive)
SILENT = ("how fast a new feature can be added", "tests of the code that makes features")
