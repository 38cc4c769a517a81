"""What a release of the signed model is made of, and whether one that is alike is built already."""

from dataclasses import dataclass
from typing import Any

from apps.datasets.contracts import in_force
from apps.modeling.queries import SignedModel
from apps.planning.queries import current_plan
from apps.production.endpoint.keeping import how_of
from apps.production.endpoint.standing import signed_releases
from apps.production.models import Deployment, Release
from apps.projects.models import Cycle

_PARTS = {
    "candidate_id": "the model",
    "steps": "the recipe",
    "served_with": "what it is served with (threshold, data contract)",
    "monitor": "the plan's tripwires",
}


def tripwires_of(cycle: Cycle) -> list[dict[str, Any]]:
    """The plan's risks with a tripwire, as the watch takes them."""
    plan = current_plan(cycle)
    items = plan.task("risks").get("items", []) if plan else []
    return [
        {
            "metric": item["tripwire"]["metric"],
            "operator": item["tripwire"].get("operator") or ">",
            "threshold": item["tripwire"].get("threshold"),
            "window_days": item["tripwire"].get("window_days"),
            "says": item["says"],
            "action": item.get("contingency", ""),
        }
        for item in items
        if item.get("tripwire")
    ]


def asked_for(model: SignedModel, deployment: Deployment) -> Release:
    """The release that would be built of a signed model today, without number; not saved."""
    cycle, experiment = model.candidate.cycle, model.candidate.trial.experiment
    return Release(
        deployment=deployment,
        cycle=cycle,
        candidate=model.candidate,
        steps=model.data.table.inputs["steps"],
        served_with={
            "features": experiment.features,
            "problem": experiment.problem,
            "positive": model.data.plan.positive or None,
            "threshold": model.candidate.threshold,
            **({} if experiment.level is None else {"level": experiment.level}),
            "versions": model.candidate.report["versions"],
            **_agreed(cycle),
        },
        monitor={"tripwires": tripwires_of(cycle)},
    )


def _agreed(cycle: Cycle) -> dict[str, Any]:
    """The data contract in force, which the release takes with it; nothing without one."""
    contract = in_force(cycle.project, None)
    if contract is None:
        return {}
    told = {"id": contract.pk, "number": contract.number, "sha256": contract.content_hash}
    return {"data_contract": told}


@dataclass(frozen=True)
class Alike:
    """A release that building again would only repeat, and what is to be done with it instead."""

    release: Release
    is_signed: bool

    @property
    def says(self) -> str:
        """That it is the same, and how it stands."""
        number = self.release.number
        if not self.release.is_ready:
            return f"Release {number} of just this is being built. Wait for it."
        then = "It is signed" if self.is_signed else "It waits for its signature"
        return (
            f"Since release {number} was built nothing changed: model, recipe, data contract, "
            f"tripwires and what the log keeps are the same. {then}."
        )


def alike(asked: Release) -> Alike | None:
    """The release of the cycle that is made of the same; None: it is something new.

    An older one that was never signed is no offer: the gate is about the newest.
    """
    kept = _kept(asked)
    same = [one for one in kept if not differing(one, asked)]
    if not same:
        return None
    signed = {one.release.pk for one in signed_releases(asked.deployment)}
    found = next((one for one in same if one.pk in signed or one == kept[0]), None)
    return Alike(found, found.pk in signed) if found else None


def _kept(asked: Release) -> list[Release]:
    """Releases of the cycle that are built or just being built, the newest first."""
    found = asked.cycle.releases.filter(deployment=asked.deployment).select_related("job", "cycle")
    return [
        one for one in found.order_by("-number") if one.is_ready or (one.job and one.job.is_live)
    ]


def differing(built: Release, asked: Release) -> list[str]:
    """In words: of what a built release is made otherwise than one that is asked for."""
    told = dict(built.served_with)
    kept = told.pop("keeps", {})
    pairs = {
        name: (getattr(built, name), getattr(asked, name)) for name in ("candidate_id", "steps")
    }
    pairs |= {
        "served_with": (told, asked.served_with),
        "monitor": (built.monitor, asked.monitor),
    }
    found = [_PARTS[name] for name, (one, other) in pairs.items() if one != other]
    if built.is_ready and kept != how_of(built):
        found.append("what the log keeps of its inputs")
    return found
