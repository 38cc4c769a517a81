"""What the page of wrangling shows: the recipe as sentences, previews of a step."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from apps.datasets.grids import PREVIEW_CELLS, first_rows, rows_within
from apps.datasets.joins import consolidated_parquet
from apps.datasets.models import Step, Table
from apps.datasets.queries import (
    enabled_steps,
    shape_so_far,
    source_inputs,
    todays_table,
    with_paths,
)
from apps.datasets.storage import local
from apps.engine.errors import EngineError
from apps.engine.recipe.build import consolidate
from apps.engine.recipe.registry import STEPS, step_from
from apps.engine.recipe.run import check_recipe, preview
from apps.engine.types import TableSpec, silent
from apps.projects.models import Cycle


def _joined(cycle: Cycle, *, cells: int = PREVIEW_CELLS) -> pd.DataFrame:
    """The first rows of the consolidated table; a base has to be chosen.

    Of the computed one, if all joins are; else of the first rows of the base.
    """
    inputs = source_inputs(cycle)
    assert inputs is not None, "asked only with a base"
    if made := consolidated_parquet(cycle):
        return first_rows(made, cells=cells)
    frame, _, _ = consolidate(
        **with_paths(inputs), report=silent, most_rows=rows_within(inputs["base"], cells=cells)
    )
    return frame


@dataclass(frozen=True)
class RecipeLine:
    """One step as a sentence, with what it did when the table was built."""

    step: Step
    sentence: str
    effect: dict[str, Any] | None


@dataclass(frozen=True)
class WranglePage:
    """The recipe with its effects, the steps on offer, and the table of today's inputs."""

    lines: list[RecipeLine]
    offered: list[tuple[str, str]]
    spec: TableSpec | None
    problem: str
    today: Table | None

    @property
    def table(self) -> Table | None:
        """The table, once it is built."""
        return self.today if self.today is not None and self.today.is_ready else None

    @property
    def is_building(self) -> bool:
        """A worker is at it."""
        return bool(self.today and self.today.job and self.today.job.is_live)


def _sentence(step: Step) -> str:
    try:
        return step_from(step.as_dict()).sentence()
    except EngineError as error:
        return str(error)


def wrangle_page(cycle: Cycle) -> WranglePage:
    """What the wrangling page shows. Reads no rows."""
    today = todays_table(cycle)
    effects = iter(today.report["effects"] if today and today.is_ready else [])
    lines = [
        RecipeLine(step, _sentence(step), next(effects, None) if step.is_enabled else None)
        for step in cycle.steps.all()
    ]
    spec, problem = None, ""
    try:
        shape = shape_so_far(cycle)
        if shape is not None:
            steps = [line.step.as_dict() for line in lines if line.step.is_enabled]
            spec = check_recipe(shape, steps)
    except EngineError as error:
        problem = str(error)
    return WranglePage(
        lines=lines,
        offered=[(key, step.title) for key, step in STEPS.items()],
        spec=spec,
        problem=problem,
        today=today,
    )


@dataclass(frozen=True)
class StepPreview:
    """What a further step would do, and on how many rows that was tried."""

    effect: dict[str, Any]
    rows: int
    of_rows: int

    @property
    def is_partial(self) -> bool:
        """Tried on the first rows only."""
        return self.rows < self.of_rows


def preview_step(cycle: Cycle, step: dict[str, Any]) -> StepPreview:
    """Before and after of one more step. Raises an EngineError when it does not fit."""
    frame, inputs = _joined(cycle), source_inputs(cycle)
    assert inputs is not None, "a preview is offered only with a base"
    steps = [known.as_dict() for known in enabled_steps(cycle)]
    of_rows = pq.read_metadata(local(consolidated_parquet(cycle) or inputs["base"])).num_rows
    return StepPreview(preview(frame, steps, step), len(frame), of_rows)
