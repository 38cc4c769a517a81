"""Questions about the model that a reviewer would ask."""

from collections.abc import Callable, Iterable
from typing import Any

from django.urls import reverse

from apps.datasets.queries import closed_data
from apps.engine.evaluation.comparison import BETTER, CANNOT_TELL
from apps.modeling.models import AttackRun, Evaluation
from apps.modeling.nesting import nested_of
from apps.modeling.queries import is_locked_first, latest_evaluation
from apps.modeling.reports import level_of
from apps.planning.queries import as_signed, lock_of
from apps.projects.evidence import Check, Evidence
from apps.projects.models import Cycle, Tier

NO_EVALUATION = "No frozen candidate was tested on the sealed rows yet."
SLICE_GAP = 0.1


def _on_evaluation(answer: Callable[[Evaluation], Evidence]) -> Callable[[Cycle], Evidence]:
    def run(cycle: Cycle) -> Evidence:
        link = reverse("modeling:evaluate", args=[cycle.project.slug])
        evaluation = latest_evaluation(cycle)
        if evaluation is None:
            return Evidence(ok=False, says=NO_EVALUATION, link=link)
        told = answer(evaluation)
        return Evidence(told.ok, told.says, told.facts, link, told.warning)

    return run


def _metrics_locked_first(evaluation: Evaluation) -> Evidence:
    opening = evaluation.opening
    ok = is_locked_first(opening, lock_of(opening.plan))
    return Evidence(
        ok=ok,
        warning=not ok,
        says="The metrics were locked before the first training."
        if ok
        else "The plan was amended after training had begun; its versions tell why.",
        facts={"plan": opening.plan.content_hash},
    )


def _promises_are_kept(evaluation: Evaluation) -> Evidence:
    verdicts = evaluation.result["verdicts"]
    failed = [item["title"] for item in verdicts if item["outcome"] == "fail"]
    open_ones = [item["title"] for item in verdicts if item["outcome"] == "inconclusive"]
    told = ", ".join(
        f"{item['title']} {_shown(item['result'])} {item['outcome']}" for item in verdicts
    )
    return Evidence(
        ok=not failed and not open_ones,
        warning=not failed,
        says=f"On {evaluation.result['rows']:,} sealed rows: {told}.",
        facts={
            item["metric"]: {
                key: item[key] for key in ("threshold", "result", "low", "high", "outcome")
            }
            for item in verdicts
        },
    )


def _shown(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def _beats_the_baseline(evaluation: Evaluation) -> Evidence:
    item = evaluation.result["verdicts"][0]
    if item["baseline"] is None:
        return Evidence(ok=False, warning=True, says="No baseline was tested beside it.")
    told = item.get("gain")
    if told is None:  # judged before gains were measured row by row
        gain = item["result"] - item["baseline"]
        better = gain > 0 if item["direction"] == "up" else gain < 0
        return Evidence(ok=better, says=_beside(item), facts=_beside_facts(item))
    return Evidence(
        ok=told["outcome"] == BETTER,
        warning=told["outcome"] == CANNOT_TELL,
        says=f"{_beside(item)} On the same rows it is better by {told['mean']:.3f} "
        f"({told['low']:.3f} to {told['high']:.3f}).",
        facts={**_beside_facts(item), "gain": told},
    )


def _beside(item: dict[str, Any]) -> str:
    return f"{item['title']} {item['result']:.3f}; the baseline has {item['baseline']:.3f}."


def _beside_facts(item: dict[str, Any]) -> dict[str, Any]:
    return {"result": item["result"], "baseline": item["baseline"]}


def _openings_are_within_the_plan(evaluation: Evaluation) -> Evidence:
    allowed = int(evaluation.opening.plan.task("metrics").get("openings") or 1)
    used = evaluation.opening.number
    return Evidence(
        ok=used <= allowed,
        says=f"The sealed test was opened {used} of {allowed} allowed times.",
        facts={"used": used, "allowed": allowed},
    )


def _no_group_is_left_behind(evaluation: Evaluation) -> Evidence:
    item = evaluation.result["verdicts"][0]
    scored = [
        row for row in evaluation.result["slices"] if row["score"] is not None and not row["few"]
    ]
    if not scored:
        return Evidence(ok=True, says="No column splits the test into groups of 30 rows or more.")
    worst = (min if item["direction"] == "up" else max)(scored, key=lambda row: row["score"])
    gap = abs(worst["score"] - item["result"])
    return Evidence(
        ok=gap <= SLICE_GAP,
        warning=gap > SLICE_GAP,
        says=f"Weakest where {worst['column']} is {worst['value']}: {worst['score']:.3f} on "
        f"{worst['rows']:,} rows.",
        facts={"worst": worst},
    )


def _can_be_made_again(evaluation: Evaluation) -> Evidence:
    candidate = evaluation.opening.candidate
    versions = candidate.report["versions"]
    facts = {"model": candidate.model, "versions": versions}
    level = level_of(candidate.trial.reproductions.exclude(result={}).first())
    if level is None:
        return Evidence(
            ok=True,
            says=f"Seed {candidate.trial.experiment.seed}, scikit-learn "
            f"{versions['scikit-learn']}, data and split by hash. Nobody has made it again yet.",
            facts=facts,
        )
    failed = level["state"] == "fail"
    return Evidence(
        ok=not failed,
        warning=failed and candidate.cycle.project.tier != Tier.HIGH,
        says=f"Made again by a clean process: {level['label']}. {level['says']}",
        facts={**facts, "level": level["label"]},
    )


def _suite_of(evaluation: Evaluation) -> AttackRun | None:
    """The newest finished adversary suite of the trial that was tested."""
    return evaluation.opening.candidate.trial.attacks.exclude(result={}).first()


def _shuffled_target_does_not_learn(evaluation: Evaluation) -> Evidence:
    suite = _suite_of(evaluation)
    if suite is None:
        high = evaluation.opening.cycle.project.tier == Tier.HIGH
        says = "The adversary suite was not run on this candidate. Start it on its page."
        return Evidence(ok=False, warning=not high, says=says, facts={"suite": None})
    line = next(line for line in suite.result["lines"] if line["key"] == "shuffled_target")
    facts = {"number": line["number"], "expected": line["expected"], "outcome": line["outcome"]}
    outcome = line["outcome"]
    return Evidence(outcome == "pass", line["says"], facts, warning=outcome == "skip")


def _attacks_find_nothing(evaluation: Evaluation) -> Evidence:
    suite = _suite_of(evaluation)
    if suite is None:
        return Evidence(ok=False, warning=True, says="Nothing is known: the suite was not run.")
    lines = suite.result["lines"]
    weak = [line["title"] for line in lines if line["outcome"] == "warn"]
    asked = sum(1 for line in lines if line["outcome"] != "skip")
    found = f"{len(weak)} of {asked} attacks found something: {', '.join(weak).lower()}."
    return Evidence(
        ok=not weak,
        warning=bool(weak),
        says=found if weak else f"None of {asked} attacks found something to weigh.",
        facts={line["key"]: [line["outcome"], line["number"]] for line in lines},
    )


def _nothing_gives_it_away(evaluation: Evaluation) -> Evidence:
    told = evaluation.opening.candidate.trial.experiment.doubted
    if not told:
        says = "No feature alone tells the target nearly perfectly."
        return Evidence(ok=True, says=says, facts={"doubted": {}})
    shown = " ".join(f"“{name}” is used. {says}" for name, says in told.items())
    return Evidence(
        ok=False,
        warning=True,
        says=f"{shown} Somebody chose it all the same: ask when it is written.",
        facts={"doubted": told},
    )


def _holds_without_the_folds_that_chose(evaluation: Evaluation) -> Evidence:
    experiment = evaluation.opening.candidate.trial.experiment
    nested = nested_of(experiment)
    if nested is None or nested.told is None:
        return Evidence(
            ok=True,
            says="The folds that chose the candidate also scored it, and nobody asked by how much "
            "that flatters it. The sealed test chose nothing.",
            facts={"nested": None},
        )
    told, promise = nested.told, as_signed(experiment.plan).promises[0]
    keeps = [
        value >= promise.threshold if promise.direction == "up" else value <= promise.threshold
        for value in (nested.leader.score, told.mean)
    ]
    low, high, flattery = *told.interval, told.flattery.mean
    there = told.mean + (flattery if promise.direction == "up" else -flattery)
    return Evidence(
        ok=keeps != [True, False],
        warning=keeps == [True, False],
        says=f"Chosen anew without each fold, {nested.measure.title} is {told.mean:.3f} "
        f"({low:.3f} to {high:.3f}) on the fold that had no say. The leader "
        f"has {there:.3f} on the same folds: it is flattered by {max(0.0, flattery):.3f}.",
        facts={"nested": told.mean, "leader": there, "flattery": flattery},
    )


def _data_is_closed(cycle: Cycle) -> Evidence:
    data = closed_data(cycle)
    return Evidence(
        ok=data is not None,
        says="The data gate is passed for today's table and split."
        if data
        else "The data gate is not passed for today's table and split.",
        facts={"subject": data.subject if data else ""},
        link=reverse("governance:gate", args=[cycle.project.slug, "data"]),
    )


CHECKS = (
    Check("model.data_is_closed", "Does it rest on closed data?", _data_is_closed),
    Check(
        "model.metrics_locked_first",
        "Were the metrics fixed before training?",
        _on_evaluation(_metrics_locked_first),
    ),
    Check(
        "model.promises_are_kept",
        "Does the sealed test keep the promises?",
        _on_evaluation(_promises_are_kept),
    ),
    Check(
        "model.beats_the_baseline",
        "Is it better than the baseline?",
        _on_evaluation(_beats_the_baseline),
    ),
    Check(
        "model.nothing_gives_it_away",
        "Is it trained on what is known only afterwards?",
        _on_evaluation(_nothing_gives_it_away),
    ),
    Check(
        "model.holds_without_the_folds_that_chose",
        "Does it hold on folds that did not choose it?",
        _on_evaluation(_holds_without_the_folds_that_chose),
    ),
    Check(
        "model.openings_are_within_the_plan",
        "Was the sealed test opened no more than allowed?",
        _on_evaluation(_openings_are_within_the_plan),
    ),
    Check(
        "model.no_group_is_left_behind",
        "Is there a group that it fails?",
        _on_evaluation(_no_group_is_left_behind),
    ),
    Check(
        "model.shuffled_target_does_not_learn",
        "Does it learn nothing where there is nothing to learn?",
        _on_evaluation(_shuffled_target_does_not_learn),
    ),
    Check(
        "model.attacks_find_nothing",
        "Does the adversary suite find a weakness?",
        _on_evaluation(_attacks_find_nothing),
    ),
    Check("model.can_be_made_again", "Can it be made again?", _on_evaluation(_can_be_made_again)),
)


def contributors(cycle: Cycle) -> Iterable[int]:
    """Everyone who trained, froze or opened."""
    found = set(cycle.experiments.values_list("started_by_id", flat=True))
    found |= set(cycle.candidates.values_list("frozen_by_id", flat=True))
    found |= set(cycle.openings.values_list("by_id", flat=True))
    return found
