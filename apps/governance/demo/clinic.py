"""A small one: the progression of diabetes, its plan waiting for a signature."""

from apps.governance.demo import steps
from apps.governance.demo.people import Cast
from apps.governance.demo.steps import Say
from apps.projects.stages import Stage

PLAN = {
    "problem": {
        "who": "The diabetes clinic",
        "decision": "who is called in for a check before the year is over",
        "today": "Everybody once a year",
        "alternative": "Sort by body mass index",
        "alternative_result": "About 60 off on average",
        "if_nothing": "Half of the fast cases are seen too late",
        "evidence": "Of 442 patients, 110 progressed fast and 55 of them were seen in time",
        "evidence_source": "Clinic record, last year",
    },
    "objective": {
        "kpi": "Patients with fast progression seen within six months",
        "unit": "percent",
        "direction": "up",
        "today": 50.0,
        "target": 75.0,
        "due_on": "2027-12-31",
        "owner": "Head nurse",
        "today_source": "Clinic record, last year",
        "error_cost": 2.0,
        "decisions_per_month": 40.0,
        "value_low": 8000.0,
        "value_high": 16000.0,
        "do_nothing": 30000.0,
    },
    "features": {
        "target": "progression",
        "definition": "Measure of disease progression one year after baseline (25 to 346)",
        "labelled_by": "Physician",
        "delay_days": 365.0,
        "label_noise": 0.05,
        "columns": [
            {
                "name": name,
                "meaning": meaning,
                "source": "clinic record",
                "owner": "Head nurse",
                "type": "category" if name == "sex" else "number",
                "known": "before",
                "lag_days": 3.0 if name == "s5" else 0.0,
                "sensitive": name == "sex",
                "cost": "A blood test" if name == "s5" else "none",
            }
            for name, meaning in (
                ("age", "Age in years"),
                ("sex", "Sex"),
                ("bmi", "Body mass index"),
                ("bp", "Mean blood pressure"),
                ("s5", "Log of serum triglycerides"),
            )
        ],
    },
    "risks": {
        "limitations": "442 patients of one clinic.",
        "items": [
            {
                "says": "Too few patients to tell",
                "category": "data",
                "likelihood": 3,
                "impact": 2,
                "owner": "Ann Lind",
                "contingency": "Stop, and collect another year",
                "tripwire": {"metric": "promise", "operator": ">"},
            },
            {
                "says": "Women or men are called in less often than they need",
                "category": "people and law",
                "likelihood": 2,
                "impact": 3,
                "owner": "Head nurse",
                "contingency": "Call in by age until the groups are looked at",
                "tripwire": {"metric": "promise", "operator": ">"},
            },
        ],
    },
    "metrics": {
        "items": [
            {
                "metric": "mae",
                "direction": "down",
                "threshold": 48.0,
                "role": "primary",
                "margin": 8.0,
            },
            {"metric": "r2", "direction": "up", "threshold": 0.35, "role": "guardrail"},
        ],
        "baseline": 65.0,
        "test_share": 0.25,
        "test_rule": "random",
        "slices": ["sex"],
        "expected_rows": 442,
        "openings": 1,
    },
}


def build(people: Cast, *, say: Say) -> None:
    """A plan that waits for the manager."""
    say("Diabetes progression: the plan")
    project = steps.project_of(
        people,
        name="Diabetes progression",
        slug="diabetes-progression",
        sentence="For the diabetes clinic, predict how the disease progresses within a year, so "
        "that the right patients are called in early.",
        tier=3,
    )
    steps.plan(project.cycle, PLAN, by=people.analyst)
    steps.submit(project.cycle, Stage.PLAN, by=people.analyst, note="Is 442 patients enough?")
