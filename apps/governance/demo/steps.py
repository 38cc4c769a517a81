"""Steps that the demo's projects share. Each looks first whether it was done: a demo that was cut
off goes on where it stopped."""

import time
from collections.abc import Callable
from typing import Any

import pandas as pd
from celery import current_app

from apps.accounts.models import User
from apps.datasets import actions as data
from apps.datasets import contract_actions as contracts
from apps.datasets.contracts import in_force, versions_of
from apps.datasets.join_actions import add_join
from apps.datasets.models import Source
from apps.datasets.queries import current_split, current_table, newest_version
from apps.datasets.storage import scratch
from apps.eda.actions import answer_finding, name_view, raise_finding, start_profile
from apps.eda.models import Severity
from apps.eda.pinned import place_of
from apps.eda.queries import current_profile
from apps.governance.actions.signing import decide
from apps.governance.actions.submitting import submit_gate
from apps.governance.demo.people import PASSWORD, Cast
from apps.governance.state import GateState, ask
from apps.jobs.models import Job, JobState
from apps.modeling import actions as modeling
from apps.modeling.models import Candidate, Trial
from apps.modeling.queries import latest_evaluation
from apps.planning import actions as planning
from apps.planning.queries import current_plan
from apps.projects.actions import start_project
from apps.projects.models import Cycle, Project, Verdict
from apps.projects.stages import Stage
from apps.web.refusals import Refusal

Say = Callable[[str], None]


def finish(job: Job | None) -> None:
    """Run a job here unless a worker has it; return when it has ended well."""
    assert job is not None, "every piece of background work has a job"
    current_app.loader.import_default_modules()
    current_app.tasks[job.task].run(str(job.pk))
    while True:
        job.refresh_from_db()
        if not job.is_live:
            break
        time.sleep(0.5)
    if job.state != JobState.DONE:
        raise Refusal(f"The demo stopped at “{job.title}”: {job.problem}")


def project_of(people: Cast, *, name: str, slug: str, sentence: str, tier: int) -> Project:
    """The project; started on the first call."""
    found = Project.objects.filter(slug=slug).first()
    return found or start_project(
        team=people.team, name=name, by=people.analyst, sentence=sentence, tier=tier
    )


def plan(cycle: Cycle, content: dict[str, Any], *, by: User) -> None:
    """Write the five tasks and make a version of them."""
    if current_plan(cycle) is not None:
        return
    draft = planning.draft_of(cycle)
    for task, told in content.items():
        draft = planning.save_task(
            cycle=cycle, task=task, content=told, revision=draft.revision, by=by
        )
    planning.submit_version(cycle=cycle, by=by)


def submit(cycle: Cycle, stage: Stage, *, by: User, note: str = "") -> None:
    """Submit a gate that is open."""
    if ask(cycle, stage).glance.state == GateState.OPEN:
        submit_gate(cycle=cycle, stage=stage, by=by, note=note)


def sign(cycle: Cycle, stage: Stage, *, by: User, reason: str) -> None:
    """Approve a gate on exactly today's evidence."""
    today = ask(cycle, stage)
    if today.glance.state == GateState.PASSED or by.pk in today.glance.round.voices:
        return
    decide(
        cycle=cycle,
        stage=stage,
        by=by,
        password=PASSWORD,
        verdict=Verdict.APPROVE,
        seen=today.shown,
        reason=reason,
    )


def source(cycle: Cycle, name: str, table: pd.DataFrame, *, describes: str, by: User) -> Source:
    """A source with one CSV file, read."""
    found = Source.objects.filter(project=cycle.project, name=name).first()
    found = found or data.add_source(
        cycle=cycle, name=name, by=by, owner="Demo", describes=describes
    )
    if newest_version(found) is None:
        with scratch() as folder:
            path = folder / "table.csv"
            table.to_csv(path, index=False)
            version = data.add_version(
                source=found, cycle=cycle, path=path, filename=f"{name}.csv", by=by
            )
        finish(version.job)
    return found


def table(
    cycle: Cycle,
    *,
    base: Source,
    joins: list[tuple[Source, list[str], list[str]]],
    steps: list[tuple[str, dict[str, Any], str]],
    by: User,
) -> None:
    """Consolidate, clean, build."""
    if current_table(cycle) is not None:
        return
    consolidation = data.set_base(cycle=cycle, source=base, by=by)
    if not consolidation.joins.exists():
        for joined, left, right in joins:
            add_join(cycle=cycle, source=joined, left_on=left, right_on=right, by=by)
    if not cycle.steps.exists():
        for step, params, reason in steps:
            data.add_step(cycle=cycle, step=step, params=params, reason=reason, by=by)
    finish(data.build_table(cycle=cycle, by=by).job)


def split(cycle: Cycle, *, by: User, **how: Any) -> None:
    """Draw the split, then profile the development rows."""
    if current_split(cycle) is None:
        finish(data.draw_split(cycle=cycle, by=by, **how).job)
    profile = current_profile(cycle)
    if profile is None or not profile.is_ready:
        finish(start_profile(cycle=cycle, by=by).job)


def contract(cycle: Cycle, *, by: User) -> None:
    """Have a data contract drafted from the development rows, accept it, check it."""
    if in_force(cycle.project, None) is None:
        finish(contracts.draft(cycle=cycle, source=None, by=by).job)
        newest = versions_of(cycle.project, None)[0]
        contracts.accept(contract=newest, cycle=cycle, by=by)
    accepted = in_force(cycle.project, None)
    assert accepted is not None, "it was accepted a line before"
    run = contracts.check(contract=accepted, cycle=cycle, by=by)
    if run is not None and not run.is_ready:
        finish(run.job)


def agree(cycle: Cycle, told: dict[str, dict[str, str]], *, by: User) -> None:
    """A contract in force, and answered datasheets; ``told`` by the name of the source."""
    contract(cycle, by=by)
    for name, answers in told.items():
        found = Source.objects.get(project=cycle.project, name=name)
        contracts.fill_datasheet(source=found, cycle=cycle, answers=answers, by=by)


def view(cycle: Cycle, name: str, *, address: str, note: str, by: User) -> None:
    """Name a page of exploration and pin it to the data gate."""
    if not cycle.views.filter(name=name).exists():
        place = place_of(address, cycle=cycle)
        name_view(cycle=cycle, name=name, place=place, note=note, pin=True, by=by)


def finding(cycle: Cycle, says: str, *, column: str, answer: str, by: User, owner: User) -> None:
    """Raise a finding; whoever owns it answers."""
    found = cycle.findings.filter(says=says).first() or raise_finding(
        cycle=cycle, says=says, severity=Severity.MEDIUM, column=column, owner=owner, by=by
    )
    if found.is_open:
        answer_finding(finding=found, answer=answer, by=owner)


def model(cycle: Cycle, *, candidates: list[str], choose: str, by: User) -> None:
    """Train, freeze one candidate, open the sealed test once."""
    if latest_evaluation(cycle) is not None:
        return
    trial = Trial.objects.filter(experiment__cycle=cycle, candidate=choose).last()
    if trial is None:
        closed = modeling.require_closed_data(cycle)
        names = [column.name for column in modeling.usable_features(closed)]
        experiment = modeling.start_experiment(
            cycle=cycle,
            by=by,
            candidates=candidates,
            features=names,
            note="Does boosting earn its place beside a linear model?",
        )
        trial = experiment.trials.get(candidate=choose)
    for each in trial.experiment.trials.all():
        finish(each.job)
    trial.refresh_from_db()
    modeling.freeze(trial=trial, by=by)
    for candidate in Candidate.objects.filter(cycle=cycle):
        finish(candidate.job)
    finish(modeling.attack(trial=trial, by=by).job)
    finish(modeling.open_test(candidate=Candidate.objects.get(trial=trial), by=by).job)
