"""What the page of wrangling shows: the recipe as sentences, previews of a step."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from apps.accounts.models import User
from apps.datasets.examining import IssuesView, issues_view
from apps.datasets.grids import PREVIEW_CELLS, first_rows, rows_within
from apps.datasets.history import before_and_after, current_state
from apps.datasets.joins import consolidated_parquet, how_of
from apps.datasets.models import RecipeState, Step, Table
from apps.datasets.queries import (
    enabled_steps,
    sentence_of,
    shape_so_far,
    source_inputs,
    todays_table,
    with_paths,
)
from apps.datasets.storage import local
from apps.engine.errors import EngineError
from apps.engine.joining.how import JoinHow
from apps.engine.recipe.build import consolidate
from apps.engine.recipe.conflicts import find_conflicts
from apps.engine.recipe.preview import columns_needed, preview, veil_preview
from apps.engine.recipe.registry import STEPS, step_from
from apps.engine.recipe.run import check_recipe
from apps.engine.recipe.script import script_of
from apps.engine.types import TableSpec, silent
from apps.planning.queries import sensitive_columns, signed_plan
from apps.projects.access import visible_projects
from apps.projects.models import Cycle, Project


def _joined(
    cycle: Cycle, *, columns: frozenset[str] | None, cells: int = PREVIEW_CELLS
) -> pd.DataFrame:
    """The first rows of the consolidated table; a base has to be chosen.

    Of the computed one, if all joins are: of these ``columns`` only (None: all). Else of the first
    rows of the base.
    """
    inputs = source_inputs(cycle)
    assert inputs is not None, "asked only with a base"
    if made := consolidated_parquet(cycle):
        return first_rows(made, cells=cells, columns=columns)
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
    conflict: str = ""


@dataclass(frozen=True)
class WranglePage:
    """The recipe with its effects, the steps on offer, and the table of today's inputs.

    ``spec`` is None when there is no base, or while steps do not fit (see the lines).
    """

    lines: list[RecipeLine]
    offered: list[tuple[str, str]]
    spec: TableSpec | None
    problem: str
    today: Table | None
    issues: IssuesView
    undo: RecipeState | None
    redo: RecipeState | None

    @property
    def table(self) -> Table | None:
        """The table, once it is built."""
        return self.today if self.today is not None and self.today.is_ready else None

    @property
    def is_building(self) -> bool:
        """A worker is at it."""
        return bool(self.today and self.today.job and self.today.job.is_live)


def wrangle_page(cycle: Cycle) -> WranglePage:
    """What the wrangling page shows. Reads no rows."""
    today = todays_table(cycle)
    effects = iter(today.report["effects"] if today and today.is_ready else [])
    steps = list(cycle.steps.filter(is_removed=False, is_fitted=False))
    shape, spec, problem = None, None, ""
    conflicts: dict[int, str] = {}
    try:
        shape = shape_so_far(cycle)
    except EngineError as error:
        problem = str(error)
    if shape is not None:
        conflicts = _conflicts(shape, steps)
        spec = (
            None if conflicts else check_recipe(shape, [s.as_dict() for s in steps if s.is_enabled])
        )
    back, forth = before_and_after(current_state(cycle))
    return WranglePage(
        lines=[
            RecipeLine(
                step,
                sentence_of(step),
                next(effects, None) if step.is_enabled else None,
                conflicts.get(place, ""),
            )
            for place, step in enumerate(steps, start=1)
        ],
        offered=[(key, step.title) for key, step in STEPS.items()],
        spec=spec,
        problem=problem,
        today=today,
        issues=issues_view(cycle, spec=spec),
        undo=back,
        redo=forth,
    )


def _conflicts(shape: TableSpec, steps: list[Step]) -> dict[int, str]:
    found = find_conflicts(
        shape, [step.as_dict() for step in steps], on=[step.is_enabled for step in steps]
    )
    return {conflict.place: conflict.says for conflict in found}


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


def preview_step(cycle: Cycle, step: dict[str, Any], *, before: int | None = None) -> StepPreview:
    """Before and after of one more step, at the end or ``before`` a position.

    Values of sensitive columns are not shown. Raises an EngineError when it does not fit.
    """
    inputs, plan, shape = source_inputs(cycle), signed_plan(cycle), shape_so_far(cycle)
    assert inputs is not None, "a preview is offered only with a base"
    steps = [
        known.as_dict()
        for known in enabled_steps(cycle)
        if before is None or known.position < before
    ]
    assert shape is not None, "a base has a shape"
    target = plan.target if plan else ""
    spec = check_recipe(shape, steps)
    after = step_from(step).check(spec)
    frame = _joined(cycle, columns=columns_needed(steps, step, target=target))
    of_rows = pq.read_metadata(local(consolidated_parquet(cycle) or inputs["base"])).num_rows
    effect = preview(frame, steps, step, target=target)
    effect |= {"columns_before": len(spec.columns), "columns_after": len(after.columns)}
    hidden = sensitive_columns(cycle)
    return StepPreview(veil_preview(effect, sensitive=hidden), len(frame), of_rows)


def projects_with_recipes(project: Project, *, user: User) -> list[Project]:
    """Other projects of the same team in which the user may look, and that have steps or fitted
    choices."""
    with_steps = Step.objects.filter(is_removed=False).values("cycle__project")
    others = visible_projects(user).filter(team=project.team_id, pk__in=with_steps)
    return list(others.exclude(pk=project.pk))


def exported(cycle: Cycle) -> dict[str, Any]:
    """The recipe as a file that another project can take: row-wise steps and fitted choices.

    ``consolidation`` tells how the table before the recipe is made. It names sources of this
    project, so it is there to be read, and not taken over.
    """
    inputs = source_inputs(cycle)
    chosen = cycle.steps.filter(is_enabled=True, is_fitted=True)
    return {
        "recipe_of": cycle.project.name,
        "cycle": cycle.number,
        "consolidation": _joins_told(inputs) if inputs else None,
        "steps": [_told(step, step.as_dict()) for step in enabled_steps(cycle)],
        "choices": [_told(step, step.as_choice()) for step in chosen],
    }


def _told(step: Step, data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "reason": step.reason, "says": sentence_of(step)}


def _joins_told(inputs: dict[str, Any]) -> dict[str, Any]:
    """Base and joins by the names of their sources."""
    joins = []
    for join in inputs["joins"]:
        how = JoinHow.from_dict(join)
        says = how.line(join["name"]) + (f", by {how.keys}" if how.left_on else "")
        joins.append({"source": join["name"], **how_of(join), "says": says})
    return {"base": inputs["base_name"], "joins": joins}


def recipe_script(cycle: Cycle) -> str:
    """The recipe as a pandas script. Raises an EngineError when it does not fit its table."""
    shape = shape_so_far(cycle)
    if shape is None:
        raise EngineError("Choose a base first: a script is written for a table.")
    told = exported(cycle)
    made = told["consolidation"]
    return script_of(
        shape,
        [step.as_dict() for step in enabled_steps(cycle)],
        title=f"Recipe of {cycle.project.name}",
        before=[f"Base: “{made['base']}”", *(join["says"] for join in made["joins"])],
        learnt=[choice["says"] for choice in told["choices"]],
    )
