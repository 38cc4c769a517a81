"""The models that are offered: what each is, and for which problems."""

from dataclasses import dataclass
from importlib.util import find_spec

from apps.engine.types import Problem

_ALL = frozenset(Problem)
_MEANS = "its trees average the rows of a leaf; the wrong number for a quantile"
_SETS = frozenset({Problem.MULTILABEL})
_CLASSES = frozenset({Problem.BINARY, Problem.MULTICLASS}) | _SETS

AT_ONCE = frozenset({"chain", "tree", "neighbours", "forest", "extra_trees", "mlp"})
"""They learn all labels of a set in one model; of the others each label has one of its own."""


@dataclass(frozen=True)
class Candidate:
    """One kind of model.

    A ``baseline`` is pinned: the others have to beat it; the one that is ``stated`` exists only
    where a person stated it. What is ``of_others`` is made of finished trials, on the leaderboard.
    ``row_ms``: about how long an answer to one row takes as it is served, in milliseconds.
    ``needs``: the package to be installed. ``no_quantile``: why it cannot answer a quantile, in
    words; empty where it can.
    """

    key: str
    title: str
    family: str
    says: str
    baseline: bool = False
    stated: bool = False
    of_others: bool = False
    problems: frozenset[Problem] = _ALL
    row_ms: float = 0.2
    needs: str = ""
    no_quantile: str = ""

    @property
    def is_installed(self) -> bool:
        """Its package is there."""
        return not self.needs or find_spec(self.needs) is not None


_CATALOGUE = (
    Candidate(
        "dummy",
        "Baseline: always the usual",
        "baseline",
        "Answers the most frequent class, or the mean (the quantile) of all. Not beating it is "
        "learning nothing.",
        baseline=True,
    ),
    Candidate(
        "rule",
        "Baseline: today's rule",
        "baseline",
        "The rule that is used without a model, as you state it below.",
        baseline=True,
        stated=True,
    ),
    Candidate(
        "linear",
        "Linear model",
        "linear",
        "Regularised logistic, ridge or quantile regression. Simple, easy to explain.",
    ),
    Candidate(
        "chain",
        "Classifier chain",
        "linear",
        "Logistic regression of one label after the other, in an order by lot: each also sees the "
        "labels before it.",
        problems=_SETS,
        row_ms=3,
    ),
    Candidate(
        "elastic_net",
        "Elastic net",
        "linear",
        "A linear model that leaves out columns which add nothing.",
        no_quantile="the linear model of a quantile leaves out such columns itself",
    ),
    Candidate(
        "tree",
        "Decision tree",
        "trees",
        "At most 16 leaves: each answer is a short list of conditions that a person can read.",
        no_quantile="its leaves hold means",
    ),
    Candidate(
        "bayes",
        "Naive Bayes",
        "other",
        "Needs very few rows, and takes every column as independent of the others.",
        problems=_CLASSES,
        row_ms=3,
    ),
    Candidate(
        "neighbours",
        "Nearest neighbours",
        "other",
        "Answers as the ten most similar rows ended. It keeps the rows themselves in the model.",
        row_ms=5,
        no_quantile="ten rows tell a mean, not a quantile",
    ),
    Candidate(
        "forest",
        "Random forest",
        "trees",
        "Many deep trees averaged. Sturdy with little tuning; larger and slower to answer.",
        no_quantile=_MEANS,
    ),
    Candidate(
        "extra_trees",
        "Extra trees",
        "trees",
        "A forest whose cuts are drawn at random: quicker to fit, smoother.",
        no_quantile=_MEANS,
    ),
    Candidate(
        "boosting",
        "Gradient boosting",
        "trees",
        "Histogram gradient boosting of scikit-learn. Usually among the best on tables.",
    ),
    Candidate(
        "lightgbm",
        "LightGBM",
        "trees",
        "Gradient boosting by LightGBM. Quicker to fit at about the same quality.",
    ),
    Candidate(
        "small_boosting",
        "Gradient boosting, exact",
        "trees",
        "Boosting that looks at every cut instead of bins. For small tables.",
        row_ms=3,
    ),
    Candidate(
        "svm",
        "Support vector machine",
        "other",
        "Curved borders from few rows. Its time grows with the square of the rows.",
        row_ms=4,
        no_quantile="it has no pinball loss in scikit-learn",
    ),
    Candidate(
        "mlp",
        "Neural network",
        "other",
        "One hidden layer. Can find what trees cut in steps; needs many rows.",
        row_ms=4,
        no_quantile="it has no pinball loss in scikit-learn",
    ),
    Candidate(
        "xgboost",
        "XGBoost",
        "trees",
        "Gradient boosting by XGBoost.",
        row_ms=4,
        needs="xgboost",
    ),
    Candidate(
        "catboost",
        "CatBoost",
        "trees",
        "Gradient boosting by CatBoost: strong with its defaults, slow to fit.",
        row_ms=4,
        needs="catboost",
    ),
    Candidate(
        "calibrated",
        "Calibrated",
        "blend",
        "A finished candidate whose probabilities are bent until they can be taken at their word.",
        of_others=True,
        problems=_CLASSES,
        row_ms=6,
    ),
    Candidate(
        "vote",
        "Vote",
        "blend",
        "The mean of the answers of finished candidates.",
        of_others=True,
    ),
    Candidate(
        "stack",
        "Stack",
        "blend",
        "A linear model learns, on inner folds, whom of the finished candidates to believe.",
        of_others=True,
        row_ms=10,
    ),
    Candidate(
        "search",
        "Searched blend",
        "blend",
        "Tries settings for the time you give it and blends the best. Often the strongest, "
        "always the hardest to explain.",
        problems=_ALL - _SETS,
    ),
)

CANDIDATES: dict[str, Candidate] = {
    candidate.key: candidate for candidate in _CATALOGUE if candidate.is_installed
}
"""In the order of simplicity: a tie goes to what is easier to explain and to run."""
