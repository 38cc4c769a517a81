"""Flight delays: five tables joined, waiting for a manager at the data gate."""

from urllib.parse import urlencode

from django.urls import reverse

from apps.accounts.models import User
from apps.engine.simulation.flights import flight_tables
from apps.governance.demo import sheets, steps
from apps.governance.demo.people import Cast
from apps.governance.demo.steps import Say
from apps.projects.models import Cycle
from apps.projects.stages import Stage

LATE = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")
KINDS = ("carrier", "origin", "dest")
ROWS = 60_000

JOINS = (
    ("airlines", ["carrier"], ["carrier"]),
    ("planes", ["tailnum"], ["tailnum"]),
    ("weather", ["origin", "time_hour"], ["origin", "time_hour"]),
    ("airports", ["dest"], ["faa"]),
)

PLAN = {
    "problem": {
        "who": "The ground crew planners",
        "decision": "at which gates a second crew stands by",
        "today": "By the delay of the same flight yesterday",
        "alternative": "The monthly mean delay per airline",
        "alternative_result": "Area under the ROC curve 0.60",
        "if_nothing": "Two of three late flights wait for a crew",
        "evidence": "Turnaround times of the last year",
        "evidence_source": "Gate log",
    },
    "objective": {
        "kpi": "Late flights with a second crew ready",
        "unit": "percent",
        "direction": "up",
        "today": 35.0,
        "target": 60.0,
        "due_on": "2027-03-31",
        "owner": "Head of ground operations",
        "today_source": "Gate log, last year",
        "value_right": 400.0,
        "value_wrong": 90.0,
        "value_missed": 150.0,
        "value_quiet": 0.0,
        "decisions_per_month": 28000.0,
        "value_low": 6000000.0,
        "value_high": 14000000.0,
        "do_nothing": 12000000.0,
    },
    "features": {
        "target": "late",
        "definition": "Arrives more than 15 minutes after schedule",
        "positive": "yes",
        "labelled_by": "Flight records",
        "delay_days": 1.0,
        "base_rate": 0.24,
        "label_noise": 0.01,
        "columns": [
            {
                "name": name,
                "meaning": meaning,
                "source": origin,
                "owner": "Weather service" if origin == "weather" else "Ground operations",
                "type": "category" if name in KINDS else "number",
                "known": known,
                "lag_days": 0.0,
                "sensitive": False,
            }
            for name, meaning, origin, known in (
                ("month", "Month of departure", "flights", "before"),
                ("sched_dep_time", "Scheduled departure", "flights", "before"),
                ("carrier", "Airline code", "flights", "before"),
                ("origin", "Airport of departure", "flights", "before"),
                ("dest", "Destination", "flights", "before"),
                ("distance", "Miles", "flights", "before"),
                ("hour", "Hour of departure", "flights", "before"),
                ("temp", "Temperature", "weather", "at"),
                ("wind_speed", "Wind", "weather", "at"),
                ("precip", "Rain", "weather", "at"),
                ("visib", "Visibility", "weather", "at"),
                ("seats", "Seats of the plane", "planes", "before"),
                ("dep_delay", "Delay at departure", "flights", "after"),
                ("air_time", "Minutes in the air", "flights", "after"),
            )
        ],
    },
    "risks": {
        "limitations": "One year, three airports.",
        "items": [
            {
                "says": "Weather reports arrive late",
                "category": "data",
                "likelihood": 2,
                "impact": 2,
                "owner": "Ann Lind",
                "contingency": "Answer without weather, and say so",
                "tripwire": {
                    "metric": "missing_rate",
                    "operator": ">",
                    "threshold": 0.1,
                    "window_days": 1,
                },
            }
        ],
    },
    "metrics": {
        "items": [
            {
                "metric": "roc_auc",
                "direction": "up",
                "threshold": 0.7,
                "role": "primary",
                "margin": 0.05,
            },
            {"metric": "brier", "direction": "down", "threshold": 0.17, "role": "guardrail"},
        ],
        "baseline": 0.6,
        "test_share": 0.2,
        "test_rule": "time",
        "threshold_policy": "payoff",
        "slices": ["origin"],
        "expected_rows": 58000,
        "openings": 1,
    },
}


def build(people: Cast, *, say: Say) -> None:
    """Plan signed, five sources joined, split by time; submitted at the data gate (tier 1)."""
    analyst = people.analyst
    project = steps.project_of(
        people,
        name="Flight delays",
        slug="flight-delays",
        sentence="For the ground crew planners, predict the evening before whether a flight will "
        "be late, so that a second crew stands by at the right gates.",
        tier=1,
    )
    cycle = project.cycle
    say("Flight delays: the plan")
    steps.plan(cycle, PLAN, by=analyst)
    steps.submit(cycle, Stage.PLAN, by=analyst)
    steps.sign(cycle, Stage.PLAN, by=people.manager, reason="The value covers the cost twice.")
    steps.sign(cycle, Stage.PLAN, by=people.second_manager, reason="The figures are the desk's.")
    say("Flight delays: five tables")
    made = {
        name: steps.source(cycle, name, rows, describes=f"one of {name}", by=analyst)
        for name, rows in flight_tables(rows=ROWS).items()
    }
    steps.table(
        cycle,
        base=made["flights"],
        joins=[(made[name], left_on, right_on) for name, left_on, right_on in JOINS],
        steps=[
            (
                "filter_rows",
                {"column": "late", "operator": "is present"},
                "Flights that never arrived have no delay",
            ),
            ("drop_columns", {"columns": list(LATE)}, "Known only after the decision"),
        ],
        by=analyst,
    )
    steps.split(cycle, method="time", time="time_hour", folds=4, by=analyst)
    _explore(cycle, by=analyst)
    steps.agree(cycle, sheets.FLIGHTS, by=analyst)
    steps.submit(
        cycle, Stage.DATA, by=analyst, note="15 % of the planes are in no register; see the join."
    )


def _explore(cycle: Cycle, *, by: User) -> None:
    """A view that the signer should see, and what somebody asked about the rows."""
    asked = {"kind": "line", "x": "hour", "measure": "rows", "colour": "late"}
    steps.view(
        cycle,
        "Late by hour of the day",
        address=f"{reverse('eda:chart', args=[cycle.project.slug])}?{urlencode(asked)}",
        note="Delays pile up over the day: the evening before, the hour is known.",
        by=by,
    )
    steps.finding(
        cycle,
        "Of 15 % of the flights the plane is in no register: age, maker and seats are missing.",
        column="manufacturer",
        answer="The register does not know their tail numbers. It will not know them in use "
        "either, so the gap stays and the candidates get it as a value of its own.",
        by=by,
        owner=by,
    )
