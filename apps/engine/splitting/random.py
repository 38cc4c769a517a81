"""Random split: every row has the same chance, whatever it holds."""

import numpy as np

from apps.engine.splitting.folds import TEST, Folds


def deal_randomly(rows: int, *, test_share: float, folds: int, seed: int) -> Folds:
    """Fold number of every row, drawn without regard to content.

    Exactly ``round(rows * test_share)`` rows become the test; fold sizes differ by at
    most one row. O(rows). The same arguments always give the same answer.
    """
    order = np.random.default_rng(seed).permutation(rows)
    tests = round(rows * test_share)
    fold = np.empty(rows, dtype=np.int8)
    fold[order[:tests]] = TEST
    fold[order[tests:]] = np.arange(rows - tests) % folds
    return fold
