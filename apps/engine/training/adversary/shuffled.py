"""A target that was shuffled has nothing to learn: whoever learns it was told the answer."""

import numpy as np
from scipy import stats

from apps.engine.training.adversary.bench import Bench, mean
from apps.engine.training.adversary.lines import BLOCKS, HOLDS, Line
from apps.engine.training.rows import Rows

KEY, TITLE = "shuffled_target", "Shuffled target"
ROUNDS = 8
CONFIDENCE = 0.999
LEAST_GAIN = 0.01


def shuffled_target(bench: Bench) -> Line:
    """Train and score on targets in random order; blocks when the scores are above guessing.

    The mean over ROUNDS shuffles has to be above guessing by LEAST_GAIN, and the lower bound
    (Student, one-sided, CONFIDENCE) above guessing: one clean model in a thousand is blamed. A
    shuffle counts once, with the mean of its folds: their scores hang together, since what a
    shuffle ties by chance to a feature is so in every fold.
    Source: Ojala and Garriga (2010), Journal of Machine Learning Research 11, 1833-1863.
    """
    generator = np.random.default_rng(bench.task.seed)
    found: list[float] = []
    for number in range(ROUNDS):
        bench.tell(f"shuffle {number + 1} of {ROUNDS}")
        target = generator.permutation(bench.rows.target)
        shuffled = Rows(bench.rows.features, target, bench.rows.table)
        found.append(mean(bench.scores(shuffled)))
    reached, low = mean(found), _low(found)
    learns = reached > bench.guess + LEAST_GAIN and low > bench.guess
    says = (
        f"Shuffled {ROUNDS} times, the target is learnt to {reached:.3f}; "
        f"guessing reaches {bench.guess:g}. "
    )
    says += (
        "The answer reaches the model on a way that is not a feature: none of its scores can be "
        "trusted."
        if learns
        else "Where there is nothing to learn it learns nothing: the way it is tested is sound."
    )
    return Line(
        KEY,
        TITLE,
        BLOCKS if learns else HOLDS,
        reached,
        f"no more than guessing, {bench.guess:g}",
        says,
        {"rounds": ROUNDS, "low": low, "guess": bench.guess},
    )


def _low(scores: list[float]) -> float:
    error = float(np.std(scores, ddof=1)) / np.sqrt(len(scores))
    return float(np.mean(scores) - stats.t.ppf(CONFIDENCE, len(scores) - 1) * error)
