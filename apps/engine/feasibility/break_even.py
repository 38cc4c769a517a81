"""From which precision and recall on alarms pay."""

from apps.engine.evaluation.payoff import Payoff


def break_even_precision(payoff: Payoff) -> float:
    """Share of right alarms at which alarms earn nothing (Elkan 2001, see Payoff.break_even)."""
    return payoff.break_even


def value_over_none(payoff: Payoff, *, precision: float, recall: float, base_rate: float) -> float:
    """Money per decision of alarms at this precision and recall, over raising none at all.

    At base rate p a share p recall of all cases is found, with p recall (1 - precision) /
    precision false alarms. ``precision`` above 0.
    """
    found = base_rate * recall
    return found * payoff.gain - found * (1 - precision) / precision * payoff.loss


def break_even_recall(payoff: Payoff, *, precision: float, base_rate: float) -> float | None:
    """Least recall at which alarms of this precision beat both no alarm and one for everyone.

    0 where an alarm for everyone is worth less than none: then any recall pays. None where no
    recall up to 1 does, as below the break-even precision.
    """
    at_once = value_over_none(payoff, precision=precision, recall=1.0, base_rate=base_rate)
    if at_once <= 0:
        return None
    simplest = max(0.0, payoff.for_all(base_rate) - payoff.for_none(base_rate))
    needed = simplest / at_once
    return needed if needed <= 1 else None
