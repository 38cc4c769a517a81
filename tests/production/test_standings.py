"""What answers at many endpoints is read at once, and is what each says by itself."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.engine.serving.fallback import Rule
from apps.modeling.queries import candidate_subject
from apps.production.endpoint import standing, standings
from apps.production.endpoint.standing import MOST_RELEASES, answering, release_subject
from apps.production.models import Alarm, Deployment, FallbackKind, GlassRequest, Switch
from apps.projects.models import Decision, Project, Role, Verdict
from apps.projects.remembered import Remembered
from apps.projects.stages import Stage
from tests.governance.test_ahead import World

KINDS = {"release", "rule", "stopped", "switch", "canary", "held", "signed", "glass"}


class Answering(World):
    """Endpoints of all sorts: signed, withdrawn, switched by people and by the watch."""

    def __init__(self, *who, seed):
        super().__init__(*who, seed=seed)
        self.now = timezone.now()  # of the test, not of the import: words have an order

    def often(self):
        return self.draw.random() < 0.97

    def opened(self, cycle, split):
        for _ in range(2):
            super().opened(cycle, split)

    def signed(self, release):
        conditional = not self.often()
        Decision.objects.create(
            cycle=release.cycle,
            stage=Stage.PRODUCTION,
            number=100 + Decision.objects.count(),
            subject=release_subject(release, candidate_subject(release.candidate)),
            evidence={},
            person=self.signer,
            person_name="Mo",
            role=Role.MANAGER,
            verdict=Verdict.WITHDRAW
            if not self.often()
            else Verdict.CONDITIONS
            if conditional
            else Verdict.APPROVE,
            condition="Name it" if conditional else "",
            due_on=self.now.date() + timedelta(days=self.draw.choice([-3, 30]))
            if conditional
            else None,
        )

    def switched(self, endpoint, releases):
        kind, told = self.draw.choice(FallbackKind.values), {}
        if kind == FallbackKind.RELEASE:
            told["release"] = self.draw.choice(releases)
            others = [one for one in releases if one != told["release"]]
            if others and self.often():
                told |= {"canary": self.draw.choice(others), "terms": {"share": 10}}
        if kind == FallbackKind.RULE:
            told["rule"] = Rule("no").as_dict()
        if self.draw.random() < 0.2:
            told["until"] = self.now + timedelta(minutes=self.draw.choice([1, 500]))
            told["glass"] = GlassRequest.objects.create(
                deployment=endpoint,
                kind=kind,
                release=self.draw.choice(releases),
                hours=4,
                reason="All fails",
                person=self.by,
            )
        elif self.draw.random() < 0.2:
            told["alarm"] = Alarm.objects.create(
                release=releases[0],
                key=f"psi {Alarm.objects.count()}",
                severity="high",
                says="It drifts",
                raised_at=self.now,
                last_seen_at=self.now,
            )
        Switch.objects.create(
            deployment=endpoint,
            number=endpoint.switches.count() + 1,
            kind=kind,
            reason="It harms",
            by_manager=self.often(),
            person=self.signer,
            **told,
        )

    def endpoints(self, count):
        """So many more projects; what was said about their endpoints, each minute one word."""
        known = set(Deployment.objects.values_list("pk", flat=True))
        for _ in range(count):
            self.project(f"Project {Project.objects.count()}")
        for endpoint in Deployment.objects.exclude(pk__in=known).order_by("pk"):
            releases = list(endpoint.releases.order_by("number"))
            for minute in range(self.draw.randrange(9)):
                with time_machine.travel(self.now + timedelta(minutes=minute), tick=False):
                    if minute < len(releases) and self.often():
                        self.signed(releases[minute])
                    elif self.draw.random() < 0.2:
                        self.signed(self.draw.choice(releases))
                    else:
                        self.switched(endpoint, releases)


@pytest.fixture
def forgotten(monkeypatch):
    """``forgotten()`` has the process remember no subject."""

    def forget():
        for module in (standing, standings):
            monkeypatch.setattr(module, "SUBJECTS", Remembered(1_000))

    return forget


@pytest.fixture
def world(team, analyst, manager):
    return Answering(team, analyst, manager, seed=2)


def test_what_answers_at_many_is_what_answers_at_each(world, forgotten):
    seen = set()
    for _ in range(8):  # until there was everything that there can be
        world.endpoints(15)
        endpoints = list(Deployment.objects.all())
        forgotten()
        with time_machine.travel(world.now + timedelta(minutes=10), tick=False):
            alone = {endpoint.pk: answering(endpoint) for endpoint in endpoints}
            forgotten()
            assert standings.standings(endpoints) == alone
        seen |= {kind for kind in KINDS for one in alone.values() if getattr(one, kind)}
        if seen == KINDS:
            break
    assert seen == KINDS


def test_many_endpoints_cost_no_more_questions_than_few(world, forgotten):
    world.endpoints(24)
    every = list(Deployment.objects.all())

    def asked(endpoints):
        with CaptureQueriesContext(connection) as queries:
            standings.standings(endpoints)
        return len(queries)

    assert asked([]) == 0
    told = set()
    for endpoints in (every[:8], every):
        forgotten()
        told.add((asked(endpoints), asked(endpoints)))
    ((cold, warm),) = told
    assert (cold, warm) <= (16, 4)


def test_only_the_newest_releases_and_switches_of_each_endpoint_count(world, monkeypatch):
    world.endpoints(8)
    assert MOST_RELEASES > 1
    for module in (standing, standings):
        monkeypatch.setattr(module, "MOST_RELEASES", 1)
        monkeypatch.setattr(module, "MOST_WORDS", 1)
    endpoints = list(Deployment.objects.all())
    assert any(one.releases.count() > 1 and one.switches.count() > 1 for one in endpoints)
    assert standings.standings(endpoints) == {one.pk: answering(one) for one in endpoints}
