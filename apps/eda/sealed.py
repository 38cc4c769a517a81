"""Looks at the sealed test rows without their labels: what is left out, what was shown."""

from dataclasses import dataclass
from typing import Any

from apps.datasets.models import Split
from apps.datasets.queries import current_split
from apps.eda.models import Profile, SealedLook
from apps.eda.queries import raw_result, study_of, suspects_of
from apps.planning.content import features_of
from apps.planning.queries import current_plan, sensitive_columns
from apps.projects.models import Cycle

_TELLS_THE_TARGET = {"power", "sum", "gap"}
"""Suspects of the radar that stand for the label: their drift would tell of the labels."""


def looks_of(cycle: Cycle) -> list[SealedLook]:
    """Every look of a cycle, the first one first."""
    return list(cycle.sealed_looks.select_related("by", "job", "split", "sight"))


def sight_of(look: SealedLook) -> dict[str, Any] | None:
    """What a look showed, without columns that are sensitive today; None before it is computed."""
    sight = getattr(look, "sight", None)
    if sight is None:
        return None
    hidden = sensitive_columns(look.cycle)
    told: dict[str, Any] = sight.result
    return {**told, "columns": [one for one in told["columns"] if one["name"] not in hidden]}


def left_out(cycle: Cycle, profile: Profile) -> list[dict[str, str]]:
    """Columns that a look does not read, beside the target: name and why."""
    raw = raw_result(profile)
    names, plan = {column["name"] for column in raw["columns"]}, current_plan(cycle)
    found = dict.fromkeys(sorted(sensitive_columns(cycle)), "is sensitive")
    features = features_of(plan.content) if plan else ()
    for feature in features:
        if not feature.is_allowed:
            found.setdefault(feature.name, "is not known at the decision, as the plan says")
    split, study = current_split(cycle), study_of(profile)
    suspects = suspects_of(cycle, split=split, raw=raw, study=study, target=profile.target)
    for one in suspects:
        if one["key"] in _TELLS_THE_TARGET and one["severity"] == "high":
            found.setdefault(one["column"], "may stand for the target")
    return [
        {"name": name, "why": why}
        for name, why in found.items()
        if name in names and name != profile.target
    ]


@dataclass(frozen=True)
class SealedSummary:
    """All looks of a cycle as a gate shows them: how many, the last one and what it showed."""

    looks: list[SealedLook]
    told: dict[str, Any] | None

    @property
    def last(self) -> SealedLook:
        """The newest look."""
        return self.looks[-1]

    @property
    def says(self) -> str:
        """What the last look showed, in one sentence."""
        if self.told is None:
            return "it showed nothing yet"
        return sentence(self.told)


def sealed_summary(cycle: Cycle) -> SealedSummary | None:
    """None while nobody looked."""
    looks = looks_of(cycle)
    return SealedSummary(looks, sight_of(looks[-1])) if looks else None


def sentence(told: dict[str, Any]) -> str:
    """What a look showed in one sentence, for pages and gates."""
    columns, adversary = told["columns"], told["adversary"]
    differ = [column["name"] for column in columns if column["is_sure"]]
    first = f", first of all “{differ[0]}”" if differ else ""
    says = f"{len(differ)} of {len(columns)} columns differ by more than chance{first}"
    if adversary is None:
        return says
    between = f"{adversary['low']:.2f} to {adversary['high']:.2f}"
    return f"{says}; a classifier tells the sides apart with an AUC of {adversary['auc']:.2f} " + (
        f"({between}; 0.5 is a guess)"
    )


def look_at(cycle: Cycle, split: Split) -> SealedLook | None:
    """The newest look at exactly this split."""
    return next((one for one in reversed(looks_of(cycle)) if one.split_id == split.pk), None)
