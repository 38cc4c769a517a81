"""Every field of a plan, once: forms, JSON Schema, readable differences and the printed plan
follow from this catalogue. What the fields mean to later rooms stands in ``content``."""

from apps.engine.evaluation.metrics import METRICS
from apps.planning.fields import Choices, Field, Rows, TaskFields

MOST_ROWS = 500

UP_DOWN: Choices = (("up", "higher is better"), ("down", "lower is better"))
KNOWN: Choices = (
    ("before", "before the decision"),
    ("at", "at the decision"),
    ("after", "only after it"),
    ("unknown", "not known yet"),
)
TYPES: Choices = (
    ("", "not said"),
    ("number", "number"),
    ("category", "category"),
    ("text", "text"),
    ("date", "date"),
    ("yes/no", "yes or no"),
)
CATEGORIES: Choices = tuple(
    (word, word.capitalize())
    for word in ("data", "model", "infrastructure", "resource", "people and law")
)
LEVELS: Choices = ((1, "1 low"), (2, "2 medium"), (3, "3 high"))
TRIPWIRES: Choices = (
    ("", "none"),
    ("psi", "drift of a feature (PSI)"),
    ("missing_rate", "share missing in a feature"),
    ("new_share", "share of values never seen before in a feature"),
    ("error_rate", "share of calls with an error"),
    ("refused_rate", "share of calls that are refused"),
    ("latency_p95_ms", "latency, p95 in ms"),
    ("calls_a_day", "calls a day"),
    ("positive_share", "share of positive answers"),
    ("coverage", "share of answers whose truth came back when it was due"),
    ("promise", "a promised metric is broken"),
    ("primary", "the primary metric on known outcomes"),
    ("estimated", "the primary metric as estimated without outcomes"),
    ("money", "money delivered in these days"),
)
DIRECTIONS: Choices = ((">", "above"), ("<", "below"))
ROLES: Choices = (("primary", "Primary"), ("guardrail", "Guardrail"))
AVERAGING: Choices = (
    ("", "usual (macro)"),
    ("macro", "macro: every class counts alike"),
    ("weighted", "weighted by the size of the classes"),
    ("micro", "micro: every row counts alike"),
)
POLICIES: Choices = (
    ("", "not said"),
    ("payoff", "earns most at the payoff"),
    ("half", "one half"),
    ("fixed", "a fixed value"),
)
RULES: Choices = (
    ("", "not said"),
    ("random", "random rows"),
    ("group", "whole groups, e.g. customers"),
    ("time", "the newest rows"),
)
_PROBLEM = (
    Field(
        "who",
        "Who has the problem?",
        "line",
        "The person or desk that decides, e.g. the payments desk.",
    ),
    Field(
        "decision",
        "Which decision changes?",
        "text",
        "What will they do differently with a prediction?",
        most=4000,
    ),
    Field(
        "today",
        "How is it done today?",
        "text",
        "The rule or habit that the model has to beat.",
        most=4000,
    ),
    Field(
        "alternative",
        "What is the simplest way without machine learning?",
        "text",
        "A rule, a sorted list, a person with a spreadsheet.",
        most=4000,
    ),
    Field(
        "alternative_result",
        "What would that simplest way reach?",
        "line",
        "In the primary metric or in the business figure.",
        folded=True,
    ),
    Field(
        "if_nothing",
        "What happens if we do nothing?",
        "text",
        "In cases, hours or money a month.",
        most=4000,
        folded=True,
    ),
    Field(
        "evidence",
        "What shows that the problem is real?",
        "text",
        "Numbers.",
        most=4000,
        folded=True,
    ),
    Field(
        "evidence_source",
        "Where do these numbers come from?",
        "line",
        "Report, system, date.",
        folded=True,
    ),
)
_MONEY = "In money, per case."
_OBJECTIVE = (
    Field("kpi", "What is measured?", "line", "The business figure, e.g. fraud stopped."),
    Field("unit", "Unit", "line", "For example € a month, or percent of cases.", most=60),
    Field("direction", "Direction", "choice", choices=UP_DOWN, initial="up"),
    Field("today", "Today's value", "number"),
    Field("target", "Target value", "number"),
    Field("due_on", "By when", "date"),
    Field("owner", "Who owns the objective?", "line", most=120),
    Field("today_source", "Where does today's value come from?", "line", folded=True),
    Field("value_right", "Value of a right alarm", "number", _MONEY),
    Field("value_wrong", "Cost of a wrong alarm", "number", f"{_MONEY} Write it as a plus.", low=0),
    Field("value_missed", "Cost of a missed case", "number", _MONEY, low=0),
    Field("value_quiet", "Value of a rightly quiet case", "number", f"{_MONEY} Usually 0."),
    Field(
        "error_cost",
        "Cost per unit of error",
        "number",
        "For quantities: money for each unit that one prediction is off.",
        low=0,
        folded=True,
    ),
    Field("decisions_per_month", "Decisions a month", "number", "How many cases come by.", low=0),
    Field(
        "value_low",
        "Expected value a year, at least",
        "number",
        "Your own estimate, in money.",
        folded=True,
    ),
    Field("value_high", "Expected value a year, at most", "number", folded=True),
    Field(
        "do_nothing",
        "Cost of doing nothing, a year",
        "number",
        "In money; write it as a plus.",
        low=0,
        folded=True,
    ),
)
_TARGET = (
    Field("target", "Target column", "line", "Exactly as in the data.", most=255),
    Field(
        "definition",
        "What does it mean?",
        "text",
        "So that two people label the same case alike.",
        most=4000,
    ),
    Field(
        "positive",
        "Positive class",
        "line",
        "The value that should be found, e.g. Yes. Empty for quantities and for several labels.",
        most=255,
    ),
    Field(
        "base_rate",
        "Expected share of positives",
        "number",
        "0 to 1; empty for quantities. Where a case may have several labels: the mean share of all "
        "labels that a case has.",
        low=0,
        high=1,
    ),
    Field(
        "label_sign",
        "Sign between labels",
        "line",
        "Only where a case may have several labels at once, as in “billing; outage”: the sign that "
        "stands between them, such as ;",
        most=5,
        folded=True,
    ),
    Field("labelled_by", "Who or what sets the label?", "line", folded=True),
    Field("delay_days", "Days until the label is known", "number", low=0, folded=True),
    Field(
        "label_noise",
        "Share of labels believed wrong",
        "number",
        "0 to 0.5. No model can be seen to be better than its labels.",
        low=0,
        high=0.5,
        folded=True,
    ),
)
_FEATURE = (
    Field("name", "Column", "line", most=255),
    Field("meaning", "Meaning", "line"),
    Field("source", "Source", "line", most=120),
    Field("known", "Known", "choice", choices=KNOWN, initial="unknown"),
    Field("sensitive", "Sensitive", "yes"),
    Field("type", "Type", "choice", choices=TYPES, folded=True),
    Field("owner", "Owner", "line", most=120, folded=True),
    Field("lag_days", "Lag in days", "number", low=0, folded=True),
    Field("cost", "Cost", "line", most=120, folded=True),
)
_LIMITS = (
    Field(
        "limitations",
        "Limitations",
        "text",
        "Where must it not be used? Whom does the data leave out?",
        most=4000,
    ),
)
_RISK = (
    Field("says", "What may go wrong?", "line"),
    Field("category", "Kind", "choice", choices=CATEGORIES, initial="data"),
    Field("likelihood", "Likely", "choice", choices=LEVELS, initial=2),
    Field("impact", "Impact", "choice", choices=LEVELS, initial=2),
    Field("owner", "Owner", "line", most=120),
    Field("contingency", "What is done then?", "line"),
    Field("tripwire_metric", "Tripwire", "choice", choices=TRIPWIRES, within="tripwire"),
    Field(
        *("tripwire_operator", "Trips", "choice"),
        choices=DIRECTIONS,
        initial=">",
        within="tripwire",
    ),
    Field("tripwire_threshold", "Threshold", "number", within="tripwire", low=0),
    Field(
        "tripwire_window_days", "Over how many days", "whole", within="tripwire", low=1, high=366
    ),
)
_PROMISE = (
    Field(
        "metric",
        "Metric",
        "choice",
        choices=(("", "choose"), *((key, metric.title) for key, metric in METRICS.items())),
    ),
    Field("direction", "Direction", "choice", choices=UP_DOWN, derived=True),
    Field("threshold", "Promise", "number", "Least, or greatest, acceptable value."),
    Field("role", "Role", "choice", choices=ROLES, initial="primary"),
    Field(
        "margin",
        "Least gain over the baseline",
        "number",
        "Less than this does not count as better.",
        low=0,
        folded=True,
    ),
    Field(
        "averaging",
        "Averaging over classes",
        "choice",
        "For more than two classes, or labels.",
        choices=AVERAGING,
        folded=True,
    ),
    Field(
        "parameter",
        "Parameter",
        "number",
        "Only where the metric takes one: see the list of metrics.",
        folded=True,
    ),
)
_TEST = (
    Field(
        "baseline",
        "Today's value of the primary metric",
        "number",
        "What the present way reaches.",
    ),
    Field(
        "expected_rows",
        "Rows you expect to have",
        "whole",
        "Tells whether the test will be large enough to judge the promise.",
        low=1,
    ),
    Field(
        "test_share",
        "Share of rows for the sealed test",
        "number",
        "0.05 to 0.5.",
        low=0.05,
        high=0.5,
        initial=0.2,
    ),
    Field(
        "openings",
        "Allowed openings of the sealed test",
        "whole",
        "One is the honest number. Each further look makes the result less trustworthy.",
        low=1,
        high=5,
        initial=1,
    ),
    Field(
        "test_rule",
        "Which rows are sealed",
        "choice",
        "As the model will meet them: new customers, or later days.",
        choices=RULES,
        folded=True,
    ),
    Field(
        "threshold_policy",
        "How the decision threshold is chosen",
        "choice",
        "On development rows, before the sealed test is opened.",
        choices=POLICIES,
        folded=True,
    ),
    Field(
        "threshold_value", "The fixed threshold", "number", "0 to 1.", low=0, high=1, folded=True
    ),
    Field(
        "slices",
        "Columns whose groups are judged too",
        "names",
        "Names of columns with commas between them.",
        folded=True,
    ),
    Field(
        "latency_p95_ms",
        "Slowest acceptable answer, p95 in ms",
        "number",
        low=0,
        folded=True,
    ),
    Field(
        "calibration_error",
        "Greatest expected calibration error",
        "number",
        "0 to 1: how far a probability may be off on average.",
        low=0,
        high=1,
        folded=True,
    ),
    Field("group_column", "Column of the protected groups", "line", most=255, folded=True),
    Field(
        "group_difference",
        "Greatest difference between these groups",
        "number",
        "Of the primary metric.",
        low=0,
        folded=True,
    ),
)

TASKS: dict[str, TaskFields] = {
    "problem": TaskFields("Problem", _PROBLEM, fold="Evidence, and what else was thought of"),
    "objective": TaskFields("Objective", _OBJECTIVE, fold="Sources, estimates and quantities"),
    "features": TaskFields(
        "Target & features",
        _TARGET,
        Rows("columns", "name", "Candidate features", "feature", _FEATURE),
        fold="How the labels come about",
    ),
    "risks": TaskFields("Limits & risks", _LIMITS, Rows("items", "says", "Risks", "risk", _RISK)),
    "metrics": TaskFields(
        "Success metrics",
        _TEST,
        Rows("items", "metric", "Promises", "promise", _PROMISE),
        fold="Threshold, test rows, groups and limits",
    ),
}
"""Planning task -> its fields, in the order in which people fill them."""
PAYOFF = ("value_right", "value_wrong", "value_missed", "value_quiet")
