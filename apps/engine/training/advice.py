"""Which candidates are worth a try on this table, which are not, and why."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.engine.percent import percent
from apps.engine.training.candidates import AT_ONCE, CANDIDATES, Candidate
from apps.engine.training.facts import Cost, TableFacts, cost_of, usual_params
from apps.engine.training.preparation import MOST_ONE_HOT
from apps.engine.types import Kind, Problem

FEW_ROWS = 500
WIDE = 50
ROWS_OF_FOREST = 100_000
ROWS_OF_PAIRS = 10_000
ROWS_OF_NET = 5_000
COLUMNS_OF_NEIGHBOURS = 20


@dataclass(frozen=True)
class Proposal:
    """A candidate for this table: chosen at first or not, with the reason, and its cost."""

    candidate: Candidate
    is_proposed: bool
    why: str
    cost: Cost
    usual_params: dict[str, Any] = field(default_factory=dict)
    """Settings that the size of the table asks for."""

    @property
    def key(self) -> str:
        """Key of the candidate."""
        return self.candidate.key

    @property
    def title(self) -> str:
        """Title of the candidate."""
        return self.candidate.title


def proposals(facts: TableFacts) -> list[Proposal]:
    """Candidates that a person can choose before training, in the order of simplicity."""
    found = []
    for candidate in CANDIDATES.values():
        if facts.problem not in candidate.problems or candidate.of_others or candidate.stated:
            continue
        if facts.level is not None and candidate.no_quantile:
            continue
        proposed, reason = _judged(candidate, facts)
        why = f"{candidate.says} {_of_labels(candidate.key, facts)}{reason}".strip()
        cost, settings = cost_of(candidate.key, facts), usual_params(candidate.key, facts)
        found.append(Proposal(candidate, proposed, why, cost, settings))
    return found


def without_quantile() -> list[tuple[str, str]]:
    """Title of each candidate that answers no quantile, and why."""
    return [(item.title, item.no_quantile) for item in CANDIDATES.values() if item.no_quantile]


def _judged(candidate: Candidate, facts: TableFacts) -> tuple[bool, str]:
    """Whether it is chosen at first, and the reason in a sentence (may be empty)."""
    if facts.latency_ms is not None and candidate.row_ms > facts.latency_ms:
        return False, (
            f"Not chosen: an answer takes about {candidate.row_ms:g} ms, the plan allows "
            f"{facts.latency_ms:g}."
        )
    return _RULES.get(candidate.key, _no_rule)(facts)


def _of_labels(candidate: str, facts: TableFacts) -> str:
    """How sets of labels are learnt, as the start of a sentence's end; "" for other targets."""
    if facts.problem != Problem.MULTILABEL:
        return ""
    if candidate in AT_ONCE:
        return "One model of all labels. "
    return f"A model for each of {facts.classes} labels. "


def _no_rule(facts: TableFacts) -> tuple[bool, str]:
    return True, ""


def _linear(facts: TableFacts) -> tuple[bool, str]:
    width = facts.width(one_hot=True)
    if facts.level is not None and facts.rows > ROWS_OF_PAIRS:
        return False, f"Not chosen: for a quantile it is slow from {ROWS_OF_PAIRS:,} rows on."
    if width > facts.rows:
        return True, f"Fits even here, with more columns ({width:,}) than rows."
    return True, ""


def _elastic_net(facts: TableFacts) -> tuple[bool, str]:
    width = facts.width(one_hot=True)
    if width >= WIDE or 10 * width > facts.rows:
        return True, f"{width:,} columns after encoding, {facts.rows:,} rows: some can go."
    return False, f"Not chosen: {width:,} columns to {facts.rows:,} rows need no thinning out."


def _tree(facts: TableFacts) -> tuple[bool, str]:
    if facts.must_explain:
        return True, "The plan has sensitive columns: somebody may ask why."
    return False, "Not chosen: seldom the best, and the plan asks for no answer to be explained."


def _bayes(facts: TableFacts) -> tuple[bool, str]:
    if facts.rows < FEW_ROWS:
        return True, f"With {facts.rows:,} rows little else can be learnt safely."
    return False, f"Not chosen: {facts.rows:,} rows are enough for models that see more."


def _neighbours(facts: TableFacts) -> tuple[bool, str]:
    width = facts.width(one_hot=True)
    if width > COLUMNS_OF_NEIGHBOURS:
        return False, f"Not chosen: among {width:,} columns nothing is near."
    if facts.many:
        return False, f"Not chosen: “{facts.many[0]}” has too many values to measure a distance."
    if facts.must_explain:
        return False, "Not chosen: it keeps rows of people inside of the model."
    return False, "Not chosen: trees usually do better; try it when likeness is the reason."


def _forest(facts: TableFacts) -> tuple[bool, str]:
    if facts.rows > ROWS_OF_FOREST:
        return False, f"Not chosen: with {facts.rows:,} rows it needs much memory and time."
    return True, _noise(facts)


def _noise(facts: TableFacts) -> str:
    if facts.rows < FEW_ROWS:
        return f"With {facts.rows:,} rows it may learn noise: look at the interval."
    if facts.missing > 0.05:
        return f"{percent(facts.missing, 0)} of the cells are missing, which trees bear well."
    if facts.rarest is not None and facts.rarest < 0.05:
        rare = percent(facts.rarest)
        return f"The rarest class has {rare} of the rows: read its recall, not accuracy."
    return ""


def _lightgbm(facts: TableFacts) -> tuple[bool, str]:
    return True, _noise(facts)


def _extra_trees(facts: TableFacts) -> tuple[bool, str]:
    if facts.rows < FEW_ROWS:
        return True, "Random cuts learn less noise from few rows."
    return False, "Not chosen: close to the random forest; one of the two is enough at first."


def _boosting(facts: TableFacts) -> tuple[bool, str]:
    if facts.level is not None:
        return True, "Beside LightGBM a second opinion: forests answer no quantile."
    return False, "Not chosen: close to LightGBM, which is quicker; one of the two is enough."


def _small_boosting(facts: TableFacts) -> tuple[bool, str]:
    if facts.rows > ROWS_OF_PAIRS:
        return False, f"Not chosen: slow from {ROWS_OF_PAIRS:,} rows on; you have {facts.rows:,}."
    return False, "Not chosen: close to LightGBM."


def _svm(facts: TableFacts) -> tuple[bool, str]:
    if facts.rows > ROWS_OF_PAIRS:
        return (
            False,
            f"Not chosen: {facts.rows:,} rows make it slow (the limit is {ROWS_OF_PAIRS:,}).",
        )
    if facts.texts:
        return False, "Not chosen: categories give it no smooth border."
    if facts.rows >= 2_000:
        return False, "Not chosen: boosting is as good and quicker from a few thousand rows on."
    return True, f"{facts.rows:,} rows of numbers only: its best ground."


def _mlp(facts: TableFacts) -> tuple[bool, str]:
    if facts.rows < ROWS_OF_NET:
        return False, f"Not chosen: {facts.rows:,} rows are few for it (from {ROWS_OF_NET:,} on)."
    return False, "Not chosen: seldom better than boosting on tables, and hard to explain."


def _search(facts: TableFacts) -> tuple[bool, str]:
    return False, "Not chosen: it takes the time you give it; begin with the simple ones."


_RULES: dict[str, Callable[[TableFacts], tuple[bool, str]]] = {
    "linear": _linear,
    "elastic_net": _elastic_net,
    "tree": _tree,
    "bayes": _bayes,
    "neighbours": _neighbours,
    "forest": _forest,
    "lightgbm": _lightgbm,
    "extra_trees": _extra_trees,
    "boosting": _boosting,
    "small_boosting": _small_boosting,
    "svm": _svm,
    "mlp": _mlp,
    "search": _search,
}


def preparation_in_words(facts: TableFacts) -> list[str]:
    """What happens to the columns inside of each candidate, one sentence for each kind."""
    texts, many = facts.texts, facts.many
    few = [name for name in texts if name not in many]
    dates = [column.name for column in facts.columns if column.kind == Kind.DATETIME]
    says = []
    if facts.missing:
        says.append(
            f"{percent(facts.missing)} of the cells are missing: numbers get the median and a "
            "mark; boosting takes them as they are."
        )
    if few:
        says.append(
            f"{_named(few)}: a column for each category in linear models (those with fewer than "
            "ten rows together), a number for each in trees."
        )
    if many:
        says.append(
            f"{_named(many)}: more than {MOST_ONE_HOT} values, so the mean target of each, with "
            "inner folds. Where cells hold sentences, their words instead."
        )
    if dates:
        says.append(f"{_named(dates)}: day, hour and weekday.")
    return says


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"
