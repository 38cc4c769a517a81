"""What gates of many cycles are about is read at once, and is what each gate says by itself."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.datasets.models import Consolidation, Join, Source, Split, Step, Table, Version
from apps.datasets.queries import data_subject, table_inputs
from apps.governance.gates import GATES
from apps.governance.state import glance, glances, heads_of, subjects_of
from apps.governance.through import facts_of
from apps.jobs.models import Job, Queue
from apps.modeling.models import Candidate, Evaluation, Experiment, Opening, Trial
from apps.modeling.queries import model_subject
from apps.planning.models import Plan
from apps.planning.queries import plan_foundation, plan_subject
from apps.production.models import Deployment, Release
from apps.production.queries import production_subject
from apps.projects import actions
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle, Decision, Role, Submission, Verdict
from apps.projects.said import Said
from apps.projects.stages import Stage
from tests import builders

NOW = timezone.now()


class World:
    """Cycles of all sorts, drawn: each part of a chain may be missing, old, or another one's."""

    def __init__(self, team, by, signer, *, seed):
        self.team, self.by, self.signer = team, by, signer
        self.draw = random.Random(seed)

    def often(self):
        return self.draw.random() < 0.9

    def job(self, cycle, days_ago=None):
        at = NOW - timedelta(days=days_ago) if days_ago is not None else None
        return Job.objects.create(
            task="x.y", queue=Queue.DATA, title="x", project=cycle.project, finished_at=at
        )

    def project(self, name):
        cycle = actions.start_project(team=self.team, name=name, by=self.by).cycle
        project = cycle.project
        project.tier = self.draw.choice([1, 2, 2, 3])
        project.save()
        count = self.draw.choice([1, 1, 2, 3])
        more = [Cycle.objects.create(project=project, number=2 + n) for n in range(count - 1)]
        for place, one in enumerate([cycle, *more]):
            Cycle.objects.filter(pk=one.pk).update(started_at=NOW - timedelta(days=30 - 9 * place))
        for number, one in enumerate(project.cycles.all()):
            self.fill(one, number)

    def fill(self, cycle, number):
        for version in range(self.draw.choice([0, 1, 1, 2, 2])):
            self.plan(cycle, version + 1)
        self.said(cycle, Stage.PLAN, plan_subject(cycle))
        base, other = (self.source(cycle, f"{name} {number}") for name in ("base", "other"))
        if self.often():
            self.consolidated(cycle, base, other)
        for position in range(self.draw.randrange(3)):
            Step.objects.create(
                cycle=cycle,
                position=position,
                step="trim",
                params={"column": f"c{position}"},
                is_enabled=self.often(),
                is_fitted=not self.often(),
                created_by=self.by,
            )
        for split in self.splits(cycle):
            self.opened(cycle, split)
        self.said(cycle, Stage.DATA, data_subject(cycle))
        self.released(cycle)
        self.said(cycle, Stage.MODEL, model_subject(cycle))
        self.said(cycle, Stage.PRODUCTION, production_subject(cycle))

    def plan(self, cycle, number):
        content = builders.plan_content(metrics={"openings": self.draw.choice([1, 2])})
        row = Plan(cycle=cycle, number=number, content=content, author=self.by)
        row.content_hash, row.foundation = content_hash(content), ""
        row.save()
        found = Plan(cycle=cycle, number=100 + number, content=content, author=self.by)
        found.content_hash, found.foundation = row.content_hash, plan_foundation(cycle)
        found.save()

    def said(self, cycle, stage, subject):
        for count in range(self.draw.choice([1, 1, 2])):
            asked = Submission.objects.create(
                cycle=cycle, stage=stage, subject=subject, evidence={}, person=self.by
            )
            if not self.often():
                continue
            Decision.objects.create(
                cycle=cycle,
                stage=stage,
                number=count + 1,
                submission=asked,
                subject=subject,
                evidence={},
                person=self.signer,
                role=Role.MANAGER,
                verdict=Verdict.CONDITIONS if not self.often() else Verdict.APPROVE,
                condition="Name it",
                due_on=NOW.date() + timedelta(days=self.draw.choice([-3, 30])),
            )

    def source(self, cycle, name):
        source = Source.objects.create(project=cycle.project, name=name, created_by=self.by)
        for number in range(self.draw.choice([1, 2, 3])):
            age = 28 - 5 * self.draw.randrange(6)
            Version.objects.create(
                source=source,
                number=number + 1,
                size_bytes=1,
                parquet=f"{source.pk}-{number}" if self.often() else "",
                waits=not self.often(),
                taken_at=NOW - timedelta(days=age) if not self.often() else None,
                job=self.job(cycle, age) if self.often() else None,
                uploaded_by=self.by,
            )
        return source

    def consolidated(self, cycle, base, other):
        row = Consolidation.objects.create(cycle=cycle, base=base, edited_by=self.by)
        for position in range(self.draw.choice([0, 0, 1, 2])):
            Join.objects.create(
                consolidation=row,
                position=self.draw.randrange(2),
                source=other,
                left_on=["a"],
                right_on=[f"b{position}"],
                is_enabled=self.often(),
                removed_at=None if self.often() else NOW,
                created_by=self.by,
            )

    def splits(self, cycle):
        inputs, plan = table_inputs(cycle), cycle.plans.last()
        hashes = [content_hash(inputs)] if inputs is not None and self.often() else []
        found = []
        for digest in [*hashes, "of another day"]:
            table = Table.objects.create(
                cycle=cycle,
                inputs={},
                inputs_hash=digest,
                parquet=f"t{cycle.pk}" if self.often() else "",
                built_by=self.by,
            )
            for seed in range(self.draw.choice([1, 2]) if plan else 0):
                split = Split.objects.create(
                    table=table,
                    plan=plan if self.often() else self.draw.choice(list(cycle.plans.all())),
                    method="random",
                    test_share=0.2,
                    folds=3,
                    seed=seed,
                    split_file=f"s{table.pk}-{seed}",
                    sealed_test="x" if self.often() else "",
                    drawn_by=self.by,
                )
                found.append(split)
        return found

    def opened(self, cycle, split):
        for _ in range(self.draw.choice([0, 1, 1, 2])):
            experiment = Experiment.objects.create(
                cycle=cycle,
                number=cycle.experiments.count() + 1,
                split=split,
                plan=split.plan,
                features=[],
                started_by=self.by,
            )
            trial = Trial.objects.create(experiment=experiment, candidate="linear", title="L")
            candidate = Candidate.objects.create(
                trial=trial, cycle=cycle, model=f"m{trial.pk}", frozen_by=self.by
            )
            opening = Opening.objects.create(
                cycle=cycle,
                number=cycle.openings.count() + 1,
                candidate=candidate,
                plan=split.plan,
                split=split,
                job=self.job(cycle),
                by=self.by,
            )
            if self.often():
                Evaluation.objects.create(opening=opening, result={})

    def released(self, cycle):
        for candidate in cycle.candidates.all()[:2]:
            endpoint, _ = Deployment.objects.get_or_create(
                project=cycle.project, slug=f"e{cycle.project_id}", created_by=self.by
            )
            Release.objects.create(
                deployment=endpoint,
                number=endpoint.releases.count() + 1,
                cycle=cycle,
                candidate=candidate,
                monitor={"n": self.draw.random()},
                content_hash=f"r{candidate.pk}" if self.often() else "",
                created_by=self.by,
            )


@pytest.fixture
def world(team, analyst, manager):
    """``world(projects, seed=…)`` makes them and returns all cycles there are."""

    def make(count, *, seed=0):
        made = World(team, analyst, manager, seed=seed)
        for number in range(count):
            made.project(f"Project {seed}.{number}")
        return Cycle.objects.select_related("project")

    return make


@pytest.mark.parametrize("seed", range(4))
def test_each_gate_of_many_is_about_what_it_says_by_itself(world, seed):
    cycles = list(world(30, seed=seed))
    alone = {cycle.pk: {str(gate.stage): gate.subject(cycle) for gate in GATES} for cycle in cycles}
    assert subjects_of(heads_of(Cycle.objects.all()), Said()) == alone
    for stage in Stage:
        told = sum(bool(found[stage]) for found in alone.values())
        assert 0 < told < len(cycles), f"of {len(cycles)} cycles {told} have a subject at {stage}"


def test_states_of_many_are_those_of_each_with_one_reading_of_what_was_said(world):
    cycles, said = list(world(30, seed=9)), Said()
    heads = heads_of(Cycle.objects.all())
    with CaptureQueriesContext(connection) as asked:
        facts = facts_of(heads, said=said)
        seen = glances(cycles, heads=heads, said=said)
    for table in ("projects_submission", "projects_decision"):
        assert sum(f'FROM "{table}"' in one["sql"] for one in asked) == 1
    alone = [glance(cycle) for cycle in cycles]
    assert [[(g.state, g.subject) for g in one] for one in seen] == [
        [(g.state, g.subject) for g in one] for one in alone
    ]
    assert {pk for pk, one in facts.items() if one.is_through} == {
        cycle.pk
        for cycle, one in zip(cycles, alone, strict=True)
        if all(g.state == "passed" for g in one)
    }
    assert len({g.state for one in alone for g in one}) > 3


def test_when_nothing_is_remembered_many_cycles_cost_no_more_questions_than_few(world):
    def asked(cycles):
        heads = heads_of(cycles)
        with CaptureQueriesContext(connection) as queries:
            facts_of(heads)
        return len(queries)

    few = asked(world(5, seed=1))
    many = asked(world(25, seed=2).filter(project__name__startswith="Project 2."))
    assert many == few <= 14


def test_a_cycle_whose_project_has_no_event_is_asked_each_time(cycle, analyst):
    heads = {cycle.pk: ""}
    assert subjects_of(heads, Said())[cycle.pk][Stage.PLAN] == ""
    builders.make_plan(cycle, analyst)
    assert subjects_of(heads, Said())[cycle.pk][Stage.PLAN] == plan_subject(cycle) != ""
