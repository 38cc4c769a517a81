"""How good were forecasts of yes-or-no events? The score of Brier."""

from collections.abc import Sequence

from apps.engine.errors import NotEnoughData

ALWAYS_HALF = 0.25  # the score of whoever says 50 % each time, whatever happens


def brier_score(chances: Sequence[float], happened: Sequence[bool]) -> float:
    """Mean squared distance between what was said and what happened; 0 is best, 1 is worst.

    Parameters
    ----------
    chances : probabilities that the event happens, 0 to 1, one for each forecast
    happened : whether it did, in the same order

    Raises
    ------
    NotEnoughData
        Without any forecast.
    ValueError
        When the lengths differ or a chance is not between 0 and 1.

    Notes
    -----
    Brier, G. W. (1950), Verification of forecasts expressed in terms of probability, Monthly
    Weather Review 78(1), 1-3: ``P = 1/n * sum_j sum_i (f_ij - E_ij)^2`` over n occasions and all
    classes j. With two classes both say the same, so P is twice the sum over one class; this is
    that half, the usual form today. The paper's example has P = 0.19, here 0.095.
    """
    if not chances:
        raise NotEnoughData("There is no forecast to score.")
    if len(chances) != len(happened):
        raise ValueError(f"{len(chances)} forecasts do not fit {len(happened)} outcomes")
    if not all(0 <= chance <= 1 for chance in chances):
        raise ValueError("a chance is a number from 0 to 1")
    pairs = zip(chances, happened, strict=True)
    return sum((chance - bool(event)) ** 2 for chance, event in pairs) / len(chances)
