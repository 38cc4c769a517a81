"""The test report: every number about a frozen candidate, with the record it comes from."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.urls import reverse

from apps.engine.percent import percent
from apps.modeling.cards import ModelCard, model_card
from apps.modeling.models import Candidate
from apps.modeling.scrutiny import WORDS
from apps.projects.canonical import content_hash
from apps.projects.models import Event


@dataclass(frozen=True)
class Proof:
    """Where a number can be checked: event of the ledger, hash of a file, page."""

    url: str
    event: int | None = None
    event_hash: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Number:
    """One number, or word, of the report."""

    what: str
    value: Any
    proof: Proof
    low: float | None = None
    high: float | None = None
    asked: str = ""
    outcome: str = ""

    @property
    def word(self) -> str:
        """The outcome as a reader sees it."""
        return WORDS.get(self.outcome, self.outcome) if self.outcome != "pass" else "pass"


@dataclass(frozen=True)
class Section:
    """Numbers that belong together."""

    title: str
    numbers: list[Number]
    says: str = ""

    @property
    def asks(self) -> bool:
        """Something was asked of one of them."""
        return any(number.asked for number in self.numbers)


@dataclass(frozen=True)
class TestReport:
    """The report; ``as_dict`` is what the JSON door gives."""

    card: ModelCard
    sections: list[Section] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form; numbers as they are stored."""
        candidate = self.card.candidate
        return {
            "model": str(candidate),
            "sha256": candidate.model,
            "project": candidate.cycle.project.name,
            "cycle": candidate.cycle.number,
            "intended_use": self.card.plan.sentence,
            "sections": [asdict(section) for section in self.sections],
        }


class _Record:
    """Finds the event that vouches for a thing, and says where it is shown."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate, self.slug = candidate, candidate.cycle.project.slug

    def proof(self, verb: str, page: str, *args: Any, sha256: str = "", **facts: Any) -> Proof:
        """The newest event of this kind with these facts."""
        asked = {f"facts__{name}": value for name, value in facts.items()}
        event = (
            Event.objects.filter(project=self.candidate.cycle.project, verb=verb, **asked)
            .order_by("-seq")
            .first()
        )
        url = reverse(page, args=[self.slug, *args])
        if event is None:
            return Proof(url, sha256=sha256)
        return Proof(url, event.seq, event.hash, sha256)


def test_report(candidate: Candidate) -> TestReport:
    """Everything that was measured of a frozen candidate, sealed rows first."""
    card, record = model_card(candidate), _Record(candidate)
    sections = [
        *_sealed(card, record),
        _development(card, record),
        *_attacked(card, record),
        *_errors(card, record),
        _made(card, record),
    ]
    return TestReport(card, sections)


def _sealed(card: ModelCard, record: _Record) -> Iterable[Section]:
    verdict = card.verdict
    if verdict is None:
        return
    opening, evaluation = verdict.opening, verdict.evaluation
    proof = record.proof("model.judged", "modeling:evaluate", row__pk=evaluation.pk)
    yield Section(
        f"Sealed test: {_inside(verdict.headline)}",
        [_verdict(item, proof) for item in verdict.verdicts],
        f"{evaluation.result['rows']:,} sealed rows, judged by the metrics of plan version "
        f"{opening.plan.number}.",
    )
    if verdict.money:
        yield Section("A month at the plan's payoff and volume", _money(verdict.money, proof))
    if verdict.coverage:
        told = verdict.coverage
        asked = percent(told["level"], None)
        share = Number("Share", told["share"], proof, told["low"], told["high"], asked)
        title = "Truths at or below the predicted quantile, on sealed rows"
        yield Section(title, [share], verdict.coverage_says)
    if verdict.by_label:
        yield _labels(verdict.by_label, proof)
    opened = record.proof("model.test_opened", "modeling:evaluate", row__pk=opening.pk)
    subject = content_hash(opening.plan.content)
    locked = record.proof("gate.decided", "governance:gate", "plan", subject=subject)
    used = f"{opening.number} of {verdict.allowed}"
    yield Section(
        "Integrity",
        [
            Number("Metrics locked by", verdict.locked_by or "nobody", locked),
            Number("Openings of the sealed test", used, opened),
        ],
    )


def _inside(headline: str) -> str:
    """A headline within a sentence."""
    return headline[:1].lower() + headline[1:]


def _verdict(item: dict[str, Any], proof: Proof) -> Number:
    promised = f"{'≥' if item['direction'] == 'up' else '≤'} {item['threshold']:g}"
    bounds = item["low"], item["high"]
    return Number(item["title"], item["result"], proof, *bounds, promised, item["outcome"])


def _labels(by_label: list[dict[str, Any]], proof: Proof) -> Section:
    numbers = [
        Number(f"{one['name']}: {what}", one[what], proof)
        for one in by_label
        for what in ("rows", "precision", "recall")
    ]
    says = f"Each label by itself, told from {by_label[0]['threshold']:.3g} on."
    return Section("Labels, on sealed rows", numbers, says)


def _money(money: dict[str, Any], proof: Proof) -> list[Number]:
    counts = {
        "Right alarms": money["found"],
        "Wrong alarms": money["false_alarms"],
        "Missed": money["missed"],
        "Rightly left alone": money["left_alone"],
    }
    value = Number("Value", money["value"], proof, money["low"], money["high"])
    return [value, *(Number(what, count, proof) for what, count in counts.items())]


def _development(card: ModelCard, record: _Record) -> Section:
    trial = card.candidate.trial
    proof = record.proof(
        "model.trial_finished", "modeling:trial", trial.pk, sha256=trial.answers, trial=trial.pk
    )
    numbers = [
        Number(
            row.title,
            row.score["mean"],
            proof,
            row.score["low"],
            row.score["high"],
            f"{'≥' if row.direction == 'up' else '≤'} {row.threshold:g}",
        )
        for row in card.page.metrics
    ]
    folds = len(trial.result.get("folds", []))
    return Section("Development rows", numbers, f"Mean of {folds} folds, 95 % interval.")


def _attacked(card: ModelCard, record: _Record) -> Iterable[Section]:
    suite, trial = card.page.suite, card.candidate.trial
    if suite is None:
        yield Section("Adversary suite", [], "It was not run on this candidate.")
        return
    proof = record.proof("model.attacked", "modeling:trial", trial.pk, trial=trial.pk)
    numbers = [
        Number(
            line["title"], line["number"], proof, asked=line["expected"], outcome=line["outcome"]
        )
        for line in suite.lines
    ]
    yield Section(
        f"Adversary suite: {_inside(suite.headline)}", numbers, f"Measured in {suite.scale}."
    )


def _errors(card: ModelCard, record: _Record) -> Iterable[Section]:
    trial = card.candidate.trial
    proof = record.proof(
        "model.trial_finished", "modeling:trial", trial.pk, sha256=trial.answers, trial=trial.pk
    )
    clusters = card.page.told.get("clusters", [])
    if clusters:
        numbers = [
            Number(
                " and ".join(f"{one['column']} {one['says']}" for one in item["conditions"]),
                item["loss"],
                proof,
                asked=f"elsewhere {item['others']:.3g}",
            )
            for item in clusters
        ]
        says = "Mean error of a row, on development rows that did not draw the group's edges."
        yield Section("Where it errs", numbers, says)


def _made(card: ModelCard, record: _Record) -> Section:
    candidate, trial = card.candidate, card.candidate.trial
    split, report = trial.experiment.split, candidate.report
    fitted = record.proof(
        "model.fitted",
        "modeling:card",
        candidate.pk,
        sha256=candidate.model,
        model=candidate.model,
    )
    sealed = record.proof(
        "data.split_sealed",
        "datasets:split",
        sha256=split.split_file,
        split=split.split_file,
    )
    frozen = record.proof("model.frozen", "modeling:trial", trial.pk, trial=trial.pk)
    numbers = [
        Number("Development rows it was fitted on", report.get("rows"), fitted),
        Number("Bytes of the model file", report.get("size_bytes"), fitted),
        Number("Split", f"{split.get_method_display()}, {split.folds} folds", sealed),
    ]
    if card.page.has_threshold:
        why = candidate.threshold_why
        numbers.append(Number("Threshold", candidate.threshold, frozen, asked=why))
    level = card.page.level
    if level is not None:
        again = record.proof("model.reproduced", "modeling:trial", trial.pk, trial=trial.pk)
        numbers.append(Number("Made again", level["label"], again, outcome=level["state"]))
    return Section("How it was made", numbers)
