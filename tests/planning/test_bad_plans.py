"""A plan that cannot fail, cannot be told or cannot earn is found; a good one is left alone."""

import copy
from datetime import date

import pytest

from apps.engine.evaluation.metrics import METRICS
from apps.planning import problems
from apps.planning.problems import QUESTIONS, answers_to, problems_of, reading
from tests.planning.plans import CHURN, CREDIT, DELIVERY, DEMAND, FRAUD, GOOD, MAINTENANCE, ON

pytestmark = pytest.mark.once  # statistics, no database


def but(plan, **changes):
    """The plan with fields of its tasks replaced."""
    content = copy.deepcopy(plan)
    for task, fields in changes.items():
        content[task] |= fields
    return content


def promise(metric, threshold, role="primary", **more):
    direction = METRICS[metric].direction
    return {
        "metric": metric,
        "direction": direction,
        "threshold": threshold,
        "role": role,
        **more,
    }


def columns(plan, **known):
    """The features of a plan, some of them known at another time."""
    return [
        row | {"known": known.get(row["name"], row["known"])}
        for row in copy.deepcopy(plan["features"]["columns"])
    ]


def risk(plan, **changes):
    items = copy.deepcopy(plan["risks"]["items"])
    items[0] |= changes
    return items


SETS = but(
    DEMAND,
    features={"target": "teams", "label_sign": ";", "base_rate": 0.3},
    metrics={
        "items": [promise("jaccard", 0.6), promise("f1", 0.6, "guardrail", averaging="micro")],
        "baseline": 0.4,
    },
)


def test_a_plan_whose_cases_have_several_labels_is_asked_nothing():
    assert problems_of(SETS, on=ON) == []
    assert reading(SETS, on=ON).sets
    bare = but(SETS, features={"label_sign": ""})
    assert reading(bare, on=ON).sets  # the metric says so


def test_a_metric_of_one_class_is_not_for_a_case_with_several_labels():
    found = problems_of(but(SETS, metrics={"items": [promise("accuracy", 0.9)]}), on=ON)
    assert [item.rule for item in found] == ["metrics.problem_type"]
    assert "may have several labels" in found[0].says


@pytest.mark.parametrize("name", GOOD)
def test_a_good_plan_is_asked_nothing(name):
    assert problems_of(GOOD[name], on=ON) == []


PINBALL = promise("pinball", 0.25, parameter=0.9)
COVERAGE = promise("coverage_error", 0.03, "guardrail", parameter=0.9)

BAD = {
    "be the best": (
        but(CHURN, objective={"kpi": "Be the best", "unit": "", "today": None, "target": None}),
        "objective.measurable",
        ["“Be the best” cannot be measured", "no unit", "no value of today", "no target"],
    ),
    "accuracy at 0.8 %": (
        but(FRAUD, metrics={"items": [promise("accuracy", 0.99)], "baseline": 0.98}),
        "metrics.guessed",
        ["accuracy", "0.8 %", "predicting “no” always would reach 99.2 %"],
    ),
    "above what the labels allow": (
        but(
            CREDIT,
            features={"label_noise": 0.02},
            metrics={"items": [promise("roc_auc", 0.85)], "baseline": 0.68},
        ),
        "metrics.label_noise",
        ["ROC AUC of at least 0.85", "2 % of the labels", "no more than 0.8"],
    ),
    "a test too small": (
        but(FRAUD, metrics={"expected_rows": 5_000}),
        "metrics.test_too_small",
        ["1,000 test rows, 8 of them positive", "±0.2", "It takes about", "test rows"],
    ),
    "a coverage that a constant keeps": (
        but(DELIVERY, metrics={"items": [COVERAGE | {"role": "primary"}], "baseline": 0.15}),
        "metrics.coverage_primary",
        ["Coverage error of the 0.9 quantile is primary", "the same 0.9 quantile reaches 0"],
    ),
    "a coverage finer than its test": (
        but(DELIVERY, metrics={"expected_rows": 1_000}),
        "metrics.coverage_too_fine",
        ["at most 0.03", "200 test rows know the share to ±0.04"],
    ),
    "a payoff that loses": (
        but(MAINTENANCE, objective={"value_right": 500.0, "value_wrong": 4_000.0}),
        "money.break_even_precision",
        ["88.89 % of the alarms", "promises 50 %"],
    ),
    "nobody asked when features are known": (
        but(CREDIT, features={"columns": columns(CREDIT, income="unknown", debt="unknown")}),
        "features.unknown",
        ["3 of 5 (60 %)", "“income”"],
    ),
    "the target among the features": (
        but(CHURN, features={"target": "tenure"}),
        "features.target_among_them",
        ["“tenure” is among its own features"],
    ),
    "a risk of nobody": (
        but(MAINTENANCE, risks={"items": risk(MAINTENANCE, owner="")}),
        "risks.owner",
        ["“A sensor is replaced”: no owner"],
    ),
    "due before the truth is known": (
        but(CREDIT, objective={"due_on": "2027-06-30"}),
        "objective.label_too_late",
        ["due in 217 days", "after 365 days"],
    ),
    "a target on the wrong side": (
        but(DEMAND, objective={"target": 40.0}),
        "objective.wrong_side",
        ["it shall fall, and goes from 31 to 40"],
    ),
    "no baseline": (
        but(CHURN, metrics={"baseline": None}),
        "metrics.baseline",
        ["today's value of the primary metric is missing"],
    ),
    "no other way": (
        but(DEMAND, problem={"alternative": ""}),
        "problem.alternative",
        ["no way without machine learning"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_plan_is_caught_by_the_right_question_and_hardly_another(name):
    content, rule, told = BAD[name]
    found = problems_of(content, on=ON)
    assert rule in {item.rule for item in found}
    assert len(found) <= 2, [item.says for item in found]
    says = next(item.says for item in found if item.rule == rule).lower()
    for part in told:
        assert part.lower() in says


OTHERS = {
    "objective.vague": but(CHURN, objective={"kpi": "Improve the share of customers who stay"}),
    "objective.no_change": but(CHURN, objective={"target": 6.4}),
    "objective.past": but(CHURN, objective={"due_on": "2026-01-01"}),
    "features.label_noise": but(FRAUD, features={"label_noise": 0.02}),
    "features.none_in_time": but(
        CHURN,
        features={
            "columns": columns(CHURN, tenure="after", calls_last_90_days="after", price="after")
        },
    ),
    "features.twice": but(CHURN, features={"columns": 2 * CHURN["features"]["columns"]}),
    "risks.none": but(CHURN, risks={"items": []}),
    "risks.contingency": but(CHURN, risks={"items": risk(CHURN, contingency="")}),
    "risks.tripwire": but(CHURN, risks={"items": risk(CHURN, tripwire=None)}),
    "risks.tripwire_threshold": but(
        CHURN, risks={"items": risk(CHURN, tripwire={"metric": "psi", "threshold": None})}
    ),
    "risks.sensitive": but(CREDIT, risks={"items": CREDIT["risks"]["items"][:1]}),
    "metrics.none": but(CHURN, metrics={"items": []}),
    "metrics.primary": but(CHURN, metrics={"items": [promise("roc_auc", 0.7), promise("f1", 0.5)]}),
    "metrics.threshold": but(CHURN, metrics={"items": [promise("roc_auc", None)]}),
    "metrics.parameter_missing": but(CHURN, metrics={"items": [promise("f_beta", 0.5)]}),
    "metrics.parameter": but(CHURN, metrics={"items": [promise("f_beta", 0.5, parameter=90)]}),
    "metrics.range": but(MAINTENANCE, metrics={"items": [promise("f1", 60)]}),
    "metrics.direction": but(
        CHURN, metrics={"items": [promise("roc_auc", 0.8) | {"direction": "down"}]}
    ),
    "metrics.twice": but(
        CHURN,
        metrics={"items": [promise("roc_auc", 0.8), promise("roc_auc", 0.7, "guardrail")]},
    ),
    "metrics.problem_type": but(CHURN, metrics={"items": [promise("mae", 0.2)]}),
    "metrics.averaging": but(
        MAINTENANCE, metrics={"items": [promise("f1", 0.5, averaging="weighted")]}
    ),
    "metrics.coverage_missing": but(DELIVERY, metrics={"items": [PINBALL]}),
    "metrics.other_level": but(
        DELIVERY,
        metrics={"items": [PINBALL, COVERAGE, promise("pinball", 0.2, "guardrail", parameter=0.5)]},
    ),
    "money.two_sides": but(DELIVERY, objective={"error_cost": 4.0, "decisions_per_month": 9e3}),
    "metrics.no_better": but(CHURN, metrics={"baseline": 0.5}),
    "metrics.margin": but(DEMAND, metrics={"items": [promise("mae", 8.5, margin=5.0)]}),
    "metrics.openings": but(CHURN, metrics={"openings": 3}),
    "metrics.test_share": but(FRAUD, metrics={"test_share": 0.05}),
    "metrics.threshold_value": but(MAINTENANCE, metrics={"threshold_value": None}),
    "metrics.group": but(CREDIT, metrics={"group_difference": None}),
    "metrics.calibration": but(DEMAND, metrics={"calibration_error": 0.05}),
    "metrics.guessed": but(MAINTENANCE, metrics={"items": [promise("f1", 0.05)], "baseline": 0.04}),
    "metrics.unsuitable": but(
        CHURN, metrics={"items": [promise("accuracy", 0.96)], "baseline": 0.93}
    ),
    "metrics.recall_alone": but(CHURN, metrics={"items": [promise("recall", 0.6)]}),
    "metrics.rows_unknown": but(CHURN, metrics={"expected_rows": None}),
    "metrics.payoff_of_sets": but(SETS, metrics={"threshold_policy": "payoff"}),
    "features.label_sign": but(SETS, features={"label_sign": "and"}),
    "features.positive_of_sets": but(SETS, features={"positive": "teams"}),
    "money.half": but(MAINTENANCE, objective={"value_wrong": None}),
    "money.volume": but(MAINTENANCE, objective={"decisions_per_month": None}),
    "money.policy": but(CHURN, metrics={"threshold_policy": "payoff"}),
    "money.never_earns": but(MAINTENANCE, objective={"value_right": -100.0}),
    "money.no_choice": but(MAINTENANCE, objective={"value_wrong": 0.0}),
    "money.break_even_recall": but(
        MAINTENANCE, objective={"value_right": 100_000.0, "value_wrong": 900.0}
    ),
}


@pytest.mark.parametrize("rule", OTHERS)
def test_each_other_question_is_asked_of_the_plan_that_needs_it(rule):
    found = problems_of(OTHERS[rule], on=ON)
    assert rule in {item.rule for item in found}
    assert len(found) <= 3, [item.says for item in found]


@pytest.mark.parametrize("content", [*(case[0] for case in BAD.values()), *OTHERS.values(), {}])
def test_a_finding_says_what_why_and_how_to_mend_it(content):
    for item in problems_of(content, on=ON):
        assert item.severity in {"block", "warn"}
        assert item.field
        for text in (item.says, item.why, item.mend):
            assert text.endswith(".")
            assert "nan" not in text
            assert "None" not in text


def test_what_guessing_reaches_of_sets_follows_from_the_mean_share_of_labels():
    for metric, value in (("jaccard", 0.3), ("hamming_loss", 0.3), ("average_precision", 0.25)):
        plan = but(SETS, metrics={"items": [promise(metric, value)], "baseline": None})
        assert "metrics.guessed" in {item.rule for item in problems_of(plan, on=ON)}, metric


def test_what_features_md_forbids_to_sign_blocks():
    cases = ("no baseline", "a test too small", "a risk of nobody")
    blocking = {BAD[name][1] for name in cases} | {"features.unknown"}
    for content, rule, _ in BAD.values():
        for item in problems_of(content, on=ON):
            if item.rule == rule and rule in blocking:
                assert item.blocks


def test_every_question_belongs_to_a_check_and_is_answered_alike():
    content = BAD["a test too small"][0]
    plan = reading(content, on=ON)
    asked = {item for question in QUESTIONS for item in answers_to(question, plan)}
    assert asked == set(problems_of(content, on=ON))


def test_a_version_is_judged_at_its_day_so_the_answer_does_not_change_with_the_calendar():
    early = problems_of(CHURN, on=date(2026, 11, 25))
    late = problems_of(CHURN, on=date(2027, 5, 1))
    assert early == []
    assert [item.rule for item in late] == ["objective.label_too_late"]


def test_the_number_of_rows_that_would_do_is_said_and_does():
    told = problems.testability(BAD["a test too small"][0])
    assert not told.ok
    enough = but(FRAUD, metrics={"expected_rows": 5 * told.needed, "test_share": 0.2})
    assert problems.testability(enough).ok
