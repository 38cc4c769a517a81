"""Five good plans with the numbers of their trade: nothing in them is to be asked."""

from datetime import date
from typing import Any

ON = date(2026, 11, 25)
"""The day they are judged at."""


def _column(name: str, known: str = "before", *, sensitive: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "meaning": name.replace("_", " "),
        "source": "warehouse",
        "owner": "Data office",
        "type": "number",
        "known": known,
        "sensitive": sensitive,
    }


def _risk(says: str, category: str = "data", **wire: Any) -> dict[str, Any]:
    tripwire = {"metric": "psi", "operator": ">", "threshold": 0.25, "window_days": 7} | wire
    return {
        "says": says,
        "category": category,
        "likelihood": 2,
        "impact": 3,
        "owner": "Ann Lind",
        "contingency": "Back to today's rule within a day",
        "tripwire": None if category == "people and law" else tripwire,
    }


FRAUD: dict[str, Any] = {
    "problem": {
        "who": "The payments desk",
        "decision": "which payments are held for a call",
        "today": "Amount above € 500: finds 31 % of the fraud, 2 % of the alarms are right",
        "alternative": "Amount and country of the shop, sorted",
        "alternative_result": "average precision 0.09",
    },
    "objective": {
        "kpi": "Fraud stopped before it is paid out",
        "unit": "cases per month",
        "direction": "up",
        "today": 1010.0,
        "target": 1600.0,
        "due_on": "2027-09-30",
        "owner": "Head of payments",
        "value_right": 180.0,
        "value_wrong": 6.0,
        "value_missed": 120.0,
        "value_quiet": 0.0,
        "decisions_per_month": 410_000.0,
    },
    "features": {
        "target": "is_fraud",
        "definition": "A chargeback with code 4837 within 60 days",
        "positive": "1",
        "labelled_by": "Chargeback desk",
        "delay_days": 60,
        "base_rate": 0.008,
        "label_noise": 0.0005,
        "columns": [
            _column("amount", "at"),
            _column("shop_country", "at"),
            _column("age", sensitive=True),
            _column("chargeback_code", "after"),
        ],
    },
    "risks": {
        "limitations": "Cards only, no transfers.",
        "items": [
            _risk("Fraudsters change their pattern"),
            _risk("Old people are called more often", "people and law"),
        ],
    },
    "metrics": {
        "items": [
            {
                "metric": "average_precision",
                "direction": "up",
                "threshold": 0.25,
                "role": "primary",
                "margin": 0.05,
            },
            {
                "metric": "precision_at_k",
                "direction": "up",
                "threshold": 0.3,
                "role": "guardrail",
                "parameter": 0.01,
            },
        ],
        "baseline": 0.09,
        "threshold_policy": "payoff",
        "slices": ["shop_country"],
        "latency_p95_ms": 80,
        "calibration_error": 0.01,
        "test_share": 0.2,
        "test_rule": "time",
        "expected_rows": 600_000,
        "openings": 1,
    },
}

CHURN: dict[str, Any] = {
    "problem": {
        "who": "The retention team",
        "decision": "which 10 % of the customers get a call this month",
        "today": "Customers whose contract ends within 30 days: a third of the leavers",
        "alternative": "Sort by months since the last call to service",
        "alternative_result": "recall 0.38 among the first 10 %",
    },
    "objective": {
        "kpi": "Customers who leave per quarter",
        "unit": "percent",
        "direction": "down",
        "today": 6.4,
        "target": 5.5,
        "due_on": "2027-06-30",
        "owner": "Head of retention",
    },
    "features": {
        "target": "churned",
        "definition": "Contract ended by the customer within 90 days",
        "positive": "Yes",
        "delay_days": 90,
        "base_rate": 0.07,
        "columns": [_column("tenure"), _column("calls_last_90_days"), _column("price")],
    },
    "risks": {"limitations": "Private customers.", "items": [_risk("Prices are changed")]},
    "metrics": {
        "items": [
            {
                "metric": "recall_at_k",
                "direction": "up",
                "threshold": 0.45,
                "role": "primary",
                "parameter": 0.1,
            },
            {"metric": "roc_auc", "direction": "up", "threshold": 0.75, "role": "guardrail"},
        ],
        "baseline": 0.33,
        "threshold_policy": "half",
        "test_share": 0.2,
        "expected_rows": 40_000,
        "openings": 1,
    },
}

DEMAND: dict[str, Any] = {
    "problem": {
        "who": "The store planners",
        "decision": "how many crates are ordered for the day after tomorrow",
        "today": "Same weekday of last week",
        "alternative": "Mean of the last four same weekdays",
        "alternative_result": "mean absolute error of 9.8 crates",
    },
    "objective": {
        "kpi": "Crates thrown away",
        "unit": "crates per store and week",
        "direction": "down",
        "today": 31.0,
        "target": 24.0,
        "due_on": "2027-03-31",
        "owner": "Head of fresh food",
        "error_cost": 3.2,
    },
    "features": {
        "target": "crates_sold",
        "definition": "Crates sold or asked for on that day, as of the till",
        "positive": "",
        "delay_days": 1,
        "columns": [_column("weekday", "at"), _column("promotion"), _column("sold_last_week")],
    },
    "risks": {"limitations": "No new stores.", "items": [_risk("A store is rebuilt")]},
    "metrics": {
        "items": [
            {
                "metric": "mae",
                "direction": "down",
                "threshold": 8.5,
                "role": "primary",
                "margin": 1.0,
            },
            {
                "metric": "pinball",
                "direction": "down",
                "threshold": 3.0,
                "role": "guardrail",
                "parameter": 0.9,
            },
            {"metric": "error_value", "direction": "up", "threshold": -28, "role": "guardrail"},
        ],
        "baseline": 11.4,
        "test_share": 0.15,
        "test_rule": "time",
        "expected_rows": 220_000,
        "openings": 1,
    },
}

CREDIT: dict[str, Any] = {
    "problem": {
        "who": "The credit desk",
        "decision": "which applications a second person reads",
        "today": "Score card of 2014: AUC 0.68",
        "alternative": "Score card with income brought up to date",
        "alternative_result": "AUC 0.70",
    },
    "objective": {
        "kpi": "Loans that are 90 days late within a year",
        "unit": "percent of new loans",
        "direction": "down",
        "today": 5.1,
        "target": 4.3,
        "due_on": "2028-12-31",
        "owner": "Head of credit",
        "value_right": 2400.0,
        "value_wrong": 260.0,
        "value_missed": 1800.0,
        "value_quiet": 40.0,
        "decisions_per_month": 3_200.0,
    },
    "features": {
        "target": "late_90",
        "definition": "90 days late at any time within 12 months",
        "positive": "yes",
        "delay_days": 365,
        "base_rate": 0.051,
        "label_noise": 0.005,
        "columns": [
            _column("income"),
            _column("debt"),
            _column("sex", sensitive=True),
            _column("branch", "unknown"),
            _column("months_employed"),
        ],
    },
    "risks": {
        "limitations": "No loans to firms.",
        "items": [
            _risk("Interest rates rise"),
            _risk("Women are turned down more often", "people and law"),
        ],
    },
    "metrics": {
        "items": [
            {
                "metric": "roc_auc",
                "direction": "up",
                "threshold": 0.76,
                "role": "primary",
                "margin": 0.04,
            },
            {"metric": "brier", "direction": "down", "threshold": 0.045, "role": "guardrail"},
        ],
        "baseline": 0.68,
        "threshold_policy": "payoff",
        "calibration_error": 0.02,
        "group_column": "sex",
        "group_difference": 0.05,
        "slices": ["branch"],
        "test_share": 0.25,
        "expected_rows": 60_000,
        "openings": 1,
    },
}

MAINTENANCE: dict[str, Any] = {
    "problem": {
        "who": "The shift leads of the press shop",
        "decision": "which press is opened in the next night shift",
        "today": "Every 600 hours, and when it fails",
        "alternative": "Alarm when the oil is warmer than 74 °C",
        "alternative_result": "recall 0.35 at a precision of 0.5",
    },
    "objective": {
        "kpi": "Hours that presses stand still unplanned",
        "unit": "hours per month",
        "direction": "down",
        "today": 118.0,
        "target": 80.0,
        "due_on": "2027-10-31",
        "owner": "Head of the plant",
        "value_right": 4_000.0,
        "value_wrong": 900.0,
        "decisions_per_month": 1_500.0,
    },
    "features": {
        "target": "fails_within_7_days",
        "definition": "Stopped by a fault of class A within seven days",
        "positive": "true",
        "delay_days": 7,
        "base_rate": 0.03,
        "columns": [_column("oil_temperature"), _column("hours_run"), _column("vibration")],
    },
    "risks": {
        "limitations": "Presses of type C only.",
        "items": [
            _risk("A sensor is replaced", metric="missing_rate", threshold=0.05),
            _risk("The gateway answers late", "infrastructure", metric="latency_p95_ms"),
        ],
    },
    "metrics": {
        "items": [
            {
                "metric": "recall_at_precision",
                "direction": "up",
                "threshold": 0.55,
                "role": "primary",
                "parameter": 0.5,
            },
            {"metric": "f1", "direction": "up", "threshold": 0.45, "role": "guardrail"},
        ],
        "baseline": 0.35,
        "threshold_policy": "fixed",
        "threshold_value": 0.3,
        "test_share": 0.2,
        "test_rule": "group",
        "expected_rows": 48_000,
        "openings": 2,
    },
}

DELIVERY: dict[str, Any] = {
    "problem": {
        "who": "The dispatchers of the parcel depot",
        "decision": "which day of delivery a customer is promised",
        "today": "Five days for everybody; one parcel in four comes later",
        "alternative": "The ninth longest of the last ten parcels to the same region",
        "alternative_result": "pinball loss 0.31 days at level 0.9",
    },
    "objective": {
        "kpi": "Parcels that come later than promised",
        "unit": "percent",
        "direction": "down",
        "today": 25.0,
        "target": 10.0,
        "due_on": "2027-10-31",
        "owner": "Head of delivery",
    },
    "features": {
        "target": "days_to_door",
        "definition": "Days from the order to the first attempt at the door",
        "delay_days": 30,
        "columns": [_column("region"), _column("weight"), _column("ordered_on")],
    },
    "risks": {
        "limitations": "Parcels up to 30 kg within the country only.",
        "items": [_risk("A carrier changes its routes")],
    },
    "metrics": {
        "items": [
            {
                "metric": "pinball",
                "direction": "down",
                "threshold": 0.25,
                "role": "primary",
                "parameter": 0.9,
            },
            {
                "metric": "coverage_error",
                "direction": "down",
                "threshold": 0.03,
                "role": "guardrail",
                "parameter": 0.9,
            },
        ],
        "baseline": 0.31,
        "slices": ["region"],
        "test_share": 0.2,
        "test_rule": "time",
        "expected_rows": 20_000,
        "openings": 1,
    },
}

GOOD = {
    "fraud": FRAUD,
    "churn": CHURN,
    "demand": DEMAND,
    "credit": CREDIT,
    "maintenance": MAINTENANCE,
    "delivery": DELIVERY,
}
