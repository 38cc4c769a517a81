"""What stands beside each planning task: why it matters, what good looks like, an example."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guidance:
    """Title and aside of one planning task."""

    title: str
    lead: str
    why: str
    good: str
    example: str
    asks: str


GUIDANCE = {
    "problem": Guidance(
        "Problem",
        "Who has it, which decision changes, and what happens today.",
        "A model that changes no decision earns nothing, however exact it is.",
        "A person, a decision, today's rule and what it reaches, with a source.",
        "The payments desk blocks a card when the amount is over € 500. That stops 41 % of the "
        "fraud and 9,300 good cards a month.",
        "Who does what differently tomorrow?",
    ),
    "objective": Guidance(
        "Objective",
        "One business figure: from today's value to the target, by a date.",
        "“Be the best” cannot be missed, so it cannot be reached either.",
        "Figure, unit, today's value with its source, target, date and owner.",
        "Fraud stopped: from 1,010 to 1,600 cases a month by 30 June; owner: head of payments.",
        "What is a right decision worth, and what does a wrong one cost?",
    ),
    "features": Guidance(
        "Target & features",
        "What is predicted, and from what, known when.",
        "The costliest mistake is a feature that nobody has yet when the decision is made.",
        "A definition two people apply alike, and for each feature when it is known.",
        "“Chargeback received” is known 40 days later: it stays listed, and is excluded.",
        "Will we have this column on a Monday morning, before the decision?",
    ),
    "risks": Guidance(
        "Limits & risks",
        "What may go wrong, how we would notice, and what we do then.",
        "A risk without a tripwire is a wish. Tripwires become monitors in production.",
        "Each risk has an owner, a measurable tripwire and an action.",
        "Fraudsters change their pattern: PSI of the amount above 0.25, then retrain in a week.",
        "Who is harmed when it is wrong, and who may switch it off?",
    ),
    "metrics": Guidance(
        "Success metrics",
        "The promise: fixed now, judged once on rows nobody has seen.",
        "A metric that was fixed before training is the only one that can disappoint you honestly.",
        "One primary metric that beats today by more than the noise, and guardrails.",
        "Recall at least 0.60 (today 0.41); Brier score at most 0.02.",
        "Is the gain larger than the noise of the test?",
    ),
}
