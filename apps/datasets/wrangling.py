"""What a person does with a recipe: change and remove steps, go back, take one over, examine."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.datasets.actions import begin, take_turn, tell
from apps.datasets.examining import subject_of
from apps.datasets.history import before_and_after, current_state, remembered, restore
from apps.datasets.models import Examination, RecipeState, Step
from apps.datasets.queries import enabled_steps, fitted_choices, sentence_of, shape_so_far
from apps.engine.errors import BadParameter, EngineError
from apps.engine.recipe.registry import step_from
from apps.engine.recipe.run import check_recipe
from apps.engine.training.fitted.choices import choice_from
from apps.engine.types import TableSpec
from apps.jobs.actions import enqueue, revive
from apps.jobs.models import Queue
from apps.projects.access import Verb, require
from apps.projects.models import Cycle
from apps.web.refusals import Refusal

MOST_STEPS = 200
_NO_TEXT = "This recipe holds a character that is no text: put it in as it was exported."


@transaction.atomic
def edit_step(*, step: Step, params: dict[str, Any], reason: str, by: User) -> None:
    """Give a step other parameters. Raises an EngineError when they do not fit at its place.

    Later steps that do not fit any more are told on the page: they can be mended one by one.
    """
    begin(step.cycle, by)
    step.refresh_from_db()
    if step.is_removed:
        raise Refusal("This step was removed meanwhile. Go back in the history to bring it back.")
    data = {"step": step.step, "params": params}
    sentence, shape = step_from(data).sentence(), shape_before(step)
    if shape is not None and step.is_enabled:
        step_from(data).check(shape)
    before = step.as_dict()
    with remembered(step.cycle, by=by, says=f"changed step {step.position} to: {sentence}"):
        step.params, step.reason = params, reason
        step.save(update_fields=["params", "reason"])
    tell(
        "data.step_changed",
        f"changed a step to: {sentence}",
        cycle=step.cycle,
        by=by,
        before=before,
        **data,
    )


def shape_before(step: Step) -> TableSpec | None:
    """Shape of the table when it comes to a step; None without a base."""
    shape = shape_so_far(step.cycle)
    earlier = [one for one in enabled_steps(step.cycle) if one.position < step.position]
    return None if shape is None else check_recipe(shape, [one.as_dict() for one in earlier])


@transaction.atomic
def remove_step(*, step: Step, by: User) -> None:
    """Take a step out of the recipe. Its row stays, and undo brings it back."""
    begin(step.cycle, by)
    step.refresh_from_db()
    sentence = sentence_of(step)
    with remembered(step.cycle, by=by, says=f"removed: {sentence}"):
        step.is_removed, step.is_enabled = True, False
        step.save(update_fields=["is_removed", "is_enabled"])
    says = f"removed the step: {sentence}"
    tell("data.step_removed", says, cycle=step.cycle, by=by, **step.as_dict())


@transaction.atomic
def go_to(*, cycle: Cycle, where: str, by: User) -> None:
    """Make another state of the recipe current: "undo", "redo", or the number of a state."""
    begin(cycle, by)
    now = current_state(cycle)
    back, forth = before_and_after(now)
    state: RecipeState | None = {"undo": back, "redo": forth}.get(where)
    if where.isdecimal() and len(where) < 12:
        state = cycle.recipe_states.filter(pk=int(where)).first()
    if state is None:
        raise Refusal("There is no such state of this recipe: look at its history.")
    restore(state)
    says = f"went to the recipe with {len(state.steps)} steps after “{state.says}”"
    tell("data.recipe_restored", says[:300], cycle=cycle, by=by, state=state.pk)


@dataclass(frozen=True)
class Taken:
    """A step or a fitted choice that could be taken over, and why it cannot (``problem``)."""

    key: str
    params: dict[str, Any]
    sentence: str
    reason: str
    problem: str
    is_fitted: bool = False

    @property
    def data(self) -> dict[str, Any]:
        """As the engine takes it."""
        return {"choice" if self.is_fitted else "step": self.key, "params": self.params}


@dataclass(frozen=True)
class Recipe:
    """What an export holds: row-wise steps, and fitted choices."""

    steps: list[dict[str, Any]]
    choices: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.steps) + len(self.choices)


def recipe_in(text: str) -> Recipe:
    """An exported recipe; BadParameter when it is none."""
    try:
        told = json.loads(text)
        json.dumps(told, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise BadParameter(_NO_TEXT) from error
    except (ValueError, RecursionError) as error:
        raise BadParameter(
            f"This is no JSON: {error}. Put in a recipe as it was exported."
        ) from error
    if "\\u0000" in text:  # no database keeps it
        raise BadParameter(_NO_TEXT)
    return recipe_from(told)


def recipe_from(told: Any) -> Recipe:
    """The steps and choices of what ``recipes.exported`` gives; BadParameter when it is none."""
    found = []
    for name, default in (("steps", None), ("choices", [])):
        listed = told.get(name, default) if isinstance(told, dict) else None
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise BadParameter(f"This JSON holds no recipe: a recipe has a list of “{name}”.")
        found.append(listed)
    recipe = Recipe(*found)
    if len(recipe) > MOST_STEPS:
        raise BadParameter(
            f"This recipe has {len(recipe):,} steps; {MOST_STEPS} are taken at most."
        )
    return recipe


def taken(
    recipe: Recipe, *, spec: TableSpec, chosen: Sequence[Mapping[str, Any]] = ()
) -> list[Taken]:
    """Each step held against a table, then each choice against what comes out.

    One that does not fit is passed over by those behind it. ``chosen``: choices that are there
    already, and need not be made twice.
    """
    lines = []
    for one in recipe.steps:
        line, spec = _held(one, spec)
        lines.append(line)
    for one in recipe.choices:
        line = _held_choice(one, spec)
        if not line.problem and line.data in chosen:
            line = replace(line, problem="It is chosen here already.")
        lines.append(line)
    return lines


def _held(one: dict[str, Any], spec: TableSpec) -> tuple[Taken, TableSpec]:
    """A step, and the shape after it: the same when it does not fit."""
    line = _read(one, "step")
    if line.problem:
        return line, spec
    try:
        step = step_from(line.data)
        line = replace(line, sentence=step.sentence())
        return line, step.check(spec)
    except EngineError as error:
        return replace(line, problem=str(error)), spec


def _held_choice(one: dict[str, Any], spec: TableSpec) -> Taken:
    line = replace(_read(one, "choice"), is_fitted=True)
    if line.problem:
        return line
    try:
        choice = choice_from(line.data)
        line = replace(line, sentence=choice.sentence())
        choice.check(spec)
    except EngineError as error:
        return replace(line, problem=str(error))
    return line


def _read(one: dict[str, Any], name: str) -> Taken:
    key, params = str(one.get(name))[:80], one.get("params") or {}
    reason = str(one.get("reason") or "")[:300]
    if not isinstance(params, dict):
        return Taken(key, {}, key, reason, "Its parameters cannot be read.")
    return Taken(key, params, key, reason, "")


@transaction.atomic
def take_recipe(*, cycle: Cycle, recipe: Recipe, origin: str, by: User) -> list[Taken]:
    """Put what fits of another recipe behind what is here; return what was taken."""
    begin(cycle, by)
    shape = shape_so_far(cycle)
    if shape is None:
        raise Refusal("Choose a base first: then it can be seen which steps fit.")
    spec = check_recipe(shape, [step.as_dict() for step in enabled_steps(cycle)])
    lines = taken(recipe, spec=spec, chosen=fitted_choices(cycle))
    fitting = [line for line in lines if not line.problem]
    if not fitting:
        raise Refusal("Nothing of that recipe fits this table.")
    last = cycle.steps.aggregate(last=Max("position"))["last"] or 0
    with remembered(cycle, by=by, says=f"took {len(fitting)} steps over from {origin}"):
        for place, line in enumerate(fitting, start=last + 1):
            Step.objects.create(
                cycle=cycle,
                position=place,
                step=line.key,
                params=line.params,
                is_fitted=line.is_fitted,
                reason=line.reason,
                created_by=by,
            )
    says = f"took {len(fitting)} of {len(recipe)} steps and choices over from {origin}"
    told = [line.data for line in fitting]
    tell("data.recipe_taken", says, cycle=cycle, by=by, origin=origin, steps=told)
    return fitting


@transaction.atomic
def examine(*, cycle: Cycle, by: User) -> Examination:
    """Look for what is wrong with today's table; the same table is examined once."""
    require(by, Verb.COLLECT, cycle.project)  # a look changes nothing: a live cycle allows it
    take_turn(cycle)
    subject = subject_of(cycle)
    if subject is None:
        raise Refusal("Choose a base whose file has been read: then there is a table to examine.")
    asked = cycle.examinations.filter(subject=subject.digest, target=subject.target)
    found = asked.select_related("job").first()
    if found is not None:
        revive(found.job)
        return found
    job = enqueue(
        "datasets.examine",
        queue=Queue.DATA,
        title="Look for issues",
        project=cycle.project,
        by=by,
    )
    examination = Examination.objects.create(
        cycle=cycle,
        subject=subject.digest,
        inputs=subject.inputs,
        target=subject.target,
        job=job,
        asked_by=by,
    )
    says = "had the table looked at for issues"
    tell("data.examination_asked", says, cycle=cycle, by=by, subject=subject.digest)
    return examination
