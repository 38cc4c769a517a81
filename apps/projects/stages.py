"""The four phases in their order, each closed by a gate, and their thirteen tasks."""

from dataclasses import dataclass

from django.db import models


class Stage(models.TextChoices):
    """A phase of the life cycle; its gate carries the same name."""

    PLAN = "plan", "Planning"
    DATA = "data", "Data"
    MODEL = "model", "Modeling"
    PRODUCTION = "production", "Production"

    @property
    def number(self) -> int:
        """1 for planning to 4 for production."""
        return list(Stage).index(self) + 1

    @property
    def before(self) -> "Stage | None":
        """The stage whose gate has to be passed first."""
        index = list(Stage).index(self)
        return list(Stage)[index - 1] if index else None


@dataclass(frozen=True)
class Task:
    """One of the thirteen tasks: a line of the left rail."""

    key: str
    stage: Stage
    title: str
    url_name: str


TASKS = (
    Task("problem", Stage.PLAN, "Problem", "planning:problem"),
    Task("objective", Stage.PLAN, "Objective", "planning:objective"),
    Task("features", Stage.PLAN, "Target & features", "planning:features"),
    Task("risks", Stage.PLAN, "Limits & risks", "planning:risks"),
    Task("metrics", Stage.PLAN, "Success metrics", "planning:metrics"),
    Task("collect", Stage.DATA, "Collect & consolidate", "datasets:sources"),
    Task("wrangle", Stage.DATA, "Wrangle", "datasets:wrangle"),
    Task("explore", Stage.DATA, "Explore", "eda:overview"),
    Task("select", Stage.MODEL, "Select", "modeling:select"),
    Task("train", Stage.MODEL, "Train", "modeling:train"),
    Task("evaluate", Stage.MODEL, "Evaluate", "modeling:evaluate"),
    Task("deploy", Stage.PRODUCTION, "Deploy", "production:deploy"),
    Task("monitor", Stage.PRODUCTION, "Monitor", "production:monitor"),
)
