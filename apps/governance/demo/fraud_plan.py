"""The plan of the card fraud project, with every field in use."""

from typing import Any

KINDS = ("during_weekend", "during_night", "segment", "branch")

PLAN: dict[str, Any] = {
    "problem": {
        "who": "The payments desk",
        "decision": "which payments are held for a call to the customer",
        "today": "Payments above € 220 are held; that finds one fraud in four",
        "if_nothing": "About € 60,000 of fraud a month is paid back",
        "evidence": "One payment in twenty is fraud; a quarter of it is stopped",
        "evidence_source": "Chargeback report, fourth quarter",
        "alternative": "Hold everything at a terminal with two frauds last week",
        "alternative_result": "Area under the ROC curve 0.62",
    },
    "objective": {
        "kpi": "Fraud stopped before it is paid",
        "unit": "percent of cases",
        "direction": "up",
        "today": 24.0,
        "today_source": "Chargeback report, fourth quarter",
        "target": 55.0,
        "due_on": "2027-06-30",
        "owner": "Head of payments",
        "value_right": 80.0,
        "value_wrong": 4.0,
        "value_missed": 0.0,
        "value_quiet": 0.0,
        "decisions_per_month": 20000.0,
        "value_low": 350000.0,
        "value_high": 700000.0,
        "do_nothing": 720000.0,
    },
    "features": {
        "target": "fraud",
        "definition": "The bank confirmed the payment as fraud within seven days",
        "positive": "yes",
        "labelled_by": "Chargeback department",
        "delay_days": 7.0,
        "base_rate": 0.05,
        "label_noise": 0.01,
        "columns": [
            {
                "name": name,
                "meaning": meaning,
                "source": origin,
                "owner": "Head of payments",
                "type": "category" if name in KINDS else "number",
                "known": "at",
                "lag_days": 7.0 if name.startswith("terminal_") else 0.0,
                "sensitive": False,
            }
            for name, meaning, origin in (
                ("amount", "Amount in €", "payments"),
                ("during_weekend", "Saturday or Sunday", "payments"),
                ("during_night", "Before seven in the morning", "payments"),
                ("customer_payments_1d", "Payments of the card, 1 day", "payments"),
                ("customer_mean_amount_1d", "Their mean amount", "payments"),
                ("customer_payments_7d", "Payments of the card, 7 days", "payments"),
                ("customer_mean_amount_7d", "Their mean amount", "payments"),
                ("customer_payments_30d", "Payments of the card, 30 days", "payments"),
                ("customer_mean_amount_30d", "Their mean amount", "payments"),
                ("terminal_payments_7d", "Payments at the terminal, a week ago", "payments"),
                ("terminal_risk_1d", "Share of fraud there, 1 day", "payments"),
                ("terminal_risk_7d", "Share of fraud there, 7 days", "payments"),
                ("terminal_risk_30d", "Share of fraud there, 30 days", "payments"),
                ("segment", "Kind of customer", "customers"),
                ("branch", "Kind of shop", "terminals"),
            )
        ],
    },
    "risks": {
        "limitations": "Cards issued in the last 30 days have little history.",
        "items": [
            {
                "says": "Fraudsters change their pattern",
                "category": "data",
                "likelihood": 3,
                "impact": 3,
                "owner": "Ann Lind",
                "contingency": "Hold by the old rule and start the next cycle",
                "tripwire": {"metric": "psi", "operator": ">", "threshold": 0.25, "window_days": 7},
            },
            {
                "says": "The desk waits for an answer",
                "category": "infrastructure",
                "likelihood": 1,
                "impact": 3,
                "owner": "Ada Novak",
                "contingency": "Let payments below € 220 pass unasked",
                "tripwire": {
                    "metric": "latency_p95_ms",
                    "operator": ">",
                    "threshold": 250.0,
                    "window_days": 1,
                },
            },
        ],
    },
    "metrics": {
        "items": [
            {
                "metric": "roc_auc",
                "direction": "up",
                "threshold": 0.8,
                "role": "primary",
                "margin": 0.1,
            },
            {
                "metric": "average_precision",
                "direction": "up",
                "threshold": 0.5,
                "role": "guardrail",
            },
        ],
        "baseline": 0.62,
        "test_share": 0.2,
        "test_rule": "time",
        "threshold_policy": "payoff",
        "slices": ["segment"],
        "latency_p95_ms": 250.0,
        "expected_rows": 40000,
        "openings": 2,
    },
}
